package access

import (
	"context"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// The way to a key slot of a person who got a role that reads while nobody who
// reads was at hand. A slot is sealed with its person's password, which only they
// know, so it is made at the moment they give it:
//
//	wants slot ──a reader says yes──> promised ──their next sign-in, while open──> reads
//
// The argon2id hash goes in the commit that names the slot.

// GrantSlot is the yes of somebody who reads. with proves it: what a reader's
// session (ReaderFor) or a recovery kit opened. The slot is made at the person's
// next sign-in while the appliance is open; until then nothing is sealed to them.
func (a *Access) GrantSlot(ctx context.Context, by string, id message.PersonID, with *vault.Reader) error {
	if with == nil {
		return &Denied{Need: GrantReading}
	}
	now := a.now()
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		p, err := get(tx, id)
		if err != nil {
			return err
		}
		if !p.WantsSlot || !p.Staff() {
			return &Invalid{Field: "person", Why: "nobody asked for this person to read; give them a role that reads first"}
		}
		p.SlotBy = by
		if err := people.Put(tx, string(id), p); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: now, What: audit.SlotApproved, Who: by, About: []string{string(id)}})
	})
	if err != nil {
		return fmt.Errorf("granting person %s a key slot: %w", id, err)
	}
	return nil
}

// promisedSlot makes the slot of a person who was promised one, with the
// password that was just found right, and nil when it is not to be or cannot be
// made now: they sign in all the same, and it is tried again the next time.
func (a *Access) promisedSlot(ctx context.Context, acct account, password string) *vault.Slot {
	p := acct.person
	if !p.WantsSlot || p.SlotBy == "" || acct.kind == bySlot {
		return nil
	}
	with, err := a.vault.Reader()
	if err != nil {
		return nil // locked
	}
	if tooShort(p, password) {
		return nil
	}
	slot, err := a.vault.MakeSlot(ctx, p.ID, password, with)
	if err != nil {
		a.log.Error("a promised key slot could not be made", "person", string(p.ID), "err", err)
		return nil
	}
	return &slot
}

// tooShort says whether a slot waits for a better password than the one its
// person has from a role that did not read.
func tooShort(p Person, password string) bool {
	return checkPassword(password, true, p.Name, p.FullName) != nil
}

// keepSlot names a person's slot in place of their hash. The credential keeps
// its number: the password is the same, and sessions go on.
func (a *Access) keepSlot(tx *store.Tx, p Person, slot vault.Slot, now time.Time) (Person, error) {
	if err := a.vault.CommitSlot(tx, slot); err != nil {
		return p, err
	}
	c, _, err := credentials.Get(tx, string(p.ID))
	if err != nil {
		return p, err
	}
	c.Hash = ""
	p.WantsSlot, p.SlotAt, p.ShortPassword = false, now, false
	return p, credentials.Put(tx, string(p.ID), c)
}

// ChangePassword gives a signed-in person a new password in place of the old
// one, which is tried as at a sign-in. Their other sessions end.
func (a *Access) ChangePassword(ctx context.Context, s Session, old, fresh string) error {
	if err := checkPassword(fresh, s.Reader || s.WantsSlot, s.Name, s.FullName); err != nil {
		return err
	}
	acct, err := a.try(ctx, attempt{name: s.Name, password: old, from: s.From}, func(ctx context.Context, acct account, t attempt) error {
		return a.replacePassword(ctx, acct, t.password, fresh)
	})
	if err != nil {
		return err
	}
	mine := func(h *held) bool { return h.id == s.ID }
	a.sessions.change(mine, func(h *held) { h.credential, h.asleep = acct.credential.Number+1, false })
	a.sessions.end(func(h *held) bool { return h.who == s.Who && !mine(h) })
	return nil
}

func (a *Access) replacePassword(ctx context.Context, acct account, old, fresh string) (err error) {
	var made proof
	if acct.kind == bySlot {
		with, err := a.vault.CheckPassword(ctx, acct.person.ID, old)
		if err != nil {
			return err
		}
		defer with.Close()
		slot, err := a.vault.MakeSlot(ctx, acct.person.ID, fresh, with)
		if err != nil {
			return err
		}
		made.slot = &slot
	} else if made.hash, err = a.hash(ctx, fresh); err != nil {
		return err
	}
	now := a.now()
	return a.store.Update(ctx, func(tx *store.Tx) error {
		p, err := unchanged(tx, acct)
		if err != nil {
			return err
		}
		p.ShortPassword = false
		if err := people.Put(tx, string(p.ID), p); err != nil {
			return err
		}
		if err := a.commit(tx, p.ID, made); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: now, What: audit.PasswordChanged, Who: string(p.ID), About: []string{string(p.ID)}})
	})
}
