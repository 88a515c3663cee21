package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// lookEvery is how long a look at the key files holds, as long as no commit and
// no mending changes what they should be. There are two files a day, for years,
// and every page shows the findings.
const lookEvery = time.Minute

// looked is what the last look at the key files found.
type looked struct {
	mu   sync.Mutex
	keys uint64    // Vault.keys then
	at   time.Time // zero: there was none yet
	list []finding.Finding
}

// Findings says what a person should know of the keys: files that are missing or
// changed, too few readers, a shredding that is not finished. It works locked.
// What changes a key file by itself, as a failing disk does, is seen within a
// minute.
func (v *Vault) Findings(ctx context.Context) (list []finding.Finding, err error) {
	if list, err = v.lastLook(ctx); err != nil {
		return nil, err
	}
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(v.doubts)) {
		list = append(list, finding.Finding{ID: "keys.doubt/" + name, Severity: finding.Alarm,
			Text: "A key is not what the log recorded when it was made.", Do: "Somebody may have written to the data folder while the appliance was down: keep a copy of it and ask for help."})
	}
	return list, nil
}

func (v *Vault) lastLook(ctx context.Context) ([]finding.Finding, error) {
	v.looked.mu.Lock()
	defer v.looked.mu.Unlock()
	keys := v.keys.Load()
	if v.looked.at.IsZero() || v.looked.keys != keys || v.clock.Since(v.looked.at) >= lookEvery {
		at := v.clock.Now()
		list, err := v.look(ctx)
		if err != nil {
			return nil, err
		}
		v.looked.list, v.looked.at, v.looked.keys = list, at, keys
	}
	return slices.Clone(v.looked.list), nil
}

// look reads every key file.
func (v *Vault) look(ctx context.Context) (list []finding.Finding, err error) {
	var named []Epoch
	var keys []Slot
	var pending []string
	err = v.store.View(func(tx *store.Tx) error {
		var err1, err2, err3 error
		named, err1 = Epochs(tx)
		named = slices.DeleteFunc(named, func(e Epoch) bool { return tx.Has(goneBucket, e.Name) })
		keys, err2 = Slots(tx)
		pending, err3 = pendingIntents(tx)
		return errors.Join(err1, err2, err3)
	})
	if err != nil {
		return nil, fmt.Errorf("looking at the keys: %w", err)
	}
	for _, e := range named {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		list = append(list, v.epochFindings(e)...)
	}
	readers := 0
	for _, s := range keys {
		if s.Name != recoverySlot {
			readers++
		}
		if _, err := v.readSlot(s.Name); errors.Is(err, ErrBroken) {
			list = append(list, finding.Finding{ID: "keys.slot/" + s.Name, Severity: finding.Alarm,
				Text: "The key file of " + s.Name + " is missing or was changed.", Do: slotRemedy(s)})
		}
	}
	if readers < 2 {
		list = append(list, finding.Finding{ID: "keys.readers", Severity: finding.Warning,
			Text: "Fewer than two people can open the messages.", Do: "Give one more person a role that reads."})
	}
	for _, id := range pending {
		list = append(list, finding.Finding{ID: "keys.shred/" + id, Severity: finding.Warning,
			Text: "A message that was shredded is not yet gone for good.", Do: "Somebody who reads must sign in; if this stays, look at the log: a message of the same day may be damaged."})
	}
	return list, nil
}

func slotRemedy(s Slot) string {
	if s.Name == recoverySlot {
		return "Make a new recovery kit while somebody who reads is signed in."
	}
	return "Somebody who reads gives this person a new password."
}

// epochFindings looks at both files of an epoch.
func (v *Vault) epochFindings(e Epoch) []finding.Finding {
	first, second := v.epochCopies(e)
	switch {
	case first && second:
		return nil
	case first || second:
		return []finding.Finding{{ID: "keys.epoch/" + e.Name, Severity: finding.Warning,
			Text: "One of the two key files of " + e.Day + " is missing or was changed.", Do: "It is written anew from the other at the next start; look at the disk."}}
	}
	return []finding.Finding{{ID: "keys.epoch/" + e.Name, Severity: finding.Alarm,
		Text: "Both key files of " + e.Day + " are missing or were changed: its messages cannot be read.", Do: "Copy epochs/" + e.Name + ".age back from a backup."}}
}
