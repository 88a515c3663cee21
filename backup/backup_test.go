package backup

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestABackupTakenWhileLockedIsProvenAndRestoresTheDesk(t *testing.T) {
	p := newPractice(t)
	p.receive(7)
	want := p.texts(p.ids()...)
	must(t, p.vault.Lock(t.Context(), "person-1"))
	point := p.takeBackup()
	if point.Messages != 7 || point.Next != 1008 {
		t.Errorf("the point holds %d messages and goes on at %d", point.Messages, point.Next)
	}

	report, err := p.verify()
	must(t, err)
	if report.Messages != 7 || report.Parts != 7+3 || report.Points != 1 || !report.Signer {
		t.Errorf("verify says %+v", report)
	}

	p.clock.Advance(30 * time.Hour)
	to := filepath.Join(t.TempDir(), "new", "data")
	report, err = p.restore(to)
	must(t, err)
	if report.Messages != 7 || report.Newest != point.Name || report.Later != 0 {
		t.Errorf("restore says %+v", report)
	}
	back := openPractice(t, to, p.target, p.kit, p.clock.Now())
	if got := back.texts(p.ids()...); !maps.Equal(got, want) {
		t.Errorf("%d messages came back, %d had been taken", len(got), len(want))
	}
	audited, err := audit.Verify(t.Context(), back.store, audit.Checkpoint{Size: point.Audit.Size, Root: point.Audit.Root})
	must(t, err)
	if audited.FirstBad != nil {
		t.Errorf("the audit log breaks at %d: %s", *audited.FirstBad, audited.Why)
	}
	e := back.receiveOne("the first after the restore", nil)
	if e.Number != 4001 || int64(e.Number) != report.Next { // 1008, and two days begun since
		t.Errorf("the first number after the restore is %s, the report says %d", e.Number, report.Next)
	}
	checkNoLeftovers(t, filepath.Dir(to), "data")
}

// checkNoLeftovers sees that a folder holds nothing but the names given.
func checkNoLeftovers(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	must(t, err)
	for _, e := range entries {
		if !slices.Contains(want, e.Name()) {
			t.Errorf("%s was left behind in %s", e.Name(), dir)
		}
	}
}

func TestARestoredPracticeGoesOnWithItsTargetAndTheOldMachineMayNot(t *testing.T) {
	p := newPractice(t)
	p.receive(2)
	p.takeBackup()
	to := filepath.Join(t.TempDir(), "data")
	_, err := p.restore(to)
	must(t, err)
	back := openPractice(t, to, p.target, p.kit, p.clock.Now())
	back.receive(3)
	back.takeBackup()
	if _, err := back.verify(); err != nil {
		t.Error(err)
	}

	before := tree(t, p.target)
	_, err = p.backup.Now(t.Context(), p.target, nil)
	if b := badObject(t, err); b.Name != ManifestName {
		t.Errorf("got %v", b)
	}
	if after := tree(t, p.target); !maps.Equal(before, after) {
		t.Error("the old machine changed the target")
	}
}

func TestUnchangedFilesAreNotCopiedTwice(t *testing.T) {
	p := newPractice(t)
	p.receive(4)
	p.takeBackup()
	var written []string
	p.step = func(what string) { written = append(written, what) }
	p.takeBackup()
	for _, what := range written {
		if len(what) > 12 && (what[:12] == "write blobs/" || what[:12] == "write epochs" || what[:11] == "write keys/") {
			t.Errorf("unchanged, and done again: %s", what)
		}
	}
}

func TestATargetOfAnotherPracticeIsRefusedUntouched(t *testing.T) {
	p, other := newPractice(t), newPractice(t)
	p.takeBackup()
	before := tree(t, p.target)
	_, err := other.backup.Now(t.Context(), p.target, nil)
	if b := badObject(t, err); b.Name != ManifestName {
		t.Errorf("got %v", b)
	}
	if after := tree(t, p.target); !maps.Equal(before, after) {
		t.Error("the target was changed")
	}
}

