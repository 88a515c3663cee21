package backup

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// VerifyOptions say what to check and how much of it.
type VerifyOptions struct {
	From string // the target
	All  bool   // every point, not the newest alone

	Identities []age.Identity    // the recovery kit's
	Signing    ed25519.PublicKey // the backup signing key on the kit: see Keys
	Progress   Progress          // may be nil
	Scratch    string            // where snapshots are loaded, sealed as they are; "" is the system's
	Clock      clockwork.Clock   // nil is the real one
	Log        *slog.Logger      // nil is none
}

// Verify opens a target with the recovery kit and checks all of it: the manifest
// and its signature, the recovery slot, and of the newest point (or every one)
// the snapshot, its store, its audit log, every epoch, every pack and every blob,
// opened and compared with their commitments. It changes nothing and stops at the
// first thing that is wrong, which is a *BadObject.
func Verify(ctx context.Context, o VerifyOptions) (Report, error) {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	from, err := Keys{Identities: o.Identities, Signing: o.Signing}.open(o.From, nil)
	if err != nil {
		return Report{}, err
	}
	newest, err := from.m.pointAt(time.Time{})
	if err != nil {
		return Report{}, err
	}
	points := []Point{newest}
	if o.All {
		points = from.m.Points
	}
	scratch, err := verifyScratch(o.Scratch, o.Clock.Now())
	if err != nil {
		return Report{}, err
	}
	v := &verifying{o: o, from: from, meter: &meter{tell: o.Progress}, blobs: map[string]bool{},
		report: Report{Practice: from.m.Practice, Points: len(from.m.Points), Newest: newest.Name, Signer: o.Signing != nil}}
	err = v.all(ctx, points, scratch)
	if err = errors.Join(err, os.RemoveAll(scratch)); err != nil {
		return Report{}, err
	}
	v.meter.finish()
	return v.report, nil
}

// verifying is a verification on its way.
type verifying struct {
	o      VerifyOptions
	from   opened
	meter  *meter
	report Report
	blobs  map[string]bool // those that were read and opened, by path
}

func (v *verifying) all(ctx context.Context, points []Point, scratch string) error {
	for _, p := range points {
		v.meter.expect(2 * p.Size) // read, then opened
	}
	for _, f := range v.from.m.Files {
		v.meter.expect(f.Size)
	}
	for _, p := range points {
		if err := v.point(ctx, p, filepath.Join(scratch, p.Name)); err != nil {
			return err
		}
	}
	return v.rest(ctx)
}

// point checks one point.
func (v *verifying) point(ctx context.Context, p Point, dir string) error {
	l := loading{
		file:  snapshotFile{path: v.from.t.path(p.Path()), name: p.Path(), point: p, ids: []age.Identity{v.from.practice}, done: v.meter.add},
		known: checkpoints(v.from.m, p), dir: dir, clock: v.o.Clock, log: v.o.Log,
	}
	back, err := l.load(ctx)
	if err != nil {
		return err
	}
	err = back.compare(ctx)
	if err == nil {
		err = back.store.View(func(tx *store.Tx) error { return v.parts(ctx, tx, back) })
	}
	v.report.Messages, v.report.Records = back.census.messages, back.records
	return errors.Join(err, back.store.Close(), os.RemoveAll(dir))
}

// parts opens every epoch and every part that the point names.
func (v *verifying) parts(ctx context.Context, tx *store.Tx, back *loaded) error {
	files := v.from.m.index()
	for _, w := range back.census.wants {
		if w.Path == recoveryPath {
			continue // opened already; an older point may name an older one
		}
		if _, err := named(files, w); err != nil {
			return err
		}
	}
	epochs, err := vault.Epochs(tx)
	if err != nil {
		return fmt.Errorf("listing the epochs: %w", err)
	}
	ids := map[string]*age.HybridIdentity{}
	for _, e := range epochs {
		_, id, broken := v.from.epoch(e)
		if len(broken) > 0 {
			return broken[0]
		}
		ids[e.Name] = id
	}
	snapshot := back.file.name
	walked := store.EachEnvelope(tx, "", func(e message.Envelope) bool {
		if err = ctx.Err(); err == nil {
			err = v.message(ctx, tx, snapshot, e, ids)
		}
		return err == nil
	})
	return errors.Join(err, walked)
}

