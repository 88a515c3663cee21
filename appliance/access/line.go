package access

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	maxWaiting     = 64 // sign-ins waiting in all: at 0.6 s each, nobody waits longer than a browser does
	maxWaitingFrom = 8  // of them from one address
)

// line lets one sign-in at a time derive a key, because one derivation takes
// 256 MiB. Addresses from which somebody signed in before go first, so that a
// crowd of strangers delays staff by one derivation at most.
type line struct {
	mu      sync.Mutex
	busy    bool
	waiting []*waiter // in the order in which they will be called
}

type waiter struct {
	origin string
	known  bool
	called chan bool // gets true when it is this one's turn, false when it was pushed out
}

// enter waits for its turn. The caller calls leave when it is done. It answers
// a *TooMany when too many wait, or the context's error.
func (l *line) enter(ctx context.Context, origin string, known bool) (leave func(), err error) {
	w, err := l.join(origin, known)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return l.next, nil
	}
	select {
	case turn := <-w.called:
		if !turn {
			return nil, tooManyWait
		}
		return l.next, nil
	case <-ctx.Done():
		l.giveUp(w)
		return nil, context.Cause(ctx)
	}
}

var tooManyWait = &TooMany{After: 30 * time.Second}

// join answers nil when nobody is before the caller.
func (l *line) join(origin string, known bool) (*waiter, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.busy {
		l.busy = true
		return nil, nil
	}
	mine := 0
	for _, w := range l.waiting {
		if w.origin == origin {
			mine++
		}
	}
	if mine >= maxWaitingFrom {
		return nil, tooManyWait
	}
	if len(l.waiting) >= maxWaiting {
		last := l.waiting[len(l.waiting)-1]
		if last.known || !known {
			return nil, tooManyWait
		}
		l.waiting = l.waiting[:len(l.waiting)-1]
		last.called <- false
	}
	w := &waiter{origin: origin, known: known, called: make(chan bool, 1)}
	at := len(l.waiting)
	if known {
		if at = slices.IndexFunc(l.waiting, func(w *waiter) bool { return !w.known }); at < 0 {
			at = len(l.waiting)
		}
	}
	l.waiting = slices.Insert(l.waiting, at, w)
	return w, nil
}

// next ends the caller's turn and calls whoever is first.
func (l *line) next() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		l.busy = false
		return
	}
	first := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	first.called <- true
}

// giveUp takes a waiter out, or passes its turn on when it was just called.
func (l *line) giveUp(w *waiter) {
	l.mu.Lock()
	at := slices.Index(l.waiting, w)
	if at >= 0 {
		l.waiting = slices.Delete(l.waiting, at, at+1)
	}
	l.mu.Unlock()
	if at < 0 && <-w.called {
		l.next()
	}
}
