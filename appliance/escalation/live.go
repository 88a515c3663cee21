package escalation

import (
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// Live is the bell of one message as pages show it.
type Live struct {
	Message  message.ID       `json:"message"`
	Number   message.Number   `json:"number"`
	Type     message.CallType `json:"type"`
	State    State            `json:"state"`
	Reason   notify.Reason    `json:"reason"`
	Assignee message.PersonID `json:"assignee,omitempty"`
	Since    time.Time        `json:"since"`            // UTC: since when the caller waits
	Times    int              `json:"times"`            // how often it rang
	Rung     []Rung           `json:"rung,omitempty"`   // whom, and when last
	Nobody   bool             `json:"nobody,omitempty"` // the last ringing reached nobody outside the building

	Next      []message.PersonID `json:"next,omitempty"` // who is rung next
	Everybody bool               `json:"everybody"`      // and that is everybody
	NextAt    time.Time          `json:"next_at"`        // UTC
}

// Live answers every bell that is not silent: those that ring first, the oldest
// message on top. Who is next is answered as it stands at a moment: the list,
// the switch and the channels may change before it comes.
func (e *Engine) Live(tx *store.Tx, at time.Time) ([]Live, error) {
	answer, err := oncall.Now(tx, at)
	if notDamage(err) {
		return nil, err
	}
	view := preview{change: e.change(tx, at), answer: answer, works: map[message.PersonID]bool{}}
	var list []Live
	_, err = eachTimer(tx, func(t timer) error {
		l, err := view.of(t)
		list = append(list, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what rings: %w", err)
	}
	slices.SortStableFunc(list, func(a, b Live) int {
		if a.State != b.State {
			if a.State == Ringing {
				return -1
			}
			return 1
		}
		return a.Since.Compare(b.Since)
	})
	return list, nil
}

// Of answers the bell of one message; false when it is silent.
func (e *Engine) Of(tx *store.Tx, id message.ID, at time.Time) (Live, bool, error) {
	t := getTimer(tx, id)
	if t.State == Silent {
		return Live{}, false, nil
	}
	answer, err := oncall.Now(tx, at)
	if notDamage(err) {
		return Live{}, false, err
	}
	view := preview{change: e.change(tx, at), answer: answer, works: map[message.PersonID]bool{}}
	l, err := view.of(t)
	return l, err == nil, err
}

// preview tells who would be rung, by the same plan that rings.
type preview struct {
	change
	answer oncall.Answer
	works  map[message.PersonID]bool
}

func (p *preview) of(t timer) (Live, error) {
	l := Live{
		Message: t.Message, Number: t.Number, Type: t.Type, State: t.State, Reason: t.Reason, Assignee: t.Assignee,
		Since: t.Since, Times: t.Times, Rung: t.Rung, Nobody: t.Nobody, NextAt: t.Next,
	}
	if t.State == Promised {
		t.Reason, t.Step, t.Rung = notify.Overdue, 0, nil
	}
	t.Rung = slices.Clone(t.Rung)
	for {
		people, last := plan(t, p.answer)
		got := last
		for _, id := range people {
			works, err := p.reachable(id)
			if err != nil {
				return l, err
			}
			got = got || works
			t.Rung = append(t.Rung, Rung{Person: id})
		}
		t.Step++
		if got {
			l.Next, l.Everybody = people, last
			return l, nil
		}
	}
}

// reachable says whether a person has a working channel that leaves the building.
func (p *preview) reachable(id message.PersonID) (bool, error) {
	if works, known := p.works[id]; known {
		return works, nil
	}
	who, here, err := p.e.people.Contact(p.tx, id)
	if notDamage(err) {
		return false, err
	}
	works, _, err := p.e.condition(p.tx, who.Address)
	p.works[id] = here && works
	return here && works, err
}

// condition says whether a channel that leaves the building works for an
// address, and if none does, why.
func (e *Engine) condition(tx *store.Tx, to notify.Address) (works bool, why string, err error) {
	for _, ch := range e.channels {
		if !ch.Leaves() {
			continue
		}
		condition, reason, err := ch.Check(tx, to)
		if err != nil {
			return false, "", err
		}
		if condition == notify.Working {
			return true, "", nil
		}
		if why == "" {
			why = reason
		}
	}
	return false, why, nil
}
