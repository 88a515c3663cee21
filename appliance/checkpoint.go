package appliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/store"
	"nightbell/backup"
)

// checkpointEvery is how often this machine notes how far the audit log has come.
const checkpointEvery = 10 * time.Minute

// checkpoints lie in node.db: an older store.db that is put back has a log that
// is sound in itself, and shorter than this machine knows it to be.
var checkpoints = store.NewTable[audit.Checkpoint]("audit-checkpoint")

const checkpointKey = "seen"

// noteCheckpoints notes the log's checkpoint now and then, and at the end.
func (a *Appliance) noteCheckpoints(ctx context.Context) error {
	note := func() {
		if err := a.noteCheckpoint(context.WithoutCancel(ctx)); err != nil {
			a.Log.Warn("how far the audit log has come could not be noted", "err", err)
		}
	}
	note()
	defer note()
	return a.every(ctx, checkpointEvery, note)
}

// noteCheckpoint notes how far the log has come, where it begins with what was
// noted before. Where it does not, the note stays: it is the proof.
func (a *Appliance) noteCheckpoint(ctx context.Context) error {
	var seen, now audit.Checkpoint
	err := a.Node.View(func(tx *store.Tx) (err error) { seen, _, err = checkpoints.Get(tx, checkpointKey); return err })
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return err
	}
	goesOn := true
	err = a.Store.View(func(tx *store.Tx) (err error) {
		if now, err = audit.Head(tx); err != nil {
			return err
		}
		root, err := audit.RootAt(tx, min(seen.Size, now.Size))
		goesOn = seen.Size <= now.Size && (seen.Size == 0 || root == seen.Root)
		return err
	})
	if err != nil {
		return err
	}
	a.otherLog.Store(!goesOn)
	if !goesOn || seen == now {
		return nil
	}
	// What a reader sees may not be on the disk yet; what a change answered is.
	if err := a.Store.Update(ctx, func(tx *store.Tx) (err error) { now, err = audit.Head(tx); return err }); err != nil {
		return err
	}
	return a.Node.Update(ctx, func(tx *store.Tx) error { return checkpoints.Put(tx, checkpointKey, now) })
}

// checkpointFindings says that the log is not the one that this machine wrote.
func (a *Appliance) checkpointFindings() []finding.Finding {
	if !a.otherLog.Load() {
		return nil
	}
	return []finding.Finding{{
		ID: "audit.other", Severity: finding.Alarm,
		Text: "The audit log does not go on from what this machine saw of it: an older or another store.db was put in its place.",
		Do:   "Run “nightbell audit verify”, find out who did this, and restore the newest proven backup beside the data to compare.",
	}}
}

// knownCheckpoints are those that this machine and the backup folder kept of the
// log. A folder that is not there now has nothing to say.
func (a *Appliance) knownCheckpoints() ([]audit.Checkpoint, error) {
	list, err := a.Backup.Checkpoints()
	var broken *backup.BadObject
	switch {
	case errors.Is(err, backup.ErrMissing) || errors.As(err, &broken):
		a.Log.Warn("the backup folder says nothing of the audit log", "err", err)
	case err != nil:
		return nil, fmt.Errorf("reading what the backups know of the audit log: %w", err)
	}
	err = a.Node.View(func(tx *store.Tx) error {
		seen, kept, err := checkpoints.Get(tx, checkpointKey)
		if kept {
			list = append(list, seen)
		}
		return err
	})
	return list, err
}
