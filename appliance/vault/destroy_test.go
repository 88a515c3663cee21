package vault_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/vault"
)

func TestWholeEpochIsDestroyedWhileLocked(t *testing.T) {
	h := newHouse(t)
	blobPart, _, _, _, err := h.vault.SealBlob(t.Context(), strings.NewReader(strings.Repeat("v", 100_000)))
	if err != nil {
		t.Fatal(err)
	}
	due := []message.Envelope{h.take("due", blobPart), h.note(h.take("due too"), "its note")}
	name := h.envelopeEpoch(due[0])
	h.clock.Advance(24 * time.Hour)
	kept := h.take("kept")
	before := copyOf(t, h.dir)
	h.restart()
	if err := h.vault.DestroyEpochs(t.Context(), "retention", name); err != nil {
		t.Fatal(err)
	}
	if !h.vault.Locked() {
		t.Error("it opened")
	}
	h.unlock()
	h.wantText(kept.ID, "kept")
	for _, e := range due {
		if _, there := h.find(e.ID); there {
			t.Errorf("message %s is still there", e.ID)
		}
		for _, p := range e.Parts {
			if p.Pack != "" && h.hasPack(p.Pack) {
				t.Errorf("pack %s is still there", p.Pack)
			}
		}
	}
	if _, err := h.store.OpenBlob(blobPart.ID); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the blob is still there: %v", err)
	}
	if l := h.leaves(audit.EpochDestroyed); len(l) != 1 || l[0].About[0] != name || l[0].Why != "retention" {
		t.Errorf("the leaves that tell of it: %+v", l)
	}
	removeEpoch(t, before, name)
	old := h.at(before)
	for _, e := range due {
		if _, err := old.read(e.ID, e.Parts[0]); err == nil {
			t.Errorf("message %s opens in a copy from before", e.ID)
		}
	}
	if err := h.vault.DestroyEpochs(t.Context(), "retention", name); err == nil {
		t.Error("an epoch that is gone was destroyed again")
	}
	if err := h.vault.DestroyEpochs(t.Context(), "retention"); err != nil {
		t.Errorf("destroying none: %v", err)
	}
}

func TestWholeEpochWhoseMessageHasANoteElsewhere(t *testing.T) {
	h := newHouse(t)
	due := h.take("due")
	h.clock.Advance(24 * time.Hour)
	h.restart()
	due = h.note(due, "a note while locked")
	neighbour := h.take("beside the note")
	if err := h.vault.DestroyEpochs(t.Context(), "retention", h.envelopeEpoch(due)); err != nil {
		t.Fatal(err)
	}
	other := due.Parts[1].Epoch
	one, _ := vault.EpochPaths(h.dir, other)
	if _, err := os.Lstat(one); err != nil {
		t.Fatalf("the other day's epoch is gone while its neighbour needs it: %v", err)
	}
	wantFinding(t, h, "keys.shred/"+string(due.ID), true)
	after := h.take("taken meanwhile") // the epoch in memory was closed: a new one is made
	h.unlock()
	h.wantText(neighbour.ID, "beside the note")
	h.wantText(after.ID, "taken meanwhile")
	wantFinding(t, h, "keys.shred/"+string(due.ID), false)
	if _, err := os.Lstat(one); !errors.Is(err, fs.ErrNotExist) {
		t.Error("the note's epoch is still there")
	}
}
