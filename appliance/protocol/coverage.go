package protocol

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Window is a time in which somebody answers the practice's calls. Weekly windows
// share the week among them; special ones (a season, a holiday, a vacation) lie
// over it. Times are the practice's wall clock.
type Window struct {
	ID       string  `yaml:"id"`
	Name     string  `yaml:"name"`    // "Open", "Lunch", "After hours", "Flu season"
	Answers  string  `yaml:"answers"` // who takes the calls, in words: "front desk", "overflow", "after-hours specialist"
	Greeting string  `yaml:"greeting,omitempty"`
	Weekly   []Hours `yaml:"weekly,omitempty"`   // of a special window: only then; none: the whole day
	From     Day     `yaml:"from,omitempty"`     // special: first day; of every year where it is a yearly one
	To       Day     `yaml:"to,omitempty"`       // special: last day, included
	Holidays bool    `yaml:"holidays,omitempty"` // special: on the holidays of the on-call calendar
}

// Hours are a span of the week: on each of Days from From to To. To at or before
// From is on the next day; "24:00" is the end of the day.
type Hours struct {
	Days []Weekday `yaml:"days"`
	From Clock     `yaml:"from"`
	To   Clock     `yaml:"to"`
}

// Special says whether the window lies over the weekly ones.
func (w Window) Special() bool { return w.Holidays || w.From != "" || w.To != "" }

type (
	Day     string // "2026-12-24", or "--12-24" in every year, as ISO 8601 wrote it
	Weekday string // "mon" to "sun"
	Clock   string // "08:00", "24:00"
)

