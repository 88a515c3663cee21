package appliance

import (
	"context"
	"fmt"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// OnCall is one person's place among those who are rung.
type OnCall struct {
	ID    message.PersonID `json:"id"`
	Name  string           `json:"name"`
	Layer string           `json:"layer"`
	From  time.Time        `json:"from,omitzero"`
	To    time.Time        `json:"to,omitzero"`
	Why   string           `json:"why"`
}

// OnCallNow is who is rung for an urgent call that comes in now, in order.
type OnCallNow struct {
	At        time.Time `json:"at"`
	People    []OnCall  `json:"people"`
	Everybody bool      `json:"everybody"` // all at once, since the clock is not believed
	Why       string    `json:"why"`
}

// OnCallNow answers who is on call, by name, and why.
func (a *Appliance) OnCallNow() (OnCallNow, error) {
	now := OnCallNow{At: a.Clock.Now().UTC(), People: []OnCall{}}
	err := a.Store.View(func(tx *store.Tx) error {
		answer, err := oncall.Now(tx, now.At)
		if err != nil {
			return err
		}
		now.Everybody, now.Why = answer.Everybody, answer.Why.Text()
		for _, turn := range answer.Turns {
			p, found, err := a.Access.Person(tx, turn.Person)
			if err != nil {
				return err
			}
			if !found || !p.Staff() {
				continue // escalation passes them over as well
			}
			now.People = append(now.People, OnCall{ID: p.ID, Name: p.Call(), Layer: turn.Layer, From: turn.From, To: turn.To, Why: turn.Why.Text()})
		}
		return nil
	})
	return now, err
}

// SetOnCallByName sets the on-call list by the names people sign in with.
func (a *Appliance) SetOnCallByName(ctx context.Context, by string, names []string) error {
	order := make([]message.PersonID, 0, len(names))
	err := a.Store.View(func(tx *store.Tx) error {
		for _, name := range names {
			p, found, err := a.Access.FindPerson(tx, name)
			if err != nil {
				return err
			}
			if !found {
				return withTodo(fmt.Sprintf("nobody is called %q", name), "look at `nightbell user list`")
			}
			order = append(order, p.ID)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return a.SetOnCallOrder(ctx, by, order)
}

// SetOnCallOrder sets who is rung, in order. Only staff can be rung.
func (a *Appliance) SetOnCallOrder(ctx context.Context, by string, order []message.PersonID) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		for _, id := range order {
			if err := a.canBeRung(tx, id); err != nil {
				return err
			}
		}
		return oncall.Set(tx, by, order, at)
	})
}

// SetOnCallNow puts one person in front of the list until the given time, or
// until somebody switches again where it is zero. An empty person goes back to
// the list.
func (a *Appliance) SetOnCallNow(ctx context.Context, by string, who message.PersonID, until time.Time) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if who == "" {
			return oncall.ClearNow(tx, by, at)
		}
		if err := a.canBeRung(tx, who); err != nil {
			return err
		}
		return oncall.SetNow(tx, by, who, until, at)
	})
}

// BelieveClock is a person's word that the server's clock is right after all.
func (a *Appliance) BelieveClock(ctx context.Context, by string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.BelieveClock(tx, by, at) })
}

func (a *Appliance) canBeRung(tx *store.Tx, id message.PersonID) error {
	p, found, err := a.Access.Person(tx, id)
	if err != nil {
		return err
	}
	if !found || !p.Staff() || !access.Allowed(p.Roles, access.WorkMessage) {
		return withTodo("an urgent call can ring people who work messages only", "choose a provider or somebody of the front desk")
	}
	return nil
}
