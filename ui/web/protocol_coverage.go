package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// coverageView is who answers when: an ordinary week, and what lies over it.
type coverageView struct {
	*protocolFrame
	Days            []dayBands
	Hours           []hourMark // of the scale above the week
	Weekly, Special []windowRow
	Next            []string // what is special soon
	Faults          []string // of the week
}

// dayBands is one day of the week from 0 to 24.
type dayBands struct {
	Name  string
	Bands []bandView
}

// bandView is a stretch of a day. X and Width are per cent of it, Colour is one of
// bandColours, or "gap" or "several": those two have a pattern and words too.
type bandView struct{ Name, Answers, Span, Colour, X, Width, Room string }

type hourMark struct{ X, Label string }

type windowRow struct {
	ID, Name, Answers, When, Greeting, Colour string
	First, Last                               bool
	Faults                                    []string
}

// bandColours is how many colours bands have; they come again where a practice has
// more times, and each band has its name.
const bandColours = 6

// specialAhead is how many days the page looks ahead.
const specialAhead = 60

// coveragePage shows who answers when.
func (s *Server) coveragePage(c echo.Context) error { return s.coverageList(c, nil) }

func (s *Server) coverageList(c echo.Context, failed error) error {
	f, d, err := s.protocolFrame(c, "coverage", "protocol.coverage")
	if err != nil {
		return err
	}
	v := coverageView{protocolFrame: f}
	if failed != nil {
		v.Problem = s.explainProtocol(failed)
	}
	faults, err := s.faultsAt(d.Protocol, "coverage")
	if err != nil {
		return err
	}
	v.Faults = faults[""]
	s.windowRows(&v, d.Protocol, faults)
	for n := range 7 {
		v.Days = append(v.Days, s.dayBands(d.Protocol, time.Weekday((n+1)%7)))
	}
	for _, h := range []int{0, 6, 12, 18} {
		v.Hours = append(v.Hours, hourMark{perCent(h * 60), s.minuteSaid(h * 60)})
	}
	if v.Next, err = s.specialDays(d.Protocol); err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol_coverage", v)
}

// windowRows lists the times of the week, and the special ones in the order in
// which they count.
func (s *Server) windowRows(v *coverageView, p protocol.Protocol, faults map[string][]string) {
	for _, w := range p.Coverage {
		row := windowRow{ID: w.ID, Name: w.Name, Answers: w.Answers, When: sentenceCase(w.InWords()), Greeting: w.Greeting, Colour: bandColour(p, w.ID), Faults: faults[w.ID]}
		list := &v.Weekly
		if w.Special() {
			list, row.Colour = &v.Special, ""
		}
		*list = append(*list, row)
	}
	for _, list := range [][]windowRow{v.Weekly, v.Special} {
		if len(list) > 0 {
			list[0].First, list[len(list)-1].Last = true, true
		}
	}
}

// bandColour is the colour of a time of the week, the same on the whole page.
func bandColour(p protocol.Protocol, id string) string {
	n := 0
	for _, w := range p.Coverage {
		if w.ID == id {
			break
		}
		if !w.Special() {
			n++
		}
	}
	return itoa(n % bandColours)
}

func (s *Server) dayBands(p protocol.Protocol, d time.Weekday) dayBands {
	day := dayBands{Name: s.words.say("coverage.day." + strings.ToLower(d.String()[:3]))}
	for _, b := range p.WeekBands(d) {
		one := bandView{Span: s.words.say("coverage.span", s.minuteSaid(b.From), s.minuteSaid(b.To)), X: perCent(b.From), Width: perCent(b.To - b.From), Room: roomOf(b.To - b.From)}
		var names []string
		for _, id := range b.Windows {
			w, _ := p.Window(id)
			names = append(names, w.Name)
			one.Answers, one.Colour = w.Answers, bandColour(p, id)
		}
		switch len(names) {
		case 0:
			one.Name, one.Colour = s.words.say("coverage.nobody"), "gap"
		case 1:
			one.Name = names[0]
		default:
			one.Name, one.Answers, one.Colour = s.words.say("coverage.several", strings.Join(names, ", ")), "", "several"
		}
		day.Bands = append(day.Bands, one)
	}
	return day
}

