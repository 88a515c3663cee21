package backup

import (
	"context"
	"os"
	"time"
)

const (
	every        = time.Hour        // a point by the hour
	lookAgain    = time.Minute      // how often it is asked whether one is due: a disk may be plugged in, the folder changed
	retryAfter   = 10 * time.Minute // after a failure that plugging in a disk does not mend
	clockSlipped = time.Minute      // a newest point that is later than now by more: the clock went back
)

// Run takes a backup by the hour until the context ends, and at once when the
// newest point is older than that. A target that is not there is tried each
// minute. What goes wrong is noted (State, Findings), logged and tried again; it
// never ends Run.
func (b *Backup) Run(ctx context.Context) error {
	b.sweep(ctx)
	for {
		b.runWhenDue(ctx)
		t := b.o.Clock.NewTimer(lookAgain)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.Chan():
		}
	}
}

// sweep removes what an interrupted run left. It waits for its turn: somebody may
// take a backup by hand at the moment of the start.
func (b *Backup) sweep(ctx context.Context) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return
	}
	if err := os.RemoveAll(b.scratch()); err != nil {
		b.o.Log.Error("what an interrupted backup left in the scratch folder stays", "err", err)
	}
}

func (b *Backup) runWhenDue(ctx context.Context) {
	folder, err := b.o.Folder()
	if err != nil {
		b.o.Log.Error("the backup folder's setting cannot be read", "err", err)
	}
	if folder == "" || !b.due(folder) {
		return
	}
	if point, err := b.Now(ctx, folder, nil); err == nil {
		b.o.Log.Info("backup taken and proven", "point", point.Name, "took_to_prove", point.Proof.Took)
	}
}

// due says whether a target is to be written to now.
func (b *Backup) due(folder string) bool {
	t, known, err := b.target(folder)
	if err != nil {
		b.o.Log.Error("how the backups fare cannot be read", "err", err)
		return true
	}
	return !known || t.due(b.o.Clock.Now())
}

func (t TargetState) due(now time.Time) bool {
	since := now.Sub(t.TriedAt)
	switch {
	case since < -clockSlipped:
		return true
	case t.Failing.IsZero():
		return since >= every
	case t.Missing:
		return since >= lookAgain
	}
	return since >= retryAfter
}
