package escalation

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

const (
	// batch is how many due steps share a transaction when many are due at
	// once, as after a restart: it stays far below what one commit may write.
	batch = 32

	firstRetry = time.Second
	maxRetry   = 30 * time.Second // a full disk or a broken log may be mended any moment
)

// arrival is what a commit did to one timer: its bytes, or nil when it is gone.
type arrival struct {
	value []byte
	wall  time.Time
	at    time.Duration // on the stopwatch
}

// committed is called by the committer after each commit: it takes note and returns.
func (e *Engine) committed(ws store.WriteSet) {
	if !ws.Touches(bucket) {
		return
	}
	wall, at := e.clock.Now().Round(0), e.watch.elapsed()
	e.mu.Lock()
	for _, op := range ws.Ops {
		if op.Bucket == bucket {
			e.arrived[message.ID(op.Key)] = arrival{value: op.Value, wall: wall, at: at}
		}
	}
	e.mu.Unlock()
	select {
	case e.wake <- struct{}{}:
	default:
	}
}

// round is one run of the engine: what its goroutine alone knows.
type round struct {
	*Engine
	agenda *agenda
	mending
}

// Run rings what comes due until the context ends. No failed step ends it.
func (e *Engine) Run(ctx context.Context) error {
	r := &round{Engine: e, agenda: newAgenda(), mending: mending{check: true, tell: true}}
	var signs sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	signs.Go(func() { e.signLife(ctx) })
	defer signs.Wait()
	defer cancel()
	e.tick()
	if err := r.start(); err != nil {
		return fmt.Errorf("starting the bell: %w", err)
	}
	for ctx.Err() == nil {
		e.tick()
		r.look()
		r.take()
		r.mend(ctx)
		if !r.steps(ctx) {
			r.sleep(ctx)
		}
	}
	return nil
}

// start reads the timers. Steps that came due while the machine was off are due
// at once; a clock that went back is not believed, and the timers go on from
// the last moment that is sure.
func (r *round) start() error {
	sure := r.last
	var all []timer
	err := r.store.View(func(tx *store.Tx) error {
		unreadable, err := eachTimer(tx, func(t timer) error {
			if all = append(all, t); t.Written.After(sure) {
				sure = t.Written
			}
			return nil
		})
		for _, id := range unreadable {
			r.log.Error("a timer cannot be read", "message", string(id))
		}
		r.lost = append(r.lost, unreadable...)
		return err
	})
	if err != nil {
		return err
	}
	now := r.clock.Now().Round(0)
	behind := sure.Sub(now)
	if behind < 0 {
		sure, behind = now, 0
	}
	for _, t := range all {
		left := min(max(0, t.Next.Sub(sure)), t.wait())
		due := r.watch.elapsed() + left
		r.agenda.set(t.Message, t.Rev, due)
		if t.State == Ringing || left == 0 {
			r.agenda.byID[t.Message].away = true
			r.missed.Store(true)
		}
		r.know(t, due)
	}
	r.rewrite = behind > negligible
	if behind > believable {
		r.doubt = &oncall.Doubt{Kind: oncall.ClockBehind, By: -behind, At: now}
	}
	r.log.Info("the bell is running", "timers", len(all))
	return nil
}

// take puts what commits did to timers into the agenda.
func (r *round) take() {
	r.mu.Lock()
	arrived := r.arrived
	r.arrived = map[message.ID]arrival{}
	r.mu.Unlock()
	for id, a := range arrived {
		if a.value == nil {
			r.agenda.drop(id)
			r.forget(id)
			continue
		}
		var t timer
		if err := json.Unmarshal(a.value, &t); err != nil {
			r.log.Error("a timer cannot be read", "message", string(id))
			r.lost = append(r.lost, id) // it rings anew
			r.forget(id)
			r.agenda.drop(id)
			continue
		}
		r.heardOf(t, a)
	}
}

// heardOf puts one timer into the agenda. What was only noted in it, as that one
// of several answered, moves no step: not even when the wall clock jumped since.
func (r *round) heardOf(t timer, a arrival) {
	r.mu.Lock()
	was, here := r.known[t.Message]
	r.mu.Unlock()
	if here && was.timer.Next.Equal(t.Next) && r.agenda.byID[t.Message] != nil {
		r.agenda.note(t.Message, t.Rev)
		r.know(t, was.due)
		return
	}
	due := dueOf(t, a)
	r.agenda.set(t.Message, t.Rev, due)
	r.know(t, due)
}

// dueOf is when a timer that was just committed comes due, in elapsed time. Its
// own times were made by the wall clock a moment before; where that moment does
// not look like one, the clock jumped in it, and the time to wait counts from now.
func dueOf(t timer, a arrival) time.Duration {
	ago := a.wall.Sub(t.Written)
	if ago < 0 || ago > negligible {
		ago = 0
	}
	return a.at + t.wait() - ago
}

// steps runs what is due and says whether there was anything.
func (r *round) steps(ctx context.Context) bool {
	list := r.agenda.due(r.watch.elapsed(), batch)
	if len(list) == 0 {
		return false
	}
	if len(list) > 1 && r.commit(ctx, list, full) == nil {
		return true
	}
	for _, one := range list {
		r.tick()
		if err := r.step(ctx, one); err != nil && ctx.Err() == nil {
			r.putOff(one, err)
		}
	}
	return true
}

// step runs one step as well as it can be: with all that belongs to it, or
// after some attempts that failed with less.
func (r *round) step(ctx context.Context, one *entry) (err error) {
	for how := full; how <= atWorst(one.attempts); how++ {
		if err = r.commit(ctx, []*entry{one}, how); err == nil {
			return nil
		}
	}
	return err
}

// atWorst is the least that a step does after so many attempts that failed.
func atWorst(attempts int) care {
	switch {
	case attempts < 3:
		return full
	case attempts < 6:
		return untraced
	}
	return desksOnly
}

// commit runs the steps of some entries in one transaction. A timer that was
// changed since, by a person or by an attempt whose outcome was not known, is
// left alone: its change has arrived or is about to.
func (r *round) commit(ctx context.Context, list []*entry, how care) error {
	at := r.clock.Now()
	err := r.store.Update(ctx, func(tx *store.Tx) error {
		c := r.change(tx, at)
		c.care = how
		for _, one := range list {
			t := getTimer(tx, one.id)
			if t.State == Silent || t.Rev != one.rev {
				continue
			}
			if one.away {
				if err := c.restarted(&t); err != nil {
					return err
				}
			}
			if err := c.apply(&t, due); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, one := range list {
		r.agenda.drop(one.id)
	}
	r.wentWell(how)
	return nil
}

// putOff waits before the next attempt of a step.
func (r *round) putOff(one *entry, err error) {
	one.attempts++
	r.agenda.later(one, r.watch.elapsed()+backoff(one.attempts))
	r.wentWrong()
	r.log.Error("a step of the bell could not be committed and is tried again", "message", string(one.id), "attempts", one.attempts, "err", err)
}

func backoff(attempts int) time.Duration {
	return min(firstRetry<<min(attempts-1, 10), maxRetry)
}

// sleep returns when something is due, something was committed, or the
// heartbeat wants it.
func (r *round) sleep(ctx context.Context) {
	wait := heartbeat
	if next := r.agenda.next(); next != nil {
		wait = min(wait, next.due-r.watch.elapsed())
	}
	if wait <= 0 {
		return
	}
	t := r.clock.NewTimer(wait)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-r.wake:
	case <-t.Chan():
	}
}
