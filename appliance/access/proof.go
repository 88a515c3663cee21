package access

import (
	"context"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// proof is what will prove a person from the next commit on: a key slot that
// lies on disk and that no commit names yet, or a hash, or nothing.
type proof struct {
	slot *vault.Slot
	hash string
}

// makeProof checks a new password and derives from it, and writes into p
// whether its person reads now or waits: a role that reads waits when nobody
// who reads is at hand.
func (a *Access) makeProof(ctx context.Context, p *Person, password, by string, with *vault.Reader) (proof, error) {
	reads := Reads(p.Roles)
	if err := checkPassword(password, reads, p.Name, p.FullName); err != nil {
		return proof{}, err
	}
	p.WantsSlot, p.SlotBy, p.SlotAt = reads && with == nil, "", never
	if !reads || with == nil {
		hash, err := a.hash(ctx, password)
		return proof{hash: hash}, err
	}
	slot, err := a.vault.MakeSlot(ctx, p.ID, password, with)
	if err != nil {
		return proof{}, err
	}
	p.SlotBy, p.SlotAt = by, a.now()
	return proof{slot: &slot}, nil
}

// commit puts a proof in place of whatever proved the person before.
func (a *Access) commit(tx *store.Tx, who message.PersonID, made proof) error {
	var err error
	if made.slot != nil {
		err = a.vault.CommitSlot(tx, *made.slot)
	} else {
		err = a.vault.DropSlot(tx, who)
	}
	if err != nil {
		return err
	}
	return setCredential(tx, who, made.hash)
}

// maxPassword bounds, in bytes, the work that a stranger can ask for.
const maxPassword = 1024

// checkPassword says in words for people what is wrong with a new password. One
// that will open a slot follows the harder rule: the slot's file may be stolen,
// and then be guessed at as fast as somebody can pay for.
func checkPassword(password string, opensSlot bool, names ...string) error {
	if len(password) > maxPassword {
		return &Invalid{Field: "password", Why: "use at most 1000 characters"}
	}
	check := crypto.CheckShortPassword
	if opensSlot {
		check = crypto.CheckPassword
	}
	if err := check(password, names...); err != nil {
		return &Invalid{Field: "password", Why: err.Error()}
	}
	return nil
}

// hash derives what is kept of a password that opens no slot.
func (a *Access) hash(ctx context.Context, password string) (hash string, err error) {
	err = a.vault.RunAlone(ctx, func() error {
		hash, err = crypto.HashPassword(password)
		return err
	})
	return hash, err
}