func TestFilesThatAreNotOursStay(t *testing.T) {
	p := newPractice(t)
	for _, name := range []string{"holiday.jpg", "snapshots/notes.txt", "epochs/thesis.age", "blobs/ab/x"} {
		must(t, os.MkdirAll(filepath.Dir(filepath.Join(p.target, name)), 0o700))
		must(t, os.WriteFile(filepath.Join(p.target, name), []byte("mine"), 0o600))
	}
	before := tree(t, p.target)
	for range 60 {
		p.takeBackup()
	}
	after := tree(t, p.target)
	for name, sum := range before {
		if after[name] != sum {
			t.Errorf("%s was touched", name)
		}
	}
	if points, err := List(p.target); err != nil || len(points) != keepHourly+1 {
		t.Errorf("60 hours leave %d points, %v", len(points), err)
	}
	snapshots, err := filepath.Glob(filepath.Join(p.target, "snapshots", "*.age"))
	must(t, err)
	if len(snapshots) != keepHourly+1 {
		t.Errorf("%d snapshots lie there", len(snapshots))
	}
}

func TestATargetThatIsNotThereIsAFindingAndIsTakenWhenItComesBack(t *testing.T) {
	p := newPractice(t)
	p.takeBackup()
	must(t, os.Rename(p.target, p.target+"-unplugged"))
	if _, err := p.backup.Now(t.Context(), "", nil); err == nil {
		t.Fatal("a backup to a missing folder went well")
	}
	if _, err := os.Stat(p.target); err == nil {
		t.Error("the missing folder was made: an empty mount point would be filled")
	}
	found := p.backup.Findings(t.Context())
	if len(found) != 1 || found[0].ID != "backup.missing" {
		t.Errorf("found %v", found)
	}
	must(t, os.Rename(p.target+"-unplugged", p.target))
	p.takeBackup()
	if found := p.backup.Findings(t.Context()); len(found) != 0 {
		t.Errorf("found %v", found)
	}
	if last, ok := p.backup.LastProven(); !ok || last.Run != 2 {
		t.Errorf("the last proven point is %+v", last)
	}
}

func TestRunTakesAPointByTheHourAndCatchesUp(t *testing.T) {
	p := newPractice(t)
	ctx, stop := contextOf(t)
	ended := make(chan error, 1)
	go func() { ended <- p.backup.Run(ctx) }()
	must(t, p.clock.BlockUntilContext(ctx, 1))
	for hours := range 3 {
		if points, err := List(p.target); err != nil || len(points) != hours+1 {
			t.Fatalf("after %d hours there are %d points, %v", hours, len(points), err)
		}
		for range 60 {
			p.clock.Advance(time.Minute)
			must(t, p.clock.BlockUntilContext(ctx, 1))
		}
	}
	stop()
	must(t, <-ended)
}

// The hourly runs begin while a backup that somebody asked for is under way: what
// they sweep is not its scratch folder.
func TestABackupByHandAtTheStartIsLeftAlone(t *testing.T) {
	p := newPractice(t)
	p.receive(3)
	ctx, stop := contextOf(t)
	ended, begun := make(chan error, 1), false
	_, err := p.backup.Now(t.Context(), "", func(int64, int64) {
		if begun {
			return
		}
		begun = true
		go func() { ended <- p.backup.Run(ctx) }()
		for range 100_000 { // room for a sweep that does not wait
			runtime.Gosched()
		}
	})
	if err != nil || !begun {
		t.Errorf("begun %v, %v", begun, err)
	}
	stop()
	must(t, <-ended)
}

func TestAProofMendsWhatRottedOnTheTarget(t *testing.T) {
	p := newPractice(t)
	p.receive(1)
	p.takeBackup()
	blobs, err := filepath.Glob(filepath.Join(p.target, "blobs", "*", "*.age"))
	must(t, err)
	flip(t, blobs[0], 100)
	p.takeBackup()
	if _, err := p.verify(); err != nil {
		t.Error(err)
	}
	found := p.backup.Findings(t.Context())
	if len(found) != 1 || found[0].ID != "backup.mended" {
		t.Errorf("found %v", found)
	}
}

