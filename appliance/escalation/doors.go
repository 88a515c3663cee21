package escalation

import (
	"slices"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// The doors are called inside the change that made them necessary, with the
// envelope as it stands after it and the time of the change. They do
// nothing for messages that no policy rings. Each may be called again.

// Begin starts the bell of a new message: the first step is rung, and the next
// one is in the store, in the transaction that holds the message.
func (e *Engine) Begin(tx *store.Tx, env message.Envelope, at time.Time) error {
	return e.door(tx, env, begin, at)
}

// Taken stops the ringing: the assignee took the message, and is rung again when
// it is not worked in the promised time. Where all of a step must answer, only
// the assignee is rung no more, until the last of them answered.
func (e *Engine) Taken(tx *store.Tx, env message.Envelope, at time.Time) error {
	if env.Status == message.CalledBack && getTimer(tx, env.ID).State == Silent {
		return nil // the caller was reached: whoever goes on with it promised nothing to them
	}
	t, rings := e.timerOf(tx, env, at)
	if !rings {
		return nil
	}
	if !t.All {
		t.Until = time.Time{}
	}
	return e.change(tx, at).heard(&t, env.Assignee, take)
}

// Snoozed is Taken by somebody who calls back until a moment of their own: it
// rings again then, when it is not closed.
func (e *Engine) Snoozed(tx *store.Tx, env message.Envelope, until, at time.Time) error {
	t, rings := e.timerOf(tx, env, at)
	if !rings {
		return nil
	}
	t.Until = until.UTC()
	return e.change(tx, at).heard(&t, env.Assignee, snooze)
}

// Heard is told that somebody answered a message that another has taken: one of
// those who must all answer.
func (e *Engine) Heard(tx *store.Tx, env message.Envelope, person message.PersonID, at time.Time) error {
	t := getTimer(tx, env.ID)
	if t.State != Ringing {
		return nil
	}
	t.Assignee = env.Assignee
	return e.change(tx, at).heard(&t, person, take)
}

// Declined is told that somebody cannot take the message, or gives it back. They
// are rung no more until everybody is; when nobody else of the step that rings
// now is left, the next one is due at once.
func (e *Engine) Declined(tx *store.Tx, env message.Envelope, person message.PersonID, at time.Time) error {
	t := getTimer(tx, env.ID)
	if t.State == Silent {
		return nil
	}
	t.Assignee = env.Assignee
	t.says(person, SaidNo, at)
	c := e.change(tx, at)
	if err := c.quietFor(t.Message, person); err != nil {
		return err
	}
	if t.State == Ringing && t.All && t.Assignee != "" && t.answered() {
		return c.apply(&t, take)
	}
	return c.apply(&t, decline)
}

// HandedOff rings the new assignee, and goes on ringing until somebody takes it.
func (e *Engine) HandedOff(tx *store.Tx, env message.Envelope, at time.Time) error {
	return e.door(tx, env, handOff, at)
}

// CalledBack ends the bell when the caller was reached; when not, the promise
// begins anew.
func (e *Engine) CalledBack(tx *store.Tx, env message.Envelope, wasReached bool, at time.Time) error {
	if wasReached {
		return e.door(tx, env, reached, at)
	}
	return e.door(tx, env, missed, at)
}

// Closed ends the bell.
func (e *Engine) Closed(tx *store.Tx, env message.Envelope, at time.Time) error {
	return e.door(tx, env, closes, at)
}

// Reopened makes the promise again: the message is taken by whoever reopened it.
func (e *Engine) Reopened(tx *store.Tx, env message.Envelope, at time.Time) error {
	return e.door(tx, env, reopen, at)
}

// Urgency is told that a person (by) changed how urgent the message is, and how
// urgent it was. Raised, it rings as a new one does, whoever has it already; where
// whoever has it raised it themselves, they promise to work it in time. Lowered to
// where no policy rings it, it is silent: a person has looked at it.
func (e *Engine) Urgency(tx *store.Tx, env message.Envelope, was message.Urgency, by message.PersonID, at time.Time) error {
	t := getTimer(tx, env.ID)
	_, rings := PolicyFor(tx, env.CallType, env.Urgency)
	switch {
	case env.Urgency > was:
		if t, rings = e.timerOf(tx, env, at); !rings {
			return nil
		}
	case t.State == Silent:
		return nil // what is less urgent does not begin to ring
	case !rings && !env.OnCall:
		return e.change(tx, at).apply(&t, calm)
	}
	t.Urgency, t.OnCall = env.Urgency, env.OnCall
	return e.change(tx, at).apply(&t, urgencyCause(&t, env, was, by))
}

// urgencyCause tells who has to hear of another urgency: whoever has the message is
// rung before anybody else, unless it was they.
func urgencyCause(t *timer, env message.Envelope, was message.Urgency, by message.PersonID) cause {
	switch {
	case env.Urgency < was:
		return lower
	case env.Status != message.New && env.Assignee == by:
		return raiseOwn
	}
	t.Given = env.Assignee
	return raise
}

// Standing answers how the bell of a message stands, and towards one person.
func (e *Engine) Standing(tx *store.Tx, id message.ID, person message.PersonID) message.Standing {
	t := getTimer(tx, id)
	s := message.Standing{Rings: t.State == Ringing, Promised: t.State == Promised, Bout: t.Bout, Asked: slices.Contains(t.waitsFor(), person)}
	if r := t.rung(person); r != nil && t.State == Ringing {
		s.Heard, s.Declined = r.Said == SaidYes, r.Said == SaidNo
	}
	s.Promise = t.policy().Promise
	if t.State == Promised {
		s.Broken = t.Next.Add(t.Over)
		if !t.Until.IsZero() {
			s.Until = t.Next
		}
	}
	return s
}

// door moves the bell of an envelope.
func (e *Engine) door(tx *store.Tx, env message.Envelope, c cause, at time.Time) error {
	t, rings := e.timerOf(tx, env, at)
	if !rings {
		return nil
	}
	t.Until = time.Time{}
	return e.change(tx, at).apply(&t, c)
}

// timerOf answers the timer of an envelope, a new one where it is silent; false
// when such messages do not ring.
func (e *Engine) timerOf(tx *store.Tx, env message.Envelope, at time.Time) (timer, bool) {
	t := getTimer(tx, env.ID)
	if t.State == Silent {
		if _, rings := PolicyFor(tx, env.CallType, env.Urgency); !rings && !env.OnCall {
			return t, false
		}
		t = timer{Message: env.ID, Number: env.Number, Type: env.CallType, Urgency: env.Urgency, OnCall: env.OnCall, Given: env.Assignee, Reason: notify.Waiting, Since: env.ReceivedAt.UTC(), Rev: at.UnixNano()}
	}
	t.Assignee = env.Assignee
	return t, true
}

// heard notes that somebody answered, and ends the ringing with the last who
// must.
func (c change) heard(t *timer, person message.PersonID, why cause) error {
	if person != "" {
		t.says(person, SaidYes, c.at)
	}
	if t.State == Ringing && !t.answered() {
		if err := c.quietFor(t.Message, person); err != nil {
			return err
		}
		return c.apply(t, hear)
	}
	return c.apply(t, why)
}

// Delivered is told that a notice was handed to the outside. That is no
// acknowledgement: it goes on ringing.
func (e *Engine) Delivered(tx *store.Tx, p notify.Page, at time.Time) error {
	return e.change(tx, at).delivered(p)
}

// Failed is told that an attempt to deliver a notice failed. When nobody of the
// step that rings now was reached, the next one is due at once.
func (e *Engine) Failed(tx *store.Tx, p notify.Page, at time.Time) error {
	t := getTimer(tx, p.Message)
	r := t.rung(p.Person)
	if r == nil || !r.At.Equal(p.At) || r.Failed {
		return nil // of an earlier step, or told already: it decides nothing any more
	}
	c := e.change(tx, at)
	if err := c.failed(p); err != nil {
		return err
	}
	r.lost(p.Kind)
	return c.apply(&t, unreached)
}

var _ notify.Outcome = (*Engine)(nil)
