package store

import "nightbell/appliance/message"

// Seq is the number of the last write set that the Tx sees: 0 in an empty store,
// and inside a change the one before it.
func (t *Tx) Seq() (uint64, error) {
	h, err := readHead(t.bolt)
	return h.seq, err
}

// ComingNumber answers the number that the next message gets, without taking it.
func ComingNumber(tx *Tx) (message.Number, error) { return nextNumber(tx) }
