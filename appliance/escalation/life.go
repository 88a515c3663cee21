package escalation

import (
	"context"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Where a machine notes that it lives while something rings, so that after a
// start it can say how long it was away. It belongs to this machine alone, and so
// lies in its own store.
const (
	lifeBucket = "bell"
	lifeKey    = "alive"

	signEvery = 10 * time.Second

	// worthSaying is how long the appliance must have been away for a finding:
	// a restart of a few seconds is a line in the timeline and no more.
	worthSaying = 2 * time.Minute
	// grace is how long after an outage of its own the appliance says that what
	// is late is late because of it.
	grace = 15 * time.Minute
)

// away is the time in which the process was not there.
type away struct{ from, to time.Time }

// detail is the span as the timeline has it.
func (a away) detail() string {
	const form = "2006-01-02T15:04:05Z"
	if a.from.IsZero() || a.from.After(a.to) {
		return "/" + a.to.UTC().Format(form) // by a clock that went back nobody knows since when
	}
	return a.from.UTC().Format(form) + "/" + a.to.UTC().Format(form)
}

func (a away) long() time.Duration {
	if a.from.IsZero() {
		return 0
	}
	return a.to.Sub(a.from)
}

// lastSign answers when this machine was last known to live, before this start.
func lastSign(node *store.Store, last time.Time) time.Time {
	if node == nil {
		return last
	}
	var sign time.Time
	err := node.View(func(tx *store.Tx) (err error) {
		sign, err = time.Parse(time.RFC3339Nano, string(tx.Get(lifeBucket, lifeKey)))
		return err
	})
	if err != nil || sign.Before(last) {
		return last
	}
	return sign
}

// signLife notes now and then that the machine lives while something rings. It
// has a goroutine of its own: a store that hangs holds up no bell.
func (e *Engine) signLife(ctx context.Context) {
	for e.node != nil {
		t := e.clock.NewTimer(signEvery)
		select {
		case <-ctx.Done():
			t.Stop()
			return
		case <-t.Chan():
		}
		if !e.rings() {
			continue
		}
		now := e.clock.Now().UTC().Format(time.RFC3339Nano)
		err := e.node.Update(ctx, func(tx *store.Tx) error { return tx.Put(lifeBucket, lifeKey, []byte(now)) })
		if err != nil && ctx.Err() == nil {
			e.log.Warn("the bell could not note that it lives", "err", err)
		}
	}
}

// restarted writes into the timeline of a message that rang, or should have,
// that the process was away.
func (c change) restarted(t *timer) error {
	return c.event(t.Message, message.Event{What: message.EventRestarted, Detail: c.e.gone.detail()})
}

// tellRestart writes that line for what rings on and is not due yet. What is due
// gets it with its step. A timeline that cannot be written keeps nothing waiting.
func (r *round) tellRestart(ctx context.Context) {
	if !r.tell {
		return
	}
	r.tell = false
	var list []*entry
	for _, one := range r.agenda.list {
		if one.away {
			list = append(list, one)
		}
	}
	for len(list) > 0 && ctx.Err() == nil {
		some := list[:min(len(list), 8*batch)]
		list = list[len(some):]
		if err := r.tellSome(ctx, some); err == nil {
			continue
		}
		for _, one := range some {
			if err := r.tellSome(ctx, []*entry{one}); err != nil && ctx.Err() == nil {
				r.log.Warn("a timeline does not say that the process was away", "message", string(one.id), "err", err)
			}
		}
	}
}

func (r *round) tellSome(ctx context.Context, some []*entry) error {
	at := r.clock.Now()
	err := r.store.Update(ctx, func(tx *store.Tx) error {
		c := r.change(tx, at)
		for _, one := range some {
			t := getTimer(tx, one.id)
			if t.State == Silent || !one.away {
				continue
			}
			if err := c.restarted(&t); err != nil {
				return err
			}
		}
		return nil
	})
	r.tick()
	if err != nil {
		return err
	}
	for _, one := range some {
		one.away = false
	}
	return nil
}
