package backup

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"filippo.io/age"

	"nightbell/appliance/vault"
)

// A proof reads every blob while they are few. Where they are many it reads the
// new ones and, by the hour, a part of the others, so that each is read once a
// week; that the others are there with their size it sees every time.
const (
	proofReads = 1 << 30
	proofParts = 7 * 24
)

// proveAndMend proves the point. Where a file on the target is not what it
// should be and the data folder still has it, it is written anew and the proof
// taken once more.
func (r *run) proveAndMend(ctx context.Context) (Proof, error) {
	proof, broken, err := r.prove(ctx)
	if err != nil {
		return Proof{}, err
	}
	if len(broken) > 0 {
		if err := r.mend(ctx, broken); err != nil {
			return Proof{}, err
		}
		if proof, broken, err = r.prove(ctx); err != nil {
			return Proof{}, err
		}
	}
	for _, err := range broken {
		r.damage = append(r.damage, err)
	}
	if len(r.damage) > 0 {
		return Proof{}, errors.New("the backup is there, but not proven")
	}
	return proof, nil
}

// prove restores the point from the target into the scratch folder, as a restore
// would, with what opens while locked. It answers what is wrong with files
// beside the snapshot; a snapshot that does not come back is an error.
func (r *run) prove(ctx context.Context) (Proof, map[string]error, error) {
	began := r.b.o.Clock.Now()
	dir := filepath.Join(r.scratch, "proof")
	r.b.o.step("prove")
	l := loading{
		file: snapshotFile{
			path: r.t.path(r.point.Path()), name: r.point.Path(), point: r.point,
			ids: []age.Identity{r.secrets.Verify}, done: r.meter.add,
		},
		known: checkpoints(r.m, r.point), dir: dir, keys: true, clock: r.b.o.Clock, log: r.b.o.Log,
	}
	back, err := l.load(ctx)
	if err != nil {
		return Proof{}, nil, fmt.Errorf("restoring the backup for a test: %w", err)
	}
	err = back.compare(ctx)
	var broken map[string]error
	if err == nil {
		broken, err = r.checkFiles(ctx, back.census.wants)
	}
	if err == nil {
		err = r.openAsRestored(ctx, back)
	}
	err = errors.Join(err, back.store.Close(), os.RemoveAll(dir))
	if err != nil {
		return Proof{}, nil, fmt.Errorf("testing the backup: %w", err)
	}
	now := r.b.o.Clock.Now()
	return Proof{At: now.UTC(), Took: now.Sub(began), Records: back.records}, broken, nil
}

// openAsRestored opens the keys of the restored folder as an appliance does when
// it starts, and sees that they are the practice's.
func (r *run) openAsRestored(ctx context.Context, back *loaded) error {
	v, err := vault.Open(ctx, vault.Options{Store: back.store, Zone: r.zone, Clock: r.b.o.Clock, Log: r.b.o.Log})
	if err != nil {
		return badBy(err, back.file.name, "its keys cannot be opened: %v", err)
	}
	defer v.Close()
	if v.Recipient().String() != r.m.Recipient {
		return bad(back.file.name, "came back with another practice's key")
	}
	return nil
}

// checkFiles looks at everything that the point needs beside its snapshot.
func (r *run) checkFiles(ctx context.Context, wants []want) (map[string]error, error) {
	var total int64
	for _, w := range wants {
		total += w.Size
	}
	broken, files := map[string]error{}, r.m.index()
	for _, w := range wants {
		f, err := named(files, w)
		if err == nil {
			err = r.t.checkFile(ctx, f, total <= proofReads || r.reads(w, f), r.meter.add)
		}
		var b *BadObject
		switch {
		case errors.As(err, &b):
			broken[w.Path] = err
		case err != nil:
			return nil, err
		}
	}
	return broken, nil
}

// reads says whether this proof reads a file although there are too many for all.
func (r *run) reads(w want, f File) bool {
	if w.blob == "" || f.First == r.point.Run {
		return true
	}
	part, err := strconv.ParseUint(string(w.blob[len(w.blob)-4:]), 16, 64)
	return err != nil || part%proofParts == uint64(r.point.At.Unix()/int64(time.Hour/time.Second))%proofParts
}

// mend writes anew what a proof found broken on the target.
func (r *run) mend(ctx context.Context, broken map[string]error) error {
	for _, w := range r.wants {
		why, ok := broken[w.Path]
		if !ok {
			continue
		}
		r.b.o.Log.Warn("a file of the backup is written anew", "name", w.Path, "why", why.Error())
		f, err := r.copyOne(ctx, w)
		var damaged *BadObject
		if errors.As(err, &damaged) {
			continue // it is missing here too, and named among the damage already
		}
		if err != nil {
			return err
		}
		f.First, f.Last = r.point.Run, r.point.Run
		if have, ok := r.here[w.Path]; ok {
			f.First = have.First
		}
		r.here[w.Path] = f
		r.mended = append(r.mended, w.Path)
	}
	r.m.Files = r.files()
	return nil
}
