package oncall

import (
	"cmp"
	"slices"
	"time"

	"nightbell/appliance/message"
)

// Resolve answers who takes urgent calls at a moment. Whoever is switched on
// goes first; then come the list, or the layers of the schedules in their order,
// those of the whole practice before those of one specialty or location. Within
// a layer a holiday goes before a shift, a shift before a rotation; exceptions
// then put one person in another's place.
func Resolve(p Plan, at time.Time) Answer { return newTimetable(p).answer(at) }

// timetable is a plan made ready to be asked many times.
type timetable struct {
	Plan
	layers []layer
	legs   []leg       // of the overrides, the one agreed last at the end
	cuts   []time.Time // where legs begin and end
	found  map[int64][]place
}

// layer is a layer of one edition, with its fixed points as instants.
type layer struct {
	*Layer
	schedule *Schedule
	shifts   []stretch
	holidays []stretch
	cuts     []time.Time // where shifts and holidays begin and end
}

// stretch is a time in which people hold a layer.
type stretch struct {
	from, to time.Time
	id       string
	people   []message.PersonID
	why      Why
	rule     string
}

// place is one place in an answer, before and after exceptions.
type place struct {
	layer    *layer // nil: on the list
	id       string // of the rule that gives it
	holder   message.PersonID
	person   message.PersonID // who stands in it; empty: taken off
	from, to time.Time        // how long the rule alone gives it
	why      Why
	rule     string
	rotation *Rotation // whose rule it is, instead
	override *Override
}

// same says whether two moments have the same person in the same place by the
// same exception.
func (p place) same(q place) bool {
	return p.layer == q.layer && p.id == q.id && p.holder == q.holder && p.person == q.person && p.override == q.override &&
		p.from.Equal(q.from) && p.to.Equal(q.to)
}

func newTimetable(p Plan) *timetable {
	p.Zone = location(p.Zone)
	t := &timetable{Plan: p, found: map[int64][]place{}}
	for i := range p.Overrides {
		t.legs = append(t.legs, p.Overrides[i].legs()...)
	}
	slices.SortStableFunc(t.legs, func(a, b leg) int {
		return cmp.Or(a.override.AgreedAt.Compare(b.override.AgreedAt), cmp.Compare(a.override.ID, b.override.ID))
	})
	for _, l := range t.legs {
		t.cuts = append(t.cuts, l.from, l.to)
	}
	if p.Uses == UsesSchedule {
		for i := range p.Schedules {
			for j := range p.Schedules[i].Layers {
				t.layers = append(t.layers, newLayer(p, &p.Schedules[i], &p.Schedules[i].Layers[j]))
			}
		}
		slices.SortStableFunc(t.layers, func(a, b layer) int {
			return cmp.Compare(min(len(a.schedule.Topic), 1), min(len(b.schedule.Topic), 1))
		})
	}
	return t
}

func newLayer(p Plan, s *Schedule, of *Layer) layer {
	n := len(of.Shifts)
	l := layer{Layer: of, schedule: s, shifts: make([]stretch, 0, n), cuts: make([]time.Time, 0, 2*n)}
	people := make([]message.PersonID, n)
	for i, shift := range of.Shifts {
		people[i] = shift.Person
		if from, to := shift.From.In(p.Zone), shift.To.In(p.Zone); from.Before(to) {
			l.shifts = append(l.shifts, stretch{from, to, shift.ID, people[i : i+1], WhyShift, "fixed shift"})
			l.cuts = append(l.cuts, from, to)
		}
	}
	for _, h := range p.Holidays {
		if len(h.People) == 0 || (h.Schedule != "" && h.Schedule != s.ID) || (h.Layer != "" && h.Layer != of.ID) {
			continue
		}
		from, to := h.Date.At(h.From).In(p.Zone), h.Date.Add(1).At(h.From).In(p.Zone)
		l.holidays = append(l.holidays, stretch{from, to, h.ID, h.People, WhyHoliday, "holiday " + h.Name})
	}
	for _, one := range l.holidays {
		l.cuts = append(l.cuts, one.from, one.to)
	}
	return l
}