// roomOf says how much of a band's name can be read in it: nothing in an hour or
// two, and on a phone not in a few.
func roomOf(minutes int) string {
	switch {
	case minutes < 2*60:
		return ""
	case minutes < 8*60:
		return "some"
	}
	return "all"
}

// perCent writes a part of the day as SVG takes it.
func perCent(minutes int) string { return fmt.Sprintf("%.3f%%", float64(minutes)/(24*60)*100) }

// minuteSaid says a minute of the day.
func (s *Server) minuteSaid(minute int) string {
	if minute%(24*60) == 0 {
		return s.words.say("coverage.midnight")
	}
	return time.Date(2024, 1, 1, 0, minute, 0, 0, time.UTC).Format(clockLayout)
}

// specialDays says by date what lies over the week soon.
func (s *Server) specialDays(p protocol.Protocol) (list []string, err error) {
	names := map[string]string{}
	cal := protocol.Calendar{Zone: s.app.Practice().Zone}
	err = s.view(func(tx *store.Tx) error {
		_, real, err := s.app.Rules(tx, 0)
		cal = real
		if plan, unread := oncall.Load(tx); unread == nil { // without it they have no names
			for _, h := range plan.Holidays {
				names[h.Date.String()] = h.Name
			}
		}
		return err
	})
	for _, d := range p.SpecialDays(cal, s.app.Clock.Now(), specialAhead) {
		from, _ := d.From.Time()
		days := from.Format("Mon Jan 2")
		if to, _ := d.To.Time(); d.To != d.From {
			days = s.words.say("coverage.span", days, to.Format("Mon Jan 2"))
		}
		if name := names[string(d.From)]; d.Window.Holidays && name != "" {
			list = append(list, s.words.say("coverage.on-named", days, d.Window.Name, name))
		} else {
			list = append(list, s.words.say("coverage.on", days, d.Window.Name))
		}
	}
	return list, err
}

// changeCoverage moves or removes a time.
func (s *Server) changeCoverage(c echo.Context) error {
	id, to := posted(c, "id"), "/protocol/coverage"
	if posted(c, "do") != "remove" {
		to += anchor("", id)
	}
	err := s.editProtocol(c, to, func(p *protocol.Protocol) error {
		switch posted(c, "do") {
		case "up":
			p.MoveWindow(id, -1)
		case "down":
			p.MoveWindow(id, 1)
		case "remove":
			return p.RemoveWindow(id)
		}
		return nil
	})
	if err != nil {
		return s.coverageList(c, err)
	}
	return nil
}

// How a time is chosen in its form.
const (
	whenWeek     = "week"
	whenDates    = "dates"
	whenYearly   = "yearly"
	whenHolidays = "holidays"
)

// windowView is the form of one time.
type windowView struct {
	*protocolFrame
	ID, Name, Answers, Greeting string
	Whens                       []option
	From, To                    string // dates
	YearFrom, YearTo            yearDay
	OnlyHolidays                bool
	Hours                       []hoursRow
	Faults                      []string
}

// yearDay is a day of every year.
type yearDay struct {
	Months []option
	Day    string
}

// hoursRow is one line of hours.
type hoursRow struct {
	N        int
	Days     []option
	From, To string
}

// spareHours is how many empty lines the form has.
const spareHours = 2

// windowPage shows one time to be changed, or an empty one.
func (s *Server) windowPage(c echo.Context) error {
	return s.oneWindow(c, protocol.Window{}, whenWeek, nil)
}

// oneWindow shows the form: with the time as it is kept, or with what was typed
// where that could not be.
func (s *Server) oneWindow(c echo.Context, w protocol.Window, when string, failed error) error {
	f, d, err := s.protocolFrame(c, "coverage", "coverage.title")
	if err != nil {
		return err
	}
	id := c.Param("id")
	kept, known := d.Protocol.Window(id)
	if !known && id != newRule {
		return errNotFound
	}
	if failed != nil {
		s.fail(f, failed, inEntry)
	} else if known {
		w, when = kept, whenOf(kept)
	}
	v := windowView{protocolFrame: f, ID: id, Name: w.Name, Answers: w.Answers, Greeting: w.Greeting, OnlyHolidays: w.Holidays && when != whenHolidays}
	v.Title = s.words.say("coverage.new")
	if known {
		v.Title = kept.Name
		faults, err := s.faultsAt(d.Protocol, "coverage")
		if err != nil {
			return err
		}
		v.Faults = faults[id]
	}
	for _, one := range []string{whenWeek, whenDates, whenYearly, whenHolidays} {
		v.Whens = append(v.Whens, option{Value: one, Label: s.words.say("coverage.when." + one), Chosen: one == when})
	}
	if when == whenDates {
		v.From, v.To = string(w.From), string(w.To)
	}
	v.YearFrom, v.YearTo = yearDayOf(w.From), yearDayOf(w.To)
	v.Hours = s.hoursRows(w.Weekly)
	return s.page(c, statusOf(failed), "protocol_window", v)
}

