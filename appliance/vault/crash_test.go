//go:build unix

package vault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// The child of a crash test is this test binary, told by its environment what to
// do, and at which step to kill itself as kill -9 would.
const (
	childWork = "NIGHTBELL_TEST_WORK" // "shred ID", "destroy EPOCH", "kit", "epoch ID", "derive", "finish"
	childDir  = "NIGHTBELL_TEST_DIR"
	childKit  = "NIGHTBELL_TEST_KIT"
	childStep = "NIGHTBELL_TEST_STEP" // the number of the step, from 1
)

func TestMain(m *testing.M) {
	if os.Getenv(childWork) == "" {
		os.Exit(m.Run())
	}
	if err := child(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func child(ctx context.Context) error {
	file, err := os.Open(os.Getenv(childKit))
	if err != nil {
		return err
	}
	defer file.Close()
	kit, err := crypto.ParseKit(file)
	if err != nil {
		return err
	}
	clock := clockwork.NewFakeClockAt(crashDay)
	s, err := store.Open(ctx, store.Options{Dir: os.Getenv(childDir), Clock: clock, ReserveBytes: 64 << 10})
	if err != nil {
		return err
	}
	defer s.Close()
	v, err := vault.Open(ctx, vault.Options{Store: s, Clock: clock, Log: quietLog})
	if err != nil {
		return err
	}
	defer v.Close()
	switch what := os.Getenv(childWork); {
	case what == "finish": // what another child began
		v.SetStep(killAt(os.Getenv(childStep)))
		return v.Unlock(ctx, kit.Identity)
	case !strings.HasPrefix(what, "destroy"):
		if err := v.Unlock(ctx, kit.Identity); err != nil {
			return err
		}
	}
	v.SetStep(killAt(os.Getenv(childStep)))
	return work(ctx, v, kit)
}

func work(ctx context.Context, v *vault.Vault, kit *crypto.Kit) error {
	what, on, _ := strings.Cut(os.Getenv(childWork), " ")
	switch what {
	case "shred":
		return v.Shred(ctx, message.ID(on), "asked")
	case "destroy":
		return v.DestroyEpochs(ctx, "retention", on)
	case "kit":
		fresh, err := crypto.NewKit("Maple Street", crashDay, kit.Signing)
		if err != nil {
			return err
		}
		text, err := fresh.Text()
		if err != nil {
			return err
		}
		if err := os.WriteFile(os.Getenv(childKit)+".new", text, 0o600); err != nil {
			return err
		}
		return v.ReplaceKit(ctx, fresh, "dana", nil)
	case "derive":
		for range 2 {
			if err := v.SpendPassword(ctx, goodPassword); !errors.Is(err, vault.ErrWrongPassword) {
				return err
			}
		}
		return nil
	case "epoch":
		_, err := v.SealRecord(ctx, message.Record{Message: message.ID(on)})
		return err
	}
	return errors.New("no such work")
}

// killAt kills the process at its nth step, and prints the name of each.
func killAt(nth string) func(string) {
	var mu sync.Mutex // a slot's file is put in order beside whoever committed it
	n := 0
	return func(step string) {
		mu.Lock()
		defer mu.Unlock()
		n++
		fmt.Println(step)
		if fmt.Sprint(n) == nth {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {} // the signal is on its way
		}
	}
}

var crashDay = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// runChild answers the steps that the child reached, and whether it was killed.
func runChild(t *testing.T, dir, kit, work string, step int) (steps []string, killed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childWork+"="+work, childDir+"="+dir, childKit+"="+kit, fmt.Sprintf("%s=%d", childStep, step))
	var errOut strings.Builder
	cmd.Stderr = &errOut
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		killed = exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
	}
	if err != nil && !killed {
		t.Fatalf("the child failed: %v: %s", err, errOut.String())
	}
	return strings.Fields(string(out)), killed
}

func (h *house) writeKit() (path string) {
	h.t.Helper()
	text, err := h.kit.Text()
	if err != nil {
		h.t.Fatal(err)
	}
	path = filepath.Join(h.t.TempDir(), "kit.txt")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		h.t.Fatal(err)
	}
	return path
}

// crash runs work in a child that is killed at
// its first step, its second, and so on, each time in a fresh copy of the folder,
// until it gets through alive; after each, check looks at what was left.
func crash(t *testing.T, work string, h *house, check func(t *testing.T, h *house)) {
	t.Helper()
	kit := h.writeKit()
	h.close()
	for step := 1; ; step++ {
		dir := copyOf(t, h.dir)
		steps, killed := runChild(t, dir, kit, work, step)
		name := "none"
		if killed {
			name = steps[len(steps)-1]
		}
		t.Run(fmt.Sprintf("%02d %s", step, name), func(t *testing.T) {
			left := &house{t: t, dir: dir, clock: h.clock, zone: time.UTC, kit: h.kit}
			if fresh, err := os.Open(kit + ".new"); err == nil {
				defer fresh.Close()
				if left.kit, err = crypto.ParseKit(fresh); err != nil {
					t.Fatal(err)
				}
			}
			left.openStore()
			left.openVault()
			defer left.close()
			check(t, left)
		})
		if !killed {
			t.Logf("killed at each of %d steps: %v", step-1, steps)
			return
		}
	}
}

