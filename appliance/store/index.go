package store

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go.etcd.io/bbolt"

	"nightbell/appliance/message"
)

// How envelopes are found.
//
// numberBucket has one row an envelope, by number: its id and all that a list can
// filter by, so that a filter costs no JSON. listBucket has, for each value of
// each filter, the numbers that have it: "type/refill/0000001042". Lists are
// walked backwards, which is newest first. A query walks the shortest list that
// it names and checks the rest against the rows; looking at maxScan rows ends its
// page.
const (
	listBucket = "number-lists"
	ringList   = "urgent-open" // what stands first

	flaggedList = "flagged" // new messages with a flag

	// maxScan rows take about 3 ms.
	maxScan = 4096
)

// numberWidth holds ten digits: numbers sort as text, and no practice lives to
// see the last.
const numberWidth = 10

func numberKey(n message.Number) string {
	s := strconv.FormatInt(int64(n), 10)
	return strings.Repeat("0", max(0, numberWidth-len(s))) + s
}

// row is what the index knows of an envelope.
type row struct {
	id, status, callType, urgency, assignee, typedBy string
	flagged                                          string // flaggedList while a flag waits for somebody to take it on
}

func rowOf(e message.Envelope) (*row, error) {
	if e.Number < 1 || e.Number >= 1e10 {
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
	if err := moveLists(tx, key, was, is); err != nil {
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

func moveLists(tx *Tx, key string, was, is []string) error {
	for _, l := range was {
		if !slices.Contains(is, l) {
			if err := tx.Delete(listBucket, l+"/"+key); err != nil {
				return err
			}
		}
	}
	for _, l := range is {
		if !slices.Contains(was, l) {
			if err := tx.Put(listBucket, l+"/"+key, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// cursor is where a page ended: among what rings, or among the rest, before a
// number (0: before none).
type cursor struct {
	rest   bool
	before message.Number
}

func (c cursor) String() string {
	if c.rest {
		return "n" + strconv.FormatInt(int64(c.before), 10)
	}
	return "u" + strconv.FormatInt(int64(c.before), 10)
}

var errCursor = errors.New("this is no place in a list of messages")

func parseCursor(s string) (cursor, error) {
	if s == "" {
		return cursor{}, nil
	}
	n, err := strconv.ParseInt(s[1:], 10, 64)
	c := cursor{rest: s[0] == 'n', before: message.Number(n)}
	if err != nil || n < 0 || c.String() != s {
		return cursor{}, errCursor
	}
	return c, nil
}

// scan gathers the ids of a page.
func scan(tx *Tx, q Query, at cursor, limit int) (ids []message.ID, next string, err error) {
	looked := 0
	for {
		w := walk(tx, q.source(tx, !at.rest), at.before)
		for n := w.next(); n != 0; n = w.next() {
			r, ok, err := readRow(tx, n)
			if err != nil {
				return nil, "", err
			}
			match := ok && r.rings() != at.rest && q.matches(&r)
			if match && len(ids) == limit || looked == maxScan {
				return ids, at.String(), nil
			}
			if match {
				ids = append(ids, message.ID(r.id))
			}
			at.before = n
			looked++
		}
		if at.rest {
			return ids, "", nil
		}
		at = cursor{rest: true}
	}
}

func (q Query) matches(r *row) bool {
	return (q.State == ShowAll || r.open() == (q.State == ShowOpen)) &&
		(q.Type == "" || string(q.Type) == r.callType) &&
		(q.Status == "" || string(q.Status) == r.status) &&
		(q.Urgency == nil || q.Urgency.String() == r.urgency) &&
		(q.Assignee == "" || string(q.Assignee) == r.assignee) &&
		(q.TypedBy == "" || string(q.TypedBy) == r.typedBy)
}

// source names the lists to walk, the shortest way to all that may match. No
// list at all means every number.
func (q Query) source(tx *Tx, ringing bool) []string {
	var best []string
	least := int64(-1)
	offer := func(size int64, lists ...string) {
		if least < 0 || size < least {
			best, least = lists, size
		}
	}
	total := func(list string) { offer(readCount(tx, list).total, list) }
	if ringing {
		offer(readCount(tx, "urgency/"+message.Urgent.String()).open, ringList)
	}
	if q.Type != "" {
		total("type/" + string(q.Type))
	}
	if q.Urgency != nil {
		total("urgency/" + q.Urgency.String())
	}
	if q.Assignee != "" {
		total("assignee/" + string(q.Assignee))
	}
	if q.TypedBy != "" {
		total("typed-by/" + string(q.TypedBy))
	}
	switch {
	case q.Status != "":
		total("status/" + string(q.Status))
	case q.State == ShowOpen:
		offer(readCount(tx, countAll).open, "status/"+string(message.New), "status/"+string(message.Taken), "status/"+string(message.CalledBack))
	case q.State == ShowClosed:
		total("status/" + string(message.Closed))
	}
	return best
}

// walker answers the numbers of several lists, newest first.
type walker []*lane

// lane is one list being walked backwards.
type lane struct {
	cursor *bbolt.Cursor
	prefix []byte
	n      message.Number // the next to be answered, 0 at the end
}

// walk begins before a number, or at the newest when that is 0.
func walk(tx *Tx, lists []string, before message.Number) walker {
	if lists == nil {
		return walker{newLane(tx.bucket(numberBucket), "", before)}
	}
	w := make(walker, 0, len(lists))
	for _, l := range lists {
		w = append(w, newLane(tx.bucket(listBucket), l+"/", before))
	}
	return w
}

func newLane(b *bbolt.Bucket, prefix string, before message.Number) *lane {
	l := &lane{prefix: []byte(prefix)}
	if b == nil {
		return l
	}
	l.cursor = b.Cursor()
	from := prefix + ":" // sorts after every digit
	if before != 0 {
		from = prefix + numberKey(before)
	}
	k, _ := seekBefore(l.cursor, []byte(from))
	l.read(k)
	return l
}

func (l *lane) read(k []byte) {
	l.n = 0
	if digits, ok := bytes.CutPrefix(k, l.prefix); ok && len(digits) == numberWidth {
		for _, d := range digits {
			l.n = l.n*10 + message.Number(d-'0')
		}
	}
}

func (w walker) next() message.Number {
	var newest *lane
	for _, l := range w {
		if newest == nil || l.n > newest.n {
			newest = l
		}
	}
	if newest == nil || newest.n == 0 {
		return 0
	}
	n := newest.n
	k, _ := newest.cursor.Prev()
	newest.read(k)
	return n
}
