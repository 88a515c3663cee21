package appliance

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

const (
	nodeFile  = "node.db"
	setAside  = nodeFile + ".damaged" // the last one that was; nobody needs more than one to look at
	toRestore = "leave this folder as it is, and restore the newest backup into another one with `nightbell backup restore`"
)

// openNode opens what this machine knows of itself. A damaged one is set aside
// and begun anew: nothing in it is worth more than a bell that rings.
func (a *Appliance) openNode(ctx context.Context, dir string) (err error) {
	o := store.Options{Dir: dir, File: nodeFile, Clock: a.Clock, Log: a.Log}
	if a.Node, err = store.Open(ctx, o); !errors.Is(err, store.ErrDamaged) {
		return err
	}
	a.Log.Error("node.db is damaged and begun anew", "err", err)
	if err := os.Rename(filepath.Join(dir, nodeFile), filepath.Join(dir, setAside)); err != nil {
		return fmt.Errorf("setting a damaged node.db aside: %w", err)
	}
	a.Node, err = store.Open(ctx, o)
	return err
}

// whatToDo adds to an error of a damaged folder what a person can do about it.
func whatToDo(err error) error {
	if errors.Is(err, store.ErrDamaged) {
		return &Advice{What: err.Error(), Do: toRestore, Err: err}
	}
	return err
}

func noSecrets(err error) error {
	return &Advice{What: err.Error(), Do: "take secrets.json out of a restored backup: " + toRestore, Err: err}
}

// damageFindings tell of what was set aside for as long as it lies there.
func (a *Appliance) damageFindings() []finding.Finding {
	file := filepath.Join(a.Store.Dir(), setAside)
	if _, err := os.Lstat(file); err != nil {
		return nil
	}
	return []finding.Finding{{
		ID: "store.node", Severity: finding.Warning,
		Text: "What this machine knew of itself (its certificate, how its backups fared) was damaged and is begun anew. No message was in it.",
		Do:   fmt.Sprintf("Have the server's disk looked at, take a backup and see it proven, then remove %s.", file),
	}}
}
