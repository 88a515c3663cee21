package backup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// files copies what lies beside the snapshot: blobs and epochs.
func (r *restoring) files(ctx context.Context, report *Report) error {
	files := r.from.m.index()
	for _, w := range r.back.census.wants {
		if w.blob == "" {
			continue
		}
		_, err := named(files, w)
		if err == nil {
			err = r.blob(ctx, w)
		}
		var lost *BadObject
		if errors.As(err, &lost) && r.o.Incomplete {
			report.Lost = append(report.Lost, lost.Name)
			continue
		}
		if err != nil {
			return err
		}
	}
	return r.epochs(report)
}

// blob copies one blob, after its commitment.
func (r *restoring) blob(ctx context.Context, w want) error {
	if err := r.from.t.checkFile(ctx, w.File, false, nil); err != nil {
		return err
	}
	src, err := r.from.t.open(w.Path)
	if err != nil {
		return badBy(err, w.Path, "cannot be read")
	}
	defer src.Close()
	return r.back.store.WriteBlob(ctx, w.blob, func(dst io.Writer) error {
		sum := newSum(&counted{ctx: ctx, r: src, done: r.meter.add})
		if _, err := io.Copy(dst, sum); sum.err != nil {
			return badBy(err, w.Path, "cannot be read to its end")
		} else if err != nil {
			return err // it could not be written
		}
		if sum.hex() != w.SHA256 {
			return bad(w.Path, "is damaged: it is not what was written")
		}
		return nil
	})
}

// epochs brings back both files of each epoch, where one is damaged from the
// other.
func (r *restoring) epochs(report *Report) error {
	var epochs []vault.Epoch
	err := r.back.store.View(func(tx *store.Tx) (err error) {
		epochs, err = vault.Epochs(tx)
		return err
	})
	if err != nil {
		return fmt.Errorf("listing the epochs: %w", err)
	}
	for _, e := range epochs {
		file, id, broken := r.from.epoch(e)
		if id == nil {
			return broken[0]
		}
		for _, err := range broken {
			var b *BadObject
			if errors.As(err, &b) {
				report.Mended = append(report.Mended, b.Name)
			}
		}
		for _, name := range epochPaths(e.Name) {
			if err := store.WriteFile(filepath.Join(r.dir, filepath.FromSlash(name)), file, 0o600); err != nil {
				return err
			}
			r.meter.add(int64(len(file)))
		}
	}
	return nil
}

// keys opens the restored folder's keys as an appliance does. The recovery slot
// in the snapshot is that of its time: where the kit was replaced since, the kit
// that was used here becomes the one that opens the restored practice.
func (r *restoring) keys(ctx context.Context) error {
	v, err := vault.Open(ctx, vault.Options{Store: r.back.store, Clock: r.o.Clock, Log: r.o.Log})
	if err != nil {
		return badBy(err, r.point.Path(), "its keys cannot be opened: %v", err)
	}
	defer v.Close()
	reader, err := v.ReaderFor(r.from.practice)
	if err != nil {
		return badBy(err, r.point.Path(), "its keys are not the practice's: %v", err)
	}
	defer reader.Close()
	if r.from.kit == nil {
		return nil
	}
	slot, err := os.ReadFile(filepath.Join(r.dir, filepath.FromSlash(recoveryPath)))
	if err == nil {
		if _, err = crypto.OpenSlot(slot, r.from.kit); err == nil {
			return nil
		}
	}
	return v.ReplaceKit(ctx, &crypto.Kit{Identity: r.from.kit}, audit.Owner, reader)
}

// begin begins the restored practice's new life: the audit log says what it came
// from, and numbers go on beyond all that may have been said since.
func (r *restoring) begin(ctx context.Context) (next int64, err error) {
	at, life := r.o.Clock.Now().UTC(), rand.Text()
	next = leap(r.from.m, at)
	err = r.back.store.Update(ctx, func(tx *store.Tx) error {
		if err := store.SkipNumbers(tx, message.Number(next)); err != nil {
			return err
		}
		if err := beginLife(tx, life); err != nil {
			return err
		}
		_, err := audit.Append(tx, audit.Leaf{
			At: at, Who: audit.Owner, What: audit.Restored, About: []string{r.point.Name},
			Data: map[string]string{"snapshot": r.point.SHA256, "life": life, "next": strconv.FormatInt(next, 10)},
		})
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("writing down the restore: %w", err)
	}
	return next, nil
}

// Numbers said since the newest point are not known. More than this many a day
// no practice of ours takes; and a number that begins a thousand shows that there
// is a gap.
const numbersADay = 1000

// leap answers the first number after a restore at a time: beyond every number
// that a point knows, and a thousand for each day begun since the newest.
func leap(m Manifest, at time.Time) int64 {
	next, newest := int64(message.FirstNumber), time.Time{}
	for _, p := range m.Points {
		next = max(next, p.Next)
		if p.At.After(newest) {
			newest = p.At
		}
	}
	days := int64(at.Sub(newest)/(24*time.Hour)) + 1
	next += max(days, 1) * numbersADay
	return (next+numbersADay-1)/numbersADay*numbersADay + 1
}

// emptyPlace answers the full path of a folder that is empty or not there.
func emptyPlace(to string) (string, error) {
	to, err := filepath.Abs(to)
	if err != nil {
		return "", fmt.Errorf("finding the folder to restore to: %w", err)
	}
	entries, err := os.ReadDir(to)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return to, nil
	case err != nil:
		return "", fmt.Errorf("looking into the folder to restore to: %w", err)
	case len(entries) > 0:
		return "", fmt.Errorf("%s is not empty: a restore never overwrites anything, choose an empty folder", to)
	}
	return to, nil
}

// buildMark stands in the name of a folder that a restore is building.
const buildMark = ".restoring-"

// besides makes the folder to build in, on the same file system, and sweeps what
// an earlier restore to the same place left when it was killed.
func besides(to string) (string, error) {
	parent, prefix := filepath.Dir(to), "."+filepath.Base(to)+buildMark
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return "", fmt.Errorf("making the folder to restore into: %w", err)
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return "", fmt.Errorf("looking beside the folder to restore to: %w", err)
	}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), prefix) {
			if err := os.RemoveAll(filepath.Join(parent, e.Name())); err != nil {
				return "", fmt.Errorf("sweeping an unfinished restore: %w", err)
			}
		}
	}
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return "", fmt.Errorf("making the folder to restore into: %w", err)
	}
	return dir, nil
}

// moveIn puts the finished folder where it was to go.
func moveIn(dir, to string) error {
	if err := os.Remove(to); err != nil && !errors.Is(err, os.ErrNotExist) { // an empty one; another is refused
		return fmt.Errorf("putting the restored folder in its place: %w", err)
	}
	if err := os.Rename(dir, to); err != nil {
		return fmt.Errorf("putting the restored folder in its place: %w", err)
	}
	return store.SyncDir(filepath.Dir(to))
}