// weekdays are the days' names by time.Weekday.
var weekdays = [...]Weekday{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

const minutesADay = 24 * 60

// Minutes answers the clock in minutes since midnight, and whether it is one.
func (c Clock) Minutes() (int, bool) {
	h, m, colon := strings.Cut(string(c), ":")
	hour, err1 := strconv.Atoi(h)
	minute, err2 := strconv.Atoi(m)
	if !colon || len(h) != 2 || len(m) != 2 || err1 != nil || err2 != nil || hour < 0 || minute < 0 || minute > 59 {
		return 0, false
	}
	all := hour*60 + minute
	return all, all <= minutesADay
}

// Yearly says whether the day comes every year.
func (d Day) Yearly() bool { return strings.HasPrefix(string(d), "--") }

// Time answers the day, one of every year as of 2024, which has all of them; false
// where it is none.
func (d Day) Time() (time.Time, bool) {
	text := string(d)
	if d.Yearly() {
		text = "2024" + text[1:]
	}
	t, err := time.Parse(time.DateOnly, text)
	return t, err == nil
}

// InWords says the day as people do: "December 24", "December 24, 2026".
func (d Day) InWords() string {
	t, ok := d.Time()
	switch {
	case !ok:
		return string(d)
	case d.Yearly():
		return t.Format("January 2")
	}
	return t.Format("January 2, 2006")
}

// Calendar is what the protocol must be told of the practice to know its time:
// the zone, and which days are holidays (nil: none).
type Calendar struct {
	Zone    *time.Location
	Holiday func(Day) bool
}

// WindowAt answers which window counts at a moment: the first special one in
// force, else the first weekly one. It is false where nobody was named.
func (p Protocol) WindowAt(cal Calendar, at time.Time) (Window, bool) {
	local := at.In(cal.Zone)
	for _, special := range []bool{true, false} {
		for _, w := range p.Coverage {
			if w.Special() == special && w.covers(cal, local) {
				return w, true
			}
		}
	}
	return Window{}, false
}

// Window finds a window by its id.
func (p Protocol) Window(id string) (Window, bool) {
	for _, w := range p.Coverage {
		if w.ID == id {
			return w, true
		}
	}
	return Window{}, false
}

// covers says whether the window is in force at a time of the wall clock. Hours
// that began the evening before belong to the day they began on.
func (w Window) covers(cal Calendar, local time.Time) bool {
	minute := local.Hour()*60 + local.Minute()
	if len(w.Weekly) == 0 {
		return w.Special() && w.on(cal, local)
	}
	for _, h := range w.Weekly {
		from, _ := h.From.Minutes()
		to, _ := h.To.Minutes()
		if h.on(local.Weekday()) && minute >= from && (minute < to || to <= from) && w.on(cal, local) {
			return true
		}
		before := time.Date(local.Year(), local.Month(), local.Day()-1, 12, 0, 0, 0, time.UTC)
		if to <= from && minute < to && h.on(before.Weekday()) && w.on(cal, before) {
			return true
		}
	}
	return false
}

// on says whether the window counts on the day of a time.
func (w Window) on(cal Calendar, t time.Time) bool {
	if !w.Special() {
		return true
	}
	day := Day(t.Format(time.DateOnly))
	return w.inside(day) && (!w.Holidays || cal.Holiday != nil && cal.Holiday(day))
}

// inside says whether a day lies between the window's first and last one. A
// season that ends before it begins goes over New Year.
func (w Window) inside(day Day) bool {
	if !w.From.Yearly() {
		return (w.From == "" || day >= w.From) && (w.To == "" || day <= w.To)
	}
	day = "-" + day[4:]
	if w.From <= w.To {
		return day >= w.From && day <= w.To
	}
	return day >= w.From || day <= w.To
}

// SpecialDays are days in a row on which a special window lies over the week.
type SpecialDays struct {
	From, To Day // both included
	Window   Window
}

// SpecialDays answers what lies over the week on so many days from a day on, in
// the order in which it begins. What an earlier window covers whole days of is
// not told on them.
func (p Protocol) SpecialDays(cal Calendar, from time.Time, days int) (list []SpecialDays) {
	local := from.In(cal.Zone)
	for n := range days {
		noon := time.Date(local.Year(), local.Month(), local.Day()+n, 12, 0, 0, 0, time.UTC)
		day, before := Day(noon.Format(time.DateOnly)), Day(noon.AddDate(0, 0, -1).Format(time.DateOnly))
		for _, w := range p.Coverage {
			if !w.Special() || !w.on(cal, noon) {
				continue
			}
			i := slices.IndexFunc(list, func(d SpecialDays) bool { return d.Window.ID == w.ID && d.To == before })
			if i >= 0 {
				list[i].To = day
			} else {
				list = append(list, SpecialDays{day, day, w})
			}
			if len(w.Weekly) == 0 {
				break // the whole day is its own
			}
		}
	}
	return list
}

func (h Hours) on(d time.Weekday) bool { return slices.Contains(h.Days, weekdays[d]) }

// Span is a stretch of time in which one window counts.
type Span struct {
	From, To time.Time
	Window   Window // without an id where nobody was named
}

// Spans answers which window counts when between two moments, in their order and
// without a hole.
func (p Protocol) Spans(cal Calendar, from, to time.Time) []Span {
	var spans []Span
	for at := from; at.Before(to); {
		next := p.nextEdge(cal, at)
		if next.After(to) {
			next = to
		}
		w, _ := p.WindowAt(cal, at)
		if last := len(spans) - 1; last >= 0 && spans[last].Window.ID == w.ID {
			spans[last].To = next
		} else {
			spans = append(spans, Span{From: at, To: next, Window: w})
		}
		at = next
	}
	return spans
}

// nextEdge answers the first moment after at where another window may begin: a
// clock that some hours name, or midnight, as the zone's clock shows it.
func (p Protocol) nextEdge(cal Calendar, at time.Time) time.Time {
	edges := []int{0}
	for _, w := range p.Coverage {
		for _, h := range w.Weekly {
			from, _ := h.From.Minutes()
			to, _ := h.To.Minutes()
			edges = append(edges, from, to%minutesADay)
		}
	}
	best := at.Add(48 * time.Hour)
	for days := range 3 {
		for _, e := range edges {
			for _, t := range occurrences(cal.Zone, at, days, e) {
				if t.After(at) && t.Before(best) {
					best = t
				}
			}
		}
	}
	return soonerByChange(cal.Zone, at, best)
}

// occurrences answers when the zone's clock shows a minute of the day so many
// days after at: once as a rule, twice or never where the clock is changed.
func occurrences(zone *time.Location, at time.Time, days, minute int) (list []time.Time) {
	local := at.In(zone)
	wall := time.Date(local.Year(), local.Month(), local.Day()+days, 0, minute, 0, 0, time.UTC)
	for _, ref := range []time.Time{at, at.Add(72 * time.Hour)} {
		_, offset := ref.In(zone).Zone()
		t := wall.Add(-time.Duration(offset) * time.Second)
		if shown := t.In(zone); shown.Day() == wall.Day() && shown.Hour() == wall.Hour() && shown.Minute() == wall.Minute() {
			list = append(list, t)
		}
	}
	return list
}

// soonerByChange answers the moment between at and edge at which the zone's clock
// is changed, else edge: there too another window may begin.
func soonerByChange(zone *time.Location, at, edge time.Time) time.Time {
	_, change := at.In(zone).ZoneBounds()
	if change.IsZero() || !change.After(at) || change.After(edge) {
		return edge
	}
	return change
}

// WeekBand is a part of a day of the week that the same windows have.
type WeekBand struct {
	From, To int      // minutes since that day's 0:00
	Windows  []string // ids: none is a gap, two and more an overlap
}

// WeekBands answers who has a day of an ordinary week, without a hole.
func (p Protocol) WeekBands(d time.Weekday) (bands []WeekBand) {
	day := time.Date(2024, 1, 7+int(d), 0, 0, 0, 0, time.UTC) // the 7th is a Sunday
	for m := range minutesADay {
		ids := p.weekly(day.Add(time.Duration(m) * time.Minute))
		if last := len(bands) - 1; last >= 0 && slices.Equal(bands[last].Windows, ids) {
			bands[last].To = m + 1
		} else {
			bands = append(bands, WeekBand{m, m + 1, ids})
		}
	}
	return bands
}

// weekly answers the weekly windows that cover a moment.
func (p Protocol) weekly(at time.Time) (ids []string) {
	for _, w := range p.Coverage {
		if !w.Special() && w.covers(Calendar{}, at) {
			ids = append(ids, w.ID)
		}
	}
	return ids
}

// WeekFault is a part of the week that no weekly window has, or that several do.
type WeekFault struct {
	From, To int      // minutes since Monday 0:00
	Windows  []string // ids: none is a gap, two and more an overlap
}

// WeekFaults answers the gaps and overlaps of the weekly windows.
func (p Protocol) WeekFaults() []WeekFault {
	var faults []WeekFault
	monday := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC) // a Monday
	for m := range 7 * minutesADay {
		ids := p.weekly(monday.Add(time.Duration(m) * time.Minute))
		last := len(faults) - 1
		switch {
		case len(ids) == 1:
		case last >= 0 && faults[last].To == m && slices.Equal(faults[last].Windows, ids):
			faults[last].To = m + 1
		default:
			faults = append(faults, WeekFault{From: m, To: m + 1, Windows: ids})
		}
	}
	return faults
}

// WeekTime says a minute of the week as people do: "Saturday 12:00 pm".
func WeekTime(minute int) string {
	t := time.Date(2024, 1, 1, 0, minute, 0, 0, time.UTC)
	return fmt.Sprintf("%s %s", t.Weekday(), t.Format("3:04 pm"))
}
