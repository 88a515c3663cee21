package vault_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

func TestEpochIsMadeOnceADayAndAfterEachStart(t *testing.T) {
	h := newHouse(t)
	day := func() string { return h.envelopeEpoch(h.take("x")) }
	first := day()
	if again := day(); again != first {
		t.Errorf("a second message of the day lies in %s, not %s", again, first)
	}
	h.clock.Advance(11*time.Hour + 59*time.Minute) // 23:59 in New York, the next day in UTC
	if late := day(); late != first {
		t.Errorf("before midnight of the practice it lies in %s, not %s", late, first)
	}
	h.clock.Advance(2 * time.Minute)
	second := day()
	if second == first || !regexp.MustCompile(`^2026-11-25\.calls\.[a-z2-7]{4}$`).MatchString(second) {
		t.Errorf("after midnight it lies in %s", second)
	}
	if !regexp.MustCompile(`^2026-11-24\.calls\.[a-z2-7]{4}$`).MatchString(first) {
		t.Errorf("the first epoch is named %s", first)
	}
	h.restart()
	if third := day(); third == second {
		t.Error("after a start it was sealed to an epoch that was read back from disk")
	}
	if n := len(h.epochs()); n != 3 {
		t.Errorf("%d epochs, want 3", n)
	}
}

func TestAnEpochThatCannotBeMadeIsSaidUntilItIs(t *testing.T) {
	h := newHouse(t)
	if err := h.vault.Sealing(t.Context()); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(h.dir, "epochs")
	if err := os.Rename(folder, folder+"-aside"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.vault.SealRecord(t.Context(), message.Record{Message: newID(t)}); err == nil {
		t.Fatal("a record was sealed to an epoch without a file")
	}
	if err := h.vault.Sealing(t.Context()); err == nil {
		t.Error("it is said that all is well")
	}
	if err := os.Rename(folder+"-aside", folder); err != nil {
		t.Fatal(err)
	}
	if err := h.vault.Sealing(t.Context()); err != nil {
		t.Errorf("with the folder in its place: %v", err)
	}
}

// A message sealed to a key that is nowhere would be taken and never read.
func TestNothingIsSealedToAnEpochWhoseFileIsGone(t *testing.T) {
	h := newHouse(t)
	first := h.envelopeEpoch(h.take("before"))
	_, copy := vault.EpochPaths(h.dir, first)
	if err := os.Remove(copy); err != nil {
		t.Fatal(err)
	}
	after := h.take("after")
	if h.envelopeEpoch(after) == first {
		t.Error("it was sealed to the epoch of which one file is gone")
	}
	h.restart()
	h.unlock()
	h.wantText(after.ID, "after")
}

func (h *house) envelopeEpoch(e message.Envelope) string { return e.Parts[0].Epoch }

func TestEpochIsOnDiskTwiceInStoreAndLogBeforeItsFirstUse(t *testing.T) {
	h := newHouse(t)
	if _, err := h.vault.SealRecord(t.Context(), message.Record{Message: newID(t)}); err != nil {
		t.Fatal(err)
	}
	list := h.epochs()
	if len(list) != 1 {
		t.Fatalf("%d epochs", len(list))
	}
	e := list[0]
	one, two := vault.EpochPaths(h.dir, e.Name)
	first, err1 := os.ReadFile(one)
	second, err2 := os.ReadFile(two)
	if err1 != nil || err2 != nil || !bytes.Equal(first, second) {
		t.Fatalf("the two files: %v, %v", err1, err2)
	}
	leaf := h.leaves(audit.EpochMade)
	if len(leaf) != 1 || leaf[0].About[0] != e.Name || leaf[0].Data["sha256"] != e.SHA256 || leaf[0].Data["recipient"] != e.Recipient || leaf[0].N != e.Leaf {
		t.Errorf("the leaf does not tell of it: %+v", leaf)
	}
	slot, err := os.ReadFile(h.dir + "/keys/recovery.age")
	if err != nil {
		t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(slot, h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := crypto.OpenSlot(first, practice); err != nil {
		t.Errorf("the practice identity does not open it: %v", err)
	}
}

func TestManySealAtOnceIntoOneEpoch(t *testing.T) {
	h := newHouse(t)
	var all sync.WaitGroup
	ids := make([]message.ID, 32)
	for i := range ids {
		all.Go(func() { ids[i] = h.take("x").ID })
	}
	all.Wait()
	if n := len(h.epochs()); n != 1 {
		t.Errorf("%d epochs, want 1", n)
	}
	for _, id := range ids {
		h.wantText(id, "x")
	}
}

func TestNoteLiesInItsMessagesEpochWhileOpen(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	h.clock.Advance(48 * time.Hour)
	h.note(e, "while open")
	h.restart()
	h.note(e, "while locked")
	h.unlock()
	h.wantText(e.ID, "hello", "while open", "while locked")
	e = h.envelope(e.ID)
	if e.Parts[1].Epoch != e.Parts[0].Epoch {
		t.Error("the note while open lies in another epoch than its message")
	}
	if e.Parts[2].Epoch == e.Parts[0].Epoch {
		t.Error("the note while locked lies in an epoch whose recipient was read from disk")
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, []byte("age-encryption.org/v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEitherFileOfAnEpochOpensIt(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	name := h.envelopeEpoch(e)
	one, two := vault.EpochPaths(h.dir, name)
	damage(t, one)
	h.restart()
	h.unlock()
	h.wantText(e.ID, "hello")
	wantFinding(t, h, "keys.epoch/"+name, true)
	if mended, err := h.vault.MendEpochs(t.Context()); err != nil || len(mended) != 1 {
		t.Fatalf("mended %v, %v", mended, err)
	}
	wantFinding(t, h, "keys.epoch/"+name, false)
	if err := os.Remove(two); err != nil {
		t.Fatal(err)
	}
	h.restart()
	h.unlock()
	h.wantText(e.ID, "hello")
	damage(t, one)
	h.restart()
	h.unlock()
	if _, err := h.read(e.ID, e.Parts[0]); !errors.Is(err, vault.ErrBroken) {
		t.Errorf("with both damaged: %v", err)
	}
	wantFinding(t, h, "keys.epoch/"+name, true)
}

func wantFinding(t *testing.T, h *house, id string, want bool) {
	t.Helper()
	list, err := h.vault.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := false
	for _, f := range list {
		got = got || f.ID == id
	}
	if got != want {
		t.Errorf("finding %s: %v, want %v (all: %v)", id, got, want, list)
	}
}

// exchange does what somebody with the disk, but without a key, can do to an
// epoch: the files, and what the store says of them.
func (h *house) exchange(victim vault.Epoch) {
	h.t.Helper()
	mine, err := crypto.NewIdentity()
	if err != nil {
		h.t.Fatal(err)
	}
	file, err := crypto.SealSlot(mine, h.vault.Recipient())
	if err != nil {
		h.t.Fatal(err)
	}
	one, two := vault.EpochPaths(h.dir, victim.Name)
	for _, path := range []string{one, two} {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
	victim.SHA256, victim.Recipient = hexSum(file), hexSum([]byte(mine.Recipient().String()))
	err = h.store.Update(h.t.Context(), func(tx *store.Tx) error {
		return store.NewTable[vault.Epoch]("epochs").Put(tx, victim.Name, victim)
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) epochNamed(name string) vault.Epoch {
	h.t.Helper()
	for _, e := range h.epochs() {
		if e.Name == name {
			return e
		}
	}
	h.t.Fatalf("no epoch %s", name)
	return vault.Epoch{}
}

func TestExchangedEpochIsSeenAtUnlock(t *testing.T) {
	h := newHouse(t)
	before := h.take("before")
	h.restart()
	during := h.take("while locked")
	victim := h.envelopeEpoch(during)
	h.exchange(h.epochNamed(victim))
	h.unlock()
	wantFinding(t, h, "keys.doubt/"+victim, true)
	if l := h.leaves(audit.EpochBad); len(l) != 1 || l[0].About[0] != victim {
		t.Errorf("the leaves that tell of it: %+v", l)
	}
	for _, e := range h.epochs() {
		if e.Checked == (e.Name == victim) {
			t.Errorf("epoch %s is checked: %v", e.Name, e.Checked)
		}
	}
	h.wantText(before.ID, "before")
}

// An epoch that was checked long ago is exchanged so that notes would be sealed to
// it: they are not.
func TestNothingIsSealedToAnExchangedEpoch(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	h.restart()
	h.unlock()
	name := h.envelopeEpoch(e)
	if !h.epochNamed(name).Checked {
		t.Fatal("the epoch was not checked at the unlock")
	}
	h.restart()
	h.exchange(h.epochNamed(name))
	h.unlock()
	if _, err := h.read(e.ID, e.Parts[0]); !errors.Is(err, vault.ErrBroken) {
		t.Errorf("reading answers %v", err)
	}
	noted := h.note(e, "a note")
	if noted.Parts[1].Epoch == name {
		t.Error("the note was sealed to it")
	}
}

func TestExchangedPracticeRecipientIsSeenAndPutRight(t *testing.T) {
	h := newHouse(t)
	right := h.vault.Recipient().String()
	mine, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	type practice struct {
		Format    int       `json:"format"`
		Recipient string    `json:"recipient"`
		MadeAt    time.Time `json:"made_at"`
		Leaf      int64     `json:"leaf"`
	}
	err = h.store.Update(t.Context(), func(tx *store.Tx) error {
		table := store.NewTable[practice]("vault")
		p, _, err := table.Get(tx, "practice")
		p.Recipient = mine.Recipient().String()
		return errors.Join(err, table.Put(tx, "practice", p))
	})
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	lost := h.take("sealed to somebody else's epoch")
	h.unlock()
	if h.vault.Recipient().String() != right {
		t.Error("the recipient was not put right")
	}
	wantFinding(t, h, "keys.doubt/practice", true)
	wantFinding(t, h, "keys.doubt/"+h.envelopeEpoch(lost), true)
	e := h.take("after")
	h.wantText(e.ID, "after")
	h.restart()
	if h.vault.Recipient().String() != right {
		t.Error("after a start it is wrong again")
	}
}

func TestEpochThatCannotBeCommittedLeavesNoFile(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancel(t.Context())
	h.vault.SetStep(func(step string) {
		if step == "epoch-written" {
			cancel()
		}
	})
	if _, err := h.vault.SealRecord(ctx, message.Record{Message: newID(t)}); !errors.Is(err, context.Canceled) {
		t.Fatalf("answers %v", err)
	}
	if got := files(t, h.dir+"/epochs"); len(got) != 0 {
		t.Errorf("epochs holds %v", got)
	}
	h.wantText(h.take("later").ID, "later")
}
