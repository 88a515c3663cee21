package web

import (
	"slices"
	"strings"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// weekView is who is on call on each of seven days, a row a day and a column a
// layer, so that it reads on a phone as it does on the wall.
type weekView struct {
	Title, From, Before, After string
	Layers                     []string
	Days                       []dayView
	Names                      []option // whom a part can be dragged to; none: whoever looks covers nothing
}

type dayView struct {
	Label, Note string // "Tue 24", and what is special about it
	Today       bool
	Gaps        []string // when nobody at all is on call
	Cells       [][]pieceView
}

// pieceView is one person in one layer for a part of a day.
type pieceView struct {
	Who, When, Why string
	Instead        string // for whom they stand in
	Cover          string // where somebody is put in their place; empty: not by whoever looks
}

// week answers the week that a date is in, of the schedules; nothing where the
// plain list counts. Whatever it shows comes from the one resolver.
func (s *Server) week(tx *store.Tx, session access.Session, typed string) (*weekView, error) {
	day := s.typedDay(time.DateOnly, typed)
	day = day.Add(-(int(day.Weekday()) + 6) % 7) // a week begins on Monday
	v, err := s.daysOf(tx, session, day, 7)
	if err != nil || v == nil {
		return nil, err
	}
	v.Title = s.words.say("week.title", day.Weekday().String()[:3]+midnight(day, time.UTC).Format(" Jan 2, 2006"))
	v.From, v.Before, v.After = day.String(), day.Add(-7).String(), day.Add(7).String()
	return v, nil
}

// typedDay is the date that was asked for, else today.
func (s *Server) typedDay(layout, typed string) oncall.Date {
	if t, err := time.Parse(layout, typed); err == nil {
		return oncall.DateOf(t)
	}
	cal := s.today()
	return oncall.DateOf(cal.now.In(cal.zone))
}

// daysOf answers who is on call on so many days; nothing where the list counts.
func (s *Server) daysOf(tx *store.Tx, session access.Session, day oncall.Date, n int) (*weekView, error) {
	cal := s.today()
	plan, err := oncall.LoadSince(tx, midnight(day, cal.zone))
	if err != nil || plan.Uses != oncall.UsesSchedule {
		return nil, err
	}
	v := &weekView{}
	w := weekOf{s: s, cal: cal, plan: plan, names: s.names(tx), who: session.Who, edits: session.May(access.EditSchedule), swaps: session.May(access.SwapOwnShift)}
	if w.edits || w.swaps {
		if v.Names, err = s.staffOptions(tx, ""); err != nil {
			return nil, err
		}
	}
	for _, l := range w.layers() {
		v.Layers = append(v.Layers, l.name)
	}
	for i := range n {
		v.Days = append(v.Days, w.day(day.Add(i)))
	}
	return v, nil
}

func midnight(d oncall.Date, zone *time.Location) time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
}

type weekOf struct {
	s     *Server
	cal   calendar
	plan  oncall.Plan
	names *names
	who   message.PersonID // who looks
	edits bool             // they change everybody's
	swaps bool             // they give their own away
}

// layerOf is a column: one layer of one schedule.
type layerOf struct{ schedule, layer, name string }

// layers are those of the schedules that count now; where there are several
// schedules, each is named.
func (w weekOf) layers() (list []layerOf) {
	several := false
	var first string
	for _, sch := range w.plan.Schedules {
		if sch.Until.IsZero() {
			several = several || first != "" && first != sch.ID
			first = sch.ID
		}
	}
	for _, sch := range w.plan.Schedules {
		if !sch.Until.IsZero() {
			continue
		}
		for _, l := range sch.Layers {
			name := l.Name
			if several {
				name = sch.Name + ": " + l.Name
			}
			list = append(list, layerOf{sch.ID, l.ID, name})
		}
	}
	return list
}

