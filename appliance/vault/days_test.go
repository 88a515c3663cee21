package vault_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/vault"
)

// Days as they come, in any order: calls, notes, locks, restarts, midnights,
// shreddings. Whatever was kept opens to what it was, whatever was shredded is
// gone, and all of it without a finding.
func TestRandomDays(t *testing.T) {
	for seed := range uint64(6) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			h := newHouse(t)
			random := rand.New(rand.NewPCG(seed, 9))
			kept := map[message.ID][]string{}
			var ids []message.ID
			shredded := map[message.ID]message.Envelope{}
			one := func() (id message.ID) { return ids[random.IntN(len(ids))] }
			for step := range 60 {
				text := fmt.Sprintf("step %d", step)
				switch what := random.IntN(10); {
				case what < 3 || len(ids) == 0:
					id := h.take(text).ID
					ids, kept[id] = append(ids, id), []string{text}
				case what < 6:
					if id := one(); kept[id] != nil {
						h.note(h.envelope(id), text)
						kept[id] = append(kept[id], text)
					}
				case what == 6:
					h.clock.Advance(time.Duration(random.IntN(20)) * time.Hour)
				case what == 7:
					if random.IntN(2) == 0 {
						h.restart()
					} else if err := h.vault.Lock(t.Context(), "dana"); err != nil {
						t.Fatal(err)
					}
				case what == 8:
					h.unlock()
				default:
					id := one()
					if kept[id] == nil {
						continue
					}
					e := h.envelope(id)
					err := h.vault.Shred(t.Context(), id, "asked")
					if h.vault.Locked() {
						if !errors.Is(err, vault.ErrLocked) {
							t.Fatalf("shredding while locked: %v", err)
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					delete(kept, id)
					shredded[id] = e
				}
			}
			h.restart()
			h.unlock()
			for id, texts := range kept {
				h.wantText(id, texts...)
			}
			for id, e := range shredded {
				for _, p := range e.Parts {
					if _, err := h.read(id, p); !errors.Is(err, vault.ErrGone) {
						t.Errorf("a part of a shredded message answers %v", err)
					}
				}
			}
			wantOnlyNamedEpochs(t, h)
			list, err := h.vault.Findings(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range list {
				if f.ID != "keys.readers" {
					t.Errorf("finding %s: %s", f.ID, f.Text)
				}
			}
			t.Logf("%d kept, %d shredded, %d epochs", len(kept), len(shredded), len(h.epochs()))
		})
	}
}
