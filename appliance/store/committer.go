package store

import (
	"cmp"
	"context"
	"errors"
	"runtime"
	"time"
)

// roomTick is how often a full disk is looked at again.
const roomTick = time.Second

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
		return cmp.Or(s.Err(), ErrClosed)
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
			s.checkRoom()
		default:
			s.commitBatch(r)
			s.checkRoom() // after the answers: it may write
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
	if s.Err() != nil {
		return
	}
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

// committed moves the head and tells the watchers.
func (s *Store) committed(ws WriteSet, next head) {
	s.mu.Lock()
	s.head = next
	watchers := s.watchers
	s.mu.Unlock()
	for _, w := range watchers {
		w(ws)
	}
}
