package escalation

import (
	"cmp"
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
	Urgency  message.Urgency  `json:"urgency"`
	State    State            `json:"state"`
	Reason   notify.Reason    `json:"reason"`
	Bout     time.Time        `json:"bout"` // UTC: when this ringing began; answers by token are bound to it
	Assignee message.PersonID `json:"assignee,omitempty"`
	Since    time.Time        `json:"since"`            // UTC: since when the caller waits
	Times    int              `json:"times"`            // how often it rang
	Rung     []Rung           `json:"rung,omitempty"`   // whom, and when last
	Nobody   bool             `json:"nobody,omitempty"` // the last ringing reached nobody outside the building

	Step       int                `json:"step"`                  // of the policy, from 1, that rings now; 0: none yet
	Of         int                `json:"of"`                    // how many steps it has
	Waiting    []message.PersonID `json:"waiting,omitempty"`     // must still answer, where all of the step must
	LastResort bool               `json:"last_resort,omitempty"` // the steps are used up: everybody rings too
	Phone      string             `json:"phone,omitempty"`       // and this is to be called now
	PhoneName  string             `json:"phone_name,omitempty"`
	Snoozed    bool               `json:"snoozed,omitempty"` // the assignee calls back until NextAt, by their own word

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
	view := e.preview(tx, answer, at)
	var list []Live
	_, err = eachTimer(tx, func(t timer) error {
		l, err := view.of(t)
		list = append(list, l)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading what rings: %w", err)
	}
	slices.SortStableFunc(list, byWaiting)
	return list, nil
}

// byWaiting puts what rings first, and the oldest message on top.
func byWaiting(a, b Live) int {
	if a.State != b.State {
		if a.State == Ringing {
			return -1
		}
		return 1
	}
	return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Number, b.Number))
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
	l, err := e.preview(tx, answer, at).of(t)
	return l, err == nil, err
}

// live is what a timer says of itself.
func (t *timer) live() Live {
	l := Live{
		Message: t.Message, Number: t.Number, Type: t.Type, Urgency: t.Urgency, State: t.State, Reason: t.Reason, Bout: t.Bout,
		Assignee: t.Assignee, Since: t.Since, Times: t.Times, Rung: t.Rung, Nobody: t.Nobody, NextAt: t.Next,
		Waiting: t.waitsFor(), Snoozed: t.State == Promised && !t.Until.IsZero(),
	}
	if t.State != Ringing {
		return l
	}
	places := t.places()
	now := places[max(0, t.Step-1)%len(places)]
	l.Step, l.Of = now.n, now.of
	if l.LastResort = t.Last; t.Last {
		l.Phone, l.PhoneName = t.policy().LastResort.Phone, t.policy().LastResort.PhoneName
	}
	return l
}

// preview tells who would be rung, by the same plan that rings.
type preview struct {
	planner
	works map[attempt]bool
}

func (e *Engine) preview(tx *store.Tx, answer oncall.Answer, at time.Time) *preview {
	return &preview{planner: planner{change: e.change(tx, at), answer: answer}, works: map[attempt]bool{}}
}

func (p *preview) of(t timer) (Live, error) {
	l := t.live()
	if t.State == Promised {
		t.Reason, t.Step, t.Rung = notify.Overdue, 0, nil
	}
	t.Rung = slices.Clone(t.Rung)
	for {
		now, got, err := p.step(&t)
		if err != nil {
			return l, err
		}
		if got || now.last {
			l.Next, l.Everybody = now.people, now.everybody
			return l, nil
		}
	}
}

// step goes on by one step, and says whether it reaches somebody.
func (p *preview) step(t *timer) (now turn, got bool, err error) {
	if now, err = p.next(t); err != nil {
		return now, false, err
	}
	t.Step++
	t.Asked = now.people
	for _, id := range now.people {
		ways, err := p.ways(id, now.Step)
		if err != nil {
			return now, false, err
		}
		got = got || len(ways) > 0
		if t.rung(id) == nil {
			t.Rung = append(t.Rung, Rung{Person: id})
		}
	}
	return now, got, nil
}

// ways are the channels by which a step reaches somebody.
func (p *preview) ways(id message.PersonID, s Step) (kinds []notify.Kind, err error) {
	who, here, err := p.e.people.Contact(p.tx, id)
	if notDamage(err) {
		return nil, err
	}
	if !here {
		return nil, nil
	}
	for _, ch := range p.e.channelsTo(who.Address) {
		if !s.uses(ch) {
			continue
		}
		one := attempt{id, ch.Kind()}
		works, known := p.works[one]
		if !known {
			condition, _, err := ch.Check(p.tx, who.Address)
			if err != nil {
				return nil, err
			}
			works = condition == notify.Working
			p.works[one] = works
		}
		if works {
			kinds = append(kinds, ch.Kind())
		}
	}
	return kinds, nil
}

// channelsTo are the channels in the order in which somebody wants to be reached.
func (e *Engine) channelsTo(to notify.Address) []notify.Channel {
	place := func(ch notify.Channel) int {
		i := slices.IndexFunc(to.Ways, func(w notify.Way) bool { return w.Kind == ch.Kind() })
		if i < 0 {
			return len(to.Ways)
		}
		return i
	}
	list := slices.Clone(e.channels)
	slices.SortStableFunc(list, func(a, b notify.Channel) int { return place(a) - place(b) })
	return list
}

// Reached answers the channels by which an urgent call would reach somebody now,
// as the bell asks them; where none would that leaves the building, why. A person
// who is not here is reached by none.
func (e *Engine) Reached(tx *store.Tx, person message.PersonID, at time.Time) (kinds []notify.Kind, why string, err error) {
	if kinds, err = e.preview(tx, oncall.Answer{}, at).ways(person, Step{}); err != nil || len(kinds) > 0 {
		return kinds, "", err
	}
	who, here, err := e.people.Contact(tx, person)
	if !here || err != nil {
		return nil, "", err
	}
	_, why, err = e.condition(tx, who.Address)
	return nil, why, err
}

// condition says whether a channel that leaves the building works for an
// address, and if none does, why: of a way that is on file, where one is.
func (e *Engine) condition(tx *store.Tx, to notify.Address) (works bool, why string, err error) {
	onFile := false
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
		if has := len(to.To(ch.Kind())) > 0; why == "" || has && !onFile {
			why, onFile = reason, has
		}
	}
	return false, why, nil
}
