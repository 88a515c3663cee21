// Package delivery is when what waits in a durable queue is tried: the loop that
// wakes on changes, by time and as attempts end, and the waits between attempts.
//
// It keeps nothing and knows neither what is delivered nor how: relay's mail and
// notify's pages are its queues.
package delivery

import (
	"context"
	"time"

	"github.com/jonboulle/clockwork"
)

const (
	firstRetry  = time.Second
	longRetry   = 30 * time.Minute // what a greylisting server or a reboot needs, often enough for a day
	urgentRetry = time.Minute      // somebody waits for the call that this is about
)

// Backoff is the wait before the next attempt after so many that failed, from 1
// on: doubling, and up to a half of it less by chance, so that what failed
// together does not come back together. jitter answers a random time below its
// limit.
func Backoff(attempts int, urgent bool, jitter func(limit time.Duration) time.Duration) time.Duration {
	longest := LongestWait(urgent)
	wait := longest
	if shift := attempts - 1; shift < 12 { // 2^11 s is past half an hour
		wait = min(longest, firstRetry<<shift)
	}
	return wait - jitter(wait/2)
}

// LongestWait is how far off a next attempt may be.
func LongestWait(urgent bool) time.Duration {
	if urgent {
		return urgentRetry
	}
	return longRetry
}

// Work is what a queue does in its turn. Its methods are called by one
// goroutine, that of Run.
type Work[R any] interface {
	// CatchUp reads what changed since the last look.
	CatchUp() error
	// Start begins attempts for what is due and answers when the next one is
	// due: zero when none is, or when all that may go is under way.
	Start(ctx context.Context) (next time.Time)
	// UnderWay counts the attempts that did not end yet.
	UnderWay() int
	// Finished is given each attempt that ended.
	Finished(R)
}

// Run gives a queue its turn whenever something changed (wake), is due, or came
// to its end (done), until ctx ends. It waits for what is under way: what was
// taken in that moment is still written down.
func Run[R any](ctx context.Context, clock clockwork.Clock, wake <-chan struct{}, done <-chan R, w Work[R]) error {
	for {
		err := w.CatchUp()
		if err == nil {
			turn(ctx, clock, wake, done, w)
		}
		if err != nil || ctx.Err() != nil {
			for w.UnderWay() > 0 {
				w.Finished(<-done)
			}
			return err
		}
	}
}

func turn[R any](ctx context.Context, clock clockwork.Clock, wake <-chan struct{}, done <-chan R, w Work[R]) {
	var due <-chan time.Time
	if next := w.Start(ctx); !next.IsZero() {
		timer := clock.NewTimer(next.Sub(clock.Now()))
		defer timer.Stop()
		due = timer.Chan()
	}
	select {
	case <-ctx.Done():
	case <-wake:
	case <-due:
	case r := <-done:
		w.Finished(r)
	}
}
