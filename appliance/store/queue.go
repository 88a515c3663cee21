package store

import "sync"

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
