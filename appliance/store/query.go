package store

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"go.etcd.io/bbolt"

	"nightbell/appliance/message"
)

// maxChunks are looked at for one page, which takes a few milliseconds. They
// reach two million messages back.
const maxChunks = 2048

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
	if err != nil || n < 0 || n >= maxNumber || c.String() != s {
		return cursor{}, errCursor
	}
	return c, nil
}

// page gathers the numbers of a page, and where it ended: "" at the end of all.
func (q Query) page(tx *Tx, at cursor, limit int) (numbers []message.Number, next string) {
	looked := 0
	for {
		s := q.sieve(tx, at)
		for s.next() {
			if looked++; looked > maxChunks {
				return numbers, at.String()
			}
			for bit := s.chunk.last(); bit >= 0; bit = s.chunk.last() {
				if len(numbers) == limit {
					return numbers, at.String()
				}
				at.before = message.Number(s.no<<chunkBits + int64(bit))
				numbers = append(numbers, at.before)
				s.chunk.below(bit)
			}
			// All of the chunk was looked at; chunk 0 is the last.
			at.before = message.Number(max(s.no<<chunkBits, 1))
		}
		if at.rest {
			return numbers, ""
		}
		at = cursor{rest: true}
	}
}

// sieve walks the chunks of a query, newest first.
type sieve struct {
	all  []filter // a number must be in each
	none filter   // and not in this one
	no   int64    // the chunk it is at
	from message.Number
	chunk
}

// filter is the numbers of one list or of several together.
type filter []*lane

// sieve begins before the place given. What rings and the rest are walked apart.
func (q Query) sieve(tx *Tx, at cursor) *sieve {
	s := &sieve{from: maxNumber}
	if at.before != 0 {
		s.from = at.before
	}
	s.no = int64(s.from)>>chunkBits + 1
	only := func(lists ...string) { s.all = append(s.all, lanes(tx, lists)) }
	if at.rest {
		s.none = lanes(tx, []string{ringList})
	} else {
		only(ringList)
	}
	if q.Type != "" {
		only("type/" + string(q.Type))
	}
	if q.Urgency != nil {
		only("urgency/" + q.Urgency.String())
	}
	if q.Assignee != "" {
		only("assignee/" + string(q.Assignee))
	}
	if q.TypedBy != "" {
		only("typed-by/" + string(q.TypedBy))
	}
	if q.Status != "" {
		only("status/" + string(q.Status))
	}
	const fresh, taken, back, closed = "status/" + string(message.New), "status/" + string(message.Taken), "status/" + string(message.CalledBack), "status/" + string(message.Closed)
	switch q.State {
	case ShowOpen:
		only(fresh, taken, back)
	case ShowClosed:
		only(closed)
	default:
		only(fresh, taken, back, closed)
	}
	return s
}

// next moves to the next chunk that may have a match, and answers false at the
// end. Chunks that some filter has nothing in are leapt over.
func (s *sieve) next() bool {
	s.no--
	for agreed := 0; agreed < len(s.all); {
		for _, f := range s.all {
			no := f.seek(s.no)
			if no < 0 {
				return false
			}
			if no < s.no {
				s.no, agreed = no, 0
			}
			agreed++
		}
	}
	s.chunk = s.all[0].read(s.no)
	for _, f := range s.all[1:] {
		c := f.read(s.no)
		s.keep(&c)
	}
	s.none.seek(s.no)
	c := s.none.read(s.no)
	s.drop(&c)
	if no, bit := chunkOf(s.from); no == s.no {
		s.below(bit)
	}
	return true
}

// seek moves to the chunk given or the next older one that is there, and answers
// its number, or -1.
func (f filter) seek(no int64) int64 {
	newest := int64(-1)
	for _, l := range f {
		newest = max(newest, l.seek(no))
	}
	return newest
}

// read answers a chunk that seek was asked for.
func (f filter) read(no int64) (c chunk) {
	for _, l := range f {
		if l.no == no {
			c.add(l.value)
		}
	}
	return c
}

// lane is one list being walked backwards.
type lane struct {
	cursor *bbolt.Cursor
	prefix []byte
	no     int64 // the chunk it is at, -1 at the end
	value  []byte
}

func lanes(tx *Tx, lists []string) filter {
	b := tx.bucket(listBucket)
	if b == nil {
		return nil
	}
	f := make(filter, 0, len(lists))
	for _, list := range lists {
		l := &lane{cursor: b.Cursor(), prefix: []byte(list + "/")}
		l.at(seekBefore(l.cursor, []byte(list+"/:"))) // a colon sorts after every digit
		f = append(f, l)
	}
	return f
}

func (l *lane) seek(no int64) int64 {
	if l.no <= no {
		return l.no
	}
	if l.at(l.cursor.Prev()); l.no > no { // the next one is near most of the time
		l.at(seekBefore(l.cursor, []byte(chunkKey(string(l.prefix[:len(l.prefix)-1]), no+1))))
	}
	return l.no
}

func (l *lane) at(k, v []byte) {
	l.no, l.value = -1, nil
	rest, ok := bytes.CutPrefix(k, l.prefix)
	if !ok || len(rest) != chunkWidth {
		return
	}
	if no, err := strconv.ParseInt(string(rest), 10, 64); err == nil {
		l.no, l.value = no, v
	}
}

// load reads the envelopes of a page.
func load(tx *Tx, numbers []message.Number) ([]message.Envelope, error) {
	list := make([]message.Envelope, 0, len(numbers))
	for _, n := range numbers {
		id, ok := FindNumber(tx, n)
		if !ok {
			return nil, fmt.Errorf("%w: the index names message %s, which is not there", ErrDamaged, n)
		}
		e, ok, err := GetEnvelope(tx, id)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fmt.Errorf("%w: the index names message %s, which is not there", ErrDamaged, id)
		}
		list = append(list, e)
	}
	return list, nil
}