// counts says whether the layer's edition counts at a moment.
func (l *layer) counts(at time.Time) bool {
	return !at.Before(l.schedule.From) && (l.schedule.Until.IsZero() || at.Before(l.schedule.Until))
}

// places are who holds the layer by its rules at a moment.
func (l *layer) places(zone *time.Location, at time.Time) []place {
	if !l.counts(at) {
		return nil
	}
	list := l.during(l.holidays, at)
	if len(list) == 0 {
		list = l.during(l.shifts, at)
	}
	if len(list) > 0 {
		return list
	}
	for i := range l.Rotations {
		r := &l.Rotations[i]
		if who, from, to := r.at(zone, at); who != "" {
			p := l.place(r.ID, who, from, to, WhyRotation, "")
			p.rotation = r
			list = append(list, p)
		}
	}
	return list
}

func (l *layer) during(stretches []stretch, at time.Time) (list []place) {
	for _, s := range stretches {
		if at.Before(s.from) || !at.Before(s.to) {
			continue
		}
		for _, who := range s.people {
			list = append(list, l.place(s.id, who, s.from, s.to, s.why, s.rule))
		}
	}
	return list
}

func (l *layer) place(id string, who message.PersonID, from, to time.Time, why Why, rule string) place {
	return place{layer: l, id: id, holder: who, person: who, why: why, rule: rule,
		from: later(from, l.schedule.From), to: sooner(to, l.schedule.Until)}
}

// places are all places at a moment, exceptions made. The turns of one answer
// look at the same moments, so what was found is kept.
func (t *timetable) places(at time.Time) []place {
	if list, known := t.found[at.UnixNano()]; known {
		return list
	}
	list := t.find(at)
	t.found[at.UnixNano()] = list
	return list
}

func (t *timetable) find(at time.Time) (list []place) {
	if t.Uses != UsesSchedule {
		for _, who := range t.List {
			list = append(list, place{id: string(who), holder: who, person: who, why: WhyList, rule: WhyList.Text()})
		}
	}
	for i := range t.layers {
		list = append(list, t.layers[i].places(t.Zone, at)...)
	}
	var legs []leg // those of one override that count now
	for i, l := range t.legs {
		if !at.Before(l.from) && at.Before(l.to) {
			legs = append(legs, l)
		}
		if i+1 == len(t.legs) || t.legs[i+1].override != l.override {
			if len(legs) > 0 {
				list = t.except(list, legs, at)
			}
			legs = legs[:0]
		}
	}
	return list
}

// except makes one exception. Both ways of a swap are made at once, so that
// neither undoes the other. Somebody who is not on call any more because of an
// earlier exception is still meant by their place: the later word counts.
func (t *timetable) except(list []place, legs []leg, at time.Time) []place {
	before := slices.Clone(list)
	for _, l := range legs {
		made := false
		for _, meant := range []func(place) bool{
			func(p place) bool { return l.replaced == "" || p.person == l.replaced },
			func(p place) bool { return p.holder == l.replaced && p.person != l.by },
		} {
			for i, p := range before {
				if made = made || l.in(p) && meant(p); l.in(p) && meant(p) {
					list[i].person, list[i].override = l.by, l.override
				}
			}
			if made {
				break
			}
		}
		if !made && l.replaced == "" {
			list = t.fill(list, l, at)
		}
	}
	return list
}

// in says whether a place is one that an exception is about.
func (l leg) in(p place) bool {
	o := l.override
	if o.Schedule == "" {
		return true
	}
	return p.layer != nil && p.layer.schedule.ID == o.Schedule && (o.Layer == "" || p.layer.ID == o.Layer)
}