// message opens every part of one message.
func (v *verifying) message(ctx context.Context, tx *store.Tx, snapshot string, e message.Envelope, ids map[string]*age.HybridIdentity) error {
	keys := map[message.ID]message.File{}
	for _, p := range e.Parts {
		if p.Kind == message.PartBlob {
			continue
		}
		rec, err := openRecord(tx, e, p, ids[p.Epoch])
		if err != nil {
			return badBy(err, within(snapshot, packsFolder+string(p.Pack)+".age"), "message %s: %v", e.Number, err)
		}
		for _, f := range rec.Files {
			keys[f.Blob] = f
		}
		v.report.Parts++
		v.meter.add(p.Size)
	}
	for _, p := range e.Parts {
		w := wantBlob(p)
		if p.Kind != message.PartBlob || v.blobs[w.Path] {
			continue
		}
		f, ok := keys[p.ID]
		if !ok {
			return bad(w.Path, "no record of message %s holds its key", e.Number)
		}
		if err := v.blob(ctx, w, f); err != nil {
			return err
		}
		v.blobs[w.Path] = true
		v.report.Parts++
	}
	return nil
}

// openRecord opens a pack's line and sees that it is the one that was sealed.
func openRecord(tx *store.Tx, e message.Envelope, p message.Part, epoch *age.HybridIdentity) (message.Record, error) {
	if epoch == nil {
		return message.Record{}, errors.New("its epoch is not there")
	}
	pack, _ := store.GetPack(tx, p.Pack)
	line, err := crypto.OpenPart(pack, epoch, p.Line, p.Commitment)
	if err != nil {
		return message.Record{}, err
	}
	rec, err := message.DecodeRecord(line)
	if err == nil && (rec.Message != e.ID || rec.Part != p.ID) {
		err = errors.New("it belongs to another message")
	}
	return rec, err
}

// blob opens one blob to its end.
func (v *verifying) blob(ctx context.Context, w want, f message.File) error {
	if err := v.from.t.checkFile(ctx, w.File, true, v.meter.add); err != nil {
		return err
	}
	id, err := age.ParseHybridIdentity(f.Key.Reveal())
	if err != nil {
		return bad(w.Path, "the key in its record cannot be read")
	}
	file, err := v.from.t.open(w.Path)
	if err != nil {
		return badBy(err, w.Path, "cannot be read")
	}
	defer file.Close()
	clear, err := age.Decrypt(file, id)
	if err != nil {
		return badBy(err, w.Path, "is not opened by the key in its record")
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, &counted{ctx: ctx, r: clear}); err != nil {
		return badBy(err, w.Path, "does not open to its end")
	}
	if hex.EncodeToString(sum.Sum(nil)) != f.Bytes {
		return bad(w.Path, "holds something else than its record says")
	}
	return nil
}

// rest reads what the points that were checked do not need, and the snapshots
// that were not loaded: that they are there and what was written.
func (v *verifying) rest(ctx context.Context) error {
	for _, f := range v.from.m.Files {
		if v.blobs[f.Path] || f.Path == recoveryPath {
			continue
		}
		if err := v.from.t.checkFile(ctx, f, true, v.meter.add); err != nil {
			return err
		}
	}
	if v.o.All {
		return nil
	}
	for _, p := range v.from.m.Points[:len(v.from.m.Points)-1] {
		f := File{Path: p.Path(), Size: p.Size, SHA256: p.SHA256}
		if err := v.from.t.checkFile(ctx, f, true, v.meter.add); err != nil {
			return err
		}
	}
	return nil
}

const (
	verifyPrefix = "nightbell-verify-"
	abandoned    = 24 * time.Hour // no verification takes that long
)

// verifyScratch makes a folder that only its owner may look into, and sweeps
// those of verifications that were killed.
func verifyScratch(parent string, now time.Time) (string, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	entries, err := os.ReadDir(parent)
	if err != nil {
		return "", fmt.Errorf("looking into the scratch folder: %w", err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !e.IsDir() || !strings.HasPrefix(e.Name(), verifyPrefix) || now.Sub(info.ModTime()) < abandoned {
			continue
		}
		if err := os.RemoveAll(filepath.Join(parent, e.Name())); err != nil {
			return "", fmt.Errorf("sweeping an unfinished verification: %w", err)
		}
	}
	dir, err := os.MkdirTemp(parent, verifyPrefix)
	if err != nil {
		return "", fmt.Errorf("making the scratch folder: %w", err)
	}
	return dir, nil
}
