package vault_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// copyOf copies a data folder, as a backup of any age would.
func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(to, rel), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

// at is the house over another data folder with the same kit, opened.
func (h *house) at(dir string) *house {
	h.t.Helper()
	old := &house{t: h.t, dir: dir, clock: h.clock, zone: h.zone, kit: h.kit}
	old.openStore()
	old.openVault()
	h.t.Cleanup(old.close)
	old.unlock()
	return old
}

// removeEpoch takes an epoch's files out of a copy: what the backup does on each
// target when it learns of the shredding.
func removeEpoch(t testing.TB, dir, name string) {
	t.Helper()
	one, two := vault.EpochPaths(dir, name)
	if err := errors.Join(os.Remove(one), os.Remove(two)); err != nil {
		t.Fatal(err)
	}
}

func TestShreddedMessageOpensNoMoreAndSurvivorsDo(t *testing.T) {
	h := newHouse(t)
	blobPart, _, _, _, err := h.vault.SealBlob(t.Context(), strings.NewReader(strings.Repeat("v", 100_000)))
	if err != nil {
		t.Fatal(err)
	}
	doomed := h.take("doomed", blobPart)
	sameDay := h.note(h.take("same day"), "a note of the same day")
	h.clock.Advance(24 * time.Hour)
	later := h.take("a day later")
	h.restart()
	doomed = h.note(doomed, "a note while locked, in another day's epoch")
	lockedNote := h.note(sameDay, "a note beside it")
	h.unlock()
	before := copyOf(t, h.dir)
	texts := map[message.ID][]string{
		sameDay.ID: {"same day", "a note of the same day", "a note beside it"}, later.ID: {"a day later"}}

	if err := h.vault.Shred(t.Context(), doomed.ID, "asked"); err != nil {
		t.Fatal(err)
	}
	for id, want := range texts {
		h.wantText(id, want...)
	}
	h.restart()
	h.unlock()
	for id, want := range texts {
		h.wantText(id, want...)
	}
	if _, there := h.find(doomed.ID); there {
		t.Error("its envelope is still there")
	}
	for _, p := range doomed.Parts {
		if p.Kind == message.PartBlob {
			if _, err := h.store.OpenBlob(p.ID); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("its blob is still there: %v", err)
			}
			continue
		}
		if h.hasPack(p.Pack) {
			t.Error("a pack of it is still there")
		}
		if _, err := h.read(doomed.ID, p); !errors.Is(err, vault.ErrGone) {
			t.Errorf("part %s answers %v", p.ID, err)
		}
		one, two := vault.EpochPaths(h.dir, p.Epoch)
		for _, path := range []string{one, two} {
			if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s is still there", filepath.Base(path))
			}
		}
	}
	for i, p := range h.envelope(sameDay.ID).Parts {
		if p.Commitment != lockedNote.Parts[i].Commitment || p.Pack != lockedNote.Parts[i].Pack {
			t.Error("a survivor's part changed more than its epoch and size")
		}
		if p.Epoch[:10] != lockedNote.Parts[i].Epoch[:10] {
			t.Errorf("a survivor moved from the day of %s to %s", lockedNote.Parts[i].Epoch, p.Epoch)
		}
	}
	if l := h.leaves(audit.Shredded); len(l) != 1 || l[0].About[0] != string(doomed.ID) || l[0].Why != "asked" {
		t.Errorf("the leaves that tell of it: %+v", l)
	}

	// With every key in hand, a copy from before opens it no more.
	for _, p := range doomed.Parts {
		if p.Epoch != "" {
			removeEpoch(t, before, p.Epoch)
		}
	}
	old := h.at(before)
	for _, p := range doomed.Parts {
		if p.Kind == message.PartBlob {
			continue
		}
		if _, err := old.read(doomed.ID, p); err == nil {
			t.Errorf("part %s opens in a copy from before", p.ID)
		}
	}
	// Nor by any key that is in the folder today or was in the copy.
	var pack message.Sealed
	old.store.View(func(tx *store.Tx) error {
		pack, _ = store.GetPack(tx, doomed.Parts[0].Pack)
		return nil
	})
	for _, at := range []*house{h, old} {
		for _, e := range at.epochs() {
			one, _ := vault.EpochPaths(at.dir, e.Name)
			if _, err := os.Lstat(one); err != nil {
				continue
			}
			if _, err := crypto.OpenLines(pack, at.epochIdentity(e.Name)); err == nil {
				t.Errorf("epoch %s opens the shredded pack", e.Name)
			}
		}
	}
}

