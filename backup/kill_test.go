package backup

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// What the child process of a kill test does, handed over in its environment.
const (
	childDoes   = "NIGHTBELL_TEST_CHILD"  // "backup" or "restore"
	childData   = "NIGHTBELL_TEST_DATA"   // the data folder, or the one to restore to
	childTarget = "NIGHTBELL_TEST_TARGET" // the target
	childKit    = "NIGHTBELL_TEST_KIT"    // file of the kit
	childAt     = "NIGHTBELL_TEST_AT"     // the time
	childKilled = "NIGHTBELL_TEST_KILLED" // the step at which it ends
)

const killed = 9

// TestMain is the child process of the kill tests too: it ends in the middle of
// its work, and nothing of what it would have cleaned up is cleaned up.
func TestMain(m *testing.M) {
	if os.Getenv(childDoes) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child() error {
	last, err := strconv.Atoi(os.Getenv(childKilled))
	if err != nil {
		return err
	}
	n := 0
	step := func(what string) {
		if n++; n == last {
			fmt.Println(what)
			os.Exit(killed)
		}
	}
	at, err := time.Parse(time.RFC3339Nano, os.Getenv(childAt))
	if err != nil {
		return err
	}
	if os.Getenv(childDoes) == "restore" {
		return childRestores(step, at)
	}
	return childBacksUp(step, at)
}

func childRestores(step func(string), at time.Time) error {
	file, err := os.Open(os.Getenv(childKit))
	if err != nil {
		return err
	}
	defer file.Close()
	ids, err := crypto.ParseIdentities(file)
	if err != nil {
		return err
	}
	_, err = Restore(context.Background(), RestoreOptions{From: os.Getenv(childTarget), To: os.Getenv(childData), Identities: ids,
		Clock: clockwork.NewFakeClockAt(at), step: step})
	return err
}

func childBacksUp(step func(string), at time.Time) error {
	ctx, clock, quiet := context.Background(), clockwork.NewFakeClockAt(at), slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, store.Options{Dir: os.Getenv(childData), Clock: clock})
	if err != nil {
		return err
	}
	node, err := store.Open(ctx, store.Options{Dir: os.Getenv(childData), File: store.NodeFile, Clock: clock})
	if err != nil {
		return err
	}
	v, err := vault.Open(ctx, vault.Options{Store: s, Clock: clock, Log: quiet})
	if err != nil {
		return err
	}
	_, err = New(Options{Store: s, Vault: v, Node: node, Clock: clock, Log: quiet, step: step}).Now(ctx, os.Getenv(childTarget), nil)
	return err
}

// runChild runs the child until it is killed at a step, and says at which one;
// done says that it came to its end before.
func runChild(t *testing.T, does, data, target, kit string, at time.Time, step int) (where string, done bool) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), childDoes+"="+does, childData+"="+data, childTarget+"="+target, childKit+"="+kit,
		childAt+"="+at.Format(time.RFC3339Nano), childKilled+"="+strconv.Itoa(step))
	out, err := c.Output()
	switch {
	case err == nil:
		return "", true
	case c.ProcessState.ExitCode() != killed:
		t.Fatalf("the child failed: %v\n%s", err, err.(*exec.ExitError).Stderr)
	}
	return strings.TrimSpace(string(out)), false
}

// TestABackupKilledAtAnyStepLeavesTheTargetAsGoodAsItWas kills a run that writes
// a new epoch, a new blob and a new kit, and prunes a point, at each of its steps.
func TestABackupKilledAtAnyStepLeavesTheTargetAsGoodAsItWas(t *testing.T) {
	p := newPractice(t)
	p.receive(2)
	p.takeBackup()
	p.clock.Advance(24*time.Hour - 50*time.Minute) // a new day: a new epoch
	p.takeBackup()
	p.clock.Advance(-55 * time.Minute) // so close that the next point takes this one's place
	p.receive(2)
	oldKit := p.kit
	p.replaceKit()
	p.close()
	steps := 0
	for step := 1; ; step++ {
		data, target := copyOf(t, p.dir), copyOf(t, p.target)
		where, done := runChild(t, "backup", data, target, "", p.clock.Now(), step)
		if done {
			break
		}
		steps++
		checkKilled(t, p, oldKit, data, target, where)
	}
	if steps < 25 {
		t.Errorf("the run was killed at %d steps; it has more", steps)
	}
}

// checkKilled looks at what a killed run left: every point opens, and the next
// run cleans up and leaves nothing but what its manifest names.
func checkKilled(t *testing.T, p *practice, oldKit *crypto.Kit, data, target, where string) {
	t.Helper()
	opens := func(kit *crypto.Kit) error {
		_, err := Verify(t.Context(), VerifyOptions{From: target, All: true, Identities: (&practice{kit: kit}).ids(), Signing: kit.Signing, Scratch: t.TempDir(), Clock: p.clock})
		return err
	}
	if err := opens(p.kit); err != nil {
		if err := opens(oldKit); err != nil {
			t.Errorf("killed at %q, the target is bad: %v", where, err)
		}
	}
	points, err := List(target)
	if err != nil || len(points) < 2 {
		t.Errorf("killed at %q, the target has %d points: %v", where, len(points), err)
	}
	next := openPractice(t, data, target, p.kit, p.clock.Now().Add(time.Minute))
	defer next.close()
	if _, err := next.backup.Now(t.Context(), target, nil); err != nil {
		t.Errorf("killed at %q, the next run fails: %v", where, err)
	}
	if _, err := next.verify(); err != nil {
		t.Errorf("killed at %q and run again, the target is bad: %v", where, err)
	}
	if extra := unnamed(t, target); len(extra) > 0 {
		t.Errorf("killed at %q and run again, nobody names %s", where, extra)
	}
	checkNoLeftovers(t, filepath.Join(data, "scratch"))
}

// unnamed answers the files of a target that its manifest does not name.
func unnamed(t *testing.T, dir string) (extra []string) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, ManifestName))
	must(t, err)
	m, err := decodeManifest(raw)
	must(t, err)
	named := []string{ManifestName}
	for _, f := range m.Files {
		named = append(named, f.Path)
	}
	for _, p := range m.Points {
		named = append(named, p.Path())
	}
	for path := range tree(t, dir) {
		rel, err := filepath.Rel(dir, path)
		must(t, err)
		if !slices.Contains(named, filepath.ToSlash(rel)) {
			extra = append(extra, rel)
		}
	}
	return extra
}

func TestARestoreKilledAtAnyStepLeavesNothingInItsPlace(t *testing.T) {
	p := newPractice(t)
	p.receive(2)
	p.takeBackup()
	kit := filepath.Join(t.TempDir(), "kit.txt")
	text, err := p.kit.Text()
	must(t, err)
	must(t, os.WriteFile(kit, text, 0o600))
	parent := t.TempDir()
	to := filepath.Join(parent, "data")
	for step := 1; ; step++ {
		where, done := runChild(t, "restore", to, p.target, kit, p.clock.Now(), step)
		if done {
			break
		}
		if _, err := os.Stat(to); err == nil {
			t.Fatalf("killed at %q, something lies in its place", where)
		}
	}
	checkNoLeftovers(t, parent, "data")
	back := openPractice(t, to, p.target, p.kit, p.clock.Now())
	if texts := back.texts(p.ids()...); len(texts) != 2 {
		t.Errorf("%d messages came back", len(texts))
	}
}

func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), filepath.Base(dir))
	must(t, os.CopyFS(to, os.DirFS(dir)))
	must(t, os.Chmod(to, 0o700))
	return to
}
