package escalation

import (
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// The doors are called inside the change that made them necessary, with the
// envelope as it stands after it and the time of the change. They concern
// urgent messages and do nothing for others. Each may be called again.

// Begin starts the bell of a new message: the first step is rung, and the next
// one is in the store, in the transaction that holds the message.
func (e *Engine) Begin(tx *store.Tx, env message.Envelope, at time.Time) error {
	return e.door(tx, env, begin, at)
}

// Taken stops the ringing: the assignee took the message, and is rung again when
// it is not worked in the promised time.
func (e *Engine) Taken(tx *store.Tx, env message.Envelope, at time.Time) error {
	if env.Status == message.CalledBack && getTimer(tx, env.ID).State == Silent {
		return nil // the caller was reached: whoever goes on with it promised nothing to them
	}
	return e.door(tx, env, take, at)
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

// door moves the bell of an envelope.
func (e *Engine) door(tx *store.Tx, env message.Envelope, c cause, at time.Time) error {
	t := getTimer(tx, env.ID)
	if t.State == Silent {
		if _, rings := policyOf(env.Urgency); !rings {
			return nil
		}
		t = timer{Message: env.ID, Number: env.Number, Type: env.CallType, Urgency: env.Urgency, Reason: notify.Waiting, Since: env.ReceivedAt.UTC(), Rev: at.UnixNano()}
	}
	t.Assignee = env.Assignee
	return e.change(tx, at).apply(&t, c)
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
	r.Failed = true
	c := e.change(tx, at)
	if err := c.failed(p); err != nil {
		return err
	}
	return c.apply(&t, unreached)
}

var _ notify.Outcome = (*Engine)(nil)
