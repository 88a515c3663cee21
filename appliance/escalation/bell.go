package escalation

import (
	"errors"
	"fmt"
	"slices"
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
	t.State = m.to
	switch m.do {
	case ringFirst:
		return c.bout(t, notify.Waiting)
	case ringAgain:
		return c.bout(t, notify.HandedOff)
	case breaks:
		if err := c.overdue(t); err != nil {
			return err
		}
		return c.bout(t, notify.Overdue)
	case ringNext:
		return c.ring(t)
	case promise:
		policy, _ := policyOf(t.Urgency)
		if err := c.quiet(t); err != nil {
			return err
		}
		return t.put(c.tx, c.at, c.at.Add(policy.Promise))
	case stop:
		if err := c.quiet(t); err != nil {
			return err
		}
		return timers.Delete(c.tx, string(t.Message))
	case hurry:
		return c.hurry(t, t.Next)
	}
	return fmt.Errorf("the bell of message %s does not know what to do", t.Message)
}

// bout begins to ring: what an earlier bout began and still waits is dropped.
func (c change) bout(t *timer, reason notify.Reason) error {
	if err := c.quiet(t); err != nil {
		return err
	}
	t.Reason, t.Step, t.Rung = reason, 0, nil
	return c.ring(t)
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
	ringing := &call{change: c, timer: t}
	for {
		people, last := plan(*t, answer)
		t.Step++
		t.Last = last
		got, err := ringing.people(people, last)
		if err != nil {
			return err
		}
		if t.Nobody = !got; got || last {
			break
		}
	}
	if err := ringing.lastResort(); err != nil {
		return err
	}
	if err := ringing.desks(); err != nil {
		return err
	}
	if err := ringing.trace(); err != nil {
		return err
	}
	wait := stepOf(c.tx)
	if c.care == desksOnly {
		wait = minStep // nobody was rung who should have been
	}
	return t.put(c.tx, c.at, c.at.Add(wait))
}

// plan answers whom the next step rings, and whether that is everybody. Places
// are held by person, not by index: a list that was changed in the meantime
// skips nobody and rings nobody twice.
func plan(t timer, answer oncall.Answer) (people []message.PersonID, everybody bool) {
	policy, _ := policyOf(t.Urgency)
	steps := policy.steps(t.Reason)
	whom := steps[min(t.Step, len(steps)-1)]
	onCall := answer.People()
	if answer.Everybody {
		whom = Everybody
	}
	if whom == TheAssignee {
		if t.Assignee != "" {
			return []message.PersonID{t.Assignee}, false
		}
		whom = TheNext
	}
	if whom == TheNext {
		for _, p := range onCall {
			if t.rung(p) == nil {
				return []message.PersonID{p}, false
			}
		}
	}
	if t.Assignee != "" && !slices.Contains(onCall, t.Assignee) {
		onCall = append(onCall, t.Assignee)
	}
	return onCall, true
}

// quiet drops whatever of this message still waits to ring somebody. A channel
// that cannot is no reason to refuse that a person takes the message: what it
// holds back is a notice too many.
func (c change) quiet(t *timer) error {
	for _, ch := range c.e.channels {
		to := []notify.Address{{}}
		if ch.Leaves() {
			if to = to[:0]; c.care == desksOnly {
				continue
			}
			for _, r := range t.Rung {
				to = append(to, notify.Address{Person: r.Person})
			}
		}
		for _, a := range to {
			if safely(func() error { return ch.End(c.tx, t.Message, a) }) == nil {
				continue
			}
			ev := message.Event{What: message.EventFailed, Whom: a.Person, Detail: string(ch.Kind()) + detailNotEnded}
			if err := c.event(t.Message, ev); err != nil {
				return err
			}
		}
	}
	return nil
}

// hurry makes the next step due at once when all of those who were rung last
// could not be told. Where that was everybody, the step goes its time: there is
// nobody left, and the desks ring.
func (c change) hurry(t *timer, next time.Time) error {
	for _, r := range t.Rung {
		if r.At.Equal(t.RangAt) && !r.Failed {
			return t.put(c.tx, c.at, next)
		}
	}
	t.Nobody = true
	if !t.Last {
		return t.put(c.tx, c.at, earlier(c.at, next))
	}
	err := c.record(t.Message, message.Event{What: message.EventNobody},
		audit.Leaf{What: audit.RungNobody, About: about(t.Message), Why: string(t.Reason)})
	if err != nil {
		return err
	}
	return t.put(c.tx, c.at, next)
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
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