// fill puts whoever covers a layer in which nobody is on into it.
func (t *timetable) fill(list []place, l leg, at time.Time) []place {
	for i := range t.layers {
		in := &t.layers[i]
		if in.schedule.ID != l.override.Schedule || in.ID != l.override.Layer || !in.counts(at) {
			continue
		}
		p := in.place(l.override.ID, "", l.from, l.to, WhyOverride, "")
		p.person, p.override = l.by, l.override
		behind := slices.IndexFunc(list, func(q place) bool { return q.layer != nil && t.rank(q.layer) > i })
		if behind < 0 {
			behind = len(list)
		}
		list = slices.Insert(list, behind, p)
	}
	return list
}

func (t *timetable) rank(l *layer) int {
	return slices.IndexFunc(t.layers, func(one layer) bool { return one.Layer == l.Layer && one.schedule == l.schedule })
}

// turn answers a place as a turn. What its rule gives it is cut where shifts,
// holidays and exceptions begin or end to have somebody else in it.
func (t *timetable) turn(p place, at time.Time) Turn {
	turn := Turn{Person: p.person, Layer: LayerList, LayerName: LayerList, Why: p.why, Rule: p.rule, Override: p.override}
	if p.layer != nil {
		turn.Schedule, turn.Layer, turn.LayerName = p.layer.schedule.ID, p.layer.ID, p.layer.Name
	}
	if p.rotation != nil {
		turn.Rule = p.rotation.rule()
	}
	if p.override != nil {
		turn.Why, turn.Instead = WhyOverride, p.holder
	}
	turn.From, turn.To = t.extent(p, at)
	return turn
}

func (t *timetable) extent(p place, at time.Time) (from, to time.Time) {
	still := func(at time.Time) bool { return slices.ContainsFunc(t.places(at), p.same) }
	cuts := t.cutsIn(p)
	next := slices.IndexFunc(cuts, func(cut time.Time) bool { return cut.After(at) })
	if next < 0 {
		next = len(cuts)
	}
	from, to = p.from, p.to
	for _, cut := range cuts[next:] {
		if !still(cut) {
			to = cut
			break
		}
	}
	for i := next - 1; i >= 0; i-- {
		if !still(cuts[i].Add(-1)) {
			from = cuts[i]
			break
		}
	}
	return utc(from), utc(to)
}

// cutsIn are the moments, in order, at which something else may begin or end to
// hold a place while its rule gives it.
func (t *timetable) cutsIn(p place) (list []time.Time) {
	in := func(cuts []time.Time) {
		for _, cut := range cuts {
			if cut.After(p.from) && (p.to.IsZero() || cut.Before(p.to)) {
				list = append(list, cut)
			}
		}
	}
	in(t.cuts)
	if p.layer != nil {
		in(p.layer.cuts)
	}
	slices.SortFunc(list, time.Time.Compare)
	return list
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

func (t *timetable) answer(at time.Time) Answer {
	a := Answer{Why: WhyNobody}
	if t.Uses == UsesSchedule {
		a.Why = WhyGap
	}
	if t.Now.holds(at) && (!t.Past || !at.Before(t.Now.Since)) {
		a.Why = WhySwitch
		a.Turns = append(a.Turns, t.switched())
	}
	for _, p := range t.places(at) {
		if p.person == "" || (p.layer == nil && slices.ContainsFunc(a.Turns, func(on Turn) bool { return on.Person == p.person })) {
			continue
		}
		a.Turns = append(a.Turns, t.turn(p, at))
		switch a.Why {
		case WhyNobody:
			a.Why = WhyList
		case WhyGap:
			a.Why = WhySchedule
		}
	}
	if t.Doubt != nil {
		a.Everybody, a.Why = true, WhyClock
		t.everybody(&a)
	}
	return a
}

func (t *timetable) switched() Turn {
	return Turn{Person: t.Now.Person, Layer: LayerSwitch, LayerName: LayerSwitch, From: t.Now.Since, To: t.Now.Until, Why: WhySwitch, Rule: WhySwitch.Text()}
}
