package escalation

import (
	"context"
	"errors"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// mending is what must be put right in the store beside the steps. Steps do not
// wait for it: they go by elapsed time.
type mending struct {
	doubt   *oncall.Doubt // the clock is not believed, and nobody was told yet
	rewrite bool          // the times in the store do not fit the wall clock
	check   bool          // urgent messages without a bell were not looked for yet
	lost    []message.ID  // messages whose timer could not be read
	tell    bool          // that the process was away
	after   time.Duration // on the stopwatch: when to try again
	tries   int
}

// look compares the wall clock with the time that passed.
func (r *round) look() {
	by := r.watch.drift()
	if by.Abs() <= negligible {
		return
	}
	r.watch.agree()
	r.rewrite, r.after = true, 0
	r.log.Warn("the wall clock jumped", "by", by.String())
	if by.Abs() > believable && r.doubt == nil {
		r.doubt = &oncall.Doubt{Kind: oncall.ClockJumped, By: by, At: r.clock.Now()}
	}
}

// mend tries what there is to mend, with backoff.
func (r *round) mend(ctx context.Context) {
	if r.doubt == nil && !r.rewrite && !r.check && !r.tell && len(r.lost) == 0 || r.watch.elapsed() < r.after {
		return
	}
	err := r.mendAll(ctx)
	if err == nil {
		r.tries = 0
		return
	}
	if ctx.Err() != nil {
		return
	}
	r.tries++
	r.after = r.watch.elapsed() + backoff(r.tries)
	r.wentWrong()
	r.log.Error("the bell could not put its times right and tries again", "attempts", r.tries, "err", err)
}

// mendAll tries everything: what cannot be mended holds up nothing else.
func (r *round) mendAll(ctx context.Context) error {
	errs := []error{r.tellDoubt(ctx), r.rewriteTimes(ctx)}
	r.tellRestart(ctx)
	return errors.Join(append(errs, r.beginLost(ctx), r.findMissing(ctx))...)
}

// beginLost begins the bells anew whose timers could not be read. Those that
// cannot are kept for the next try.
func (r *round) beginLost(ctx context.Context) error {
	var still []message.ID
	var errs []error
	for _, id := range r.lost {
		if err := r.beginAnew(ctx, id); err != nil {
			still, errs = append(still, id), append(errs, err)
		}
	}
	r.lost = still
	return errors.Join(errs...)
}

// tellDoubt puts everybody on call.
func (r *round) tellDoubt(ctx context.Context) error {
	if r.doubt == nil {
		return nil
	}
	d := *r.doubt
	err := r.store.Update(ctx, func(tx *store.Tx) error { return oncall.DoubtClock(tx, d) })
	if err != nil && atWorst(r.tries) > full {
		err = r.store.Update(ctx, func(tx *store.Tx) error { return oncall.DoubtClockUntraced(tx, d) })
	}
	if err == nil {
		r.doubt = nil
	}
	return err
}

// rewriteTimes moves the times of all timers to where the wall clock is now, so
// that a restart neither waits for hours that the clock went back nor runs at
// once what the clock went forward over.
func (r *round) rewriteTimes(ctx context.Context) error {
	if !r.rewrite {
		return nil
	}
	list := append([]*entry(nil), r.agenda.list...)
	for len(list) > 0 {
		some := list[:min(len(list), 8*batch)]
		list = list[len(some):]
		now, elapsed := r.clock.Now(), r.watch.elapsed()
		err := r.store.Update(ctx, func(tx *store.Tx) error {
			for _, one := range some {
				t := getTimer(tx, one.id)
				if t.State == Silent || t.Rev != one.rev {
					continue
				}
				next := now.Add(max(0, one.due-elapsed))
				t.Since = t.Since.Add(next.Sub(t.Next)) // so that the running clock shows how long somebody waited
				if err := t.put(tx, now, next); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		r.tick()
	}
	r.rewrite = false
	return nil
}

// findMissing looks for urgent messages that are open and have no bell: a timer
// that could not be read, a backup that was restored without it. There should
// be none; where there is one, it rings.
func (r *round) findMissing(ctx context.Context) error {
	if !r.check {
		return nil
	}
	urgent := message.Urgent
	q := store.Query{State: store.ShowOpen, Urgency: &urgent, Limit: 8 * batch}
	var errs []error
	for {
		var page, lost []message.Envelope
		err := r.store.View(func(tx *store.Tx) (err error) {
			if page, q.Before, err = store.ListEnvelopes(tx, q); err != nil {
				return err
			}
			for _, env := range page {
				if getTimer(tx, env.ID).State == Silent && env.Status != message.CalledBack {
					lost = append(lost, env)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, env := range lost {
			if err := r.beginAnew(ctx, env.ID); err != nil {
				errs = append(errs, err)
			}
		}
		if q.Before == "" {
			r.check = len(errs) > 0
			return errors.Join(errs...)
		}
	}
}

// beginAnew starts the bell of a message that should have one.
func (r *round) beginAnew(ctx context.Context, id message.ID) error {
	at := r.clock.Now()
	found := false
	err := r.store.Update(ctx, func(tx *store.Tx) error {
		env, here, err := store.GetEnvelope(tx, id)
		if err != nil {
			return err
		}
		found = here && getTimer(tx, id).State == Silent
		switch {
		case getTimer(tx, id).State != Silent:
			return nil
		case found && env.Status == message.New:
			return r.Begin(tx, env, at)
		case found && env.Status == message.Taken:
			return r.Taken(tx, env, at)
		}
		found = false
		return timers.Delete(tx, string(id)) // what could not be read, of a message that is done or gone
	})
	if err == nil && found {
		r.log.Error("an urgent message had no bell, and has one now", "message", string(id))
	}
	return err
}