func (h *house) find(id message.ID) (e message.Envelope, there bool) {
	h.t.Helper()
	err := h.store.View(func(tx *store.Tx) (err error) {
		e, there, err = store.GetEnvelope(tx, id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return e, there
}

func (h *house) hasPack(id message.ID) (there bool) {
	h.t.Helper()
	err := h.store.View(func(tx *store.Tx) error {
		_, there = store.GetPack(tx, id)
		return nil
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return there
}

func TestShreddingNeedsAnOpenVaultAndAMessage(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	if err := h.vault.Shred(t.Context(), newID(t), "asked"); !errors.Is(err, vault.ErrNoMessage) {
		t.Errorf("a message that is not there: %v", err)
	}
	h.restart()
	if err := h.vault.Shred(t.Context(), e.ID, "asked"); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("while locked: %v", err)
	}
	h.unlock()
	h.wantText(e.ID, "hello")
}

// A record that was sealed before, and is committed after, its epoch was closed
// must not die with it.
func TestPackOfAClosedEpochIsRefused(t *testing.T) {
	h := newHouse(t)
	doomed := h.take("doomed")
	id := newID(t)
	pack, err := h.vault.SealRecord(t.Context(), message.Record{Message: id, Text: "in flight"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.vault.Shred(t.Context(), doomed.ID, "asked"); err != nil {
		t.Fatal(err)
	}
	err = h.store.Update(t.Context(), func(tx *store.Tx) error { return vault.PutPack(tx, pack) })
	if !errors.Is(err, vault.ErrEpochClosed) {
		t.Fatalf("answers %v", err)
	}
	again, err := h.vault.SealRecord(t.Context(), message.Record{Message: id, Text: "in flight"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.store.Update(t.Context(), func(tx *store.Tx) error { return vault.PutPack(tx, again) }); err != nil {
		t.Errorf("sealed anew it answers %v", err)
	}
}

// Messages are taken while others are shredded: none is lost.
func TestShreddingWhileMessagesComeIn(t *testing.T) {
	h := newHouse(t)
	var doomed []message.ID
	for range 5 {
		doomed = append(doomed, h.take("doomed").ID)
	}
	const writers, each = 4, 15
	taken := make(chan message.ID, writers*each)
	for range writers {
		go func() {
			for range each {
				taken <- h.take("kept").ID
			}
		}()
	}
	for _, id := range doomed {
		if err := h.vault.Shred(t.Context(), id, "asked"); err != nil {
			t.Error(err)
		}
	}
	for range writers * each {
		h.wantText(<-taken, "kept")
	}
	for _, id := range doomed {
		if _, there := h.find(id); there {
			t.Errorf("message %s is still there", id)
		}
	}
}

func TestPackOfSeveralMessagesIsSealedAnewWithoutTheShreddedLine(t *testing.T) {
	h := newHouse(t)
	doomed, kept := h.take("doomed"), h.take("kept")
	epoch := h.epochIdentity(doomed.Parts[0].Epoch)
	var lines [][]byte
	for i, e := range []message.Envelope{doomed, kept} {
		line, err := (message.Record{Message: e.ID, Part: e.Parts[0].ID, Kind: message.PartRecord, Text: message.Clear([]string{"doomed", "kept"}[i])}).Encode()
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	both, err := crypto.SealLines(epoch.Recipient(), lines...)
	if err != nil {
		t.Fatal(err)
	}
	shared := newID(t)
	err = h.store.Update(t.Context(), func(tx *store.Tx) error {
		for i, e := range []message.Envelope{doomed, kept} {
			e.Parts[0].Pack, e.Parts[0].Line, e.Parts[0].Commitment = shared, i, hexSum(lines[i])
			if err := store.PutEnvelope(tx, e); err != nil {
				return err
			}
		}
		return store.PutPack(tx, shared, both)
	})
	if err != nil {
		t.Fatal(err)
	}
	h.wantText(doomed.ID, "doomed")
	if err := h.vault.Shred(t.Context(), doomed.ID, "asked"); err != nil {
		t.Fatal(err)
	}
	h.wantText(kept.ID, "kept")
	var pack message.Sealed
	h.store.View(func(tx *store.Tx) error {
		pack, _ = store.GetPack(tx, shared)
		return nil
	})
	left, err := crypto.OpenLines(pack, h.epochIdentity(h.envelope(kept.ID).Parts[0].Epoch))
	if err != nil || len(left) != 2 || len(left[0]) != 0 {
		t.Errorf("the shredded line is still in the pack (%v)", err)
	}
}

// The key of a survivor that does not open may be the only way to a good copy of
// it in a backup.
func TestDamagedSurvivorStopsTheShredding(t *testing.T) {
	h := newHouse(t)
	doomed, damaged := h.take("doomed"), h.take("damaged")
	h.corrupt(damaged.Parts[0].Pack)
	err := h.vault.Shred(t.Context(), doomed.ID, "asked")
	var named *vault.PartError
	if !errors.As(err, &named) || named.Message != damaged.ID {
		t.Fatalf("answers %v", err)
	}
	if _, there := h.find(doomed.ID); there {
		t.Error("the message is still on the desk")
	}
	one, _ := vault.EpochPaths(h.dir, doomed.Parts[0].Epoch)
	if _, err := os.Lstat(one); err != nil {
		t.Errorf("the epoch is gone: %v", err)
	}
	wantFinding(t, h, "keys.shred/"+string(doomed.ID), true)
	if err := h.vault.Shred(t.Context(), damaged.ID, "damaged"); err != nil {
		t.Fatalf("shredding the damaged one too: %v", err)
	}
	h.restart()
	h.unlock()
	wantFinding(t, h, "keys.shred/"+string(doomed.ID), false)
	if _, err := os.Lstat(one); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the epoch is still there")
	}
}

func (h *house) corrupt(pack message.ID) {
	h.t.Helper()
	err := h.store.Update(h.t.Context(), func(tx *store.Tx) error {
		p, _ := store.GetPack(tx, pack)
		p[len(p)-1] ^= 1
		return store.PutPack(tx, pack, p)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestShreddingAmongManyDays(t *testing.T) {
	h := newHouse(t)
	var all []message.Envelope
	for day := range 4 {
		for n := range 3 {
			all = append(all, h.take(fmt.Sprintf("day %d message %d", day, n)))
		}
		h.clock.Advance(24 * time.Hour)
	}
	for i, e := range all {
		if i%3 != 0 {
			continue
		}
		if err := h.vault.Shred(t.Context(), e.ID, "asked"); err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range all {
		if i%3 != 0 {
			h.wantText(e.ID, fmt.Sprintf("day %d message %d", i/3, i%3))
		}
	}
}
