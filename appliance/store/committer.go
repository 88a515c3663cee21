package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"sync"
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
	// roomTick is how often a full disk is looked at again.
	roomTick = time.Second
)

// Update runs change in a transaction and answers when it is on disk (nil), when
// it was left out and nothing of it was kept (its own error, or ErrFull,
// ErrBroken, ErrClosed, ErrTooLarge, the context's), or when only opening the
// file anew can tell (ErrUnknown; the store is then broken).
//
// Changes of many callers share a transaction and an fsync. A change may
// therefore run more than once; see Tx for what it may do. A change that fails
// or panics is left out, the others go on. Once it runs, the context no longer
// ends the wait.
func (s *Store) Update(ctx context.Context, change func(*Tx) error) error {
	return s.do(ctx, &request{change: change})
}

func (s *Store) do(ctx context.Context, r *request) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.Err(); err != nil {
		return err
	}
	r.done = make(chan error, 1)
	if !s.queue.add(r) {
		return ErrClosed
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		if s.queue.remove(r) {
			return ctx.Err()
		}
		return <-r.done
	}
}

// request is one change on its way through the committer.
type request struct {
	change func(*Tx) error
	apply  *WriteSet // instead of a change: it stands alone in its transaction
	room   bool      // no change: look at the room on disk
	done   chan error
	err    error // the change's own, held back until the batch has its outcome
}

// answer tells the one who waits. Only the first answer counts.
func (r *request) answer(err error) {
	select {
	case r.done <- err:
	default:
	}
}

// queue is what waits for the committer.
type queue struct {
	mu      sync.Mutex
	waiting []*request
	closed  bool
	wake    chan struct{}
}

func (q *queue) add(r *request) bool {
	q.mu.Lock()
	if q.closed {
		q.mu.Unlock()
		return false
	}
	q.waiting = append(q.waiting, r)
	q.mu.Unlock()
	q.signal()
	return true
}

func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// remove takes back a request that the committer has not taken yet.
func (q *queue) remove(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i, have := range q.waiting {
		if have == r {
			q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
			return true
		}
	}
	return false
}

// take answers the one that has waited longest, or nil.
func (q *queue) take() *request {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return nil
	}
	r := q.waiting[0]
	q.waiting[0] = nil
	q.waiting = q.waiting[1:]
	return r
}

func (q *queue) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.signal()
}

func (q *queue) isClosed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.closed
}

// commitLoop is the one writer. It ends when the queue is closed and empty.
func (s *Store) commitLoop() {
	ended := false
	defer close(s.stopped)
	defer func() {
		if !ended {
			s.abandon()
		}
	}()
	for {
		r := s.queue.take()
		switch {
		case r == nil && s.queue.isClosed():
			ended = true
			return
		case r == nil:
			s.waitForWork()
		case s.Err() != nil:
			r.answer(s.Err())
		case r.room:
			s.checkRoom()
			r.answer(nil)
		case r.apply != nil:
			r.answer(s.applyNext(*r.apply))
		default:
			s.commitBatch(r)
		}
	}
}

// abandon answers whoever still waits when the committer ends before the queue
// is empty: a change that ended its goroutine (runtime.Goexit) took it along.
func (s *Store) abandon() {
	s.breaks(errors.New("a change ended the committer"))
	s.queue.close()
	for r := s.queue.take(); r != nil; r = s.queue.take() {
		r.answer(s.Err())
	}
}

// waitForWork returns when something may wait. While the disk is full it looks
// at the room now and then, so that intake resumes by itself.
func (s *Store) waitForWork() {
	if !s.room.full() || s.Err() != nil {
		<-s.queue.wake
		return
	}
	t := s.clock.NewTimer(roomTick)
	defer t.Stop()
	select {
	case <-s.queue.wake:
	case <-t.Chan():
		s.checkRoom()
	}
}

func (s *Store) checkRoom() {
	if err := s.room.make(); err != nil {
		s.breaks(err)
	}
}

// commitBatch runs the first change and those that wait behind it in one
// transaction, commits them with one fsync, and answers all.
func (s *Store) commitBatch(first *request) {
	b := batch{store: s, now: s.clock.Now().UTC().Round(0)}
	defer b.lost()
	b.run(first)
	yielded := false
	for b.open() {
		r := s.queue.takeChange()
		if r != nil {
			b.run(r)
			continue
		}
		if yielded {
			break
		}
		// Whoever was answered a moment ago may be about to ask again: let them.
		runtime.Gosched()
		yielded = true
	}
	err := b.commit()
	if errors.Is(err, ErrFull) && len(b.all) > 1 {
		// One large change may have been too much for the room that is left:
		// the small ones must not fail with it.
		for _, r := range b.all {
			r.err = nil
			one := batch{store: s, now: b.now}
			one.run(r)
			one.answer(one.commit())
		}
		b.all = nil
		return
	}
	b.answer(err)
}

// takeChange is take, but leaves what cannot share a transaction.
func (q *queue) takeChange() *request {
	q.mu.Lock()
	stop := len(q.waiting) == 0 || q.waiting[0].change == nil
	q.mu.Unlock()
	if stop {
		return nil
	}
	return q.take()
}

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
		return fmt.Errorf("beginning a transaction: %w", err)
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
			b.tx.fail(err)
		}
	}()
	if err := r.change(b.tx); err != nil {
		return err
	}
	if b.tx.err != nil {
		return b.tx.err
	}
	if n := len(b.tx.ops.bytes) - size; n > maxChange {
		return b.tx.fail(fmt.Errorf("a change of %d bytes: %w", n, ErrTooLarge))
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

// committed moves the head, tells the watchers and looks after the room.
func (s *Store) committed(ws WriteSet, next head) {
	s.mu.Lock()
	s.head = next
	watchers := s.watchers
	s.mu.Unlock()
	for _, w := range watchers {
		w(ws)
	}
	s.checkRoom()
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
