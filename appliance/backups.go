package appliance

import (
	"context"
	"errors"
	"sync"
	"time"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/backup"
)

// BackupPoint is a moment that a restore can go back to.
type BackupPoint struct {
	Name      string        `json:"name"`
	At        time.Time     `json:"at"`
	Size      int64         `json:"size"`
	Messages  int64         `json:"messages"`
	Proven    bool          `json:"proven"`
	ProvenAt  time.Time     `json:"proven_at,omitzero"`
	ProofTook time.Duration `json:"proof_took_ns,omitempty"`
}

// ListedPoint is a backup's point as the doors show it.
func ListedPoint(p backup.Point) BackupPoint {
	b := BackupPoint{Name: p.Name, At: p.At, Size: p.Size, Messages: p.Messages}
	if p.Proof != nil {
		b.Proven, b.ProvenAt, b.ProofTook = true, p.Proof.At, p.Proof.Took
	}
	return b
}

// BackupFolder is the folder in the settings, or "".
func (a *Appliance) BackupFolder() (folder string, err error) {
	err = a.Store.View(func(tx *store.Tx) error { folder = settings.Get(tx, settings.BackupFolder); return nil })
	return folder, err
}

// Backups answers what lies in the backup folder, newest first.
func (a *Appliance) Backups(context.Context) ([]BackupPoint, error) {
	folder, err := a.BackupFolder()
	if err != nil || folder == "" {
		return nil, err
	}
	points, err := backup.List(folder)
	rows := make([]BackupPoint, 0, len(points))
	for _, p := range points {
		rows = append(rows, ListedPoint(p))
	}
	return rows, err
}

// LastProven is the newest point of the folder in the settings whose test restore
// went well.
func (a *Appliance) LastProven() (BackupPoint, bool) {
	p, ok := a.Backup.LastProven()
	return ListedPoint(p), ok
}

// BackUp takes a backup and proves it, and answers when that is done. An empty
// folder is the one in the settings. Where another backup is on, it waits.
func (a *Appliance) BackUp(ctx context.Context, to string, progress func(done, total int64)) (BackupPoint, error) {
	if to == "" {
		folder, err := a.BackupFolder()
		if err != nil {
			return BackupPoint{}, err
		}
		if folder == "" {
			return BackupPoint{}, errNoFolder
		}
		to = folder
	}
	point, err := a.Backup.Now(ctx, to, progress)
	return ListedPoint(point), err
}

var errNoFolder = withTodo("no backup folder is set", "choose a folder on another disk in the settings")

// BackupNow begins a backup in the background: the page that asked for it may
// be closed. BackupState says how far it is; Run's end stops it.
func (a *Appliance) BackupNow(ctx context.Context) error {
	folder, err := a.BackupFolder()
	if err != nil {
		return err
	}
	if folder == "" {
		return errNoFolder
	}
	if s, err := a.Backup.State(); err != nil || s.Running != "" {
		return errors.Join(err, errBackupRuns)
	}
	a.asked.start(context.WithoutCancel(ctx), func(ctx context.Context) {
		if _, err := a.BackUp(ctx, folder, nil); err != nil {
			a.Log.Warn("the backup that was asked for failed", "err", err)
		}
	})
	return nil
}

var errBackupRuns = withTodo("a backup is being taken already", "wait until it is done")

// BackupState is how the backups to the folder in the settings fare.
type BackupState struct {
	Running      bool
	Done, Total  int64
	Failing      string // what was wrong with the last one, or ""
	FailingSince time.Time
}

// BackupState says whether a backup runs, and how the last one ended.
func (a *Appliance) BackupState() (BackupState, error) {
	s, err := a.Backup.State()
	b := BackupState{Running: s.Running != "", Done: s.Done, Total: s.Total}
	for _, t := range s.Targets {
		if t.Folder == s.Folder {
			b.Failing, b.FailingSince = t.Why, t.Failing
		}
	}
	return b, err
}

// askedFor runs what a page asked for and does not wait for, until the
// appliance stops.
type askedFor struct {
	mu      sync.Mutex
	over    bool // what is asked for while the last pages are served is not begun
	cancels []context.CancelFunc
	jobs    sync.WaitGroup
}

func (r *askedFor) start(ctx context.Context, job func(context.Context)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	r.cancels = append(r.cancels, cancel)
	r.jobs.Go(func() {
		defer cancel()
		job(ctx)
	})
}

// stop ends what still runs and waits for it.
func (r *askedFor) stop() {
	r.mu.Lock()
	r.over = true
	for _, cancel := range r.cancels {
		cancel()
	}
	r.cancels = nil
	r.mu.Unlock()
	r.jobs.Wait()
}
