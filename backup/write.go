package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// announce names in the manifest what this run is about to write, and removes
// what an interrupted one left and nothing needs. It answers what is missing.
func (r *run) announce(ctx context.Context) (missing []want, err error) {
	wanted := map[string]bool{}
	unsettled := []File{{Path: r.point.Path(), Size: r.point.Size, SHA256: r.point.SHA256}}
	for _, w := range r.wants {
		wanted[w.Path] = true
		if have, ok := r.here[w.Path]; ok && have.SHA256 == w.SHA256 && r.t.has(have) {
			continue
		}
		missing = append(missing, w)
		unsettled = append(unsettled, w.File)
	}
	for _, p := range r.m.Points {
		wanted[p.Path()] = true
	}
	for _, f := range r.m.Unsettled {
		if _, named := r.here[f.Path]; !named && !wanted[f.Path] {
			if err := r.t.remove(f.Path); err != nil {
				return nil, err
			}
		}
	}
	r.m.Unsettled = unsettled
	return missing, r.publish(ctx)
}

// publish writes the manifest's next edition.
func (r *run) publish(ctx context.Context) error {
	r.m.Edition++
	r.m.Written, r.m.Life = r.b.o.Clock.Now().UTC(), r.contents.Life
	r.m.Before = ""
	if r.raw != nil {
		r.m.Before = hexSum(r.raw)
	}
	raw, err := r.m.encode(r.secrets.BackupSigning)
	if err != nil {
		return err
	}
	if err := r.t.flush(); err != nil {
		return err
	}
	if _, err := r.t.put(ctx, ManifestName, bytes.NewReader(raw), "", nil); err != nil {
		return err
	}
	r.raw = raw
	return r.t.flush()
}

// copy writes what is missing, then the snapshot that names it.
func (r *run) copy(ctx context.Context, missing []want) error {
	for _, w := range missing {
		f, err := r.copyOne(ctx, w)
		var damaged *BadObject
		switch {
		case errors.As(err, &damaged):
			r.damage = append(r.damage, err) // one bad file must not keep all others from being saved
		case err != nil:
			return err
		default:
			r.here[f.Path] = f
		}
	}
	file, err := os.Open(r.sealed())
	if err != nil {
		return fmt.Errorf("reading the snapshot back: %w", err)
	}
	defer file.Close()
	if _, err := r.t.put(ctx, r.point.Path(), file, r.point.SHA256, r.meter.add); err != nil {
		return err
	}
	return os.Remove(r.sealed())
}

// copyOne copies a file of the data folder. It is a *BadObject when the file is
// not there as the store names it, errMoved when the store names it no longer.
func (r *run) copyOne(ctx context.Context, w want) (File, error) {
	for _, source := range w.sources {
		file, err := os.Open(filepath.Join(r.b.o.Store.Dir(), filepath.FromSlash(source)))
		if err != nil {
			continue
		}
		f, err := r.t.put(ctx, w.Path, file, w.SHA256, r.meter.add)
		file.Close()
		if !errors.Is(err, errDiffers) {
			return f, err
		}
	}
	if !r.stillNamed(ctx, w.Path, w.SHA256) {
		return File{}, errMoved
	}
	return File{}, bad(w.Path, "is missing or damaged in the data folder")
}

// stillNamed says whether the store names a file now as it did in the snapshot.
func (r *run) stillNamed(ctx context.Context, name, sum string) (named bool) {
	err := r.b.o.Store.View(func(tx *store.Tx) error {
		slots, err := vault.Slots(tx)
		if err != nil {
			return err
		}
		for _, s := range slots {
			named = named || slotsFolder+s.Name+".age" == name && s.SHA256 == sum
		}
		c, err := takeCensus(ctx, tx, func(message.Part) {})
		for _, w := range c.wants {
			named = named || w.Path == name && w.SHA256 == sum
		}
		return err
	})
	return named || err != nil
}

// commit names the point.
func (r *run) commit(ctx context.Context) error {
	for _, w := range r.wants {
		f, ok := r.here[w.Path]
		if !ok {
			continue
		}
		if f.First == 0 {
			f.First = r.point.Run
		}
		f.Last = r.point.Run
		r.here[w.Path] = f
	}
	r.m.Points = append(r.m.Points, r.point)
	r.m.Files = r.files()
	r.m.Unsettled = []File{}
	if err := r.publish(ctx); err != nil {
		return err
	}
	return r.leaf(ctx, audit.BackupMade, map[string]string{"snapshot": r.point.SHA256, "manifest": hexSum(r.raw)})
}

func (r *run) files() []File {
	list := make([]File, 0, len(r.here))
	for _, f := range r.here {
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return list
}

// settle writes the proof down and prunes: what is no longer kept is let go of
// in the manifest first, then removed.
func (r *run) settle(ctx context.Context) error {
	r.m.Points[len(r.m.Points)-1] = r.point
	gone := r.prune()
	r.m.Unsettled = gone
	if err := r.publish(ctx); err != nil {
		return err
	}
	for _, f := range gone {
		if err := r.t.remove(f.Path); err != nil {
			return err
		}
	}
	return r.leaf(ctx, audit.BackupProven, map[string]string{"snapshot": r.point.SHA256, "manifest": hexSum(r.raw)})
}

// prune takes what is not kept out of the manifest and answers its files.
func (r *run) prune() []File {
	gone := []File{}
	var left []Point
	for i, keep := range kept(r.m.Points, r.zone) {
		p := r.m.Points[i]
		if keep {
			left = append(left, p)
		} else {
			gone = append(gone, File{Path: p.Path(), Size: p.Size, SHA256: p.SHA256})
		}
	}
	r.m.Points = left
	for name, f := range r.here {
		needed := slices.ContainsFunc(left, func(p Point) bool { return f.First <= p.Run && p.Run <= f.Last })
		if !needed && name != recoveryPath {
			gone = append(gone, f)
			delete(r.here, name)
		}
	}
	r.m.Files = r.files()
	return gone
}

func (r *run) leaf(ctx context.Context, what audit.What, data map[string]string) error {
	at := r.b.o.Clock.Now().UTC()
	err := r.b.o.Store.Update(ctx, func(tx *store.Tx) error {
		_, err := audit.Append(tx, audit.Leaf{At: at, Who: audit.System, What: what, About: []string{r.point.Name}, Data: data})
		return err
	})
	if err != nil {
		return fmt.Errorf("writing down the backup: %w", err)
	}
	return nil
}