func whenOf(w protocol.Window) string {
	switch {
	case w.From.Yearly():
		return whenYearly
	case w.From != "" || w.To != "":
		return whenDates
	case w.Holidays:
		return whenHolidays
	}
	return whenWeek
}

func yearDayOf(d protocol.Day) yearDay {
	t, ok := d.Time()
	chosen := ok && d.Yearly()
	v := yearDay{}
	if chosen {
		v.Day = itoa(t.Day())
	}
	for m := time.January; m <= time.December; m++ {
		v.Months = append(v.Months, option{Value: fmt.Sprintf("%02d", m), Label: m.String(), Chosen: chosen && m == t.Month()})
	}
	return v
}

// weekDays are the days as the form has them.
var weekDays = [...]protocol.Weekday{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func (s *Server) hoursRows(weekly []protocol.Hours) (rows []hoursRow) {
	for n := range len(weekly) + spareHours {
		var h protocol.Hours
		if n < len(weekly) {
			h = weekly[n]
		}
		row := hoursRow{N: n + 1, From: string(h.From), To: strings.Replace(string(h.To), "24:00", "00:00", 1)}
		for _, d := range weekDays {
			row.Days = append(row.Days, option{Value: string(d), Label: s.words.say("coverage.day." + string(d)), Chosen: slices.Contains(h.Days, d)})
		}
		rows = append(rows, row)
	}
	return rows
}

// changeWindow keeps one time, or adds it.
func (s *Server) changeWindow(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	w, when := readWindow(c)
	id, missing := c.Param("id"), false
	to := "/protocol/coverage" + anchor("", idIn(c))
	err := s.editProtocol(c, to, func(p *protocol.Protocol) error {
		if _, known := p.Window(id); !known && id != newRule {
			missing = true
			return errNotFound
		}
		p.SetWindow(w)
		return nil
	})
	if missing {
		return errNotFound
	}
	if err != nil {
		return s.oneWindow(c, w, when, err)
	}
	return nil
}

// readWindow reads the form of a time; what is not of the chosen kind is left out.
func readWindow(c echo.Context) (w protocol.Window, when string) {
	w = protocol.Window{ID: idIn(c), Name: trimmed(c, "name"), Answers: trimmed(c, "answers"), Greeting: trimmed(c, "greeting")}
	when = posted(c, "when")
	switch when {
	case whenDates:
		w.From, w.To = protocol.Day(trimmed(c, "from")), protocol.Day(trimmed(c, "to"))
	case whenYearly:
		w.From, w.To = readYearDay(c, "year-from"), readYearDay(c, "year-to")
	case whenHolidays:
		w.Holidays = true
	default:
		when = whenWeek
	}
	if when == whenDates || when == whenYearly {
		w.Holidays = posted(c, "only-holidays") != ""
	}
	for n := 1; n <= maxHoursRows; n++ {
		row := "h" + itoa(n)
		h := protocol.Hours{From: protocol.Clock(posted(c, row+".from")), To: protocol.Clock(posted(c, row+".to"))}
		for _, d := range c.Request().PostForm[row+".days"] {
			h.Days = append(h.Days, protocol.Weekday(d))
		}
		if len(h.Days) == 0 {
			continue
		}
		if h.To == "00:00" {
			h.To = "24:00" // of the same day, as people mean it
		}
		w.Weekly = append(w.Weekly, h)
	}
	return w, when
}

// maxHoursRows bounds what is read: more lines than any week has.
const maxHoursRows = 60

func readYearDay(c echo.Context, name string) protocol.Day {
	day := trimmed(c, name+"-day")
	if len(day) == 1 {
		day = "0" + day
	}
	return protocol.Day("--" + posted(c, name+"-month") + "-" + day)
}
