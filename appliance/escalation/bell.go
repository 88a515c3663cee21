package escalation

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// care is how much a step does beside ringing. A step that cannot be committed
// with all of it is tried with less: a bell without a trace is a finding, a
// silent one may be a death.
type care int

const (
	full      care = iota // timeline and audit log too
	untraced              // rings without writing down that it did
	desksOnly             // not even the channels that leave the building: one of them spoils the change
)

// stops says whether an error in looking somebody up ends the step.
func (c change) stops(err error) bool { return c.care == full && notDamage(err) }

// notDamage says whether an error may pass. What is damaged stays so: a message
// is not refused, nor a step put off or a page left empty, for a record that no
// second try reads, and whoever cannot be looked up counts as not here.
func notDamage(err error) bool { return err != nil && !errors.Is(err, store.ErrDamaged) }

// change moves bells inside one transaction.
type change struct {
	e    *Engine
	tx   *store.Tx
	at   time.Time
	care care
}

func (e *Engine) change(tx *store.Tx, at time.Time) change {
	return change{e: e, tx: tx, at: at.UTC()}
}

// apply moves a bell by the table of machine.go.
func (c change) apply(t *timer, why cause) error {
	m, moved := moves[t.State][why]
	if !moved {
		return nil
	}
	was := t.State
	t.State = m.to
	switch m.do {
	case ringFirst:
		return c.bout(t, notify.Waiting, nil)
	case ringAgain:
		return c.bout(t, notify.HandedOff, nil)
	case givenBack:
		return c.bout(t, notify.Waiting, t.declined())
	case breaks:
		if err := c.overdue(t); err != nil {
			return err
		}
		return c.bout(t, notify.Overdue, nil)
	case ringNext:
		return c.ring(t)
	case promise:
		return c.promise(t, was == Promised && why == snooze)
	case stop:
		if err := c.quiet(t); err != nil {
			return err
		}
		return timers.Delete(c.tx, string(t.Message))
	case goOn:
		return t.put(c.tx, c.at, t.Next)
	case hurry:
		return c.hurry(t, why)
	case hasten:
		return c.hasten(t)
	}
	return fmt.Errorf("the bell of message %s does not know what to do", t.Message)
}

// bout begins to ring: what an earlier bout began and still waits is dropped.
// It goes by the policy as it is now, and so do all of its steps: one that is
// changed meanwhile loses none of them.
func (c change) bout(t *timer, reason notify.Reason, declined []Rung) error {
	if err := c.quiet(t); err != nil {
		return err
	}
	c.choose(t)
	t.Reason, t.Bout, t.Step, t.Rung, t.Asked, t.All, t.Until = reason, c.at, 0, declined, nil, false, time.Time{}
	return c.ring(t)
}

// choose takes the policy for a message. Where there is none any more, what
// began to ring goes on as it did.
func (c change) choose(t *timer) {
	if p, rings := PolicyFor(c.tx, t.Type, t.Urgency); rings || t.OnCall {
		t.Policy = &p
		if p.ID() == usual().ID() && !c.tx.Has(policyBucket, p.ID()) {
			t.Policy = nil
		}
	}
}

// promise waits for whoever took it: as long as the policy promises, or less by
// their own word. Putting it off once more does not make the promise longer.
func (c change) promise(t *timer, again bool) error {
	if err := c.quiet(t); err != nil {
		return err
	}
	if t.Bout.IsZero() && t.Policy == nil {
		c.choose(t) // it never rang: a message that was opened again
	}
	broken := c.at.Add(t.policy().Promise)
	if again {
		broken = t.Next.Add(t.Over)
	}
	next := broken
	if !t.Until.IsZero() && t.Until.Before(next) {
		next = t.Until
	}
	t.Over = broken.Sub(next)
	t.Asked, t.All = nil, false
	return t.put(c.tx, c.at, next)
}

// hasten makes the promise that of what is more urgent now. It is never later than
// it was.
func (c change) hasten(t *timer) error {
	broken := t.Next.Add(t.Over)
	c.choose(t)
	if by := c.at.Add(t.policy().Promise); by.Before(broken) {
		broken = by
	}
	next := broken
	if !t.Until.IsZero() && t.Until.Before(next) {
		next = t.Until
	}
	t.Over = broken.Sub(next)
	return t.put(c.tx, c.at, next)
}

// ring runs the next step. A step that reaches nobody is not waited out: the
// one after it runs at once, until somebody was reached or everybody was tried.
func (c change) ring(t *timer) error {
	answer, err := oncall.Now(c.tx, c.at)
	if c.stops(err) {
		return err // otherwise nobody is on call, and everybody on the staff is rung
	}
	t.Times++
	t.RangAt = c.at
	ringing := &call{change: c, timer: t, tried: map[attempt]bool{}}
	wait := minStep // nobody was rung who should have been
	if c.care < desksOnly {
		if wait, err = ringing.steps(&planner{change: c, answer: answer}); err != nil {
			return err
		}
	}
	if err := ringing.desks(); err != nil {
		return err
	}
	if err := ringing.trace(); err != nil {
		return err
	}
	return t.put(c.tx, c.at, c.at.Add(wait))
}