func TestAVoicemailThatRottedHereIsNamedAndTheRestIsSaved(t *testing.T) {
	p := newPractice(t)
	p.receive(4)
	blobs, err := filepath.Glob(filepath.Join(p.dir, "blobs", "*", "*.age"))
	must(t, err)
	flip(t, blobs[0], 100)
	point, err := p.backup.Now(t.Context(), p.target, nil)
	if b := badObject(t, err); filepath.Base(b.Name) != filepath.Base(blobs[0]) {
		t.Errorf("got %v", b)
	}
	if point.Proven() || point.Messages != 4 {
		t.Errorf("the point is %+v", point)
	}
	if _, err := p.restore(filepath.Join(t.TempDir(), "a")); err == nil {
		t.Error("a restore without the voicemail went well unasked")
	}
	report, err := Restore(t.Context(), RestoreOptions{From: p.target, To: filepath.Join(t.TempDir(), "b"), Identities: p.ids(), Clock: p.clock, Incomplete: true})
	must(t, err)
	if len(report.Lost) != 1 || report.Messages != 4 {
		t.Errorf("the report is %+v", report)
	}
}

func TestAKeySlotThatRottedHereIsNamedAndOneThatWasReplacedIsNot(t *testing.T) {
	p := newPractice(t)
	p.receive(1)
	slot, err := p.vault.MakeSlot(t.Context(), "p1", "slow copper lantern on the pier", nil)
	must(t, err)
	p.update(func(tx *store.Tx) error { return p.vault.CommitSlot(tx, slot) })
	p.vault.Close() // the file has its name
	file := filepath.Join(p.dir, "keys", "staff-p1.age")
	flip(t, file, 100)

	point, err := p.backup.Now(t.Context(), p.target, nil)
	if b := badObject(t, err); b.Name != "keys/staff-p1.age" {
		t.Errorf("got %v", b)
	}
	if point.Proven() || point.Messages != 1 {
		t.Errorf("the point is %+v", point)
	}

	drops := 0
	p.step = func(what string) {
		if what == "write the snapshot" && drops == 0 {
			drops++
			p.update(func(tx *store.Tx) error { return p.vault.DropSlot(tx, "p1") })
		}
	}
	if point := p.takeBackup(); !point.Proven() || drops != 1 {
		t.Errorf("after %d drops the point is %+v", drops, point)
	}
}

func TestAnEpochWhoseFirstFileRottedComesBackFromItsCopy(t *testing.T) {
	p := newPractice(t)
	p.receive(2)
	p.takeBackup()
	epochs, err := filepath.Glob(filepath.Join(p.target, "epochs", "*.copy.age"))
	must(t, err)
	flip(t, epochs[0], 100)
	to := filepath.Join(t.TempDir(), "data")
	report, err := p.restore(to)
	must(t, err)
	if len(report.Mended) != 1 {
		t.Errorf("the report is %+v", report)
	}
	back := openPractice(t, to, p.target, p.kit, p.clock.Now())
	if texts := back.texts(p.ids()...); len(texts) != 2 {
		t.Errorf("%d messages came back", len(texts))
	}
}

func TestARestoreGoesBackToTheTimeAskedFor(t *testing.T) {
	p := newPractice(t)
	p.receive(1)
	first := p.takeBackup() // 21:30 UTC, 16:30 in New York
	p.receive(2)
	p.takeBackup()
	for name, c := range map[string]struct {
		at   time.Time
		wall string
		want int64
	}{
		"the newest":                    {want: 3},
		"the moment of the first":       {at: first.At, want: 1},
		"just before the second":        {at: first.At.Add(59 * time.Minute), want: 1},
		"on the practice's own clock":   {wall: "2026-11-24 16:45", want: 1},
		"later on the practice's clock": {wall: "2026-11-24 23:00", want: 3},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Restore(t.Context(), RestoreOptions{From: p.target, To: filepath.Join(t.TempDir(), "data"), At: c.at, Wall: c.wall, Identities: p.ids(), Clock: p.clock})
			must(t, err)
			if report.Messages != c.want {
				t.Errorf("%d messages came back, want %d", report.Messages, c.want)
			}
			if report.Next != 3001 {
				t.Errorf("numbers go on at %d: one that was said may be said again", report.Next)
			}
		})
	}
	_, err := Restore(t.Context(), RestoreOptions{From: p.target, To: filepath.Join(t.TempDir(), "data"), At: first.At.Add(-time.Hour), Identities: p.ids()})
	if b := badObject(t, err); b.Name != ManifestName {
		t.Errorf("got %v", b)
	}
}

