package store

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"nightbell/appliance/message"
)

// How envelopes are found.
//
// numberBucket has one row an envelope, by number: its id, and where it stands in
// the lists. A list is all numbers that have one value of one filter
// ("type/refill"), as bitmaps: see bitmap.go. A query puts the lists that it
// names over each other, newest first: see query.go. All of this can be made
// again from the envelopes.
const (
	ringList    = "urgent-open" // what stands first
	flaggedList = "flagged"     // new messages with a flag
)

// numberWidth holds ten digits: numbers sort as text, and no practice lives to
// see the last.
const (
	numberWidth = 10
	maxNumber   = 1e10
)

func numberKey(n message.Number) string { return digits(int64(n), numberWidth) }

func digits(n int64, width int) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

// row is what the index knows of an envelope.
type row struct {
	id, status, callType, urgency, assignee, typedBy string
	flagged                                          string // flaggedList while a flag waits for somebody to take it on
}

func rowOf(e message.Envelope) (*row, error) {
	if e.Number < 1 || e.Number >= maxNumber {
		return nil, fmt.Errorf("its number %d is out of range", int64(e.Number))
	}
	switch e.Status {
	case message.New, message.Taken, message.CalledBack, message.Closed:
	default:
		return nil, errors.New("its status is not known")
	}
	if _, err := e.Urgency.MarshalText(); err != nil {
		return nil, err
	}
	r := row{
		id: string(e.ID), status: string(e.Status), callType: string(e.CallType), urgency: e.Urgency.String(),
		assignee: string(e.Assignee), typedBy: string(e.TypedBy),
	}
	if len(e.Flags) > 0 && e.Status == message.New {
		r.flagged = flaggedList
	}
	for _, f := range []string{r.callType, r.assignee, r.typedBy} {
		if len(f) > 128 || strings.ContainsAny(f, "/\t\n") {
			return nil, errors.New("its call type, assignee or call taker is no id")
		}
	}
	if r.callType == "" {
		return nil, errors.New("it has no call type")
	}
	return &r, nil
}

func (r *row) open() bool { return r.status != string(message.Closed) }

func (r *row) rings() bool { return r.open() && r.urgency == message.Urgent.String() }

func (r *row) encode() []byte {
	return []byte(strings.Join([]string{r.id, r.status, r.callType, r.urgency, r.assignee, r.typedBy, r.flagged}, "\t"))
}

func decodeRow(b []byte) (r row, ok bool) {
	rest := string(b)
	for _, f := range []*string{&r.id, &r.status, &r.callType, &r.urgency, &r.assignee, &r.typedBy} {
		if *f, rest, ok = strings.Cut(rest, "\t"); !ok {
			return row{}, false
		}
	}
	r.flagged = rest
	return r, !strings.Contains(rest, "\t")
}

func readRow(tx *Tx, n message.Number) (r row, ok bool, err error) {
	b := tx.get(numberBucket, numberKey(n))
	if b == nil {
		return row{}, false, nil
	}
	if r, ok = decodeRow(b); !ok {
		return row{}, false, fmt.Errorf("%w: the index row of %s does not decode", ErrDamaged, n)
	}
	return r, true, nil
}

// lists are the names of the lists that an envelope stands in.
func (r *row) lists() []string {
	l := make([]string, 0, 7)
	l = append(l, "status/"+r.status, "type/"+r.callType, "urgency/"+r.urgency)
	if r.assignee != "" {
		l = append(l, "assignee/"+r.assignee)
	}
	if r.typedBy != "" {
		l = append(l, "typed-by/"+r.typedBy)
	}
	if r.rings() {
		l = append(l, ringList)
	}
	if r.flagged != "" {
		l = append(l, flaggedList)
	}
	return l
}

// index moves an envelope from where it stood to where it stands: before is nil
// for a new one, now for one that goes.
func index(tx *Tx, n message.Number, before, now *row) error {
	if before != nil && now != nil && *before == *now {
		return nil
	}
	key := numberKey(n)
	var was, is []string
	if before != nil {
		was = before.lists()
	}
	if now != nil {
		is = now.lists()
	}
	if err := moveLists(tx, n, was, is); err != nil {
		return err
	}
	if err := count(tx, before, now); err != nil {
		return err
	}
	if now == nil {
		return tx.Delete(numberBucket, key)
	}
	return tx.Put(numberBucket, key, now.encode())
}

func moveLists(tx *Tx, n message.Number, was, is []string) error {
	for _, l := range was {
		if !slices.Contains(is, l) {
			if err := clearBit(tx, l, n); err != nil {
				return err
			}
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			if err := setBit(tx, l, n); err != nil {
				return err
			}
		}
	}
	return nil
}
