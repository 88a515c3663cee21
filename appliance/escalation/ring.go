package escalation

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// A step's time, where the setting cannot be read or is out of its bounds.
const (
	defaultStep = 5 * time.Minute
	minStep     = 5 * time.Second // no phone has begun to ring before
	maxStep     = time.Hour       // above it an urgent call is not urgent
)

// stepOf is how long a step has before the next.
func stepOf(tx *store.Tx) time.Duration {
	d, err := time.ParseDuration(settings.Get(tx, settings.BellStep))
	if err != nil {
		return defaultStep
	}
	return min(max(d, minStep), maxStep)
}

// Details of events, codes of ours.
const (
	detailGone      = "gone"       // the person is not here any more, or is disabled
	detailNoChannel = "no-channel" // no channel leads to them
	detailDoubtful  = "-doubtful"  // after a channel: its last try failed, so it does not count
	detailRefused   = "-refused"   // after a channel: it could not even begin
	detailNotEnded  = "-not-ended" // after a channel: what still waits there could not be dropped
	detailStaff     = "last-resort"
)

// call is one ringing of one message: all the steps that were run at one moment.
type call struct {
	change
	timer *timer
	tried []message.PersonID // who was rung, or would have been
	used  []notify.Kind
}

// people rings some people, each by all their channels, and answers whether
// somebody was reached.
func (c *call) people(list []message.PersonID, everybody bool) (got bool, err error) {
	if everybody {
		if err := c.event(c.timer.Message, message.Event{What: message.EventRungAll, Detail: stepDetail(c.timer.Step)}); err != nil {
			return false, err
		}
	}
	for _, p := range list {
		reached, err := c.person(p)
		if err != nil {
			return false, err
		}
		got = got || reached
	}
	return got, nil
}

// person rings one person by every channel that leaves the building and leads
// to them. Only a channel that works counts; a doubtful one is used all the
// same, since it may have come back.
func (c *call) person(p message.PersonID) (got bool, err error) {
	if slices.Contains(c.tried, p) {
		return false, nil // rung a moment ago, by a step that was not waited out
	}
	c.tried = append(c.tried, p)
	who, here, err := c.e.people.Contact(c.tx, p)
	if c.stops(err) {
		return false, fmt.Errorf("looking up who is rung for message %s: %w", c.timer.Message, err)
	}
	if !here {
		return false, c.mark(p, false, detailGone)
	}
	detail := detailNoChannel
	for _, ch := range c.e.channels {
		if !ch.Leaves() || c.care == desksOnly {
			continue
		}
		how, begun := c.by(ch, who.Address)
		if !begun {
			if how != "" {
				detail = how
			}
			continue
		}
		got = got || how == string(ch.Kind())
		if err := c.event(c.timer.Message, message.Event{What: message.EventRung, Whom: p, Detail: how}); err != nil {
			return false, err
		}
		c.use(ch.Kind())
		detail = ""
	}
	return got, c.mark(p, got, detail)
}

// by begins one channel for one address and answers the detail of its event; it
// is the channel's own name when it works.
func (c *call) by(ch notify.Channel, to notify.Address) (detail string, begun bool) {
	kind := string(ch.Kind())
	var condition notify.Condition
	err := safely(func() (err error) {
		if condition, _, err = ch.Check(c.tx, to); err != nil || condition == notify.Absent {
			return err
		}
		return ch.Begin(c.tx, c.notice(), to, c.at)
	})
	switch {
	case err != nil:
		return kind + detailRefused, false
	case condition == notify.Absent:
		return "", false
	case condition == notify.Doubtful:
		return kind + detailDoubtful, true
	}
	return kind, true
}

func (c *call) notice() notify.Notice {
	t := c.timer
	return notify.Notice{Message: t.Message, Number: t.Number, Type: t.Type, Urgency: t.Urgency, Since: t.Since, Reason: t.Reason, Step: t.Times}
}

// mark keeps who was rung. What kept somebody from being rung is an event the
// first time in a bout, not each time everybody is rung.
func (c *call) mark(p message.PersonID, got bool, detail string) error {
	r := c.timer.rung(p)
	if detail != "" && r == nil {
		if err := c.event(c.timer.Message, message.Event{What: message.EventFailed, Whom: p, Detail: detail}); err != nil {
			return err
		}
	}
	if r == nil {
		c.timer.Rung = append(c.timer.Rung, Rung{Person: p})
		r = &c.timer.Rung[len(c.timer.Rung)-1]
	}
	r.At, r.Failed = c.at, !got
	r.Times++
	return nil
}

func (c *call) use(k notify.Kind) {
	if !slices.Contains(c.used, k) {
		c.used = append(c.used, k)
	}
}

// lastResort rings everybody on the staff when nobody on call was reached.
func (c *call) lastResort() error {
	if !c.timer.Nobody {
		return nil
	}
	staff, err := c.e.people.Staff(c.tx)
	if c.stops(err) {
		return fmt.Errorf("looking up the staff for message %s: %w", c.timer.Message, err)
	}
	got, err := c.people(staff, false)
	if err != nil {
		return err
	}
	c.timer.Nobody = !got
	what, detail := message.EventNobody, ""
	if got {
		what, detail = message.EventRungAll, detailStaff
	}
	return c.event(c.timer.Message, message.Event{What: what, Detail: detail})
}

// desks rings what stays in the building: at each step, whoever else is rung.
func (c *call) desks() error {
	for _, ch := range c.e.channels {
		if ch.Leaves() {
			continue
		}
		err := safely(func() error { return ch.Begin(c.tx, c.notice(), notify.Address{}, c.at) })
		if err == nil {
			c.use(ch.Kind())
			continue
		}
		if err := c.event(c.timer.Message, message.Event{What: message.EventFailed, Detail: string(ch.Kind()) + detailRefused}); err != nil {
			return err
		}
	}
	return nil
}

// trace writes the audit leaf of the call.
func (c *call) trace() error {
	t := c.timer
	what := audit.Rung
	if t.Nobody {
		what = audit.RungNobody
	}
	return c.leaf(audit.Leaf{
		What: what, About: about(t.Message, c.tried...), Why: string(t.Reason),
		Data: map[string]string{"step": strconv.Itoa(t.Times), "channels": kinds(c.used)},
	})
}
