package store

import (
	"context"
	"fmt"
)

// Apply does what a write set of another store did. The next one is taken; the
// last one once more is no error; any other number is refused (ErrNotNext), and
// so is a format of another version. One that shows another history, the same
// number with another hash, breaks the store (ErrForked): two machines have
// answered "saved" for different things, and a person must look.
func (s *Store) Apply(ctx context.Context, w WriteSet) error {
	if err := s.do(ctx, &request{apply: &w}); err != nil {
		return fmt.Errorf("applying write set %d: %w", w.Seq, err)
	}
	return nil
}

// applyNext runs in the committer.
func (s *Store) applyNext(w WriteSet) error {
	if w.Format != WriteSetFormat {
		return fmt.Errorf("format %d is not known", w.Format)
	}
	last := s.lastHead()
	hash := w.Hash()
	switch {
	case w.Seq == last.seq && w.Seq > 0 && hash == last.hash:
		return nil
	case w.Seq == last.seq && w.Seq > 0, w.Seq == last.seq+1 && w.Prev != last.hash:
		s.breaks(fmt.Errorf("%w: at number %d", ErrForked, last.seq))
		return s.Err()
	case w.Seq != last.seq+1:
		return fmt.Errorf("%w: the last one here is %d", ErrNotNext, last.seq)
	}
	b := batch{store: s, now: w.At}
	if err := b.begin(); err != nil {
		return err
	}
	for _, op := range w.Ops {
		if err := b.tx.redo(op); err != nil {
			b.rollback()
			return err
		}
	}
	next := head{seq: w.Seq, hash: hash, at: w.At}
	if err := b.put(next); err != nil {
		return err
	}
	s.committed(w, next)
	return nil
}

func (t *Tx) redo(op Op) error {
	if op.Delete {
		return t.Delete(op.Bucket, op.Key)
	}
	return t.Put(op.Bucket, op.Key, op.Value)
}
