package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Change is what is to be different about a person; nil leaves a field as it is.
type Change struct {
	Name         *string
	FullName     *string
	Roles        []Role
	Teams        *[]message.TeamID
	Mail         *string
	AgeRecipient *string

	// Password is asked for when the person is to read no more: the one they
	// have opens the messages, and goes with their key slot.
	Password string
}

// SetPerson changes a person. Who gains a role that reads waits for a key slot,
// which is approved at once when with is given; who loses the last such role
// loses the slot in the same commit. Sessions go on, with the new roles.
func (a *Access) SetPerson(ctx context.Context, by string, id message.PersonID, c Change, with *vault.Reader) (after Person, err error) {
	hash := ""
	if c.Password != "" {
		if err := checkPassword(c.Password, false); err != nil {
			return Person{}, err
		}
		if hash, err = a.hash(ctx, c.Password); err != nil {
			return Person{}, err
		}
	}
	now, lost := a.now(), false
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		before, err := get(tx, id)
		if err != nil {
			return err
		}
		if after, err = c.apply(before); err != nil {
			return err
		}
		had := a.vault.HasSlot(tx, id)
		reads := Reads(after.Roles)
		if lost = had && !reads; lost {
			if hash == "" {
				return &Invalid{Field: "password", Why: "give a new one: the old one opens the messages and goes with the role"}
			}
			if err := a.commit(tx, id, proof{hash: hash}); err != nil {
				return err
			}
		} else if hash != "" {
			return &Invalid{Field: "password", Why: "this change needs no new one; to give one all the same, reset it"}
		}
		switch {
		case !reads:
			after.WantsSlot, after.SlotBy, after.SlotAt = false, "", never
		case !had && !after.Disabled:
			after.WantsSlot = true
			if with != nil {
				after.SlotBy = by
			}
		}
		if err := put(tx, after); err != nil {
			return err
		}
		if err := a.stillEnough(tx, before, had); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: now, What: audit.PersonChanged, Who: by, About: []string{string(id)}, Data: changed(before, after)})
	})
	if err != nil {
		return Person{}, fmt.Errorf("changing person %s: %w", id, err)
	}
	if lost {
		a.EndSessions(id)
	}
	return after, nil
}

func (c Change) apply(p Person) (Person, error) {
	for _, f := range []struct{ field, to *string }{
		{&p.Name, c.Name}, {&p.FullName, c.FullName}, {&p.Mail, c.Mail}, {&p.AgeRecipient, c.AgeRecipient},
	} {
		if f.to != nil {
			*f.field = *f.to
		}
	}
	if c.Roles != nil {
		p.Roles = slices.Clone(c.Roles)
	}
	if c.Teams != nil {
		p.Teams = slices.Clone(*c.Teams)
	}
	return p, p.check()
}

// changed says which fields differ, and the roles by name: what an auditor asks
// for, and nothing that was typed.
func changed(before, after Person) map[string]string {
	data := map[string]string{}
	for field, same := range map[string]bool{
		"name": before.Name == after.Name, "full_name": before.FullName == after.FullName,
		"mail": before.Mail == after.Mail, "age_recipient": before.AgeRecipient == after.AgeRecipient,
	} {
		if !same {
			data[field] = "changed"
		}
	}
	if !slices.Equal(before.Roles, after.Roles) {
		data["roles"], data["roles_before"] = rolesText(after.Roles), rolesText(before.Roles)
	}
	if !slices.Equal(before.Teams, after.Teams) {
		data["teams"], data["teams_before"] = teamsText(after.Teams), teamsText(before.Teams)
	}
	return data
}

func teamsText(teams []message.TeamID) string {
	var ids []string
	for _, t := range teams {
		ids = append(ids, string(t))
	}
	return strings.Join(ids, " ")
}

// Disable ends an account: its sessions end, its key slot and its password are
// gone. ResetPassword opens it again.
func (a *Access) Disable(ctx context.Context, by string, id message.PersonID) error {
	now := a.now()
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		before, err := get(tx, id)
		if err != nil {
			return err
		}
		had := a.vault.HasSlot(tx, id)
		after := before
		after.Disabled, after.WantsSlot, after.SlotBy, after.SlotAt = true, false, "", never
		if err := put(tx, after); err != nil {
			return err
		}
		if err := a.commit(tx, id, proof{}); err != nil {
			return err
		}
		if err := a.stillEnough(tx, before, had); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: now, What: audit.PersonDisabled, Who: by, About: []string{string(id)}})
	})
	if err != nil {
		return fmt.Errorf("disabling person %s: %w", id, err)
	}
	a.EndSessions(id)
	return nil
}

// ResetPassword gives a person a new password and, where they were disabled,
// their account back. Without a reader at hand (with is nil), whoever read
// before waits for a new yes: an admin alone opens nothing by a reset.
func (a *Access) ResetPassword(ctx context.Context, by string, id message.PersonID, password string, with *vault.Reader) (after Person, err error) {
	p, err := a.person(id)
	if err != nil {
		return Person{}, fmt.Errorf("resetting a password: %w", err)
	}
	if p.Contact {
		return Person{}, &Invalid{Field: "password", Why: "a contact outside does not sign in"}
	}
	made, err := a.makeProof(ctx, &p, password, by, with)
	if err != nil {
		return Person{}, fmt.Errorf("resetting the password of person %s: %w", id, err)
	}
	at := a.now()
	err = a.store.Update(ctx, func(tx *store.Tx) error {
		before, err := get(tx, id)
		if err != nil {
			return err
		}
		if Reads(before.Roles) != Reads(p.Roles) {
			return fmt.Errorf("the roles of person %s changed meanwhile; try again", id)
		}
		had := a.vault.HasSlot(tx, id)
		after = before
		after.Disabled, after.WantsSlot, after.SlotBy, after.SlotAt = false, p.WantsSlot, p.SlotBy, p.SlotAt
		if err := put(tx, after); err != nil {
			return err
		}
		if err := a.commit(tx, id, made); err != nil {
			return err
		}
		if err := a.stillEnough(tx, before, had); err != nil {
			return err
		}
		return leaf(tx, audit.Leaf{At: at, What: audit.PasswordReset, Who: by, About: []string{string(id)}})
	})
	if err != nil {
		return Person{}, fmt.Errorf("resetting the password of person %s: %w", id, err)
	}
	a.EndSessions(id)
	return after, nil
}

// stillEnough refuses a change, made already in this transaction, that takes
// the last admin or the last reader from the practice.
func (a *Access) stillEnough(tx *store.Tx, before Person, hadSlot bool) error {
	all, err := a.People(tx)
	if err != nil {
		return err
	}
	readers, err := a.vault.Readers(tx)
	if err != nil {
		return err
	}
	admin := func(p Person) bool { return p.Staff() && Allowed(p.Roles, ManagePeople) }
	if admin(before) && !slices.ContainsFunc(all, admin) {
		return errLastAdmin
	}
	if hadSlot && len(readers) == 0 {
		return errLastReader
	}
	return nil
}

// never is the zero time: not since then, not yet.
var never time.Time
