package backup

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// run is one backup on its way:
//
//	claim ──> snapshot ──> announce ──> copy ──> commit ──> prove ──> settle
//
// The manifest is written three times. Announce names what is about to be
// written (Unsettled) before any of it is there; commit names the point when all
// of it is; settle adds the proof and lets go of what is no longer kept, before
// it is removed. So whatever lies in the folder is named by its manifest, and a
// run that is cut short anywhere leaves every earlier point as it was.
type run struct {
	b       *Backup
	t       *target
	m       Manifest
	raw     []byte // the manifest as it lies there
	secrets vault.Secrets
	secret  []byte // the file of the secrets
	lives   []string
	zone    *time.Location
	scratch string

	contents Contents
	point    Point
	wants    []want
	here     map[string]File // what the manifest names beside snapshots, by path
	absent   []vault.Slot    // whose file is not what the snapshot's store names
	damage   []error         // what is wrong in the data folder itself
	mended   []string        // what was found broken on the target and written anew
	meter    *meter
}

func (b *Backup) take(ctx context.Context, dir string, m *meter) (Point, []string, error) {
	r, err := b.begin(ctx, dir, m)
	if err != nil {
		return Point{}, nil, err
	}
	point, err := r.all(ctx)
	return point, r.mended, errors.Join(err, os.RemoveAll(r.scratch))
}

func (r *run) all(ctx context.Context) (Point, error) {
	if err := r.claim(); err != nil {
		return Point{}, err
	}
	if err := r.snapshot(ctx); err != nil {
		return Point{}, err
	}
	missing, err := r.announce(ctx)
	if err != nil {
		return Point{}, err
	}
	if err := r.copy(ctx, missing); err != nil {
		return Point{}, err
	}
	if err := r.commit(ctx); err != nil {
		return Point{}, err
	}
	proof, err := r.proveAndMend(ctx)
	if err != nil {
		return r.point, errors.Join(append(r.damage, err)...)
	}
	r.point.Proof = &proof
	if err := r.settle(ctx); err != nil {
		return r.point, err
	}
	r.meter.finish()
	return r.point, nil
}

// begin gathers what a run needs and sweeps what an earlier one left behind.
func (b *Backup) begin(ctx context.Context, dir string, m *meter) (*run, error) {
	r := &run{b: b, meter: m, scratch: b.scratch()}
	var err error
	if r.t, err = openTarget(dir, b.o.step); err != nil {
		return nil, err
	}
	if inside(resolved(dir), resolved(b.o.Store.Dir())) {
		return nil, errors.New("the backup folder lies inside the data folder: a backup must outlive it")
	}
	if err := ensureLife(ctx, b.o.Store); err != nil {
		return nil, fmt.Errorf("beginning a backup: %w", err)
	}
	if r.secret, err = os.ReadFile(filepath.Join(b.o.Store.Dir(), vault.SecretsFile)); err != nil {
		return nil, fmt.Errorf("reading the machine's secrets: %w", err)
	}
	if r.secrets, err = vault.DecodeSecrets(r.secret); err != nil {
		return nil, err
	}
	if err := os.RemoveAll(r.scratch); err != nil {
		return nil, fmt.Errorf("clearing the scratch folder: %w", err)
	}
	if err := os.MkdirAll(r.scratch, 0o700); err != nil {
		return nil, fmt.Errorf("making the scratch folder: %w", err)
	}
	return r, nil
}

// resolved follows symbolic links where that can be done.
func resolved(dir string) string {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		return real
	}
	return filepath.Clean(dir)
}

