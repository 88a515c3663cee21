package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/store"
)

const (
	repeatWindow = 10 * time.Minute
	// maxRepeats bounds what a guesser with many addresses can write: so many
	// first refusals a window, all further ones are counted together.
	maxRepeats = 128
	manyOthers = "many"
)

// Repeats writes refusals so that a guesser cannot fill the disk: the first of a
// kind (what, who, from) at once, further ones as one leaf with their count when
// the window ends. Its memory is bounded. What was counted and not written yet
// dies with the process: at most a window of it, never a first one.
type Repeats struct {
	store  *store.Store
	clock  clockwork.Clock
	window time.Duration

	mu   sync.Mutex
	seen map[repeatKey]*repeated
}

type repeatKey struct {
	what      What
	who, from string
}

type repeated struct {
	last  Leaf
	count int
	ends  time.Time
}

// RepeatsOptions: only Store is needed.
type RepeatsOptions struct {
	Store  *store.Store
	Clock  clockwork.Clock // the real one when nil
	Window time.Duration   // 10 minutes when zero
}

// NewRepeats makes a Repeats. Run writes what it counts.
func NewRepeats(o RepeatsOptions) *Repeats {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Window == 0 {
		o.Window = repeatWindow
	}
	return &Repeats{store: o.Store, clock: o.Clock, window: o.Window, seen: map[repeatKey]*repeated{}}
}

// Note writes a refusal, or counts it when one of its kind was written in this
// window. It takes one Update at most. The leaf's Count and N are not looked at.
func (r *Repeats) Note(ctx context.Context, l Leaf) error {
	if err := l.check(); err != nil {
		return fmt.Errorf("noting %q: %w", l.What, err)
	}
	l.Count = 0
	write := r.count(l)
	return r.write(ctx, write)
}

// count counts a refusal and answers the leaves that are to be written now.
func (r *Repeats) count(l Leaf) (write []Leaf) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := r.clock.Now()
	k := repeatKey{l.What, l.Who, l.From}
	have := r.seen[k]
	if have != nil && now.Before(have.ends) {
		have.count, have.last = have.count+1, l
		return nil
	}
	if have != nil {
		write = have.leaf(write)
		delete(r.seen, k)
	} else if len(r.seen) >= maxRepeats {
		write = r.expired(now)
		if len(r.seen) >= maxRepeats {
			l.Who, l.From, l.About, l.Data = manyOthers, manyOthers, nil, nil
			k = repeatKey{l.What, l.Who, l.From}
			if have := r.seen[k]; have != nil {
				have.count, have.last = have.count+1, l
				return write
			}
		}
	}
	r.seen[k] = &repeated{last: l, ends: now.Add(r.window)}
	return append(write, l)
}

// leaf appends the leaf that says how often, when it was more than the first.
func (e *repeated) leaf(to []Leaf) []Leaf {
	if e.count == 0 {
		return to
	}
	l := e.last
	l.Count = e.count
	return append(to, l)
}

// expired drops the kinds whose window has ended and answers their leaves.
func (r *Repeats) expired(now time.Time) (write []Leaf) {
	for k, e := range r.seen {
		if !now.Before(e.ends) {
			write = e.leaf(write)
			delete(r.seen, k)
		}
	}
	return write
}

// Flush writes all that was counted. The kinds are new ones afterwards.
func (r *Repeats) Flush(ctx context.Context) error {
	r.mu.Lock()
	var write []Leaf
	for k, e := range r.seen {
		write = e.leaf(write)
		delete(r.seen, k)
	}
	r.mu.Unlock()
	return r.write(ctx, write)
}

// write appends leaves. What could not be written is counted again, so that a
// store that is full for a minute loses nothing.
func (r *Repeats) write(ctx context.Context, leaves []Leaf) error {
	if len(leaves) == 0 {
		return nil
	}
	err := r.store.Update(ctx, func(tx *store.Tx) error {
		for _, l := range leaves {
			if _, err := Append(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		r.giveBack(leaves)
		return fmt.Errorf("recording refusals: %w", err)
	}
	return nil
}

func (r *Repeats) giveBack(leaves []Leaf) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range leaves {
		k := repeatKey{l.What, l.Who, l.From}
		if r.seen[k] == nil {
			if len(r.seen) > maxRepeats {
				continue
			}
			r.seen[k] = &repeated{last: l, ends: r.clock.Now().Add(r.window)}
		}
		r.seen[k].count += max(l.Count, 1)
	}
}

// Run writes what was counted as windows end, and the rest when the context does.
func (r *Repeats) Run(ctx context.Context) error {
	t := r.clock.NewTicker(r.window / 2)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return r.Flush(context.WithoutCancel(ctx))
		case <-t.Chan():
			r.mu.Lock()
			write := r.expired(r.clock.Now())
			r.mu.Unlock()
			// A store that is full now may not be at the next tick: only a broken one ends the job.
			if err := r.write(ctx, write); errors.Is(err, store.ErrBroken) || errors.Is(err, store.ErrClosed) {
				return err
			}
		}
	}
}
