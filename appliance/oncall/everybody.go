package oncall

import (
	"slices"

	"nightbell/appliance/message"
)

// everybody adds all whom a clock that is wrong may hide: an end cannot be told
// by it, so who was switched on and perhaps still is stays among them, and who
// has any turn in the schedules, on whatever day.
func (t *timetable) everybody(a *Answer) {
	add := func(turn Turn) {
		if turn.Person != "" && !slices.ContainsFunc(a.Turns, func(on Turn) bool { return on.Person == turn.Person }) {
			a.Turns = append(a.Turns, turn)
		}
	}
	if t.Now != nil {
		add(t.switched())
	}
	for _, p := range t.Everyone() {
		add(Turn{Person: p, Layer: LayerEverybody, LayerName: LayerEverybody, Why: WhyClock, Rule: WhyClock.Text()})
	}
}

// Everyone is everybody who has a place in what counts of the plan now, on
// whatever day.
func (p Plan) Everyone() []message.PersonID {
	var list []message.PersonID
	add := func(people ...message.PersonID) {
		for _, who := range people {
			if who != "" && !slices.Contains(list, who) {
				list = append(list, who)
			}
		}
	}
	if p.Uses != UsesSchedule {
		add(p.List...)
	} else {
		for _, s := range p.Schedules {
			if s.Until.IsZero() {
				s.each(add)
			}
		}
		for _, h := range p.Holidays {
			add(h.People...)
		}
	}
	for _, o := range p.Overrides {
		if o.State == Agreed {
			add(o.By)
		}
	}
	return list
}

// each gives everybody of a schedule.
func (s Schedule) each(f func(...message.PersonID)) {
	for _, l := range s.Layers {
		for _, r := range l.Rotations {
			f(r.People...)
		}
		for _, shift := range l.Shifts {
			f(shift.Person)
		}
	}
}