// quiet drops whatever of this message still waits to ring somebody. A channel
// that cannot is no reason to refuse that a person takes the message: what it
// holds back is a notice too many.
func (c change) quiet(t *timer) error {
	for _, r := range t.Rung {
		if err := c.quietFor(t.Message, r.Person); err != nil {
			return err
		}
	}
	for _, ch := range c.e.channels {
		if ch.Leaves() {
			continue
		}
		if err := c.end(ch, t.Message, notify.Address{}); err != nil {
			return err
		}
	}
	return nil
}

// quietFor drops what still waits to ring one person.
func (c change) quietFor(id message.ID, p message.PersonID) error {
	if err := c.tx.Delete(rungBucket, rungKey(p, id)); err != nil {
		return err
	}
	for _, ch := range c.e.channels {
		if !ch.Leaves() || c.care == desksOnly {
			continue
		}
		if err := c.end(ch, id, notify.Address{Person: p}); err != nil {
			return err
		}
	}
	return nil
}

func (c change) end(ch notify.Channel, id message.ID, to notify.Address) error {
	if safely(func() error { return ch.End(c.tx, id, to) }) == nil {
		return nil
	}
	return c.event(id, message.Event{What: message.EventFailed, Whom: to.Person, Detail: string(ch.Kind()) + detailNotEnded})
}

// hurry makes the next step due at once when nobody of those who were rung last
// may still answer: they could not be told, or said no. Where that was everybody,
// the step goes its time: there is nobody left, and the desks ring.
func (c change) hurry(t *timer, why cause) error {
	reached := why == decline
	for _, r := range t.Rung {
		if !r.At.Equal(t.RangAt) {
			continue
		}
		if !r.Failed && r.Said == saidNothing {
			return t.put(c.tx, c.at, t.Next)
		}
		reached = reached || !r.Failed
	}
	if !t.Last {
		t.Nobody = !reached
		return t.put(c.tx, c.at, c.at)
	}
	if reached {
		return t.put(c.tx, c.at, t.Next)
	}
	t.Nobody = true
	err := c.record(t.Message, message.Event{What: message.EventNobody},
		audit.Leaf{What: audit.RungNobody, About: about(t.Message), Why: string(t.Reason)})
	if err != nil {
		return err
	}
	return t.put(c.tx, c.at, t.Next)
}

// overdue writes down that a promise was broken.
func (c change) overdue(t *timer) error {
	return c.record(t.Message, message.Event{What: message.EventOverdue, Whom: t.Assignee},
		audit.Leaf{What: audit.BellOverdue, About: about(t.Message, t.Assignee)})
}

func (c change) delivered(p notify.Page) error {
	return c.record(p.Message, message.Event{What: message.EventDelivered, Whom: p.Person, Detail: string(p.Kind)},
		audit.Leaf{What: audit.NoticeDelivered, About: about(p.Message, p.Person)})
}

func (c change) failed(p notify.Page) error {
	return c.record(p.Message, message.Event{What: message.EventFailed, Whom: p.Person, Detail: string(p.Kind)},
		audit.Leaf{What: audit.NoticeFailed, About: about(p.Message, p.Person)})
}

// record writes an event and its audit leaf.
func (c change) record(id message.ID, ev message.Event, leaf audit.Leaf) error {
	if err := c.event(id, ev); err != nil {
		return err
	}
	return c.leaf(leaf)
}

func (c change) event(id message.ID, ev message.Event) error {
	if c.care > full {
		return nil
	}
	ev.At = c.at
	if err := store.AddEvent(c.tx, id, ev); err != nil {
		return fmt.Errorf("writing the timeline of message %s: %w", id, err)
	}
	return nil
}

func (c change) leaf(leaf audit.Leaf) error {
	if c.care > full {
		return nil
	}
	leaf.At, leaf.Who = c.at, audit.System
	_, err := audit.Append(c.tx, leaf)
	return err
}

func about(id message.ID, people ...message.PersonID) []string {
	list := []string{string(id)}
	for _, p := range people {
		if p != "" {
			list = append(list, string(p))
		}
	}
	return list
}

// safely turns a channel's panic into an error, so that one broken channel does
// not silence the others.
func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a channel panicked (%T)", p)
		}
	}()
	return f()
}

func stepDetail(n int) string { return "step-" + strconv.Itoa(n) }

func kinds(list []notify.Kind) string {
	var names []string
	for _, k := range list {
		names = append(names, string(k))
	}
	return strings.Join(names, ",")
}
