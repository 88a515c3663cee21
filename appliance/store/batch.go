package store

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

const (
	// batchLimit closes a batch: a write set is a message to others, not a file.
	batchLimit = 512 << 10
	// maxReruns bounds the work that failing changes make for the others: after
	// so many of them the batch is committed as it stands.
	maxReruns = 4
)

// batch is one transaction in the making.
type batch struct {
	store  *Store
	now    time.Time
	tx     *Tx
	all    []*request // everybody who gets an answer when it is over
	ran    []*request // whose effect is in the transaction, in order
	reruns int
}

func (b *batch) open() bool {
	return b.reruns < maxReruns && (b.tx == nil || len(b.tx.ops.bytes) < batchLimit)
}

// run runs one change. When it fails after it wrote, the transaction is rolled
// back (bbolt has no savepoints) and the others are run again.
func (b *batch) run(r *request) {
	b.all = append(b.all, r)
	if r.err = b.begin(); r.err != nil {
		return
	}
	before := len(b.tx.ops.list)
	if r.err = b.try(r); r.err == nil {
		b.ran = append(b.ran, r)
		return
	}
	if len(b.tx.ops.list) > before || b.tx.err != nil {
		b.rerun()
	}
}

// rerun rolls back and runs again what was in the transaction, leaving out
// whatever fails now.
func (b *batch) rerun() {
	b.reruns++
	again := b.ran
	for {
		b.rollback()
		failed := -1
		for i, r := range again {
			if r.err = b.begin(); r.err == nil {
				r.err = b.try(r)
			}
			if r.err != nil {
				failed = i
				break
			}
		}
		if failed < 0 {
			b.ran = again
			return
		}
		again = append(again[:failed:failed], again[failed+1:]...)
	}
}

func (b *batch) begin() error {
	if b.tx != nil {
		return nil
	}
	btx, err := b.store.db.Begin(true)
	if err != nil {
		b.store.breaks(fmt.Errorf("beginning a transaction: %w", err))
		return b.store.Err()
	}
	b.tx = &Tx{bolt: btx, ops: &opLog{}}
	return nil
}

func (b *batch) rollback() {
	if b.tx == nil {
		return
	}
	b.tx.bolt.Rollback()
	b.tx.end()
	b.tx = nil
}

// try runs a change and turns a panic into an error. What it panicked with may
// hold anything and is not repeated.
func (b *batch) try(r *request) (err error) {
	size := len(b.tx.ops.bytes)
	defer func() {
		if p := recover(); p != nil {
			b.store.log.Error("a change panicked and was left out", "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = fmt.Errorf("a change panicked (%T) and was left out", p)
			b.tx.Fail(err)
		}
	}()
	if err := r.change(b.tx); err != nil {
		return err
	}
	if b.tx.err != nil {
		return b.tx.err
	}
	if n := len(b.tx.ops.bytes) - size; n > maxChange {
		return b.tx.Fail(fmt.Errorf("a change of %d bytes: %w", n, ErrTooLarge))
	}
	return nil
}

// commit makes the write set, puts the transaction on disk and hands the write
// set to the watchers. Nil means that every change in it is kept.
func (b *batch) commit() error {
	if b.tx == nil || len(b.tx.ops.list) == 0 {
		b.rollback()
		return nil // whatever it read was on disk already
	}
	last := b.store.lastHead()
	ws := WriteSet{Format: WriteSetFormat, Seq: last.seq + 1, Prev: last.hash, At: b.now, Ops: b.tx.ops.list}
	next := head{seq: ws.Seq, hash: ws.hash(b.tx.ops.bytes), at: ws.At}
	if err := b.put(next); err != nil {
		return err
	}
	b.store.committed(ws, next)
	return nil
}

// put puts the transaction on disk, with the head that it leads to.
func (b *batch) put(next head) error {
	if err := next.write(b.tx.bolt); err != nil {
		b.rollback()
		return fmt.Errorf("writing the head: %w", err)
	}
	err := commitBolt(b.tx.bolt)
	b.tx.end()
	b.tx = nil
	switch {
	case err == nil:
		return nil
	case writeWasFull(err):
		// bbolt found no place for a page, and the file stands as it stood.
		b.store.room.ranOut()
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	b.store.breaks(err)
	return fmt.Errorf("%w: %w", ErrUnknown, err)
}

// commitBolt is Commit, whose panics are failures of unknown outcome too.
func commitBolt(btx *bbolt.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("bbolt panicked (%T)", p)
		}
	}()
	return btx.Commit()
}

// writeWasFull says whether a commit failed at a write for want of room, before
// anything of it counted. A failed fsync, whatever it says, is not that.
func writeWasFull(err error) bool {
	var pe *fs.PathError
	return errors.As(err, &pe) && pe.Op == "write" && isFull(err) || errors.Is(err, berrors.ErrMaxSizeReached)
}

// answer tells everybody. When the commit failed, a change that was left out is
// told so too: what it read may not be there.
func (b *batch) answer(err error) {
	for _, r := range b.all {
		if err != nil {
			r.answer(err)
		} else {
			r.answer(r.err)
		}
	}
	b.all = nil
}

// lost answers a batch whose goroutine ends in the middle (see abandon).
func (b *batch) lost() {
	if b.all == nil {
		return
	}
	b.rollback()
	for _, r := range b.all {
		r.answer(fmt.Errorf("%w: a change ended the committer", ErrUnknown))
	}
}