func inside(dir, outer string) bool {
	rel, err := filepath.Rel(outer, dir)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

// claim reads the target's manifest and sees that the target is ours to write
// to; an unused folder becomes ours.
func (r *run) claim() error {
	if err := r.who(); err != nil {
		return err
	}
	m, raw, err := r.t.manifest()
	if errors.Is(err, errNoBackup) {
		r.m = Manifest{
			Format: Format, Practice: r.contents.Practice, Recipient: r.contents.Recipient, Zone: r.zone.String(),
			SigningKey: r.secrets.BackupSigning.Public().(ed25519.PublicKey), Target: rand.Text(),
			Points: []Point{}, Files: []File{}, Unsettled: []File{},
		}
		r.here = map[string]File{}
		return nil
	}
	if err != nil {
		return err
	}
	switch {
	case m.Practice != r.contents.Practice, m.Recipient != r.contents.Recipient,
		!ed25519.PublicKey(m.SigningKey).Equal(r.secrets.BackupSigning.Public()):
		return bad(ManifestName, "this folder holds the backup of another practice: choose an empty folder")
	case !knows(r.lives, m):
		return bad(ManifestName, "this folder was written by a newer restore of this practice: this machine is the old one, do not go on with it, or give it a folder of its own")
	}
	r.m, r.raw = m, raw
	r.here = make(map[string]File, len(m.Files))
	for _, f := range m.Files {
		r.here[f.Path] = f
	}
	return r.t.sweepParts()
}

// who fills in whose snapshot it will be.
func (r *run) who() error {
	r.contents = Contents{Format: Format, Recipient: r.b.o.Vault.Recipient().String()}
	r.zone = time.UTC
	return r.b.o.Store.View(func(tx *store.Tx) (err error) {
		if r.contents.Practice = settings.Get(tx, settings.PracticeID); r.contents.Practice == "" {
			return errors.New("the practice has no id yet: run nightbell init")
		}
		if zone, err := time.LoadLocation(settings.Get(tx, settings.PracticeTimezone)); err == nil {
			r.zone = zone
		}
		if r.lives, err = lives(tx); err == nil {
			r.contents.Life = r.lives[len(r.lives)-1]
		}
		return err
	})
}

// snapshot writes the sealed snapshot into the scratch folder, from one moment
// of the store. A target may be slow, and an open read is not to wait for it.
func (r *run) snapshot(ctx context.Context) error {
	file, err := os.OpenFile(r.sealed(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	err = r.b.o.Store.View(func(tx *store.Tx) error { return r.write(ctx, tx, file) })
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	if err := r.missing(ctx); err != nil {
		return err
	}
	c := r.contents
	r.point.At, r.point.Life, r.point.Seq, r.point.Audit = c.At, c.Life, c.Seq, c.Audit
	r.point.Messages, r.point.Next = c.Messages, c.Next
	r.name()
	return nil
}

func (r *run) sealed() string { return filepath.Join(r.scratch, "snapshot.tar.age") }

func (r *run) write(ctx context.Context, tx *store.Tx, file io.Writer) error {
	r.contents.At = r.b.o.Clock.Now().UTC().Truncate(time.Millisecond)
	var err error
	if r.contents.Seq, err = tx.Seq(); err != nil {
		return err
	}
	log, err := audit.Head(tx)
	if err != nil {
		return err
	}
	r.contents.Audit = Log{Size: log.Size, Root: log.Root}
	c, err := takeCensus(ctx, tx, func(p message.Part) {
		r.damage = append(r.damage, bad("packs/"+string(p.Pack)+".age", "is missing in the data folder, or has another size than the message says"))
	})
	if err != nil {
		return err
	}
	r.wants, r.contents.Messages, r.contents.Next = c.wants, c.messages, int64(c.next)
	slots, err := r.slots(tx)
	if err != nil {
		return err
	}
	if err := r.room(ctx, tx); err != nil {
		return err
	}
	to := []age.Recipient{r.b.o.Vault.Recipient(), r.secrets.Verify.Recipient()}
	r.b.o.step("write the snapshot")
	r.point.Size, r.point.SHA256, err = writeSnapshot(ctx, tx, file, to, &r.contents, slots, r.secret, r.meter.add)
	return err
}

// slots reads the slot files that the store names. What is not there is judged
// when this read of the store is over: see missing.
func (r *run) slots(tx *store.Tx) ([]slotFile, error) {
	named, err := vault.Slots(tx)
	if err != nil {
		return nil, err
	}
	r.absent = nil
	var list []slotFile
	for _, s := range named {
		var paths []string
		for _, name := range slotSources(s.Name) {
			paths = append(paths, filepath.Join(r.b.o.Store.Dir(), filepath.FromSlash(name)))
		}
		data, ok := readNamed(s.SHA256, paths...)
		if !ok {
			r.absent = append(r.absent, s)
			continue
		}
		list = append(list, slotFile{name: s.Name, data: data})
	}
	return list, nil
}

// missing tells a slot file that is damaged from one that was replaced while the
// snapshot was taken. It asks the store anew, which nobody may from inside a
// read: a writer that waits for the map stands between the two for ever.
func (r *run) missing(ctx context.Context) error {
	for _, s := range r.absent {
		if !r.stillNamed(ctx, slotsFolder+s.Name+".age", s.SHA256) {
			return errMoved
		}
		r.damage = append(r.damage, bad("keys/"+s.Name+".age", "is missing or changed in the data folder: somebody's password will not open a restored practice"))
	}
	return nil
}

// room sees that there is room for the snapshot and the test restore, so that
// they never take what intake needs, and tells the meter what is to be done.
func (r *run) room(ctx context.Context, tx *store.Tx) error {
	size, err := measure(ctx, tx)
	if err != nil {
		return err
	}
	const spare = 64 << 20 // left to intake and the rest of the machine, whatever happens
	free, err := r.b.o.Store.Room()
	if err != nil {
		return err
	}
	if inside(r.scratch, r.b.o.Store.Dir()) && free < 3*size+spare {
		return fmt.Errorf("the data disk has %d MB left; a backup with its test restore needs %d: make room", free>>20, (3*size+spare)>>20)
	}
	r.meter.expect(3 * size) // seal, copy, restore
	for _, w := range r.wants {
		r.meter.expect(w.Size)
	}
	return nil
}

// name gives the point a name that is not taken.
func (r *run) name() {
	taken := map[string]bool{}
	for _, p := range r.m.Points {
		taken[p.Name] = true
		r.point.Run = max(r.point.Run, p.Run)
	}
	for _, f := range r.m.Unsettled {
		taken[strings.TrimSuffix(strings.TrimPrefix(f.Path, "snapshots/"), ".tar.age")] = true
	}
	r.point.Run++
	at := r.point.At
	for r.point.Name = at.Format(pointLayout); taken[r.point.Name]; r.point.Name = at.Format(pointLayout) {
		at = at.Add(time.Millisecond)
	}
}
