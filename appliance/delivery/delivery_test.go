package delivery_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jonboulle/clockwork"
	"pgregory.net/rapid"

	"nightbell/appliance/delivery"
)

func TestTheWaitDoublesUpToTheLongestAndIsNeverLessThanHalf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		urgent := rapid.Bool().Draw(t, "urgent")
		attempts := rapid.IntRange(1, 1_000_000).Draw(t, "attempts")
		none := func(time.Duration) time.Duration { return 0 }
		most := func(limit time.Duration) time.Duration { return limit - 1 }
		wait, next := delivery.Backoff(attempts, urgent, none), delivery.Backoff(attempts+1, urgent, none)
		if wait < time.Second || wait > delivery.LongestWait(urgent) || next != min(2*wait, delivery.LongestWait(urgent)) {
			t.Fatalf("after %d attempts %s, then %s", attempts, wait, next)
		}
		if less := delivery.Backoff(attempts, urgent, most); less < wait/2 || less > wait {
			t.Fatalf("with jitter %s of %s", less, wait)
		}
	})
}

// queue is one thing that is tried at a moment, over and over.
type queue struct {
	clock  clockwork.Clock
	next   time.Time
	under  int
	began  []time.Duration
	ended  int
	broken error
	done   chan int
	goOn   chan struct{} // closed: attempts may end
	since  time.Time
}

func (q *queue) CatchUp() error { return q.broken }
func (q *queue) UnderWay() int  { return q.under }
func (q *queue) Finished(int)   { q.under--; q.ended++ }

func (q *queue) Start(context.Context) time.Time {
	if q.under > 0 {
		return time.Time{}
	}
	if now := q.clock.Now(); now.Before(q.next) {
		return q.next
	}
	q.under++
	q.began = append(q.began, q.clock.Since(q.since))
	q.next = q.next.Add(time.Minute)
	go func() { <-q.goOn; q.done <- 1 }()
	return time.Time{}
}

func run(t *testing.T, test func(t *testing.T, q *queue, wake chan struct{}, stop func(), ended chan error)) {
	synctest.Test(t, func(t *testing.T) {
		clock := clockwork.NewRealClock()
		q := &queue{clock: clock, since: clock.Now(), next: clock.Now().Add(time.Minute), done: make(chan int), goOn: make(chan struct{})}
		ctx, stop := context.WithCancel(t.Context())
		wake, ended := make(chan struct{}, 1), make(chan error, 1)
		go func() { ended <- delivery.Run(ctx, clock, wake, q.done, q) }()
		synctest.Wait()
		test(t, q, wake, stop, ended)
		stop()
	})
}

func TestWhatIsDueIsTriedAtItsTimeAndAgain(t *testing.T) {
	run(t, func(t *testing.T, q *queue, _ chan struct{}, stop func(), ended chan error) {
		close(q.goOn)
		<-q.clock.After(2*time.Minute + time.Second)
		stop()
		if err := <-ended; err != nil || len(q.began) != 2 || q.began[0] != time.Minute || q.began[1] != 2*time.Minute {
			t.Errorf("begun at %v (%v)", q.began, err)
		}
	})
}

func TestWhatIsUnderWayIsWaitedForAtTheEnd(t *testing.T) {
	run(t, func(t *testing.T, q *queue, _ chan struct{}, stop func(), ended chan error) {
		<-q.clock.After(time.Minute)
		synctest.Wait()
		stop()
		synctest.Wait()
		if len(ended) != 0 {
			t.Error("it ends while an attempt is under way")
		}
		close(q.goOn)
		if err := <-ended; err != nil || q.ended != 1 {
			t.Errorf("%d ended (%v)", q.ended, err)
		}
	})
}

func TestAQueueThatCannotBeReadEndsTheRunAndWaitsToo(t *testing.T) {
	run(t, func(t *testing.T, q *queue, wake chan struct{}, _ func(), ended chan error) {
		<-q.clock.After(time.Minute)
		synctest.Wait()
		q.broken = errors.New("broken")
		wake <- struct{}{}
		close(q.goOn)
		if err := <-ended; !errors.Is(err, q.broken) || q.ended != 1 {
			t.Errorf("%d ended (%v)", q.ended, err)
		}
	})
}
