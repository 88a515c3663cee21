package notify

import (
	"context"
	"time"

	"nightbell/appliance/delivery"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// sender is one Run of an Outbox: what is in it, as far as it matters for when.
type sender struct {
	b     *Outbox
	plan  map[string]planned // by key
	busy  map[Kind]int       // attempts under way
	under map[string]int     // the same by key: of a page, and of those that it replaced
	done  chan tried
}

type planned struct {
	id     message.ID
	kind   Kind
	urgent bool
	at     time.Time
	begun  bool // an attempt of this very page is under way
}

// tried is one attempt that is over.
type tried struct {
	key   string
	id    message.ID
	kind  Kind
	again time.Duration // the outcome could not be written down: look at it after this
}

func (s *sender) load() error {
	return s.b.o.Store.View(func(tx *store.Tx) error {
		eachPage(tx, s.note)
		return nil
	})
}

// note keeps when a page is due. A page that was replaced goes at once, whatever
// became of the attempt of the one before.
func (s *sender) note(key string, q queued) {
	if q.State != PageWaiting {
		delete(s.plan, key)
		return
	}
	now := s.b.o.Clock.Now()
	// By elapsed time from here on, and never further off than a retry may be:
	// the wall clock may be wrong, or was when this was written.
	wait := min(q.NextAt.Sub(now), delivery.LongestWait(q.Urgent()))
	begun := s.plan[key].id == q.ID && s.plan[key].begun
	s.plan[key] = planned{id: q.ID, kind: q.Kind, urgent: q.Urgent(), at: now.Add(wait), begun: begun}
}

// CatchUp reads what changed since the last look.
func (s *sender) CatchUp() error {
	s.b.mu.Lock()
	touched, anew := s.b.touched, s.b.anew
	s.b.touched, s.b.anew = map[string]struct{}{}, false
	s.b.mu.Unlock()
	if len(touched) > 0 {
		err := s.b.o.Store.View(func(tx *store.Tx) error {
			for key := range touched {
				if q, found, err := pages.Get(tx, key); err == nil && found {
					s.note(key, q)
				} else {
					delete(s.plan, key) // gone, or it cannot be read: see eachPage
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if anew {
		for key, p := range s.plan {
			p.at = s.b.o.Clock.Now()
			s.plan[key] = p
		}
	}
	return nil
}

// Start begins attempts for what is due and answers when the next one is due:
// zero when nothing is that a worker is free for. Urgent pages have more of them.
func (s *sender) Start(ctx context.Context) (next time.Time) {
	now := s.b.o.Clock.Now()
	for {
		key, p, found := s.soonest()
		if !found {
			return time.Time{}
		}
		if p.at.After(now) {
			return p.at
		}
		p.begun = true
		s.plan[key] = p
		s.busy[p.kind]++
		s.under[key]++
		go func() { s.done <- tried{key: key, id: p.id, kind: p.kind, again: s.b.attempt(ctx, key)} }()
	}
}

// soonest answers what goes next.
func (s *sender) soonest() (best string, chosen planned, found bool) {
	for key, p := range s.plan {
		if p.begun || s.busy[p.kind] >= workers(p.urgent) {
			continue
		}
		if !found || p.at.Before(chosen.at) {
			best, chosen, found = key, p, true
		}
	}
	return best, chosen, found
}

func workers(urgent bool) int {
	if urgent {
		return urgentWorkers
	}
	return pageWorkers
}

// UnderWay counts the keys whose attempts did not end yet.
func (s *sender) UnderWay() int { return len(s.under) }

// Finished notes that an attempt is over.
func (s *sender) Finished(t tried) {
	s.busy[t.kind]--
	if s.under[t.key]--; s.under[t.key] == 0 {
		delete(s.under, t.key)
	}
	p, waits := s.plan[t.key]
	if !waits || p.id != t.id {
		return
	}
	// What the attempt wrote is seen by CatchUp, before anything starts again.
	p.begun = false
	if t.again > 0 {
		p.at = s.b.o.Clock.Now().Add(t.again)
	}
	s.plan[t.key] = p
}

// backoff is the wait before the next attempt.
func (b *Outbox) backoff(attempts int, urgent bool) time.Duration {
	return delivery.Backoff(attempts, urgent, b.o.Jitter)
}
