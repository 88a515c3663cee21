// Package backup keeps copies of a practice on targets (a folder: a second disk,
// a USB stick, a mounted share), proves each by a real test restore, and brings
// a practice back from one.
//
// It is in charge of what lies on a target: sealed snapshots of the whole store,
// copies of the epochs and blobs that they name, and a signed manifest of it all
// (docs/formats/backup.md). It works while the appliance is locked, since it
// seals to public recipients and checks with the machine's own verify identity.
// It never decides who may start it. The appliance runs it (Run) and the pages
// and the command line call it (Now, List, Verify, Restore).
package backup

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Options are what a Backup works with. Store, Vault and Node are needed.
type Options struct {
	Store   *store.Store
	Vault   *vault.Vault
	Node    *store.Store           // this machine's own store: how each target fares
	Clock   clockwork.Clock        // nil is the real one
	Log     *slog.Logger           // nil is slog's default
	Folder  func() (string, error) // the target of the hourly runs, "" for none; nil is the setting backup.folder
	Scratch string                 // folder for test restores; "" is one in the data folder

	step func(what string) // called before each thing done to a disk; tests end the process there
}

// Backup takes backups of one practice. Its methods may be called from any
// goroutine; runs go one at a time.
type Backup struct {
	o    Options
	turn chan struct{} // holds one token: the right to run

	mu      sync.Mutex
	running string // the target of the run that is on; "" when none is
	done    int64
	total   int64
}

// New answers a Backup. It touches no target.
func New(o Options) *Backup {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Scratch == "" {
		o.Scratch = filepath.Join(o.Store.Dir(), "scratch")
	}
	if o.step == nil {
		o.step = func(string) {}
	}
	b := &Backup{o: o, turn: make(chan struct{}, 1)}
	if o.Folder == nil {
		b.o.Folder = b.folderSetting
	}
	return b
}

// Now takes a backup to a target ("" is that of the hourly runs), proves it by restoring it into a scratch
// folder, and removes what need not be kept any longer. Where another run is on,
// it waits for its turn. A point whose proof failed is kept and the error says
// what is wrong with it; it is a *BadObject when something that lies on a disk is.
func (b *Backup) Now(ctx context.Context, to string, progress Progress) (Point, error) {
	select {
	case b.turn <- struct{}{}:
		defer func() { <-b.turn }()
	case <-ctx.Done():
		return Point{}, ctx.Err()
	}
	to, err := b.folder(to)
	if err != nil {
		return Point{}, err
	}
	if to, err = filepath.Abs(to); err != nil {
		return Point{}, fmt.Errorf("finding the backup folder: %w", err)
	}
	m := &meter{tell: func(done, total int64) {
		b.show(to, done, total)
		if progress != nil {
			progress(done, total)
		}
	}}
	b.show(to, 0, 0)
	defer b.show("", 0, 0)
	began := b.o.Clock.Now()
	point, mended, err := b.takeFresh(ctx, to, m)
	return point, errors.Join(err, b.note(ctx, to, began, point, mended, err))
}

// takeFresh takes a point, and takes it anew when the keys changed under it: a
// message was shredded, or a password changed, just then.
func (b *Backup) takeFresh(ctx context.Context, to string, m *meter) (point Point, mended []string, err error) {
	const tries = 5 // each takes seconds, and nobody shreds that often
	for range tries - 1 {
		if point, mended, err = b.take(ctx, to, m); !errors.Is(err, errMoved) {
			return point, mended, err
		}
	}
	return b.take(ctx, to, m)
}

// scratch is the folder that a run works in; it is gone when no run is on.
func (b *Backup) scratch() string { return filepath.Join(b.o.Scratch, "backup") }

func (b *Backup) show(to string, done, total int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.running, b.done, b.total = to, done, total
}

// folder answers the target that was asked for, or that of the hourly runs.
func (b *Backup) folder(to string) (string, error) {
	if to != "" {
		return to, nil
	}
	to, err := b.o.Folder()
	if err == nil && to == "" {
		err = errors.New("no backup folder is set: choose one on another disk, in the settings")
	}
	return to, err
}

// folderSetting reads the target of the hourly runs.
func (b *Backup) folderSetting() (folder string, err error) {
	err = b.o.Store.View(func(tx *store.Tx) error {
		folder = settings.Get(tx, settings.BackupFolder)
		return nil
	})
	return folder, err
}