func TestAReplacedKitOpensOldPointsAndTheOldKitNone(t *testing.T) {
	p := newPractice(t)
	p.receive(1)
	old := p.takeBackup()
	oldKit := p.kit
	p.replaceKit()
	p.takeBackup()
	to := filepath.Join(t.TempDir(), "data")
	_, err := Restore(t.Context(), RestoreOptions{From: p.target, To: to, At: old.At, Identities: p.ids(), Signing: p.kit.Signing, Clock: p.clock})
	must(t, err)
	back := openPractice(t, to, p.target, p.kit, p.clock.Now())
	if texts := back.texts(p.ids()...); len(texts) != 1 {
		t.Errorf("%d messages came back", len(texts))
	}
	if _, err := back.vault.ReaderFor(oldKit.Identity); err == nil {
		t.Error("the kit that was replaced opens the restored practice")
	}
	p.kit = oldKit
	_, err = p.restore(filepath.Join(t.TempDir(), "data"))
	if b := badObject(t, err); b.Name != recoveryPath {
		t.Errorf("got %v", b)
	}
}

func TestProgressGrowsToItsEnd(t *testing.T) {
	p := newPractice(t)
	p.receive(5)
	check := func(what string) Progress {
		var last, total int64
		t.Cleanup(func() {
			if last == 0 || last != total {
				t.Errorf("%s ended at %d of %d", what, last, total)
			}
		})
		return func(done, all int64) {
			if done < last || done > all {
				t.Errorf("%s went from %d to %d of %d", what, last, done, all)
			}
			last, total = done, all
		}
	}
	_, err := p.backup.Now(t.Context(), p.target, check("backup"))
	must(t, err)
	_, err = Verify(t.Context(), VerifyOptions{From: p.target, Identities: p.ids(), Progress: check("verify"), Scratch: t.TempDir()})
	must(t, err)
	_, err = Restore(t.Context(), RestoreOptions{From: p.target, To: filepath.Join(t.TempDir(), "d"), Identities: p.ids(), Progress: check("restore")})
	must(t, err)
}

func TestAMessageShreddedSinceIsNotInTheNextPoint(t *testing.T) {
	p := newPractice(t)
	p.receive(3)
	p.takeBackup()
	var first message.ID
	must(t, p.store.View(func(tx *store.Tx) error {
		return store.EachEnvelope(tx, "", func(e message.Envelope) bool { first = e.ID; return false })
	}))
	must(t, p.vault.Shred(t.Context(), first, "asked"))
	if point := p.takeBackup(); point.Messages != 2 {
		t.Errorf("the point after it holds %d messages", point.Messages)
	}
	if _, err := p.verify(); err != nil {
		t.Error(err)
	}
}

func TestARunThatIsStoppedIsNoFailureAndLeavesTheTargetGood(t *testing.T) {
	p := newPractice(t)
	p.receive(2)
	p.takeBackup()
	ctx, stop := contextOf(t)
	p.step = func(what string) {
		if what == "prove" {
			stop()
		}
	}
	_, err := p.backup.Now(ctx, "", nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	p.step = nil
	if found := p.backup.Findings(t.Context()); len(found) != 0 {
		t.Errorf("found %v", found)
	}
	if !p.backup.due(p.target) {
		t.Error("the run that was stopped is not due again")
	}
	if _, err := p.verify(); err != nil {
		t.Error(err)
	}
	checkNoLeftovers(t, filepath.Join(p.dir, "scratch"))
}

func TestAFolderWithoutABackupListsNoPoint(t *testing.T) {
	if points, err := List(t.TempDir()); err != nil || len(points) != 0 {
		t.Errorf("got %v, %v", points, err)
	}
}