func TestKilledAtAnyStepOfAShredding(t *testing.T) {
	h := newHouse(t)
	h.zone = time.UTC
	h.restart()
	h.unlock()
	blobPart, _, _, _, err := h.vault.SealBlob(t.Context(), strings.NewReader(strings.Repeat("v", 70_000)))
	if err != nil {
		t.Fatal(err)
	}
	doomed := h.take("doomed", blobPart)
	kept := []message.Envelope{h.take("one"), h.note(h.take("two"), "its note")}
	h.restart()
	doomed = h.note(doomed, "a note in another epoch")
	beside := h.note(kept[0], "a note beside it")
	before := copyOf(t, h.dir)
	for _, p := range doomed.Parts {
		if p.Epoch != "" {
			removeEpoch(t, before, p.Epoch)
		}
	}
	old := h.at(before)
	for _, p := range doomed.Parts {
		if _, err := old.read(doomed.ID, p); p.Kind != message.PartBlob && err == nil {
			t.Errorf("part %s opens in a copy from before", p.ID)
		}
	}
	check := func(t *testing.T, h *house) {
		h.unlock()
		h.wantText(beside.ID, "one", "a note beside it")
		h.wantText(kept[1].ID, "two", "its note")
		wantShredded(t, h, doomed)
		wantOnlyNamedEpochs(t, h)
		h.wantText(h.take("afterwards").ID, "afterwards")
	}
	crash(t, "shred "+string(doomed.ID), h, check)

	// The next start is killed too, while it finishes.
	if _, killed := runChild(t, h.dir, h.writeKit(), "shred "+string(doomed.ID), 1); !killed {
		t.Fatal("the child was not killed")
	}
	h.openStore()
	h.openVault()
	crash(t, "finish", h, check)
}

func wantShredded(t *testing.T, h *house, doomed message.Envelope) {
	t.Helper()
	if _, there := h.find(doomed.ID); there {
		t.Error("the message is still there")
	}
	wantFinding(t, h, "keys.shred/"+string(doomed.ID), false)
	for _, p := range doomed.Parts {
		if p.Kind == message.PartBlob {
			if _, err := h.store.OpenBlob(p.ID); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("its blob is still there: %v", err)
			}
		} else if _, err := h.read(doomed.ID, p); !errors.Is(err, vault.ErrGone) {
			t.Errorf("part %s answers %v", p.ID, err)
		}
	}
}

func TestKilledAtAnyStepOfDestroyingAnEpoch(t *testing.T) {
	h := newHouse(t)
	h.zone = time.UTC
	h.restart()
	due := []message.Envelope{h.take("due"), h.take("due too")}
	h.restart()
	kept := h.take("kept")
	name := h.envelopeEpoch(due[0])
	crash(t, "destroy "+name, h, func(t *testing.T, h *house) {
		one, two := vault.EpochPaths(h.dir, name)
		for _, path := range []string{one, two} {
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there while locked", filepath.Base(path))
			}
		}
		for _, e := range due {
			if _, there := h.find(e.ID); there {
				t.Errorf("message %s is still there", e.ID)
			}
		}
		h.unlock()
		h.wantText(kept.ID, "kept")
		wantOnlyNamedEpochs(t, h)
	})
}

func TestKilledAtAnyStepOfReplacingTheKit(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	oldKit := h.kit
	crash(t, "kit", h, func(t *testing.T, h *house) {
		err := h.vault.Unlock(t.Context(), h.kit.Identity, oldKit.Identity)
		if err != nil {
			t.Fatalf("neither the old nor the new kit opens it: %v", err)
		}
		h.wantText(e.ID, "hello")
		if got := files(t, filepath.Join(h.dir, "keys")); len(got) != 1 || got[0] != "recovery.age" {
			t.Errorf("keys holds %v", got)
		}
	})
}

func TestKilledAtAnyStepOfMakingAnEpoch(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	crash(t, "epoch "+string(newID(t)), h, func(t *testing.T, h *house) {
		wantOnlyNamedEpochs(t, h)
		after := h.take("after")
		h.unlock()
		h.wantText(e.ID, "hello")
		h.wantText(after.ID, "after")
	})
}
