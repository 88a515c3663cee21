package backup

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"filippo.io/age"
	"github.com/jonboulle/clockwork"

	"nightbell/appliance/vault"
)

// RestoreOptions say what to bring back and where to.
type RestoreOptions struct {
	From string    // the target
	To   string    // the data folder to make: empty, or not there
	At   time.Time // the newest point at or before this; zero is the newest of all
	Wall string    // the same as "2026-11-01 01:30" on the practice's clock, instead of At

	Identities []age.Identity    // the recovery kit's
	Signing    ed25519.PublicKey // the backup signing key on the kit: see Keys
	Progress   Progress          // may be nil
	Clock      clockwork.Clock   // nil is the real one
	Log        *slog.Logger      // nil is none

	// Incomplete restores although blobs are missing or damaged; the report names
	// them. Without it nothing is restored then, and another point can be tried.
	Incomplete bool

	step func(string)
}

// Report is what a Restore brought back, or a Verify checked.
type Report struct {
	Practice string   `json:"practice"`
	Points   int      `json:"points"`          // in the target
	Newest   string   `json:"newest"`          // name of the point restored, or of the newest one checked
	Messages int64    `json:"messages"`        // in it
	Parts    int64    `json:"parts,omitempty"` // opened and compared with their commitments
	Records  int64    `json:"records"`         // of its audit log
	Next     int64    `json:"next,omitempty"`  // the number that the next message gets
	Signer   bool     `json:"signer_checked"`  // against the key on the recovery kit
	Later    int      `json:"later,omitempty"` // points newer than the one restored: what they hold beyond it is not here
	Mended   []string `json:"mended,omitempty"`
	Lost     []string `json:"lost,omitempty"` // blobs that could not be brought back
}

// Restore brings a practice back into a data folder that is empty or not there.
// It is built beside it and renamed when it is whole: at any failure nothing is
// where it was to go. People sign in as they did at that point, and the first
// message gets a number that none had since.
func Restore(ctx context.Context, o RestoreOptions) (Report, error) {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.step == nil {
		o.step = func(string) {}
	}
	to, err := emptyPlace(o.To)
	if err != nil {
		return Report{}, err
	}
	from, err := Keys{Identities: o.Identities, Signing: o.Signing}.open(o.From, nil)
	if err != nil {
		return Report{}, err
	}
	point, err := o.point(from.m)
	if err != nil {
		return Report{}, err
	}
	dir, err := besides(to)
	if err != nil {
		return Report{}, err
	}
	r := &restoring{o: o, from: from, point: point, dir: dir, meter: &meter{tell: o.Progress}}
	report, err := r.build(ctx)
	if err == nil {
		o.step("rename")
		err = moveIn(dir, to)
	}
	if err != nil {
		return Report{}, errors.Join(err, os.RemoveAll(dir))
	}
	r.meter.finish()
	return report, nil
}

// point chooses what to go back to.
func (o RestoreOptions) point(m Manifest) (Point, error) {
	if o.Wall == "" {
		return m.pointAt(o.At)
	}
	zone, err := time.LoadLocation(m.Zone)
	if err != nil {
		return Point{}, fmt.Errorf("the practice's time zone %s is not known here: give the time as 2026-11-01T01:30:00-04:00", m.Zone)
	}
	const wall = "2006-01-02 15:04"
	at, err := time.ParseInLocation(wall, o.Wall, zone)
	if err != nil {
		return Point{}, errors.New(`give the time as "2026-11-01 01:30"`)
	}
	if again := at.Add(time.Hour); again.Format(wall) == o.Wall {
		at = again // an hour that occurs twice: the later one holds more
	}
	return m.pointAt(at)
}

// restoring is a restore on its way.
type restoring struct {
	o     RestoreOptions
	from  opened
	point Point
	dir   string
	meter *meter
	back  *loaded
}

func (r *restoring) build(ctx context.Context) (report Report, err error) {
	r.meter.expect(r.point.Size)
	for _, f := range r.from.m.needs(r.point) {
		r.meter.expect(f.Size)
	}
	l := loading{
		file: snapshotFile{
			path: r.from.t.path(r.point.Path()), name: r.point.Path(), point: r.point,
			ids: []age.Identity{r.from.practice}, done: r.meter.add,
		},
		known: checkpoints(r.from.m, r.point), dir: r.dir, keys: true, clock: r.o.Clock, log: r.o.Log,
	}
	r.o.step("load")
	if r.back, err = l.load(ctx); err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, r.back.store.Close()) }()
	report = Report{
		Practice: r.from.m.Practice, Points: len(r.from.m.Points), Newest: r.point.Name, Messages: r.back.census.messages,
		Records: r.back.records, Signer: r.o.Signing != nil,
	}
	for i, p := range r.from.m.Points {
		if p.Name == r.point.Name {
			report.Later = len(r.from.m.Points) - 1 - i
		}
	}
	if err := r.secrets(); err != nil {
		return Report{}, err
	}
	r.o.step("files")
	if err := r.files(ctx, &report); err != nil {
		return Report{}, err
	}
	if err := r.keys(ctx); err != nil {
		return Report{}, err
	}
	r.o.step("leaf")
	report.Next, err = r.begin(ctx)
	return report, err
}

// secrets sees that the machine's secrets came back and that they are those
// which signed the target.
func (r *restoring) secrets() error {
	at := within(r.point.Path(), secretsName)
	s, err := vault.LoadSecrets(r.dir)
	if err != nil {
		return badBy(err, at, "cannot be used: %v", err)
	}
	if !ed25519.PublicKey(r.from.m.SigningKey).Equal(s.BackupSigning.Public()) {
		return bad(at, "holds another signing key than the one that signed the manifest")
	}
	return nil
}
