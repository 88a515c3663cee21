package web

import (
	"slices"
	"strings"
	"time"

	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// weekView is who is on call on each of seven days, a row a day and a column a
// layer, so that it reads on a phone as it does on the wall.
type weekView struct {
	Title, From, Before, After string
	Layers                     []string
	Days                       []dayView
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
}

// week answers the week that a date is in, of the schedules; nothing where the
// plain list counts. Whatever it shows comes from the one resolver.
func (s *Server) week(tx *store.Tx, typed string) (*weekView, error) {
	cal := s.today()
	day := oncall.DateOf(cal.now.In(cal.zone))
	if t, err := time.Parse(time.DateOnly, typed); err == nil {
		day = oncall.DateOf(t)
	}
	day = day.Add(-(int(day.Weekday()) + 6) % 7) // a week begins on Monday
	plan, err := oncall.LoadSince(tx, midnight(day, cal.zone))
	if err != nil || plan.Uses != oncall.UsesSchedule {
		return nil, err
	}
	v := &weekView{
		Title: s.words.say("week.title", day.Weekday().String()[:3]+midnight(day, cal.zone).Format(" Jan 2, 2006")),
		From:  day.String(), Before: day.Add(-7).String(), After: day.Add(7).String(),
	}
	w := weekOf{s: s, cal: cal, plan: plan, names: s.names(tx)}
	for _, l := range w.layers() {
		v.Layers = append(v.Layers, l.name)
	}
	for i := range 7 {
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
		if g.Schedule == "" {
			v.Gaps = append(v.Gaps, w.s.words.say("week.nobody", w.part(g.From, g.To, from, to)))
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
