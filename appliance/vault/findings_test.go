package vault_test

import (
	"testing"
	"time"

	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

func TestAKeyFileThatRotsIsSeenWithinAMinute(t *testing.T) {
	h := newHouse(t)
	one, _ := vault.EpochPaths(h.dir, h.envelopeEpoch(h.take("hello")))
	finding := "keys.epoch/" + h.epochs()[0].Name
	wantFinding(t, h, finding, false)
	damage(t, one)
	wantFinding(t, h, finding, false) // a page does not read years of files
	h.clock.Advance(time.Minute)
	wantFinding(t, h, finding, true)
}

func TestWhatACommitSaysOfKeysIsSeenAtOnce(t *testing.T) {
	h := newHouse(t)
	one, _ := vault.EpochPaths(h.dir, h.envelopeEpoch(h.take("hello")))
	finding := "keys.epoch/" + h.epochs()[0].Name
	wantFinding(t, h, finding, false)
	damage(t, one)
	h.take("a message alone changes no key")
	wantFinding(t, h, finding, false)
	slot, err := h.vault.MakeSlot(t.Context(), "p1", "slow copper lantern on the pier", nil)
	if err != nil {
		t.Fatal(err)
	}
	err = h.store.Update(t.Context(), func(tx *store.Tx) error { return h.vault.CommitSlot(tx, slot) })
	if err != nil {
		t.Fatal(err)
	}
	wantFinding(t, h, finding, true)
}
