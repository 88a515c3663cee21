package desk

import (
	"context"
	"slices"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// ChangeUrgency makes an open message more or less urgent: it is due anew from
// now on, and the bell is told. Whoever makes it less urgent says why; the reason
// is sealed as a note. That its words raised it is no mark any more: a person has
// decided.
func (d *Desk) ChangeUrgency(ctx context.Context, s access.Session, id message.ID, seen Seen, to message.Urgency, why message.Clear) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	if to < message.Routine || to > message.Urgent {
		return message.Envelope{}, &Invalid{Field: "urgency", Words: "Choose how urgent it is."}
	}
	why, err := checkNote(why)
	if err != nil {
		return message.Envelope{}, err
	}
	return d.do(ctx, s, id, act{
		what: audit.UrgencySet, event: message.EventUrgency, note: why,
		choose: func(_ *store.Tx, e message.Envelope, _ time.Time, a *act) error {
			was := e.Urgency
			a.detail = was.String() + "/" + to.String()
			a.after = func(tx *store.Tx, e message.Envelope, at time.Time) error {
				return d.bell.Urgency(tx, e, was, s.Who, at)
			}
			return nil
		},
		move: func(tx *store.Tx, e *message.Envelope, at time.Time) error {
			if err := d.unchanged(tx, *e, seen); err != nil {
				return err
			}
			return d.setUrgency(tx, e, to, why, at)
		},
	})
}

func (d *Desk) setUrgency(tx *store.Tx, e *message.Envelope, to message.Urgency, why message.Clear, at time.Time) error {
	how := message.StepRaise
	if to < e.Urgency {
		how = message.StepLower
	}
	if err := step(e, how); err != nil {
		return err
	}
	switch {
	case to == e.Urgency:
		return &Invalid{Field: "urgency", Words: "It is " + to.String() + " already."}
	case to < e.Urgency && why == "":
		return &Invalid{Field: "note", Words: "Say why it is less urgent: whoever looks later must be able to follow it."}
	}
	return d.dueAnew(tx, e, to, at)
}

// dueAnew changes the urgency, and until when the message should be worked as if
// it came in now. It stays with whoever has it. One that is raised is due no later
// than it was; one that is lowered does not begin to ring for its route.
func (d *Desk) dueAnew(tx *store.Tx, e *message.Envelope, to message.Urgency, at time.Time) error {
	p, cal, err := d.rules(tx, e.Protocol)
	if err != nil {
		return err
	}
	r := p.Route(cal, protocol.Call{Type: e.CallType, Urgency: to, Provider: providerOf(p, *e), Channel: e.Channel, At: at})
	if to > e.Urgency {
		if e.Due.IsZero() || r.Due.Before(e.Due) {
			e.Due = r.Due
		}
		e.OnCall = e.OnCall || r.OnCall
	} else {
		e.Due = r.Due
		e.OnCall = e.OnCall && r.OnCall
	}
	e.Urgency = to
	e.Clinical = e.Clinical || to == message.Urgent
	e.Flags = slices.DeleteFunc(slices.Clone(e.Flags), func(f message.Flag) bool { return f == message.FlagRedFlag })
	return nil
}

// providerOf is the provider of a message as far as the rule says that it went by:
// the name itself is sealed.
func providerOf(p protocol.Protocol, e message.Envelope) message.Clear {
	for _, r := range p.Routes {
		if r.ID == e.Route && len(r.When.Providers) > 0 {
			return message.Clear(r.When.Providers[0])
		}
	}
	return ""
}
