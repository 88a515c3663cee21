package vault

import (
	"context"
	"errors"
	"fmt"
	"time"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// The lock has two states:
//
//	locked ──UnlockPassword, Unlock──> open ──Lock, Close──> locked
//
// Sealing works in both; a Reader of the vault's own exists while open. Whoever
// opens for themselves alone (CheckPassword, ReaderFor) moves nothing.

// Locked says whether the practice identity is out of memory.
func (v *Vault) Locked() bool {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.reader == nil
}

// LockedSince answers since when the vault has been locked, or zero while open.
func (v *Vault) LockedSince() time.Time {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.reader != nil {
		return time.Time{}
	}
	return v.since
}

// OnChange has f called after each locking and opening. f must not block.
func (v *Vault) OnChange(f func(locked bool)) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.told = append(v.told, f)
}

// UnlockPassword is the password check of a person who holds a slot; when it is
// right and the vault is locked, it opens. ErrWrongPassword says that it is
// wrong, ErrNoSlot that there is nothing to check it against.
func (v *Vault) UnlockPassword(ctx context.Context, who message.PersonID, password string) error {
	id, err := v.openStaff(ctx, who, password)
	if err != nil {
		return err
	}
	return v.unlock(ctx, string(who), id)
}

// Unlock opens the vault by the recovery kit's identity or the practice identity
// itself.
func (v *Vault) Unlock(ctx context.Context, ids ...age.Identity) error {
	id, err := v.openAny(ids)
	if err != nil {
		return err
	}
	return v.unlock(ctx, audit.Owner, id)
}

// CheckPassword checks a password as UnlockPassword does and opens for the
// caller alone, who closes the Reader.
func (v *Vault) CheckPassword(ctx context.Context, who message.PersonID, password string) (*Reader, error) {
	id, err := v.openStaff(ctx, who, password)
	if err != nil {
		return nil, err
	}
	return v.readerOf(id)
}

// ReaderFor opens for the caller alone, who closes the Reader: by the recovery
// kit's identity or the practice identity itself.
func (v *Vault) ReaderFor(ids ...age.Identity) (*Reader, error) {
	id, err := v.openAny(ids)
	if err != nil {
		return nil, err
	}
	return v.readerOf(id)
}

func (v *Vault) readerOf(id *age.HybridIdentity) (*Reader, error) {
	genuine, err := v.genuine(id)
	if err != nil {
		return nil, err
	}
	if !genuine {
		return nil, fmt.Errorf("a slot holds another identity than the practice's: %w", ErrBroken)
	}
	return newReader(v, id), nil
}

// Reader answers the Reader of the open vault, which stops working at the next
// lock, or ErrLocked.
func (v *Vault) Reader() (*Reader, error) {
	v.mu.RLock()
	defer v.mu.RUnlock()
	if v.reader == nil {
		return nil, ErrLocked
	}
	return v.reader, nil
}

// unlock opens the vault with an identity that a slot held. It opens even when
// the log cannot be written: whoever is on call must read. What it finds wrong
// with the epochs made while locked is in Findings.
func (v *Vault) unlock(ctx context.Context, who string, id *age.HybridIdentity) error {
	genuine, err := v.genuine(id)
	if err != nil {
		return err
	}
	if !genuine {
		return fmt.Errorf("a slot holds another identity than the practice's: %w", ErrBroken)
	}
	v.mu.Lock()
	if v.reader != nil {
		v.mu.Unlock()
		return nil
	}
	reader := newReader(v, id)
	v.reader = reader
	v.since = v.clock.Now().UTC()
	told := v.told
	v.mu.Unlock()
	ctx = context.WithoutCancel(ctx) // it is open: that is recorded and checked, though whoever asked has left
	for _, f := range told {
		f(false)
	}
	if err := v.leaf(ctx, audit.Leaf{Who: who, What: audit.Unlocked}); err != nil {
		v.log.Error("the log could not be written at an unlock", "err", err)
	}
	if err := v.trueRecipient(ctx, id); err != nil {
		v.log.Error("the practice's recipient could not be put right", "err", err)
	}
	if err := v.checkEpochs(ctx, reader); err != nil {
		v.log.Error("the epochs could not be checked at an unlock", "err", err)
	}
	if err := v.finishIntents(ctx); err != nil {
		v.log.Error("shredding is not finished", "err", err)
	}
	return nil
}

// Lock drops the practice identity and every epoch identity from memory. It
// locks even when the log cannot be written, and says so.
func (v *Vault) Lock(ctx context.Context, who string) error {
	v.mu.Lock()
	reader := v.reader
	if reader == nil {
		v.mu.Unlock()
		return nil
	}
	v.reader = nil
	v.since = v.clock.Now().UTC()
	told := v.told
	v.mu.Unlock()
	reader.Close()
	for _, f := range told {
		f(true)
	}
	if err := v.leaf(context.WithoutCancel(ctx), audit.Leaf{Who: who, What: audit.Locked}); err != nil {
		return fmt.Errorf("locked, but the log could not be written: %w", err)
	}
	return nil
}

// leaf writes one audit leaf in a change of its own.
func (v *Vault) leaf(ctx context.Context, l audit.Leaf) error {
	l.At = v.clock.Now().UTC()
	return v.store.Update(ctx, func(tx *store.Tx) error {
		_, err := audit.Append(tx, l)
		return err
	})
}

// genuine says whether an identity is the practice's: its recipient is the one
// in memory, or else the one that the log recorded when it was made, which
// somebody has then exchanged in the store while the appliance was down.
func (v *Vault) genuine(id *age.HybridIdentity) (bool, error) {
	if id.Recipient().String() == v.Recipient().String() {
		return true, nil
	}
	var recorded string
	err := v.store.View(func(tx *store.Tx) error {
		p, _, err := practices.Get(tx, practiceKey)
		if err != nil {
			return err
		}
		recorded, err = recordedRecipient(tx, p.Leaf, audit.PracticeMade)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("comparing the practice's recipient with the log: %w", err)
	}
	return recorded == fingerprint(id.Recipient()), nil
}

// trueRecipient compares the practice's recipient with its identity, once it is
// at hand. One that was exchanged is put right, and nothing more is sealed to
// the epochs that were made meanwhile.
func (v *Vault) trueRecipient(ctx context.Context, id *age.HybridIdentity) error {
	right := id.Recipient()
	if v.Recipient().String() == right.String() {
		return nil
	}
	v.doubt("practice", "the practice's recipient in the store had been exchanged")
	v.mu.Lock()
	v.recipient = right
	v.mu.Unlock()
	v.epochMu.Lock()
	clear(v.current)
	v.epochMu.Unlock()
	at := v.clock.Now().UTC()
	return v.store.Update(ctx, func(tx *store.Tx) error {
		p, made, err := practices.Get(tx, practiceKey)
		if err != nil || !made {
			return errors.Join(err, ErrNotMade)
		}
		p.Recipient = right.String()
		if _, err := audit.Append(tx, audit.Leaf{At: at, Who: audit.System, What: audit.EpochBad, Why: "practice-recipient-exchanged"}); err != nil {
			return err
		}
		return practices.Put(tx, practiceKey, p)
	})
}
