package desk

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// How long somebody who takes a message may put the call back off. Above an hour
// the caller was told something else.
const (
	MinSnooze   = time.Minute
	MaxSnooze   = time.Hour
	UsualSnooze = 10 * time.Minute // where an answer cannot say how long
)

// errAlready ends a change that has nothing to do: it was done before.
var errAlready = errors.New("it stands so already")

// TooLate says that an answer to the bell came after somebody else's. Nothing
// was changed.
type TooLate struct {
	Number message.Number
	Who    message.PersonID // who was before; "" when nothing rings
	Name   string
	Status message.Status
	At     time.Time // in the practice's zone; zero when nobody was before
}

func (e *TooLate) Error() string {
	did := map[message.Status]string{message.Taken: "taken", message.CalledBack: "called back", message.Closed: "closed"}[e.Status]
	if did == "" || e.Name == "" {
		return fmt.Sprintf("%s does not ring any more.", e.Number)
	}
	return fmt.Sprintf("%s was %s by %s at %s.", e.Number, did, e.Name, e.At.Format("3:04 pm"))
}

// Decline says that the session's person cannot take a message that rings: the
// next one is rung at once. Who has it gives it back, and it rings anew. Saying
// it again changes nothing; when somebody took it meanwhile it is *TooLate.
func (d *Desk) Decline(ctx context.Context, s access.Session, id message.ID) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	return d.do(ctx, s, id, d.declines(s.Who))
}

// Snooze takes a message with the person's own promise to call back in some
// minutes: it rings again then, when it is not closed. Saying it again changes
// nothing; when somebody else has the message it is *TooLate.
func (d *Desk) Snooze(ctx context.Context, s access.Session, id message.ID, wait time.Duration) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	if wait < MinSnooze || wait > MaxSnooze {
		return message.Envelope{}, &Invalid{Field: "minutes", Words: "Say when you call back: in 1 to 60 minutes."}
	}
	return d.do(ctx, s, id, d.snoozes(s.Who, wait))
}

// Answer does what somebody answered by a channel (via, a code), without a
// session: whoever calls it has checked that the answer is theirs. They must
// still be staff who work messages, else it is *access.Denied. The same answer
// again changes nothing; one that comes after somebody else's is *TooLate.
func (d *Desk) Answer(ctx context.Context, who message.PersonID, id message.ID, what message.Answer, via string) (message.Envelope, error) {
	var a act
	switch what {
	case message.AnswerTake:
		a = d.answersTake(who)
	case message.AnswerDecline:
		a = d.declines(who)
	case message.AnswerSnooze:
		a = d.snoozes(who, UsualSnooze)
	default:
		return message.Envelope{}, &Invalid{Field: "answer", Words: "Answer with take, decline or snooze."}
	}
	choose := a.choose
	a.choose = func(tx *store.Tx, e message.Envelope, at time.Time, a *act) error {
		var unfit *Invalid
		if err := d.works(tx, who); errors.As(err, &unfit) {
			return &access.Denied{Need: access.WorkMessage}
		} else if err != nil {
			return err
		}
		err := choose(tx, e, at, a)
		a.via = via
		return err
	}
	e, err := d.do(ctx, access.Session{Who: who}, id, a)
	var denied *access.Denied
	if errors.As(err, &denied) {
		d.access.Refused(ctx, audit.Leaf{What: audit.Refused, Who: string(who), About: []string{string(id)}, Why: string(access.WorkMessage), From: via})
	}
	return e, err
}

// answersTake takes a message that rings, or says that it was heard.
func (d *Desk) answersTake(who message.PersonID) act {
	return act{what: audit.Taken, choose: func(tx *store.Tx, e message.Envelope, _ time.Time, a *act) error {
		is, err := d.stillRings(tx, e, who)
		switch {
		case err != nil:
			return err
		case is.Heard || !is.Rings && e.Assignee == who && e.Status != message.New:
			return errAlready
		case is.Asked && others(e, who):
			*a = d.hears(who)
		default:
			*a = d.takes(who)
		}
		return nil
	}}
}

// hears notes that a person answered a message that another took: one of those
// who must all answer.
func (d *Desk) hears(who message.PersonID) act {
	return act{
		what: audit.BellAnswered, event: message.EventAnswered,
		after: func(tx *store.Tx, e message.Envelope, at time.Time) error { return d.bell.Heard(tx, e, who, at) },
	}
}

func (d *Desk) declines(who message.PersonID) act {
	return act{what: audit.Declined, choose: func(tx *store.Tx, e message.Envelope, _ time.Time, a *act) error {
		is, err := d.stillRings(tx, e, who)
		if err != nil {
			return err
		}
		if is.Declined {
			return errAlready
		}
		if !is.Rings && e.Assignee == "" {
			return d.tooLate(tx, e)
		}
		*a = act{
			what: audit.Declined, event: message.EventDeclined,
			move: func(_ *store.Tx, e *message.Envelope, _ time.Time) error {
				if e.Assignee != who {
					return nil
				}
				e.Assignee = ""
				return step(e, message.StepDecline)
			},
			after: func(tx *store.Tx, e message.Envelope, at time.Time) error { return d.bell.Declined(tx, e, who, at) },
		}
		return nil
	}}
}

func (d *Desk) snoozes(who message.PersonID, wait time.Duration) act {
	return act{what: audit.Snoozed, choose: func(tx *store.Tx, e message.Envelope, at time.Time, a *act) error {
		is, err := d.stillRings(tx, e, who)
		switch {
		case err != nil:
			return err
		case is.Heard, e.Assignee == who && !is.Until.IsZero() && at.Add(wait).Sub(is.Until).Abs() < MinSnooze:
			return errAlready
		case is.Asked && others(e, who):
			*a = d.hears(who)
			return nil
		}
		*a = d.takes(who)
		a.what, a.event, a.detail = audit.Snoozed, message.EventSnoozed, strconv.Itoa(int(wait.Minutes()))+"m"
		a.after = func(tx *store.Tx, e message.Envelope, at time.Time) error {
			return d.bell.Snoozed(tx, e, at.Add(wait), at)
		}
		return nil
	}}
}

// stillRings answers how the bell stands towards a person, or *TooLate when
// their answer decides nothing any more.
func (d *Desk) stillRings(tx *store.Tx, e message.Envelope, who message.PersonID) (message.Standing, error) {
	is := d.bell.Standing(tx, e.ID, who)
	done := e.Status == message.CalledBack || e.Status == message.Closed
	if !is.Rings && (done || others(e, who)) {
		return is, d.tooLate(tx, e)
	}
	return is, nil
}

// tooLate says who was before.
func (d *Desk) tooLate(tx *store.Tx, e message.Envelope) error {
	late := &TooLate{Number: e.Number, Status: e.Status}
	events, err := store.Events(tx, e.ID)
	if err != nil {
		return err
	}
	for _, ev := range events {
		switch ev.What {
		case message.EventAccepted, message.EventSnoozed, message.EventCalledBack, message.EventClosed, message.EventReopened:
			late.Who, late.At = ev.Who, ev.At.In(d.zone)
		}
	}
	late.Name, err = d.callee(tx, late.Who)
	if err != nil {
		return err
	}
	return late
}
