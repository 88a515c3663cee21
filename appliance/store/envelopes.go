package store

import (
	"errors"
	"fmt"
	"strconv"

	"nightbell/appliance/message"
)

// EnvelopeBucket holds the envelopes by id. Whoever feeds on write sets compares
// with it; all else goes through the functions here, which keep indexes and
// counters in step.
const EnvelopeBucket = "envelopes"

const (
	numberBucket = "numbers" // one row an envelope, by number: see row
	nextKey      = "next"    // in countBucket
)

var envelopes = NewTable[message.Envelope](EnvelopeBucket)

// PutEnvelope keeps an envelope, new or changed. Its number is its own for good.
func PutEnvelope(tx *Tx, e message.Envelope) error {
	if _, err := message.ParseID(string(e.ID)); err != nil {
		return tx.Fail(fmt.Errorf("keeping an envelope: %w", err))
	}
	now, err := rowOf(e)
	if err != nil {
		return tx.Fail(fmt.Errorf("keeping envelope %s: %w", e.ID, err))
	}
	before, err := ownRow(tx, e)
	if err != nil {
		return tx.Fail(fmt.Errorf("keeping envelope %s: %w", e.ID, err))
	}
	if err := envelopes.Put(tx, string(e.ID), e); err != nil {
		return err
	}
	return index(tx, e.Number, before, now)
}

// ownRow answers the row that the index has for an envelope, nil for a new one.
func ownRow(tx *Tx, e message.Envelope) (*row, error) {
	have, ok, err := readRow(tx, e.Number)
	switch {
	case err != nil:
		return nil, err
	case ok && have.id != string(e.ID):
		return nil, fmt.Errorf("its number %s is another's", e.Number)
	case !ok && tx.Has(EnvelopeBucket, string(e.ID)):
		return nil, errors.New("its number may not change")
	case !ok:
		return nil, nil
	}
	return &have, nil
}

// GetEnvelope answers an envelope and whether it is there.
func GetEnvelope(tx *Tx, id message.ID) (message.Envelope, bool, error) {
	return envelopes.Get(tx, string(id))
}

// FindNumber answers the id of the message with a number.
func FindNumber(tx *Tx, n message.Number) (message.ID, bool) {
	r, ok, err := readRow(tx, n)
	if err != nil || !ok {
		return "", false
	}
	return message.ID(r.id), true
}

// EachEnvelope calls f for each envelope from an id on, in the order of ids
// (which no change of status moves), until f answers false. f must not write
// envelopes.
func EachEnvelope(tx *Tx, from message.ID, f func(message.Envelope) bool) (err error) {
	tx.Ascend(EnvelopeBucket, string(from), func(key string, b []byte) bool {
		var e message.Envelope
		e, err = envelopes.decode(key, b)
		return err == nil && f(e)
	})
	return err
}

// DeleteEnvelope removes an envelope with its timeline. Its number is not used
// again. One that is not there is no error.
func DeleteEnvelope(tx *Tx, id message.ID) error {
	e, ok, err := GetEnvelope(tx, id)
	if err != nil || !ok {
		return err
	}
	before, err := ownRow(tx, e)
	if err != nil {
		return tx.Fail(fmt.Errorf("deleting envelope %s: %w", id, err))
	}
	if err := deleteEvents(tx, id); err != nil {
		return err
	}
	if err := envelopes.Delete(tx, string(id)); err != nil {
		return err
	}
	return index(tx, e.Number, before, nil)
}

// NextNumber takes the next free number.
func NextNumber(tx *Tx) (message.Number, error) {
	n, err := nextNumber(tx)
	if err != nil {
		return 0, tx.Fail(err)
	}
	return n, SkipNumbers(tx, n+1)
}

// SkipNumbers has the next number be at least the one given: after a restore none
// that was said since is said again. It never goes back.
func SkipNumbers(tx *Tx, to message.Number) error {
	n, err := nextNumber(tx)
	if err != nil {
		return tx.Fail(err)
	}
	if to <= n {
		return nil
	}
	return tx.Put(countBucket, nextKey, []byte(strconv.FormatInt(int64(to), 10)))
}

func nextNumber(tx *Tx) (message.Number, error) {
	b := tx.get(countBucket, nextKey)
	if b == nil {
		return message.FirstNumber, nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: the next message number is no number", ErrDamaged)
	}
	return message.Number(n), nil
}

// QueryState says which messages a list shows.
type QueryState int

const (
	ShowOpen   QueryState = iota // somebody still has to do something
	ShowClosed                   // done
	ShowAll
)

const (
	defaultLimit = 50
	maxLimit     = 200
)

// Query asks for a page of envelopes. Fields that are set must all match.
type Query struct {
	State    QueryState
	Type     message.CallType
	Status   message.Status
	Urgency  *message.Urgency
	Assignee message.PersonID
	TypedBy  message.PersonID
	Before   string // where the page before ended: its next
	Limit    int    // 50 when zero, at most 200
}

// ListEnvelopes answers a page: what is urgent and open first, then the rest, each
// newest first. The work a page takes is bounded: where hardly any of millions
// match, a page may be short or empty though more follow, so go on while next is
// not empty.
func ListEnvelopes(tx *Tx, q Query) (list []message.Envelope, next string, err error) {
	at, err := parseCursor(q.Before)
	if err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	numbers, next := q.page(tx, at, min(q.Limit, maxLimit))
	list, err = load(tx, numbers)
	if err != nil {
		return nil, "", err
	}
	return list, next, nil
}
