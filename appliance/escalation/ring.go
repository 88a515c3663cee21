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
	detailGone       = "gone"       // the person is not here any more, or is disabled
	detailQuiet      = "quiet"      // what is not urgent waits until their quiet hours are over
	detailNoChannel  = "no-channel" // no channel leads to them
	detailDoubtful   = "-doubtful"  // after a channel: its last try failed, so it does not count
	detailRefused    = "-refused"   // after a channel: it could not even begin
	detailNotEnded   = "-not-ended" // after a channel: what still waits there could not be dropped
	detailLastResort = "last-resort"
)

// call is one ringing of one message: all the steps that were run at one moment.
type call struct {
	change
	timer *timer
	tried map[attempt]bool   // what was begun, or could not be
	asked []message.PersonID // who was rung, or would have been
	used  []notify.Kind
}

// attempt is one way to one person: a step that was not waited out may have
// tried it a moment ago.
type attempt struct {
	person message.PersonID
	kind   notify.Kind
}

// steps runs steps until one reached somebody, or all did what they could, and
// answers how long to wait.
func (c *call) steps(plan *planner) (wait time.Duration, err error) {
	t := c.timer
	for {
		now, err := plan.next(t)
		if err != nil {
			return 0, err
		}
		t.Step++
		t.Last, t.All, t.Asked = now.last, now.All, now.people
		got, err := c.people(now)
		if err != nil {
			return 0, err
		}
		if t.Nobody = !got; !got && !now.last {
			continue
		}
		if !got {
			if err := c.event(t.Message, message.Event{What: message.EventNobody}); err != nil {
				return 0, err
			}
		}
		return now.wait(stepOf(c.tx)), nil
	}
}

// people rings the people of a step, each by all channels of it, and answers
// whether somebody was reached.
func (c *call) people(now turn) (got bool, err error) {
	if now.everybody {
		detail := stepDetail(c.timer.Step)
		if now.last {
			detail = detailLastResort
		}
		if err := c.event(c.timer.Message, message.Event{What: message.EventRungAll, Detail: detail}); err != nil {
			return false, err
		}
	}
	for _, p := range now.people {
		reached, err := c.person(p, now.Step)
		if err != nil {
			return false, err
		}
		got = got || reached
	}
	return got, nil
}

// person rings one person by every channel of the step that leads to them. Only
// a channel that works counts; a doubtful one is used all the same, since it may
// have come back.
func (c *call) person(p message.PersonID, s Step) (got bool, err error) {
	who, here, err := c.e.people.Contact(c.tx, p)
	if c.stops(err) {
		return false, fmt.Errorf("looking up who is rung for message %s: %w", c.timer.Message, err)
	}
	if !slices.Contains(c.asked, p) {
		c.asked = append(c.asked, p)
	}
	if !here {
		return false, c.mark(p, nil, false, detailGone)
	}
	if c.timer.Urgency != message.Urgent && who.Quiet != nil && who.Quiet(c.at) {
		return false, c.mark(p, nil, false, detailQuiet)
	}
	var ways []notify.Kind
	detail, begun := detailNoChannel, false
	for _, ch := range c.e.channelsTo(who.Address) {
		if !s.uses(ch) || c.tried[attempt{p, ch.Kind()}] {
			continue
		}
		c.tried[attempt{p, ch.Kind()}] = true
		how, ok := c.by(ch, who.Address)
		if !ok {
			if how != "" {
				detail = how
			}
			continue
		}
		if how == string(ch.Kind()) {
			ways = append(ways, ch.Kind())
		}
		if err := c.event(c.timer.Message, message.Event{What: message.EventRung, Whom: p, Detail: how}); err != nil {
			return false, err
		}
		c.use(ch.Kind())
		begun = true
	}
	if begun {
		detail = ""
	}
	return len(ways) > 0, c.mark(p, ways, begun, detail)
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
		return ch.Begin(c.tx, c.notice(to.Person), to, c.at)
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

// notice is what one person is told; "" is every desk.
func (c *call) notice(p message.PersonID) notify.Notice {
	t := c.timer
	n := notify.Notice{Message: t.Message, Number: t.Number, Type: t.Type, Urgency: t.Urgency, Since: t.Since, Reason: t.Reason, Step: t.Times, Bout: t.Bout}
	if p != "" {
		n.Others = others(c.tx, p, t.Message)
	}
	return n
}

// mark keeps who was rung, and by which ways that may reach them. What kept
// somebody from being rung is an event the first time in a bout, not each time.
func (c *call) mark(p message.PersonID, ways []notify.Kind, begun bool, detail string) error {
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
	if !r.At.Equal(c.at) {
		r.At, r.Ways = c.at, nil
		r.Times++
	}
	r.Ways = append(r.Ways, ways...)
	r.Failed = len(r.Ways) == 0
	if !begun {
		return nil
	}
	return c.tx.Put(rungBucket, rungKey(p, c.timer.Message), nil)
}

func (c *call) use(k notify.Kind) {
	if !slices.Contains(c.used, k) {
		c.used = append(c.used, k)
	}
}

// desks rings what stays in the building: at each step, whoever else is rung.
func (c *call) desks() error {
	for _, ch := range c.e.channels {
		if ch.Leaves() {
			continue
		}
		err := safely(func() error { return ch.Begin(c.tx, c.notice(""), notify.Address{}, c.at) })
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
		What: what, About: about(t.Message, c.asked...), Why: string(t.Reason),
		Data: map[string]string{"step": strconv.Itoa(t.Times), "channels": kinds(c.used)},
	})
}
