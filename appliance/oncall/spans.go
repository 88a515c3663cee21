package oncall

import (
	"slices"
	"time"

	"nightbell/appliance/message"
)

// Span is a time during which the answer is one and the same.
type Span struct {
	From, To time.Time // UTC
	Answer   Answer
}

// Spans answers who is on call from one moment to another, without a hole. At
// every moment of a span Resolve answers what the span does.
func Spans(p Plan, from, to time.Time) []Span {
	t := newTimetable(p)
	var list []Span
	for at := from.UTC(); at.Before(to); {
		end := t.next(at)
		if end.IsZero() || end.After(to) {
			end = to.UTC()
		}
		answer := t.answer(at)
		if last := len(list) - 1; last >= 0 && list[last].Answer.same(answer) {
			list[last].To = end
		} else {
			list = append(list, Span{From: at, To: end, Answer: answer})
		}
		at = end
	}
	return list
}

// next answers the first moment after another at which anything of the plan may
// begin or end; zero when nothing does any more.
func (t *timetable) next(at time.Time) (next time.Time) {
	cut := func(moments ...time.Time) {
		for _, m := range moments {
			next = after(at, next, m)
		}
	}
	cut(t.cuts...)
	if t.Now != nil {
		cut(t.Now.Since, t.Now.Until)
	}
	for i := range t.layers {
		l := &t.layers[i]
		cut(l.schedule.From, l.schedule.Until)
		cut(l.cuts...)
		for _, r := range l.Rotations {
			cut(r.next(t.Zone, at))
		}
	}
	return utc(next)
}

func (a Answer) same(b Answer) bool {
	return a.Everybody == b.Everybody && a.Why == b.Why && slices.EqualFunc(a.Turns, b.Turns, Turn.same)
}

func (t Turn) same(u Turn) bool {
	return t.Person == u.Person && t.Schedule == u.Schedule && t.Layer == u.Layer && t.From.Equal(u.From) && t.To.Equal(u.To) &&
		t.Why == u.Why && t.Rule == u.Rule && t.Instead == u.Instead && t.Override == u.Override
}

// Gap is a time at which nobody is on call.
type Gap struct {
	Schedule string // id of the schedule that has nobody while others do; empty: nobody at all
	From, To time.Time
}

// Gaps answers when nobody is on call, of all and of each schedule, before it
// happens.
func Gaps(p Plan, from, to time.Time) []Gap { return gaps(p, Spans(p, from, to)) }

func gaps(p Plan, spans []Span) []Gap {
	var list []Gap
	add := func(schedule string, empty func(Answer) bool) {
		open := false
		for _, s := range spans {
			switch is := empty(s.Answer); {
			case is && open:
				list[len(list)-1].To = s.To
			case is:
				list, open = append(list, Gap{schedule, s.From, s.To}), true
			default:
				open = false
			}
		}
	}
	add("", func(a Answer) bool { return len(a.Turns) == 0 })
	if p.Uses != UsesSchedule {
		return list
	}
	var seen []string
	for _, s := range p.Schedules {
		if s.Until.IsZero() && !slices.Contains(seen, s.ID) {
			seen = append(seen, s.ID)
			add(s.ID, func(a Answer) bool { return len(a.Turns) > 0 && len(a.InLayer(s.ID, "")) == 0 })
		}
	}
	return list
}

// Conflict is a time at which a schedule contradicts itself.
type Conflict struct {
	Kind     ConflictKind
	Schedule string // id
	Layers   []string
	People   []message.PersonID
	From, To time.Time
}

// ConflictKind is how.
type ConflictKind string

const (
	TwoLayers ConflictKind = "two-layers" // one person stands in two layers at once: behind them is nobody else
	Overlap   ConflictKind = "overlap"    // two shifts, or rotations, of one layer at once
)

// Conflicts answers when somebody is their own backup, and when shifts of one
// layer overlap, before it happens.
func Conflicts(p Plan, from, to time.Time) []Conflict { return conflictsIn(Spans(p, from, to)) }

func conflictsIn(spans []Span) []Conflict {
	var list []Conflict
	for _, s := range spans {
		for _, c := range conflicts(s) {
			i := slices.IndexFunc(list, c.goesOn)
			if i < 0 {
				list = append(list, c)
				continue
			}
			list[i].To = c.To
		}
	}
	return list
}

// goesOn says whether this is an earlier conflict that goes on.
func (c Conflict) goesOn(earlier Conflict) bool {
	return c.Kind == earlier.Kind && c.Schedule == earlier.Schedule && c.From.Equal(earlier.To) &&
		slices.Equal(c.Layers, earlier.Layers) && slices.Equal(c.People, earlier.People)
}

func conflicts(s Span) (list []Conflict) {
	turns := s.Answer.Turns
	for i, a := range turns {
		for _, b := range turns[i+1:] {
			if a.Schedule == "" || a.Schedule != b.Schedule {
				continue
			}
			c := Conflict{Schedule: a.Schedule, Layers: []string{a.Layer, b.Layer}, People: []message.PersonID{a.Person}, From: s.From, To: s.To}
			switch {
			case a.Layer != b.Layer && a.Person == b.Person:
				c.Kind = TwoLayers
				list = append(list, c)
			case a.Layer == b.Layer && (a.Why != WhyHoliday || b.Why != WhyHoliday):
				c.Kind, c.Layers = Overlap, c.Layers[:1]
				if b.Person != a.Person {
					c.People = append(c.People, b.Person)
				}
				list = append(list, c)
			}
		}
	}
	return list
}
