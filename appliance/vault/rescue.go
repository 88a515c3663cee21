package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// owned is a part with the message that it belongs to.
type owned struct {
	of   message.ID
	part message.Part
}

// rescue seals anew, to a new epoch of the same day and class, every pack of a
// closed epoch that a message still names. Since the epoch is closed, what is
// found is all there is; since each pack moves in one transaction with the parts
// that name it, a crash leaves the rest for next time.
func (v *Vault) rescue(ctx context.Context, key, name string) error {
	packs, err := v.survivors(name)
	if err != nil || len(packs) == 0 {
		return err
	}
	r, err := v.Reader()
	if err != nil {
		return err
	}
	var old Epoch
	var from *age.HybridIdentity
	err = v.store.View(func(tx *store.Tx) (err error) {
		if old, _, err = epochs.Get(tx, name); err == nil {
			from, err = r.epoch(tx, name)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("opening epoch %s: %w", name, err)
	}
	// A new identity each time: the recipient of one made before a crash would
	// have to be read back from disk.
	to, err := v.makeEpoch(ctx, old.Day, old.Class)
	if err != nil {
		return err
	}
	for id, parts := range packs {
		if err := v.move(ctx, key, id, parts, from, name, to); err != nil {
			return err
		}
		v.step("moved")
	}
	return nil
}

// survivors finds every part that is sealed to an epoch, by its pack.
func (v *Vault) survivors(epoch string) (packs map[message.ID][]owned, err error) {
	packs = map[message.ID][]owned{}
	from, more := message.ID(""), true
	for more {
		more = false
		left := scanStep
		err := v.store.View(func(tx *store.Tx) error {
			return store.EachEnvelope(tx, from, func(e message.Envelope) bool {
				if left--; left < 0 {
					from, more = e.ID, true
					return false
				}
				for _, p := range e.Parts {
					if p.Epoch == epoch {
						packs[p.Pack] = append(packs[p.Pack], owned{e.ID, p})
					}
				}
				return true
			})
		})
		if err != nil {
			return nil, fmt.Errorf("looking for what else is sealed to epoch %s: %w", epoch, err)
		}
	}
	return packs, nil
}

// scanStep bounds how long one read holds a transaction.
const scanStep = 2000

// move seals one pack anew and commits it with the parts that name it. A line
// that no part names is left empty: it belonged to what is shredded.
func (v *Vault) move(ctx context.Context, key string, id message.ID, parts []owned, from *age.HybridIdentity, name string, to sealing) error {
	var pack message.Sealed
	err := v.store.View(func(tx *store.Tx) error {
		pack, _ = store.GetPack(tx, id)
		return nil
	})
	if err != nil {
		return err
	}
	moved, err := reseal(pack, parts, from, to.to)
	if err != nil {
		return err
	}
	return v.store.Update(ctx, func(tx *store.Tx) error {
		changed := 0
		for _, o := range parts {
			n, err := rename(tx, o, id, name, to.name, int64(len(moved)))
			if err != nil {
				return err
			}
			changed += n
		}
		if changed == 0 {
			return nil // shredded meanwhile, all of it
		}
		if err := keep(tx, key, id); err != nil {
			return err
		}
		return store.PutPack(tx, id, moved)
	})
}

// keep takes a pack out of an intent: survivors have lines in it.
func keep(tx *store.Tx, key string, pack message.ID) error {
	in, there, err := intents.Get(tx, key)
	if err != nil || !there || !slices.Contains(in.Packs, pack) {
		return err
	}
	in.Packs = slices.DeleteFunc(in.Packs, func(id message.ID) bool { return id == pack })
	return intents.Put(tx, key, in)
}

// reseal opens a pack, checks each line that a part names, and seals those anew.
func reseal(pack message.Sealed, parts []owned, from *age.HybridIdentity, to *age.HybridRecipient) (message.Sealed, error) {
	first := parts[0]
	if pack == nil {
		return nil, forged(first.of, first.part, "its pack is missing")
	}
	lines, err := crypto.OpenLines(pack, from)
	if errors.Is(err, crypto.ErrWrongKey) {
		return nil, forged(first.of, first.part, "it is not sealed to its epoch")
	}
	if err != nil {
		return nil, &PartError{Message: first.of, Part: first.part.ID, Err: err}
	}
	kept := make([][]byte, len(lines))
	for _, o := range parts {
		if n := o.part.Line; n < 0 || n >= len(lines) || !crypto.Committed(lines[n], o.part.Commitment) {
			return nil, forged(o.of, o.part, "it differs from its commitment")
		}
		kept[o.part.Line] = lines[o.part.Line]
	}
	return crypto.SealLines(to, kept...)
}

// rename makes a message's part name the new epoch, and answers how many did.
func rename(tx *store.Tx, o owned, pack message.ID, from, to string, size int64) (n int, err error) {
	e, there, err := store.GetEnvelope(tx, o.of)
	if err != nil || !there {
		return 0, err
	}
	for i, p := range e.Parts {
		if p.ID == o.part.ID && p.Pack == pack && p.Epoch == from {
			e.Parts[i].Epoch, e.Parts[i].Size = to, size
			n++
		}
	}
	if n == 0 {
		return 0, nil
	}
	return n, store.PutEnvelope(tx, e)
}
