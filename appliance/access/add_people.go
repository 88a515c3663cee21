package access

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// NewPerson is what a person is made from. A contact outside has neither roles
// nor password.
type NewPerson struct {
	Name         string
	FullName     string
	Roles        []Role
	Mail         string
	AgeRecipient string
	Contact      bool
	Password     string
}

// AddPerson makes an account, or a contact. A role that reads gets its key slot
// at once when with is given: the word of somebody who reads (see ReaderFor), or
// what a recovery kit opened. Without it the account works, all but reading,
// until GrantSlot. The answer says whether the person reads (Person.Reads).
func (a *Access) AddPerson(ctx context.Context, by string, n NewPerson, with *vault.Reader) (Person, error) {
	made, err := a.prepare(ctx, by, n, with)
	if err != nil {
		return Person{}, fmt.Errorf("adding a person: %w", err)
	}
	err = a.store.Update(ctx, func(tx *store.Tx) error { return a.add(tx, made) })
	if err != nil {
		return Person{}, fmt.Errorf("adding a person: %w", err)
	}
	return made.person, nil
}

// AddFirst makes the first account of a practice, and its first reader: the
// admin works the front desk too, unless another reader is named. It refuses
// when there is anybody already.
func (a *Access) AddFirst(ctx context.Context, admin NewPerson, reader *NewPerson, with *vault.Reader) error {
	if with == nil {
		return errors.New("making the first accounts: nobody would be able to open the messages")
	}
	admin.Roles = []Role{FrontDesk, Admin}
	list := []NewPerson{admin}
	if reader != nil {
		list[0].Roles = []Role{Admin}
		second := *reader
		second.Roles = []Role{FrontDesk}
		list = append(list, second)
	}
	var made []addition
	for _, n := range list {
		m, err := a.prepare(ctx, audit.Owner, n, with)
		if err != nil {
			return fmt.Errorf("making the account %s: %w", canonical(n.Name), err)
		}
		made = append(made, m)
	}
	err := a.store.Update(ctx, func(tx *store.Tx) error {
		if all, err := a.People(tx); err != nil {
			return err
		} else if len(all) > 0 {
			return errors.New("this practice has people already")
		}
		for _, m := range made {
			if err := a.add(tx, m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("making the first accounts: %w", err)
	}
	return nil
}

// addition is a person ready to be committed: all that costs time, or takes
// chance, is done.
type addition struct {
	person Person
	proof  proof
	decoys []byte // should this be the first person: see keepDecoyKey
}

func (a *Access) prepare(ctx context.Context, by string, n NewPerson, with *vault.Reader) (addition, error) {
	p := Person{
		ID: newPersonID(), Name: n.Name, FullName: n.FullName, Roles: n.Roles, Mail: n.Mail, AgeRecipient: n.AgeRecipient,
		Contact: n.Contact, MadeAt: a.now(), MadeBy: by,
	}
	if err := p.check(); err != nil {
		return addition{}, err
	}
	if p.Contact {
		return addition{person: p}, nil
	}
	if err := a.nameFree(p.Name); err != nil { // before a second of work is spent on it
		return addition{}, err
	}
	made, err := a.makeProof(ctx, &p, n.Password, by, with)
	return addition{person: p, proof: made, decoys: []byte(rand.Text())}, err
}

func (a *Access) nameFree(name string) error {
	return a.store.View(func(tx *store.Tx) error {
		_, taken, err := names.Get(tx, name)
		if err == nil && taken {
			err = errNameTaken
		}
		return err
	})
}

func (a *Access) add(tx *store.Tx, m addition) error {
	if err := put(tx, m.person); err != nil {
		return err
	}
	if !m.person.Contact {
		if err := a.commit(tx, m.person.ID, m.proof); err != nil {
			return err
		}
		if err := keepDecoyKey(tx, m.decoys); err != nil {
			return err
		}
	}
	data := map[string]string{"roles": rolesText(m.person.Roles)}
	if m.person.Contact {
		data = map[string]string{"contact": "outside"}
	}
	return leaf(tx, audit.Leaf{At: m.person.MadeAt, What: audit.PersonAdded, Who: m.person.MadeBy, About: []string{string(m.person.ID)}, Data: data})
}