func (w weekOf) day(d oncall.Date) dayView {
	from, to := midnight(d, w.cal.zone), midnight(d.Add(1), w.cal.zone)
	v := dayView{Label: from.Format("Mon 2"), Today: d == oncall.DateOf(w.cal.now.In(w.cal.zone))}
	var notes []string
	if hours := to.Sub(from); hours != 24*time.Hour {
		notes = append(notes, w.s.words.say("week.clock", w.s.words.span(hours)))
	}
	for _, h := range w.plan.Holidays {
		if h.Date == d {
			notes = append(notes, h.Name)
		}
	}
	v.Note = strings.Join(notes, " · ")
	spans := oncall.Spans(w.plan, from, to)
	for _, g := range oncall.Gaps(w.plan, from, to) {
		part := w.part(g.From, g.To, from, to)
		if g.Schedule == "" {
			v.Gaps = append(v.Gaps, w.s.words.say("week.nobody", part))
			continue
		}
		if i := slices.IndexFunc(w.plan.Schedules, func(one oncall.Schedule) bool { return one.ID == g.Schedule }); i >= 0 {
			v.Gaps = append(v.Gaps, w.s.words.say("week.nobody-in", w.plan.Schedules[i].Name, part))
		}
	}
	for _, l := range w.layers() {
		v.Cells = append(v.Cells, w.cell(l, spans, from, to))
	}
	return v
}

// piece is one turn for a time: spans that go on taken as one.
type piece struct {
	turn     oncall.Turn
	from, to time.Time
}

// piecesOf are the turns that somebody wants to see, in their order.
func piecesOf(spans []oncall.Span, want func(oncall.Turn) bool) (pieces []piece) {
	for _, s := range spans {
		for _, t := range s.Answer.Turns {
			if !want(t) {
				continue
			}
			i := slices.IndexFunc(pieces, func(p piece) bool {
				return p.turn.Person == t.Person && p.turn.Schedule == t.Schedule && p.turn.Layer == t.Layer && p.turn.Override == t.Override && p.to.Equal(s.From)
			})
			if i >= 0 {
				pieces[i].to = s.To
				continue
			}
			pieces = append(pieces, piece{t, s.From, s.To})
		}
	}
	return pieces
}

// cell answers who has a layer on a day.
func (w weekOf) cell(l layerOf, spans []oncall.Span, from, to time.Time) (list []pieceView) {
	of := func(t oncall.Turn) bool { return t.Schedule == l.schedule && t.Layer == l.layer }
	for _, p := range piecesOf(spans, of) {
		v := pieceView{Who: w.names.of(p.turn.Person), When: w.part(p.from, p.to, from, to), Why: p.turn.Text(w.cal.zone, w.names.of)}
		if p.turn.Instead != "" && p.turn.Instead != p.turn.Person {
			v.Instead = w.s.words.say("week.for", w.names.of(p.turn.Instead))
			if o := p.turn.Override; o != nil {
				v.Instead = w.s.words.say("week.for-agreed", w.names.of(p.turn.Instead), o.AgreedAt.In(w.cal.zone).Format("Jan 2"))
			}
		}
		if p.to.After(w.cal.now) && (w.edits || w.swaps && p.turn.Person == w.who) {
			v.Cover = w.s.coverHref(p.turn, p.from, p.to)
		}
		list = append(list, v)
	}
	return list
}

// part says which part of a day a time is. On a day on which the clock is
// changed, each time says which of the two it is by.
func (w weekOf) part(from, to, day, next time.Time) string {
	layout := clockLayout
	if next.Sub(day) != 24*time.Hour {
		layout += " MST"
	}
	begin, end := from.In(w.cal.zone).Format(layout), to.In(w.cal.zone).Format(layout)
	switch {
	case !from.After(day) && !to.Before(next):
		return w.s.words.say("week.all-day")
	case !from.After(day):
		return w.s.words.say("week.until", end)
	case !to.Before(next):
		return w.s.words.say("week.from", begin)
	}
	return w.s.words.say("week.from-to", begin, end)
}
