package vault

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// recordedRecipient answers the fingerprint of the recipient that the log
// recorded when a key was made, or "" when that leaf tells of something else.
func recordedRecipient(tx *store.Tx, leaf int64, made audit.What, about ...string) (string, error) {
	leaves, err := audit.Range(tx, leaf, 1)
	if err != nil {
		return "", err
	}
	if len(leaves) != 1 || leaves[0].N != leaf || leaves[0].What != made || !slices.Equal(leaves[0].About, about) {
		return "", nil
	}
	return leaves[0].Data["recipient"], nil
}

// asRecorded compares what the store says of an epoch with what the log recorded
// when it was made. Both are on disk; the log is the one that cannot be changed
// without being seen.
func (e Epoch) asRecorded(tx *store.Tx) error {
	recorded, err := recordedRecipient(tx, e.Leaf, audit.EpochMade, e.Name)
	if err != nil {
		return err
	}
	if recorded != e.Recipient {
		return fmt.Errorf("epoch %s is not the one that the log recorded: %w", e.Name, ErrBroken)
	}
	return nil
}

// checkEpochs opens the epochs that were made since the last time somebody
// could, and compares file, recipient and log. What does not agree is doubted
// until it does: it was exchanged while nobody could look.
func (v *Vault) checkEpochs(ctx context.Context, r *Reader) error {
	var fresh []string
	err := v.store.View(func(tx *store.Tx) error {
		return epochs.Each(tx, "", func(_ string, e Epoch) error {
			if !e.Checked {
				fresh = append(fresh, e.Name)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	var good, bad []string
	for _, name := range fresh {
		err := v.store.View(func(tx *store.Tx) error {
			_, err := r.epoch(tx, name)
			return err
		})
		switch {
		case err == nil:
			good = append(good, name)
		case errors.Is(err, ErrLocked):
			return nil // locked again meanwhile: the next unlock checks
		default:
			bad = append(bad, name)
			v.doubt(name, err.Error())
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	at := v.clock.Now().UTC()
	return v.store.Update(ctx, func(tx *store.Tx) error {
		for _, name := range good {
			e, named, err := epochs.Get(tx, name)
			if err != nil || !named {
				return err
			}
			e.Checked = true
			if err := epochs.Put(tx, name, e); err != nil {
				return err
			}
		}
		if len(bad) == 0 {
			return nil
		}
		_, err := audit.Append(tx, audit.Leaf{At: at, Who: audit.System, What: audit.EpochBad, About: bad, Why: "not-as-recorded"})
		return err
	})
}

func (v *Vault) doubt(name, why string) {
	v.log.Error("a key is not what the log recorded", "key", name, "err", why)
	v.mu.Lock()
	defer v.mu.Unlock()
	v.doubts[name] = why
}

// Findings says what a person should know of the keys: files that are missing or
// changed, too few readers, a shredding that is not finished. It works locked,
// and reads every key file.
func (v *Vault) Findings(ctx context.Context) (list []finding.Finding, err error) {
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
	v.mu.RLock()
	defer v.mu.RUnlock()
	for _, name := range slices.Sorted(maps.Keys(v.doubts)) {
		list = append(list, finding.Finding{ID: "keys.doubt/" + name, Severity: finding.Alarm,
			Text: "A key is not what the log recorded when it was made.", Do: "Somebody may have written to the data folder while the appliance was down: keep a copy of it and ask for help."})
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

// epochCopies says which of an epoch's two files are what the store names.
func (v *Vault) epochCopies(e Epoch) (first, second bool) {
	one, two := EpochPaths(v.dir, e.Name)
	return isFile(one, e.SHA256), isFile(two, e.SHA256)
}

func isFile(path, sha256 string) bool {
	file, err := os.ReadFile(path)
	return err == nil && sum(file) == sha256
}

// MendEpochs writes anew what is missing or changed of an epoch's two files, from
// the other one, and names the epochs that it mended. It works locked, and may
// take a while where there are years of them.
func (v *Vault) MendEpochs(ctx context.Context) (mended []string, err error) {
	var named []Epoch
	err = v.store.View(func(tx *store.Tx) error {
		named, err = Epochs(tx)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, e := range named {
		if ctx.Err() != nil {
			return mended, context.Cause(ctx)
		}
		first, second := v.epochCopies(e)
		if first == second {
			continue
		}
		if err := v.mend(e); err != nil {
			return mended, err
		}
		mended = append(mended, e.Name)
	}
	return mended, nil
}

// mend never brings back an epoch that is being destroyed.
func (v *Vault) mend(e Epoch) error {
	v.shredMu.Lock()
	defer v.shredMu.Unlock()
	closed := false
	err := v.store.View(func(tx *store.Tx) error {
		closed = tx.Has(goneBucket, e.Name)
		return nil
	})
	if err != nil || closed {
		return err
	}
	file, err := v.readEpoch(e)
	if err != nil {
		return err
	}
	return v.writeEpoch(e.Name, file)
}
