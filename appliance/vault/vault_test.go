package vault_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

func TestCreateMakesTheRecoverySlotAndNothingElse(t *testing.T) {
	h := newHouse(t)
	if got := files(t, filepath.Join(h.dir, "keys")); len(got) != 1 || got[0] != "recovery.age" {
		t.Errorf("keys holds %v", got)
	}
	if got := files(t, filepath.Join(h.dir, "epochs")); len(got) != 0 {
		t.Errorf("epochs holds %v before the first use", got)
	}
	slot, err := os.ReadFile(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil {
		t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(slot, h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if practice.String() == h.kit.Identity.String() || practice.Recipient().String() != h.vault.Recipient().String() {
		t.Error("the recovery slot does not hold the practice identity")
	}
	info, err := os.Stat(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the slot's file has mode %v (%v)", info.Mode(), err)
	}
	if n := len(h.leaves(audit.PracticeMade)); n != 1 {
		t.Errorf("%d leaves tell of it", n)
	}
}

func TestSecondPracticeInOneFolderIsRefused(t *testing.T) {
	h := newHouse(t)
	if _, err := vault.Create(t.Context(), h.options(), h.kit); err == nil {
		t.Fatal("a second practice identity was made")
	}
	h.restart()
	h.unlock()
}

func TestFolderWithoutAPracticeSaysSo(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), ReserveBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := vault.Open(t.Context(), vault.Options{Store: s}); !errors.Is(err, vault.ErrNotMade) {
		t.Errorf("answers %v", err)
	}
}

func TestLockedVaultSealsAndReadsNothing(t *testing.T) {
	h := newHouse(t)
	before := h.take("before the restart")
	h.restart()
	if !h.vault.Locked() || h.vault.LockedSince().IsZero() {
		t.Error("it is not locked after a start")
	}
	during := h.take("while locked")
	if _, err := h.vault.Reader(); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a reader while locked: %v", err)
	}
	h.unlock()
	if h.vault.Locked() || !h.vault.LockedSince().IsZero() {
		t.Error("it is not open after an unlock")
	}
	h.wantText(before.ID, "before the restart")
	h.wantText(during.ID, "while locked")
}

func TestLockTakesEveryReaderOfTheVaultAlong(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	var told []bool
	h.vault.OnChange(func(locked bool) { told = append(told, locked) })
	part, key, _, _, err := h.vault.SealBlob(t.Context(), &zeros{200_000})
	if err != nil {
		t.Fatal(err)
	}
	r := h.reader()
	if _, err := h.readBy(r, e.ID, e.Parts[0]); err != nil {
		t.Fatal(err)
	}
	blob, err := r.Blob(e.ID, part, key)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	private, err := h.vault.ReaderFor(h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.vault.Lock(t.Context(), "dana"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.readBy(r, e.ID, e.Parts[0]); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a reader from before the lock answers %v", err)
	}
	if _, err := blob.Read(make([]byte, 10)); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a file open since before the lock answers %v", err)
	}
	if _, err := h.readBy(private, e.ID, e.Parts[0]); err != nil {
		t.Errorf("a reader that somebody opened for themselves answers %v", err)
	}
	private.Close()
	if _, err := h.readBy(private, e.ID, e.Parts[0]); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a closed reader answers %v", err)
	}
	if err := h.vault.Lock(t.Context(), "dana"); err != nil {
		t.Errorf("locking twice: %v", err)
	}
	h.unlock()
	if len(told) != 2 || !told[0] || told[1] {
		t.Errorf("told %v", told)
	}
	if l := h.leaves(audit.Locked); len(l) != 1 || l[0].Who != "dana" {
		t.Errorf("%d leaves tell of one lock", len(l))
	}
	if l := h.leaves(audit.Unlocked); len(l) != 1 || l[0].Who != audit.Owner {
		t.Errorf("%d leaves tell of one unlock", len(l))
	}
}

func TestLockingAndOpeningAreRecordedThoughWhoeverAskedHasLeft(t *testing.T) {
	h := newHouse(t)
	locking, leave := context.WithCancel(t.Context())
	defer leave()
	opening, leaveToo := context.WithCancel(t.Context())
	defer leaveToo()
	h.vault.OnChange(func(locked bool) {
		if leave(); !locked {
			leaveToo()
		}
	})
	if err := h.vault.Lock(locking, "dana"); err != nil {
		t.Fatal(err)
	}
	if err := h.vault.Unlock(opening, h.kit.Identity); err != nil {
		t.Fatal(err)
	}
	if locked, opened := len(h.leaves(audit.Locked)), len(h.leaves(audit.Unlocked)); locked != 1 || opened != 1 {
		t.Errorf("%d leaves tell of the lock, %d of the opening", locked, opened)
	}
}

type zeros struct{ left int }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), z.left)
	clear(b[:n])
	z.left -= n
	return n, nil
}

func TestKeysThatOpen(t *testing.T) {
	h := newHouse(t)
	other, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	slot, err := os.ReadFile(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil {
		t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(slot, h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	for name, c := range map[string]struct {
		ids   []age.Identity
		opens bool
	}{
		"the kit":                     {[]age.Identity{h.kit.Identity}, true},
		"the practice identity":       {[]age.Identity{practice}, true},
		"the kit among others":        {[]age.Identity{other, h.kit.Identity}, true},
		"another practice's identity": {[]age.Identity{other}, false},
		"nothing":                     {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := h.vault.ReaderFor(c.ids...)
			if c.opens != (err == nil) || err != nil && !errors.Is(err, vault.ErrWrongKey) {
				t.Fatalf("answers %v", err)
			}
			if r != nil {
				r.Close()
			}
			if !h.vault.Locked() {
				t.Error("opening for the caller alone moved the lock")
			}
		})
	}
}

func TestRecoverySlotThatWasChangedIsNamed(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(h.dir, "keys", "recovery.age")
	forged, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	slot, err := crypto.SealSlot(forged, h.kit.Identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	h.close()
	if err := os.WriteFile(path, slot, 0o600); err != nil {
		t.Fatal(err)
	}
	h.openStore()
	h.openVault()
	if err := h.vault.Unlock(t.Context(), h.kit.Identity); !errors.Is(err, vault.ErrBroken) {
		t.Errorf("answers %v", err)
	}
	list, err := h.vault.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range list {
		found = found || f.ID == "keys.slot/recovery"
	}
	if !found {
		t.Errorf("nobody is told of it: %v", list)
	}
}

func TestContextEndsAWaitForADerivation(t *testing.T) {
	h := newHouse(t)
	running, done := make(chan struct{}), make(chan struct{})
	go h.vault.RunAlone(t.Context(), func() error { close(running); <-done; return nil })
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.vault.SpendPassword(ctx, goodPassword); !errors.Is(err, context.Canceled) {
		t.Errorf("answers %v", err)
	}
	close(done)
	if err := h.vault.RunAlone(t.Context(), func() error { return nil }); err != nil {
		t.Errorf("the next one answers %v", err)
	}
}
