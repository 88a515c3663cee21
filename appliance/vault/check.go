package vault

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"nightbell/appliance/audit"
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
			if err != nil {
				return err
			}
			if !named {
				continue // destroyed meanwhile
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
	defer v.keys.Add(1) // a look sees the files anew
	return v.writeEpoch(e.Name, file)
}
