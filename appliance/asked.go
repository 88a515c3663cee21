package appliance

import (
	"errors"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// Asked is what the token of a notice stands for: whom it asked to take which
// message, and how that stands now. It says nothing of a patient.
type Asked struct {
	Person   message.PersonID
	Envelope message.Envelope
	Standing message.Standing // of the bell, towards the person
	Bell     escalation.Live
	Who      message.PersonID // who took it last, or closed it; "" for nobody
	At       time.Time        // when
}

// Asked answers what a token stands for; false when no notice that counts has
// it. A token that is made up costs as much time as one that is right of
// another message.
func (a *Appliance) Asked(tx *store.Tx, token notify.Token, at time.Time) (asked Asked, found bool, err error) {
	id, _ := store.FindNumber(tx, token.Number())
	bout := a.Bell.Standing(tx, id, "").Bout
	people, err := a.Access.People(tx)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return asked, false, err // one account that cannot be read keeps nobody else from answering
	}
	for _, p := range people {
		if a.Tokens.Check(token, id, token.Number(), p.ID, bout) && p.Staff() {
			asked.Person = p.ID
		}
	}
	if asked.Person == "" || bout.IsZero() {
		return asked, false, nil
	}
	if asked.Envelope, found, err = store.GetEnvelope(tx, id); err != nil || !found {
		return asked, false, err
	}
	if asked.Bell, found, err = a.Bell.Of(tx, id, at); err != nil || !found {
		return asked, false, err
	}
	asked.Standing = a.Bell.Standing(tx, id, asked.Person)
	events, err := store.Events(tx, id)
	for _, ev := range events {
		switch ev.What {
		case message.EventAccepted, message.EventSnoozed, message.EventCalledBack, message.EventClosed, message.EventReopened:
			asked.Who, asked.At = ev.Who, ev.At
		}
	}
	return asked, err == nil, err
}

// AskedToTry answers the test notice of a token, and when it was answered: zero
// while it was not.
func (a *Appliance) AskedToTry(tx *store.Tx, token notify.Token, at time.Time) (trial notify.Trial, answered time.Time, found bool, err error) {
	trial, found = notify.AnswersTrial(tx, a.Tokens, notify.Answered{Token: token}, at)
	if !found {
		return trial, answered, false, nil
	}
	reach, err := oncall.ReachOf(tx, trial.Person)
	for _, way := range reach.Ways {
		if way.Kind == string(trial.Way.Kind) && way.Address == trial.Way.To && !way.ConfirmedAt.Before(trial.At) {
			answered = way.ConfirmedAt
		}
	}
	return trial, answered, true, err
}
