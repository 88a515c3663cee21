package escalation

import (
	"fmt"
	"slices"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
)

// planner answers whom the next step of a bell rings. Ringing, the live view and
// the simulation all ask it, so that they cannot disagree.
type planner struct {
	change
	answer oncall.Answer
	staff  []message.PersonID
	asked  bool // for the staff
}

// turn is one step as it is rung.
type turn struct {
	place
	people    []message.PersonID
	everybody bool // who is on call, at least
	last      bool // the steps are used up: everybody is rung beside them
}

// next answers the next step of a bell. Places are held by person, not by index:
// a list that was changed in the meantime skips nobody and rings nobody twice.
func (p *planner) next(t *timer) (turn, error) {
	places := t.places()
	now := turn{place: places[t.Step%len(places)], last: t.Step >= len(places)}
	if now.again && !now.last {
		now.add(t, t.Asked, false)
	} else {
		for _, target := range now.Whom {
			if err := p.target(t, target, &now); err != nil {
				return now, err
			}
		}
	}
	if p.answer.Everybody {
		now.everybody = true
		now.add(t, p.onCall(t), true)
	}
	if !now.last {
		return now, nil
	}
	now.everybody, now.Channels, now.All = true, nil, false
	now.add(t, p.onCall(t), true)
	staff, err := p.wholeStaff(t)
	now.add(t, staff, true)
	return now, err
}

// target adds the people that one target means.
func (p *planner) target(t *timer, target Target, now *turn) error {
	switch target.Kind {
	case Next:
		for _, id := range p.answer.People() {
			if t.rung(id) == nil && !slices.Contains(now.people, id) {
				now.add(t, []message.PersonID{id}, false)
				return nil
			}
		}
	case Assignee:
		if t.Assignee != "" {
			now.add(t, []message.PersonID{t.Assignee}, false)
		}
	case Layer:
		now.add(t, p.layer(target), false)
	case OnePerson:
		now.add(t, []message.PersonID{target.Person}, false)
	case Everybody:
		now.everybody = true
		now.add(t, p.onCall(t), true)
	case Staff:
		staff, err := p.wholeStaff(t)
		now.everybody = true
		now.add(t, staff, true)
		return err
	}
	return nil
}

// add adds people, each once. Who took it is left alone until the bout is over;
// who declined is rung only where everybody is.
func (n *turn) add(t *timer, people []message.PersonID, everybody bool) {
	for _, id := range people {
		said := saidNothing
		if r := t.rung(id); r != nil {
			said = r.Said
		}
		if slices.Contains(n.people, id) || said == SaidYes || said == SaidNo && !everybody {
			continue
		}
		n.people = append(n.people, id)
	}
}

// onCall are all who are on call, and the assignee.
func (p *planner) onCall(t *timer) []message.PersonID {
	people := p.answer.People()
	if t.Assignee != "" && !slices.Contains(people, t.Assignee) {
		people = append(people, t.Assignee)
	}
	return people
}

// layer are those on call in one layer, behind whoever was switched to "on call
// now": they go in front of all that is scheduled.
func (p *planner) layer(target Target) []message.PersonID {
	return append(p.answer.InLayer("", oncall.LayerSwitch), p.answer.InLayer(target.Schedule, target.Layer)...)
}

// wholeStaff is everybody who may take a message. With less care it is nobody
// rather than no bell.
func (p *planner) wholeStaff(t *timer) ([]message.PersonID, error) {
	if p.asked {
		return p.staff, nil
	}
	staff, err := p.e.people.Staff(p.tx)
	if p.stops(err) {
		return nil, fmt.Errorf("looking up the staff for message %s: %w", t.Message, err)
	}
	p.staff, p.asked = staff, true
	return staff, nil
}

// uses says whether a step rings by a channel.
func (s Step) uses(ch notify.Channel) bool {
	return ch.Leaves() && (len(s.Channels) == 0 || slices.Contains(s.Channels, ch.Kind()))
}
