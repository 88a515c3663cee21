package vault

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// Slot is what the store knows of a key slot: nothing secret.
type Slot struct {
	Name   string    `json:"name"` // "recovery", or "staff-" and the person's id; its file is keys/NAME.age
	SHA256 string    `json:"sha256"`
	MadeAt time.Time `json:"made_at"` // UTC
}

const (
	recoverySlot = "recovery"
	staffPrefix  = "staff-"
)

const slotBucket = "slots"

var slots = store.NewTable[Slot](slotBucket)

// personName is what a person's id must look like to be part of a file name.
var personName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

func staffSlot(who message.PersonID) (string, error) {
	if !personName.MatchString(string(who)) {
		return "", errors.New("a person's id is not fit for a file name")
	}
	return staffPrefix + string(who), nil
}

// Slots lists every slot that the store names.
func Slots(tx *store.Tx) (list []Slot, err error) {
	err = slots.Each(tx, "", func(_ string, s Slot) error {
		list = append(list, s)
		return nil
	})
	return list, err
}

// HasSlot says whether the person's password opens the practice.
func (v *Vault) HasSlot(tx *store.Tx, who message.PersonID) bool {
	return tx.Has(slotBucket, staffPrefix+string(who))
}

// Readers lists who holds a slot, by id.
func (v *Vault) Readers(tx *store.Tx) (who []message.PersonID, err error) {
	err = slots.Each(tx, staffPrefix, func(name string, _ Slot) error {
		who = append(who, message.PersonID(strings.TrimPrefix(name, staffPrefix)))
		return nil
	})
	return who, err
}

// MakeSlot seals the practice identity for the person's password and makes the
// file durable. Nothing names it yet: CommitSlot does, in the transaction that
// makes or changes the person; a slot that is not committed is swept at the next
// start. with is the word of somebody who reads; nil takes the open lock's.
func (v *Vault) MakeSlot(ctx context.Context, who message.PersonID, password string, with *Reader) (Slot, error) {
	name, err := staffSlot(who)
	if err != nil {
		return Slot{}, err
	}
	if err := crypto.CheckPassword(password); err != nil {
		return Slot{}, err
	}
	if with == nil {
		if with, err = v.Reader(); err != nil {
			return Slot{}, err
		}
	}
	identity, err := with.identity()
	if err != nil {
		return Slot{}, err
	}
	var file []byte
	err = v.RunAlone(ctx, func() error {
		file, err = crypto.SealSlotPassword(identity, password)
		return err
	})
	if err != nil {
		return Slot{}, fmt.Errorf("making a slot for person %s: %w", who, err)
	}
	if err := v.writeFresh(name, file); err != nil {
		return Slot{}, err
	}
	return Slot{Name: name, SHA256: sum(file), MadeAt: v.clock.Now().UTC()}, nil
}

// CommitSlot names a slot, in place of an earlier one of the person, inside the
// caller's change. The earlier file is overwritten once that is committed.
func (v *Vault) CommitSlot(tx *store.Tx, s Slot) error {
	_, err := audit.Append(tx, audit.Leaf{At: s.MadeAt, Who: audit.System, What: audit.SlotMade, About: []string{s.Name}, Data: map[string]string{"sha256": s.SHA256}})
	if err != nil {
		return err
	}
	return slots.Put(tx, s.Name, s)
}

// DropSlot takes a person's slot away, if there is one, inside the caller's
// change, whose own audit leaf tells of it. The file is overwritten and removed
// once that is committed.
func (v *Vault) DropSlot(tx *store.Tx, who message.PersonID) error {
	return tx.Delete(slotBucket, staffPrefix+string(who))
}

// RemoveSlot takes a person's slot away in a change of its own; by is who wants
// it. When it answers nil, the file is overwritten and gone.
func (v *Vault) RemoveSlot(ctx context.Context, who message.PersonID, by string) error {
	name, err := staffSlot(who)
	if err != nil {
		return err
	}
	at := v.clock.Now().UTC()
	err = v.store.Update(ctx, func(tx *store.Tx) error {
		if !v.HasSlot(tx, who) {
			return nil
		}
		if _, err := audit.Append(tx, audit.Leaf{At: at, Who: by, What: audit.SlotRemoved, About: []string{name}}); err != nil {
			return err
		}
		return v.DropSlot(tx, who)
	})
	if err != nil {
		return fmt.Errorf("removing the slot of person %s: %w", who, err)
	}
	return v.settleSlot(name)
}

// ReplaceKit makes another recovery kit the one that opens the practice. The
// old one opens nothing here any more; with is the word of somebody who reads,
// nil takes the open lock's.
func (v *Vault) ReplaceKit(ctx context.Context, kit *crypto.Kit, by string, with *Reader) (err error) {
	if with == nil {
		if with, err = v.Reader(); err != nil {
			return err
		}
	}
	identity, err := with.identity()
	if err != nil {
		return err
	}
	file, err := crypto.SealSlot(identity, kit.Identity.Recipient())
	if err != nil {
		return err
	}
	if err := v.writeFresh(recoverySlot, file); err != nil {
		return err
	}
	s := Slot{Name: recoverySlot, SHA256: sum(file), MadeAt: v.clock.Now().UTC()}
	err = v.store.Update(ctx, func(tx *store.Tx) error {
		if _, err := audit.Append(tx, audit.Leaf{At: s.MadeAt, Who: by, What: audit.KitReplaced}); err != nil {
			return err
		}
		return v.CommitSlot(tx, s)
	})
	if err != nil {
		return fmt.Errorf("replacing the recovery kit: %w", err)
	}
	v.step("slot-committed")
	return v.settleSlot(recoverySlot)
}

// openStaff opens the practice identity by a person's password.
func (v *Vault) openStaff(ctx context.Context, who message.PersonID, password string) (id *age.HybridIdentity, err error) {
	name, err := staffSlot(who)
	if err != nil {
		return nil, ErrNoSlot
	}
	file, err := v.readSlot(name)
	if err != nil {
		return nil, err
	}
	err = v.RunAlone(ctx, func() error {
		id, err = crypto.OpenSlotPassword(file, password)
		return err
	})
	return id, err
}

// openAny opens the practice identity by the first identity that is it, or that
// opens the recovery slot.
func (v *Vault) openAny(ids []age.Identity) (*age.HybridIdentity, error) {
	practice := v.Recipient().String()
	for _, id := range ids {
		if h, ok := id.(*age.HybridIdentity); ok && h.Recipient().String() == practice {
			return h, nil
		}
	}
	if len(ids) == 0 {
		return nil, ErrWrongKey
	}
	file, err := v.readSlot(recoverySlot)
	if err != nil {
		return nil, err
	}
	return crypto.OpenSlot(file, ids...)
}
