package relay

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/delivery"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// OutOptions is what a Queue needs. Clock, Log and Patience may be left zero,
// Outcome nil.
type OutOptions struct {
	Store    *store.Store
	Vault    *vault.Vault
	Outcome  notify.Outcome // is told how each notice fared
	Clock    clockwork.Clock
	Log      *slog.Logger
	Patience time.Duration // with the smarthost, at each step; a minute
}

// Queue is the durable queue of outgoing mail. It delivers at least once: a
// mail that was handed over just before a crash goes again, with the same
// Message-ID.
type Queue struct {
	o    OutOptions
	wake chan struct{}

	mu      sync.Mutex
	touched map[message.ID]struct{} // entries that changed in the store
	anew    bool                    // what is held may go now: a setting changed, the lock was opened
}

const (
	workers = 4 // mails on their way at once; urgent notices do not wait for one of them,

	// but go beside them up to this many in all: fewer than a mail server calls an attack.
	urgentWorkers = 64
)

// NewQueue makes the queue over a store; Run delivers what is in it.
func NewQueue(o OutOptions) *Queue {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = time.Minute
	}
	q := &Queue{o: o, wake: make(chan struct{}, 1), touched: make(map[message.ID]struct{})}
	o.Store.Watch(q.watch)
	o.Vault.OnChange(func(locked bool) {
		if !locked {
			q.LookAnew()
		}
	})
	return q
}

// watch is called by the committer and must not block.
func (q *Queue) watch(w store.WriteSet) {
	if settings.Changed(w) {
		q.LookAnew()
	}
	if !w.Touches(outboxBucket) {
		return
	}
	q.mu.Lock()
	for _, op := range w.Ops {
		if op.Bucket == outboxBucket {
			q.touched[message.ID(op.Key)] = struct{}{}
		}
	}
	q.mu.Unlock()
	q.nudge()
}

// LookAnew makes everything due that waits: what it waited for may be there now.
// The queue sees by itself when a setting changed or the lock was opened.
func (q *Queue) LookAnew() {
	q.mu.Lock()
	q.anew = true
	q.mu.Unlock()
	q.nudge()
}

func (q *Queue) nudge() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// Run delivers what is due until ctx ends, and waits for what it has under way:
// a mail that was taken in that moment is still written down as delivered.
func (q *Queue) Run(ctx context.Context) error {
	r := &runner{q: q, plan: make(map[message.ID]planned), busy: make(map[message.ID]struct{}), relook: make(map[message.ID]struct{}), done: make(chan result)}
	if err := r.load(); err != nil {
		return err
	}
	return delivery.Run(ctx, q.o.Clock, q.wake, r.done, r)
}

// runner is one Run: what is in the queue, as far as it matters for when.
type runner struct {
	q    *Queue
	plan map[message.ID]planned
	busy map[message.ID]struct{} // under way
	done chan result

	// relook is what was under way when everything was made due: an attempt
	// that began before a setting changed must not hold its mail for good.
	relook map[message.ID]struct{}
}

type planned struct {
	at     time.Time // zero: held
	urgent bool
}

// result is one attempt that is over.
type result struct {
	id    message.ID
	again time.Duration // the outcome could not be written down: look at it after this
}

func (r *runner) load() error {
	return r.q.o.Store.View(func(tx *store.Tx) error {
		each(tx, func(e queued) {
			r.note(e)
			if e.NextAt.IsZero() {
				r.makeDue(e.ID)
			}
		})
		return nil
	})
}

// makeDue makes a mail due now, if it waits at all.
func (r *runner) makeDue(id message.ID) {
	if p, waits := r.plan[id]; waits {
		r.plan[id] = planned{at: r.q.o.Clock.Now(), urgent: p.urgent}
	}
}

// note keeps when an entry is due.
func (r *runner) note(e queued) {
	if e.State != StateWaiting {
		delete(r.plan, e.ID)
		return
	}
	at := e.NextAt
	if latest := r.q.o.Clock.Now().Add(delivery.LongestWait(e.Urgent)); at.After(latest) {
		at = latest // the clock was wrong when this was written, or is now
	}
	r.plan[e.ID] = planned{at: at, urgent: e.Urgent}
}

// CatchUp reads what changed since the last look.
func (r *runner) CatchUp() error {
	r.q.mu.Lock()
	touched, anew := r.q.touched, r.q.anew
	r.q.touched, r.q.anew = make(map[message.ID]struct{}), false
	r.q.mu.Unlock()
	if len(touched) > 0 {
		err := r.q.o.Store.View(func(tx *store.Tx) error {
			for id := range touched {
				if e, found, err := outbox().Get(tx, string(id)); err == nil && found {
					r.note(e)
				} else {
					delete(r.plan, id) // gone, or it cannot be read: see each
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if anew {
		for id := range r.plan {
			r.relook[id] = struct{}{}
		}
	}
	for id := range r.relook {
		if _, busy := r.busy[id]; !busy {
			r.makeDue(id)
			delete(r.relook, id)
		}
	}
	return nil
}

// Start begins attempts for what is due and answers when the next one is due:
// zero while every worker is busy, or when nothing is. Urgent notices wait for no
// worker: four mails that a silent server holds must not hold back a call.
func (r *runner) Start(ctx context.Context) (next time.Time) {
	now := r.q.o.Clock.Now()
	for len(r.busy) < urgentWorkers {
		id, p, found := r.soonest(len(r.busy) >= workers)
		if !found {
			return time.Time{}
		}
		if p.at.After(now) {
			return p.at
		}
		r.busy[id] = struct{}{}
		r.plan[id] = planned{urgent: p.urgent} // when next is written to the store, and seen from there
		go func() { r.done <- result{id: id, again: r.q.attempt(ctx, id)} }()
	}
	return time.Time{}
}

// soonest answers what goes next, of all or of the urgent notices alone.
func (r *runner) soonest(onlyUrgent bool) (best message.ID, chosen planned, found bool) {
	for id, p := range r.plan {
		if _, busy := r.busy[id]; busy || p.at.IsZero() || onlyUrgent && !p.urgent {
			continue
		}
		if !found || p.at.Before(chosen.at) {
			best, chosen, found = id, p, true
		}
	}
	return best, chosen, found
}

// UnderWay counts the mails that are on their way.
func (r *runner) UnderWay() int { return len(r.busy) }

// Finished notes that an attempt is over.
func (r *runner) Finished(res result) {
	delete(r.busy, res.id)
	if p, waits := r.plan[res.id]; waits && res.again > 0 {
		r.plan[res.id] = planned{at: r.q.o.Clock.Now().Add(res.again), urgent: p.urgent}
	}
}
