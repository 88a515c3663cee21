package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// loading says how a snapshot is brought back into a folder.
type loading struct {
	file  snapshotFile
	known []audit.Checkpoint // of other points, which the log must begin with
	dir   string             // made by load, 0700
	keys  bool               // slots and secrets.json too, not the store alone
	clock clockwork.Clock
	log   *slog.Logger
}

// loaded is a point that was brought back. Its store is open.
type loaded struct {
	loading
	store    *store.Store
	contents Contents
	census   census
	records  int64 // of the audit log
}

// load brings a snapshot back: its store is filled, opened, counted, and its
// audit log verified. What is wrong with the snapshot is a *BadObject.
func (l loading) load(ctx context.Context) (*loaded, error) {
	for _, name := range []string{"", "keys", "epochs", "blobs"} {
		if err := os.MkdirAll(filepath.Join(l.dir, name), 0o700); err != nil {
			return nil, fmt.Errorf("making the folder to restore into: %w", err)
		}
	}
	back := &loaded{loading: l}
	var unpacked error
	err := store.Load(ctx, store.Options{Dir: l.dir}, func(put func(bucket, key string, value []byte) error) error {
		back.contents, unpacked = l.file.unpack(ctx, sink{entry: put, file: l.write})
		return unpacked
	})
	if unpacked != nil {
		return nil, unpacked
	}
	if err != nil {
		return nil, err
	}
	back.store, err = store.Open(ctx, store.Options{Dir: l.dir, Clock: l.clock, Log: l.log, ReserveBytes: 1 << 20})
	switch {
	case errors.Is(err, store.ErrNewer):
		return nil, badBy(err, l.file.name, "was made by a newer nightbell: use that one, or a newer one still")
	case errors.Is(err, store.ErrDamaged):
		return nil, badBy(err, l.file.name, "its store cannot be opened")
	case err != nil:
		return nil, err
	}
	if err := back.check(ctx); err != nil {
		return nil, errors.Join(err, back.store.Close())
	}
	return back, nil
}

// write keeps a slot or the secrets.
func (l loading) write(name string, data []byte) error {
	if !l.keys {
		return nil
	}
	return store.WriteFile(filepath.Join(l.dir, filepath.FromSlash(name)), data, 0o600)
}

// check counts what came back and verifies the audit log.
func (l *loaded) check(ctx context.Context) error {
	name := l.file.name
	var lost *message.Part
	err := l.store.View(func(tx *store.Tx) (err error) {
		l.census, err = takeCensus(ctx, tx, func(p message.Part) { lost = &p })
		return err
	})
	if err != nil {
		return errOr(ctx, badBy(err, name, "its messages cannot be walked: %v", err))
	}
	if lost != nil {
		return bad(within(name, packsFolder+string(lost.Pack)+".age"), "is missing, or has another size than its message says")
	}
	if l.census.messages != l.file.point.Messages {
		return bad(name, "holds %d messages, the manifest says %d", l.census.messages, l.file.point.Messages)
	}
	report, err := audit.Verify(ctx, l.store, l.known...)
	if err != nil {
		return errOr(ctx, badBy(err, name, "its audit log cannot be verified: %v", err))
	}
	at := within(name, "audit log")
	if report.FirstBad != nil {
		return bad(at, "breaks at record %d: %s", *report.FirstBad, report.Why)
	}
	if report.Records != l.file.point.Audit.Size || report.Root != l.file.point.Audit.Root {
		return bad(at, "is not the one that the manifest names")
	}
	l.records = report.Records
	return nil
}

// errOr answers the context's error when it has ended: what failed then is no
// fault of the backup.
func errOr(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// compare writes every bucket out again and holds it against the snapshot's
// manifest: what was loaded is what was there when the snapshot was taken.
func (l *loaded) compare(ctx context.Context) error {
	listed := map[string]Entry{}
	for _, e := range l.contents.Entries {
		listed[e.Name] = e
	}
	return l.store.View(func(tx *store.Tx) error {
		var buf []byte
		for _, bucket := range tx.Buckets() {
			if bucket == store.PackBucket {
				continue
			}
			name, sum := bucketsFolder+bucket+".jsonl", sha256.New()
			err := bucketLines(ctx, tx, bucket, &buf, func(line []byte) error {
				_, err := sum.Write(line)
				return err
			})
			if err != nil {
				return err
			}
			if listed[name].SHA256 != hex.EncodeToString(sum.Sum(nil)) {
				return bad(within(l.file.name, name), "did not come back as it was")
			}
			delete(listed, name)
		}
		for name := range listed {
			if strings.HasPrefix(name, bucketsFolder) {
				return bad(within(l.file.name, name), "did not come back")
			}
		}
		return l.comparePacks(ctx, tx, listed)
	})
}

func (l *loaded) comparePacks(ctx context.Context, tx *store.Tx, listed map[string]Entry) error {
	var err error
	tx.Ascend(store.PackBucket, "", func(id string, pack []byte) bool {
		name := packsFolder + id + ".age"
		if listed[name].SHA256 != hexSum(pack) {
			err = bad(within(l.file.name, name), "did not come back as it was")
		}
		return err == nil && ctx.Err() == nil
	})
	return errors.Join(err, ctx.Err())
}

// checkpoints are those of the other points of the same life that are no longer
// than this one's: its log must begin with each.
func checkpoints(m Manifest, p Point) (list []audit.Checkpoint) {
	for _, o := range m.Points {
		if o.Life == p.Life && o.Audit.Size <= p.Audit.Size {
			list = append(list, audit.Checkpoint{Size: o.Audit.Size, Root: o.Audit.Root})
		}
	}
	return list
}

// checkFile says what is wrong with a file of the target, or nil. Its bytes are
// read when read is set.
func (t *target) checkFile(ctx context.Context, f File, read bool, done func(int64)) error {
	info, err := os.Lstat(t.path(f.Path))
	switch {
	case errors.Is(err, os.ErrNotExist):
		return badBy(err, f.Path, "is missing")
	case err != nil:
		return badBy(err, f.Path, "cannot be read")
	case !info.Mode().IsRegular():
		return bad(f.Path, "is not a file")
	case info.Size() < f.Size:
		return bad(f.Path, "is cut short: %d of %d bytes are there", info.Size(), f.Size)
	case info.Size() > f.Size:
		return bad(f.Path, "is damaged: it is longer than what was written")
	case !read:
		return nil
	}
	file, err := t.open(f.Path)
	if err != nil {
		return badBy(err, f.Path, "cannot be read")
	}
	defer file.Close()
	sum := newSum(&counted{ctx: ctx, r: file, done: done})
	if _, err := io.Copy(io.Discard, sum); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return badBy(err, f.Path, "cannot be read to its end")
	}
	if sum.hex() != f.SHA256 {
		return bad(f.Path, "is damaged: it is not what was written")
	}
	return nil
}

// index answers the settled files of a manifest by path.
func (m Manifest) index() map[string]File {
	files := make(map[string]File, len(m.Files))
	for _, f := range m.Files {
		files[f.Path] = f
	}
	return files
}

// named answers what the manifest says of a file that a point needs; it must be
// the same one.
func named(files map[string]File, w want) (File, error) {
	f, ok := files[w.Path]
	if !ok || f.SHA256 != w.SHA256 {
		return File{}, bad(w.Path, "is needed, and the manifest does not name it")
	}
	return f, nil
}
