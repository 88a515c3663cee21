package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"nightbell/appliance/store"
)

// chunk is how many leaves are read in one transaction: a log of years must not
// hold one open for seconds.
const chunk = 4096

// Report is what Verify found.
type Report struct {
	Records  int64  `json:"records"`             // sound ones, from the first on
	Root     string `json:"root"`                // of those
	FirstBad *int64 `json:"first_bad,omitempty"` // number of the first record that is not sound
	Why      string `json:"why,omitempty"`       // what is wrong with it
}

// Verify walks the log as it is now: each leaf is there, says its own number and
// gives its stored hash, each stored hash follows from those below it, the root
// too, and there is nothing beyond the end. It stops at the first break, which is
// no error but the report's FirstBad.
//
// Whoever can write the file can also make a whole new log. Checkpoints that were
// kept elsewhere show that: with known ones the log must begin with each of them.
func Verify(ctx context.Context, s *store.Store, known ...Checkpoint) (Report, error) {
	w := walk{known: slices.SortedFunc(slices.Values(known), func(a, b Checkpoint) int { return int(a.Size - b.Size) })}
	err := s.View(func(tx *store.Tx) (err error) {
		w.size, err = size(tx)
		return err
	})
	if errors.Is(err, store.ErrDamaged) {
		return Report{FirstBad: new(int64), Why: "the size of the log is no number"}, nil
	}
	if err != nil {
		return Report{}, fmt.Errorf("verifying the audit log: %w", err)
	}
	w.checkpoint()
	for w.report.FirstBad == nil && w.n < w.size {
		if err := ctx.Err(); err != nil {
			return Report{}, err
		}
		if err := s.View(w.some); err != nil {
			return Report{}, fmt.Errorf("verifying the audit log: %w", err)
		}
	}
	if w.report.FirstBad == nil {
		if err := s.View(w.end); err != nil {
			return Report{}, fmt.Errorf("verifying the audit log: %w", err)
		}
	}
	w.report.Records, w.report.Root = w.n, w.root().String()
	return w.report, nil
}

// walk is a verification on its way. It trusts no stored hash: it computes them
// all again and keeps those of the subtrees that are whole, largest first, which
// is all that the next leaf needs.
type walk struct {
	size    int64
	n       int64 // leaves that were sound
	edge    []tlog.Hash
	known   []Checkpoint // not met yet, smallest first
	matched int64        // size of the last one met
	report  Report
}

func (w *walk) bad(n int64, why string, args ...any) {
	w.report.FirstBad, w.report.Why = &n, fmt.Sprintf(why, args...)
}

// some verifies the next chunk.
func (w *walk) some(tx *store.Tx) error {
	until := min(w.n+chunk, w.size)
	tx.Ascend(LeafBucket, key(w.n), func(k string, data []byte) bool {
		if w.n == until || k != key(w.n) {
			return false
		}
		w.leaf(tx, data)
		return w.report.FirstBad == nil
	})
	if w.report.FirstBad == nil && w.n < until {
		w.bad(w.n, "the record is missing")
	}
	return nil
}

// leaf verifies one leaf and the stored hashes that came with it.
func (w *walk) leaf(tx *store.Tx, data []byte) {
	var l Leaf
	if json.Unmarshal(data, &l) != nil || l.N != w.n {
		w.bad(w.n, "the record does not decode, or is another's")
		return
	}
	h := tlog.RecordHash(data)
	index := tlog.StoredHashIndex(0, w.n)
	if !stored(tx, index, h) {
		w.bad(w.n, "the record does not give its stored hash")
		return
	}
	edge := w.edge
	for level := 0; w.n>>level&1 == 1; level++ {
		last := len(edge) - 1
		h, edge = tlog.NodeHash(edge[last], h), edge[:last]
		index++
		if !stored(tx, index, h) {
			first := w.n + 1 - 2<<level
			w.bad(first, "the records %d to %d do not give their stored hash", first, w.n)
			return
		}
	}
	w.edge = append(edge, h)
	w.n++
	w.checkpoint()
}

func stored(tx *store.Tx, index int64, h tlog.Hash) bool {
	return bytes.Equal(tx.Get(hashBucket, key(index)), h[:])
}

// checkpoint compares with the known checkpoints of the size reached.
func (w *walk) checkpoint() {
	for len(w.known) > 0 && w.known[0].Size == w.n {
		if w.known[0].Root != w.root().String() {
			w.bad(w.matched, "the records %d to %d are not those of a checkpoint kept elsewhere", w.matched, w.n-1)
			return
		}
		w.matched, w.known = w.n, w.known[1:]
	}
}

// end looks for what should not be there, and for the checkpoints that the log
// should have reached.
func (w *walk) end(tx *store.Tx) error {
	beyond := func(bucket string, from int64) (found bool) {
		tx.Ascend(bucket, key(from), func(string, []byte) bool {
			found = true
			return false
		})
		return found
	}
	have, err := size(tx)
	switch {
	case err != nil:
		return err
	case len(w.known) > 0:
		w.bad(w.n, "the log ends here, and a checkpoint kept elsewhere has %d records", w.known[0].Size)
	case have == w.size && (beyond(LeafBucket, w.size) || beyond(hashBucket, tlog.StoredHashCount(w.size))):
		w.bad(w.size, "there is something beyond the end of the log")
	}
	return nil
}

// root computes the root of the leaves walked.
func (w *walk) root() tlog.Hash {
	if len(w.edge) == 0 {
		h, _ := tlog.TreeHash(0, nil) // of nothing: it reads nothing and cannot fail
		return h
	}
	h := w.edge[len(w.edge)-1]
	for i := len(w.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(w.edge[i], h)
	}
	return h
}

// Export writes the leaves as they lie, one line of JSON each: what they hash to
// is what Verify checks.
func Export(ctx context.Context, s *store.Store, w io.Writer) error {
	var buf bytes.Buffer
	for next := ""; ; {
		buf.Reset()
		lines := 0
		err := s.View(func(tx *store.Tx) error {
			tx.Ascend(LeafBucket, next, func(k string, data []byte) bool {
				if lines == chunk {
					return false
				}
				buf.Write(data)
				buf.WriteByte('\n')
				next, lines = k+"\x00", lines+1
				return true
			})
			return ctx.Err()
		})
		if err != nil {
			return fmt.Errorf("exporting the audit log: %w", err)
		}
		if lines == 0 {
			return nil
		}
		if _, err := w.Write(buf.Bytes()); err != nil {
			return fmt.Errorf("exporting the audit log: %w", err)
		}
	}
}
