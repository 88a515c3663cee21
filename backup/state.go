package backup

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// TargetState is how one target fares, as this machine remembers it. It lies in
// node.db: another machine has other targets.
type TargetState struct {
	Folder  string    `json:"folder"`
	TriedAt time.Time `json:"tried_at"` // UTC, the last run's beginning
	Failing time.Time `json:"failing_since,omitzero"`
	Missing bool      `json:"missing,omitempty"` // the folder was not there
	Why     string    `json:"why,omitempty"`     // what was wrong, in words
	Point   *Point    `json:"point,omitempty"`   // the newest
	Proven  *Point    `json:"proven,omitempty"`  // the newest whose test restore went well
	Mended  []string  `json:"mended,omitempty"`  // what the last run found damaged there and wrote anew
}

// State is what the backups page and the status show.
type State struct {
	Folder  string        `json:"folder"` // of the hourly runs; "" when none is set
	Targets []TargetState `json:"targets"`
	Running string        `json:"running,omitempty"` // the target of the run that is on
	Done    int64         `json:"done,omitempty"`    // bytes of it, of about Total
	Total   int64         `json:"total,omitempty"`
}

var targets = store.NewTable[TargetState]("backup-targets")

// targetKey is fit for a key whatever characters a path has.
func targetKey(folder string) string { return hexSum([]byte(folder)) }

// State answers how the backups fare.
func (b *Backup) State() (State, error) {
	b.mu.Lock()
	s := State{Running: b.running, Done: b.done, Total: b.total}
	b.mu.Unlock()
	var err error
	if s.Folder, err = b.o.Folder(); err != nil {
		return State{}, fmt.Errorf("reading the backup folder's setting: %w", err)
	}
	err = b.o.Node.View(func(tx *store.Tx) error {
		return targets.Each(tx, "", func(_ string, t TargetState) error {
			s.Targets = append(s.Targets, t)
			return nil
		})
	})
	if err != nil {
		return State{}, fmt.Errorf("reading how the backups fare: %w", err)
	}
	return s, nil
}

func (b *Backup) target(folder string) (t TargetState, ok bool, err error) {
	err = b.o.Node.View(func(tx *store.Tx) (err error) {
		t, ok, err = targets.Get(tx, targetKey(folder))
		return err
	})
	return t, ok, err
}

// note remembers how a run ended. One that was stopped ended in no way: it is due
// again as if it had not been. The first failure after a success goes into
// the audit log too; that it goes on failing is a finding.
func (b *Backup) note(ctx context.Context, folder string, began time.Time, p Point, mended []string, failed error) error {
	if errors.Is(failed, context.Canceled) {
		return nil
	}
	before, _, err := b.target(folder)
	if err != nil {
		return fmt.Errorf("noting how the backup ended: %w", err)
	}
	now := before
	now.Folder, now.TriedAt = folder, began.UTC()
	now.Failing, now.Missing, now.Why, now.Mended = time.Time{}, false, "", mended
	if p.Name != "" {
		now.Point = &p
	}
	if p.Proven() {
		now.Proven = &p
	}
	if failed != nil {
		now.Missing, now.Why = errors.Is(failed, ErrMissing), firstLine(failed.Error())
		if now.Failing = before.Failing; now.Failing.IsZero() {
			now.Failing = began.UTC()
		}
		b.o.Log.Error("backup failed", "folder", folder, "err", now.Why)
	}
	ctx = context.WithoutCancel(ctx)
	err = b.o.Node.Update(ctx, func(tx *store.Tx) error { return targets.Put(tx, targetKey(folder), now) })
	if failed != nil && before.Failing.IsZero() {
		err = errors.Join(err, b.o.Store.Update(ctx, func(tx *store.Tx) error {
			_, err := audit.Append(tx, audit.Leaf{At: began, Who: audit.System, What: audit.BackupFailed, Why: reason(failed)})
			return err
		}))
	}
	if err != nil {
		return fmt.Errorf("noting how the backup ended: %w", err)
	}
	return nil
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// reason is a failure as a code for the audit log.
func reason(err error) string {
	var b *BadObject
	switch {
	case errors.Is(err, ErrMissing):
		return "target-missing"
	case errors.As(err, &b):
		return "bad-object"
	}
	return "failed"
}

// How old the newest point may be before somebody is told.
const (
	oldPoint     = 2 * time.Hour // one hourly run was missed
	veryOldPoint = 24 * time.Hour
)

// LastProven answers the newest point of the set folder whose test restore went
// well, as this machine remembers it.
func (b *Backup) LastProven() (Point, bool) {
	folder, err := b.o.Folder()
	if err != nil || folder == "" {
		return Point{}, false
	}
	t, _, err := b.target(folder)
	if err != nil || t.Proven == nil {
		return Point{}, false
	}
	return *t.Proven, true
}

// Findings says what a person should see to. It looks at no target.
func (b *Backup) Findings(context.Context) []finding.Finding {
	folder, err := b.o.Folder()
	if err == nil && folder == "" {
		return []finding.Finding{{ID: "backup.none", Severity: finding.Warning,
			Text: "No backup is kept: if this machine died, every message would be lost.",
			Do:   "Choose a folder on another disk for the backups, in the settings."}}
	}
	t, known, err2 := b.target(folder)
	if err := errors.Join(err, err2); err != nil {
		return []finding.Finding{{ID: "backup.unknown", Severity: finding.Alarm,
			Text: "How the backups fare cannot be read.", Do: "Look at the log; the disk may be failing."}}
	}
	if !known {
		return nil // the first run begins within a minute
	}
	var list []finding.Finding
	if f, ok := t.failing(b.o.Clock.Now()); ok {
		list = append(list, f)
	}
	switch {
	case t.Proven == nil:
		list = append(list, finding.Finding{ID: "backup.unproven", Severity: finding.Alarm,
			Text: "No backup was proven by a test restore yet.", Do: doAbout(t)})
	case b.o.Clock.Now().Sub(t.Proven.At) >= veryOldPoint:
		list = append(list, finding.Finding{ID: "backup.unproven", Severity: finding.Alarm,
			Text: "The last backup that was proven by a test restore is older than a day.", Do: doAbout(t)})
	}
	if len(t.Mended) > 0 {
		list = append(list, finding.Finding{ID: "backup.mended", Severity: finding.Warning,
			Text: fmt.Sprintf("%d files of the last backup were damaged on the backup disk and were written anew.", len(t.Mended)),
			Do:   "The backup disk may be dying: use another one."})
	}
	return list
}

func (t TargetState) failing(now time.Time) (finding.Finding, bool) {
	if t.Failing.IsZero() {
		return finding.Finding{}, false
	}
	f := finding.Finding{ID: "backup.failing", Severity: finding.Warning, Text: "The last backup failed: " + t.Why + ".", Do: doAbout(t)}
	if t.Missing {
		f.ID, f.Text = "backup.missing", "The backup disk is not there: "+t.Folder+"."
	}
	age := now.Sub(t.Failing)
	if t.Point != nil {
		age = now.Sub(t.Point.At)
	}
	if age >= veryOldPoint {
		f.Severity = finding.Alarm
	}
	if t.Missing && age < oldPoint {
		f.Severity = finding.Note // a disk that is being changed
	}
	return f, true
}

func doAbout(t TargetState) string {
	if t.Missing {
		return "Plug the backup disk in; the backup then goes on by itself."
	}
	return "Look at the backups page and start a backup by hand; if it fails again, use another disk."
}
