package store

import (
	"encoding/binary"
	"fmt"
	"strings"

	"nightbell/appliance/message"
)

const (
	countBucket = "counts"
	countAll    = "all"
)

// Counts are how many messages there are. They are kept, not counted.
type Counts struct {
	Total, Open, Closed int

	ByStatus       map[message.Status]int
	OpenByType     map[message.CallType]int
	OpenByUrgency  map[message.Urgency]int
	OpenByAssignee map[message.PersonID]int
	OpenUnassigned int
	OpenFlagged    int // new ones with a flag: nobody has looked yet
}

// CountEnvelopes answers the counters. Those at zero are not in the maps.
func CountEnvelopes(tx *Tx) (Counts, error) {
	all := readCount(tx, countAll)
	c := Counts{
		Total: int(all.total), Open: int(all.open), Closed: int(all.total - all.open), OpenUnassigned: int(all.open), OpenFlagged: int(readCount(tx, flaggedList).open),
		ByStatus:       map[message.Status]int{},
		OpenByType:     map[message.CallType]int{},
		OpenByUrgency:  map[message.Urgency]int{},
		OpenByAssignee: map[message.PersonID]int{},
	}
	var err error
	tx.Ascend(countBucket, "", func(key string, v []byte) bool {
		kind, name, ok := strings.Cut(key, "/")
		if ok {
			err = c.add(kind, name, decodeTally(v))
		}
		return err == nil
	})
	return c, err
}

func (c *Counts) add(kind, name string, t tally) error {
	switch {
	case kind == "status" && t.total != 0:
		c.ByStatus[message.Status(name)] = int(t.total)
	case kind == "type" && t.open != 0:
		c.OpenByType[message.CallType(name)] = int(t.open)
	case kind == "urgency" && t.open != 0:
		u, err := message.ParseUrgency(name)
		if err != nil {
			return fmt.Errorf("%w: a counter has no urgency", ErrDamaged)
		}
		c.OpenByUrgency[u] = int(t.open)
	case kind == "assignee" && t.open != 0:
		c.OpenByAssignee[message.PersonID(name)] = int(t.open)
		c.OpenUnassigned -= int(t.open)
	}
	return nil
}

// tally is one counter: all that have a value, and those of them that are open.
type tally struct{ total, open int64 }

func readCount(tx *Tx, name string) tally { return decodeTally(tx.get(countBucket, name)) }

func decodeTally(b []byte) tally {
	if len(b) != 16 {
		return tally{}
	}
	return tally{int64(binary.BigEndian.Uint64(b)), int64(binary.BigEndian.Uint64(b[8:]))}
}

func addCount(tx *Tx, name string, d tally) error {
	if d == (tally{}) {
		return nil
	}
	t := readCount(tx, name)
	t.total, t.open = t.total+d.total, t.open+d.open
	if t == (tally{}) {
		return tx.Delete(countBucket, name)
	}
	b := binary.BigEndian.AppendUint64(make([]byte, 0, 16), uint64(t.total))
	return tx.Put(countBucket, name, binary.BigEndian.AppendUint64(b, uint64(t.open)))
}

// count moves the counters from where an envelope stood to where it stands.
func count(tx *Tx, before, now *row) error {
	var names []string
	deltas := map[string]tally{}
	add := func(r *row, sign int64) {
		if r == nil {
			return
		}
		one := tally{total: sign}
		if r.open() {
			one.open = sign
		}
		for _, name := range append(r.lists(), countAll) {
			if name == ringList || strings.HasPrefix(name, "typed-by/") {
				continue
			}
			d, seen := deltas[name]
			if !seen {
				names = append(names, name) // in a fixed order: a change is pure
			}
			deltas[name] = tally{d.total + one.total, d.open + one.open}
		}
	}
	add(before, -1)
	add(now, 1)
	for _, name := range names {
		if err := addCount(tx, name, deltas[name]); err != nil {
			return err
		}
	}
	return nil
}
