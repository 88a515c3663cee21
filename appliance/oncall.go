package appliance

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// OnCall is one person's place among those who are rung.
type OnCall struct {
	ID       message.PersonID `json:"id"`
	Name     string           `json:"name"`
	Schedule string           `json:"schedule,omitempty"` // id
	Layer    string           `json:"layer"`
	From     time.Time        `json:"from,omitzero"`
	To       time.Time        `json:"to,omitzero"`
	Why      string           `json:"why"`
}

// OnCallNow is who is rung for an urgent call at a moment, in order.
type OnCallNow struct {
	At        time.Time `json:"at"`
	Offset    string    `json:"offset"` // of the practice's clock from UTC then: "-04:00 EDT"
	People    []OnCall  `json:"people"`
	Everybody bool      `json:"everybody"` // all at once, since the clock is not believed
	Why       string    `json:"why"`
	Note      string    `json:"note,omitempty"` // that the time occurs twice, or not at all
}

// OnCallNow answers who is on call, by name, and why.
func (a *Appliance) OnCallNow() (now OnCallNow, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		plan, err := oncall.Load(tx)
		if err != nil {
			return err
		}
		now, err = a.onCallAt(tx, plan, oncall.At(a.practice.Zone, a.Clock.Now()))
		return err
	})
	return now, err
}

// OnCallAt answers who is on call at a time as a person types it: by the wall
// clock of the practice, or in RFC 3339. A time that occurs twice has two
// answers; one that does not exist moves forward, and the note says so.
func (a *Appliance) OnCallAt(typed string) ([]OnCallNow, error) {
	moments, err := oncall.Wall(a.practice.Zone, typed)
	if err != nil {
		return nil, &Advice{What: "that time cannot be read", Do: err.Error(), Err: err}
	}
	return a.onCall(moments)
}

func (a *Appliance) onCall(moments oncall.Moments) (list []OnCallNow, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		plan, err := a.planAt(tx, moments.Moments[0].At)
		if err != nil {
			return err
		}
		for _, m := range moments.Moments {
			now, err := a.onCallAt(tx, plan, m)
			if err != nil {
				return err
			}
			now.Note = moments.Note
			list = append(list, now)
		}
		return nil
	})
	return list, err
}

// planAt reads what a moment is answered from: what counts now, which is what
// rings, and for what is past what counted then.
func (a *Appliance) planAt(tx *store.Tx, at time.Time) (oncall.Plan, error) {
	if at.Before(a.Clock.Now()) {
		return oncall.LoadSince(tx, at)
	}
	return oncall.Load(tx)
}

func (a *Appliance) onCallAt(tx *store.Tx, plan oncall.Plan, m oncall.Moment) (OnCallNow, error) {
	answer := oncall.Resolve(plan, m.At)
	now := OnCallNow{At: m.At, Offset: m.Offset, People: []OnCall{}, Everybody: answer.Everybody, Why: answer.Text()}
	name := func(id message.PersonID) string { return a.called(tx, id) }
	for _, turn := range answer.Turns {
		p, found, err := a.Access.Person(tx, turn.Person)
		if err != nil {
			return now, err
		}
		if !found || p.Disabled {
			continue // escalation passes them over as well
		}
		why := turn.Text(plan.Zone, name)
		if !p.Staff() {
			why += "; has no account, so an urgent call passes them over"
		}
		now.People = append(now.People, OnCall{ID: p.ID, Name: name(p.ID), Schedule: turn.Schedule, Layer: turn.LayerName,
			From: turn.From, To: turn.To, Why: why})
	}
	return now, nil
}

// called is what somebody wants to be called; of who is gone, that they are.
func (a *Appliance) called(tx *store.Tx, id message.PersonID) string {
	if id == audit.Owner {
		return "the office"
	}
	p, found, err := a.Access.Person(tx, id)
	if err != nil || !found {
		return "somebody without an account"
	}
	reach, _ := oncall.ReachOf(tx, id) // a damaged one is a finding, and no reason to leave a name out
	return cmp.Or(reach.Preferred, p.Call())
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
