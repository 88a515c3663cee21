package vault_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

func (h *house) commitSlot(s vault.Slot) {
	h.t.Helper()
	if err := h.store.Update(h.t.Context(), func(tx *store.Tx) error { return h.vault.CommitSlot(tx, s) }); err != nil {
		h.t.Fatal(err)
	}
	h.vault.SettleSlots()
}

func (h *house) readers() (who []message.PersonID) {
	h.t.Helper()
	err := h.store.View(func(tx *store.Tx) (err error) {
		who, err = h.vault.Readers(tx)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return who
}

// The life of one person's slot, from the first password to its removal. Each
// derivation takes 0.6 s, so that one test walks all of it.
func TestLifeOfAStaffSlot(t *testing.T) {
	h := newHouse(t)
	ctx := t.Context()
	e := h.take("hello")
	const who, other = message.PersonID("0193-dana"), message.PersonID("0193-lee")
	if err := h.vault.UnlockPassword(ctx, who, goodPassword); !errors.Is(err, vault.ErrNoSlot) {
		t.Fatalf("without a slot: %v", err)
	}
	slot, err := h.vault.MakeSlot(ctx, who, goodPassword, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.vault.UnlockPassword(ctx, who, goodPassword); !errors.Is(err, vault.ErrNoSlot) {
		t.Fatalf("a slot that no commit names: %v", err)
	}
	h.commitSlot(slot)
	if got := h.readers(); len(got) != 1 || got[0] != who {
		t.Errorf("readers are %v", got)
	}
	if got := files(t, filepath.Join(h.dir, "keys")); !slices.Equal(got, []string{"recovery.age", "staff-0193-dana.age"}) {
		t.Errorf("keys holds %v", got)
	}

	h.restart()
	if err := h.vault.UnlockPassword(ctx, who, "lantern otter 7 gravel bishoq"); !errors.Is(err, vault.ErrWrongPassword) || !h.vault.Locked() {
		t.Fatalf("a wrong password: %v", err)
	}
	if err := h.vault.UnlockPassword(ctx, other, goodPassword); !errors.Is(err, vault.ErrNoSlot) {
		t.Fatalf("somebody else: %v", err)
	}
	if _, err := h.vault.MakeSlot(ctx, other, goodPassword, nil); !errors.Is(err, vault.ErrLocked) {
		t.Fatalf("a slot made while locked: %v", err)
	}
	private, err := h.vault.CheckPassword(ctx, who, goodPassword)
	if err != nil || !h.vault.Locked() {
		t.Fatalf("checking a password: %v", err)
	}
	if _, err := h.readBy(private, e.ID, e.Parts[0]); err != nil {
		t.Errorf("the checked password reads: %v", err)
	}

	// A new password: the old one opens until the commit, and not after it.
	const newPassword = "quarry 9 tulip saddle comet"
	slot, err = h.vault.MakeSlot(ctx, who, newPassword, private)
	if err != nil {
		t.Fatal(err)
	}
	old, err := os.ReadFile(filepath.Join(h.dir, "keys", "staff-0193-dana.age"))
	if err != nil {
		t.Fatal(err)
	}
	h.commitSlot(slot)
	if err := h.vault.UnlockPassword(ctx, who, newPassword); err != nil {
		t.Fatalf("the new password: %v", err)
	}
	now, err := os.ReadFile(filepath.Join(h.dir, "keys", "staff-0193-dana.age"))
	if err != nil || bytes.Equal(old, now) {
		t.Error("the old slot's file is still there")
	}
	h.wantText(e.ID, "hello")
	if l := h.leaves(audit.Unlocked); len(l) != 1 || l[0].Who != string(who) {
		t.Errorf("%d leaves tell of one unlock", len(l))
	}

	// Dropped inside somebody's change, it is gone after it.
	err = h.store.Update(ctx, func(tx *store.Tx) error { return h.vault.DropSlot(tx, who) })
	if err != nil {
		t.Fatal(err)
	}
	h.vault.SettleSlots()
	if got := files(t, filepath.Join(h.dir, "keys")); !slices.Equal(got, []string{"recovery.age"}) {
		t.Errorf("keys holds %v", got)
	}
	if err := h.vault.UnlockPassword(ctx, who, newPassword); !errors.Is(err, vault.ErrNoSlot) {
		t.Errorf("after it was dropped: %v", err)
	}
	if err := h.vault.RemoveSlot(ctx, who, "admin"); err != nil {
		t.Errorf("removing one that is gone: %v", err)
	}
}

func TestRemovedSlotIsGoneWhenItAnswersAndAnUncommittedOneAtTheNextStart(t *testing.T) {
	h := newHouse(t)
	const dana, lee = message.PersonID("dana"), message.PersonID("lee")
	slot, err := h.vault.MakeSlot(t.Context(), dana, goodPassword, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.commitSlot(slot)
	if err := h.vault.RemoveSlot(t.Context(), dana, "admin"); err != nil {
		t.Fatal(err)
	}
	if l := h.leaves(audit.SlotRemoved); len(l) != 1 || l[0].Who != "admin" {
		t.Errorf("%d leaves tell of it", len(l))
	}
	if _, err := h.vault.MakeSlot(t.Context(), lee, goodPassword, nil); err != nil {
		t.Fatal(err)
	}
	if got := files(t, filepath.Join(h.dir, "keys")); !slices.Equal(got, []string{"recovery.age", "staff-lee.new.age"}) {
		t.Errorf("keys holds %v", got)
	}
	// What a crash leaves of files that had not even their names.
	for _, name := range []string{"keys/.staff-lee.new.age.tmp-0011223344556677", "epochs/.2026-11-24.calls.k7fm.copy.age.tmp-0011223344556677"} {
		if err := os.WriteFile(filepath.Join(h.dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.restart()
	if got := files(t, filepath.Join(h.dir, "epochs")); len(got) != 0 {
		t.Errorf("after the start epochs holds %v", got)
	}
	if got := files(t, filepath.Join(h.dir, "keys")); !slices.Equal(got, []string{"recovery.age"}) {
		t.Errorf("after the start keys holds %v", got)
	}
}

func TestSlotNeedsAStrongPasswordAndASafeName(t *testing.T) {
	h := newHouse(t)
	var weak *crypto.WeakPasswordError
	if _, err := h.vault.MakeSlot(t.Context(), "dana", "Summer2026Welcome", nil); !errors.As(err, &weak) {
		t.Errorf("a common password: %v", err)
	}
	for _, who := range []message.PersonID{"", "../dana", "dana.new", "Dana", "a/b", "-dana"} {
		if _, err := h.vault.MakeSlot(t.Context(), who, goodPassword, nil); err == nil {
			t.Errorf("a slot was made for %q", who)
		}
	}
}

func TestReplacedKitOpensNothing(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	fresh, err := crypto.NewKit("Maple Street", h.clock.Now(), h.kit.Signing)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.vault.ReplaceKit(t.Context(), fresh, "dana", nil); err != nil {
		t.Fatal(err)
	}
	h.restart()
	if err := h.vault.Unlock(t.Context(), h.kit.Identity); !errors.Is(err, vault.ErrWrongKey) {
		t.Errorf("the old kit: %v", err)
	}
	if err := h.vault.Unlock(t.Context(), fresh.Identity); err != nil {
		t.Fatalf("the new kit: %v", err)
	}
	h.wantText(e.ID, "hello")
	if l := h.leaves(audit.KitReplaced); len(l) != 1 || l[0].Who != "dana" {
		t.Errorf("%d leaves tell of it", len(l))
	}
}

func TestSpendingAPasswordAnswersWrong(t *testing.T) {
	h := newHouse(t)
	if err := h.vault.SpendPassword(t.Context(), goodPassword); !errors.Is(err, vault.ErrWrongPassword) {
		t.Errorf("answers %v", err)
	}
}
