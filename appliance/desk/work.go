package desk

import (
	"context"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// The details of a call back, in the timeline and the log.
const (
	DetailReached    = "reached"
	DetailNotReached = "not-reached"
)

// Take makes the message the session's: from here on the person is known who has
// it, and an urgent one stops ringing. A message that nobody took yet can always
// be taken. One that somebody else has is a *Conflict, unless seen says that the
// person saw whose it is and takes it over.
func (d *Desk) Take(ctx context.Context, s access.Session, id message.ID, seen Seen) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	return d.do(ctx, s, id, act{what: audit.Taken, choose: func(tx *store.Tx, e message.Envelope, at time.Time, a *act) error {
		switch {
		case !others(e, s.Who) || seen == SeenOf(e):
			*a = d.takes(s.Who)
		case d.bell.Standing(tx, e.ID, s.Who).Asked:
			*a = d.hears(s.Who)
		default:
			return d.conflict(tx, e)
		}
		return nil
	}})
}

// others says whether somebody else has the message.
func others(e message.Envelope, who message.PersonID) bool {
	return e.Status != message.New && e.Assignee != "" && e.Assignee != who
}

// takes makes the message a person's.
func (d *Desk) takes(who message.PersonID) act {
	return act{
		what: audit.Taken, event: message.EventAccepted,
		move: func(tx *store.Tx, e *message.Envelope, at time.Time) error {
			if err := step(e, message.StepTake); err != nil {
				return err
			}
			take(e, who, at)
			return nil
		},
		after: d.bell.Taken,
	}
}

// take makes the message a person's.
func take(e *message.Envelope, who message.PersonID, at time.Time) {
	e.Assignee = who
	if e.TakenAt.IsZero() {
		e.TakenAt = at
	}
}

// HandOff gives the message to somebody who works messages. One that nobody took
// stays new: an urgent one rings them until they take it.
func (d *Desk) HandOff(ctx context.Context, s access.Session, id message.ID, seen Seen, to message.PersonID) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	return d.do(ctx, s, id, act{
		what: audit.HandedOff, event: message.EventHandedOff, whom: to,
		move: func(tx *store.Tx, e *message.Envelope, at time.Time) error {
			if err := d.works(tx, to); err != nil {
				return err
			}
			if err := d.unchanged(tx, *e, seen); err != nil {
				return err
			}
			if err := step(e, message.StepHandOff); err != nil {
				return err
			}
			e.Assignee = to
			return nil
		},
		after: d.bell.HandedOff,
	})
}

// works refuses a person who cannot work a message.
func (d *Desk) works(tx *store.Tx, id message.PersonID) error {
	p, ok, err := d.access.Person(tx, id)
	if err != nil {
		return err
	}
	if !ok || !p.Staff() || !access.Allowed(p.Roles, access.WorkMessage) {
		return &Invalid{Field: "to", Words: "Choose somebody who works messages: front desk or a provider."}
	}
	return nil
}

// Note adds what was typed to the message, sealed. Call takers may add to what
// they typed themselves, for as long as they may read it.
func (d *Desk) Note(ctx context.Context, s access.Session, id message.ID, text message.Clear) (message.Envelope, error) {
	e, err := d.envelope(id)
	if err != nil {
		return message.Envelope{}, err
	}
	if !mayNote(s, e, d.now()) {
		if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
			return message.Envelope{}, err
		}
	}
	if text, err = checkNote(text); err != nil {
		return message.Envelope{}, err
	}
	if text == "" {
		return message.Envelope{}, &Invalid{Field: "note", Words: "There is nothing in the note."}
	}
	return d.do(ctx, s, id, act{what: audit.Noted, event: message.EventNoted, note: text})
}

func mayNote(s access.Session, e message.Envelope, at time.Time) bool {
	return s.May(access.WorkMessage) || s.May(access.TakeMessage) && ownStill(s, e, at)
}

// CallBack records that the session's person called back, and whether they
// reached somebody. Whoever calls back a message that is nobody's has it. When
// nobody was reached the message is only taken, and an urgent one rings again.
func (d *Desk) CallBack(ctx context.Context, s access.Session, id message.ID, reached bool, note message.Clear) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	next, detail := message.StepCallBack, DetailReached
	if !reached {
		next, detail = message.StepTake, DetailNotReached
	}
	return d.do(ctx, s, id, act{
		what: audit.CalledBack, event: message.EventCalledBack, detail: detail, note: note,
		move: func(tx *store.Tx, e *message.Envelope, at time.Time) error {
			was := e.Status
			if err := step(e, next); err != nil {
				return err
			}
			if was == message.New || e.Assignee == "" {
				take(e, s.Who, at)
			}
			return nil
		},
		after: func(tx *store.Tx, e message.Envelope, at time.Time) error {
			return d.bell.CalledBack(tx, e, reached, at)
		},
	})
}

// Close ends the message with an outcome, and an urgent one's bell with it.
func (d *Desk) Close(ctx context.Context, s access.Session, id message.ID, seen Seen, outcome message.Outcome, note message.Clear) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	if !knownOutcome(outcome) {
		return message.Envelope{}, &Invalid{Field: "outcome", Words: "Choose how it ended."}
	}
	return d.do(ctx, s, id, act{
		what: audit.Closed, event: message.EventClosed, detail: string(outcome), note: note,
		move: func(tx *store.Tx, e *message.Envelope, at time.Time) error {
			if err := d.unchanged(tx, *e, seen); err != nil {
				return err
			}
			if err := step(e, message.StepClose); err != nil {
				return err
			}
			e.ClosedAt, e.Outcome = at, outcome
			return nil
		},
		after: d.bell.Closed,
	})
}

func knownOutcome(o message.Outcome) bool {
	for _, have := range message.Outcomes() {
		if o == have {
			return true
		}
	}
	return false
}

// Reopen undoes a closing: the message is the session's now. An urgent one is
// promised anew.
func (d *Desk) Reopen(ctx context.Context, s access.Session, id message.ID, seen Seen) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	return d.do(ctx, s, id, act{
		what: audit.Reopened, event: message.EventReopened,
		move: func(tx *store.Tx, e *message.Envelope, at time.Time) error {
			if err := d.unchanged(tx, *e, seen); err != nil {
				return err
			}
			if err := step(e, message.StepReopen); err != nil {
				return err
			}
			take(e, s.Who, at)
			e.ClosedAt, e.Outcome = time.Time{}, ""
			return nil
		},
		after: d.bell.Reopened,
	})
}
