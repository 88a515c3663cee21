package desk

import (
	"context"
	"fmt"
	"sync"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

const (
	// maxUnrecorded is how many reads are remembered one by one while the log
	// cannot be written: a night of a busy desk. Further ones are counted.
	maxUnrecorded = 1000
	// lateBatch is how many of them are written in one change, which has room
	// for 1 MiB: a list shown is some 8 KB.
	lateBatch = 50
	// lateTick is how often it is tried again.
	lateTick = 30 * time.Second

	whyLate = "recorded-late"     // a read that was shown before it could be recorded
	whyMany = "not-one-by-one"    // reads beyond what is remembered, counted
	manyWho = "whoever-is-oncall" // who did those
)

// Unrecorded says that the log cannot be written and that the session is nobody
// who is on call, so that nothing is shown to it.
type Unrecorded struct{ Err error }

func (e *Unrecorded) Error() string {
	return "What is read cannot be recorded now, so only whoever is on call may read. Ask them, or who keeps the server."
}

func (e *Unrecorded) Unwrap() error { return e.Err }

// reads remembers what was shown while the log could not be written.
type reads struct {
	mu   sync.Mutex
	late []audit.Leaf
	more int       // beyond maxUnrecorded
	last time.Time // of those
}

func (r *reads) add(l audit.Leaf) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.late) < maxUnrecorded {
		l.Why = whyLate
		r.late = append(r.late, l)
		return
	}
	r.more++
	r.last = l.At
}

func (r *reads) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.late) + r.more
}

// head answers what to write next, and how many of them are single reads.
func (r *reads) head() (batch []audit.Leaf, single, counted int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	single = min(len(r.late), lateBatch)
	batch = append(batch, r.late[:single]...)
	if counted = r.more; single == len(r.late) && counted > 0 {
		return append(batch, audit.Leaf{At: r.last, Who: manyWho, What: audit.ReadsLost, Why: whyMany, Count: counted}), single, counted
	}
	return batch, single, 0
}

func (r *reads) written(single, counted int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.late = append([]audit.Leaf(nil), r.late[single:]...)
	r.more -= counted
}

// recordRead writes the leaf of something that is about to be shown. When the
// log cannot be written, whoever is on call reads on, and it is remembered.
func (d *Desk) recordRead(ctx context.Context, s access.Session, l audit.Leaf) error {
	err := d.store.Update(ctx, func(tx *store.Tx) error {
		_, err := audit.Append(tx, l)
		return err
	})
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if !d.isOnCall(s.Who, l.At) {
		return &Unrecorded{Err: fmt.Errorf("recording a read: %w", err)}
	}
	d.reads.add(l)
	d.log.Error("a read could not be recorded and is remembered", "who", s.Who, "what", string(l.What), "remembered", d.reads.count(), "err", err)
	return nil
}

// isOnCall says whether a person takes urgent calls now. Where nobody is on call,
// or nothing can be read of it, everybody is: in doubt a patient is helped.
func (d *Desk) isOnCall(who message.PersonID, at time.Time) bool {
	on := true
	err := d.store.View(func(tx *store.Tx) error {
		answer, err := oncall.Now(tx, at)
		if err != nil || len(answer.Turns) == 0 {
			return err
		}
		on = false
		for _, p := range answer.People() {
			on = on || p == who
		}
		return nil
	})
	return on || err != nil
}

// Run writes the reads that could not be recorded as soon as the log takes them,
// until the context ends; then it tries once more.
func (d *Desk) Run(ctx context.Context) error {
	tick := d.clock.NewTicker(lateTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer cancel()
			if err := d.Flush(last); err != nil {
				d.log.Error("reads were not recorded before the end", "count", d.reads.count(), "err", err)
			}
			return nil
		case <-tick.Chan():
			if err := d.Flush(ctx); err != nil {
				d.log.Warn("reads still wait to be recorded", "count", d.reads.count(), "err", err)
			}
		}
	}
}

// Flush writes the reads that could not be recorded before.
func (d *Desk) Flush(ctx context.Context) error {
	for {
		batch, single, counted := d.reads.head()
		if len(batch) == 0 {
			return nil
		}
		err := d.store.Update(ctx, func(tx *store.Tx) error {
			for _, l := range batch {
				if _, err := audit.Append(tx, l); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("recording earlier reads: %w", err)
		}
		d.reads.written(single, counted)
	}
}

// from is where a session comes from, as a leaf says it.
func from(s access.Session) string {
	if !s.From.IsValid() {
		return ""
	}
	return s.From.String()
}
