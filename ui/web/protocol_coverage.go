package web

import (
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// coverageView is who answers when, over the days ahead, and the times it is made of.
type coverageView struct {
	*protocolFrame
	Days    []coverDay
	Ahead   []coverSpecial
	Faults  []string
	Windows []coverForm
	New     coverForm
}

// coverDay is one day as a band of midnight to midnight, and in words.
type coverDay struct {
	Name  string
	Bands []coverBand
}

// coverBand is a part of a day: where it lies on a band 1,440 wide, and its words.
type coverBand struct {
	X, Width, Colour int
	Said, Name, Who  string
	Gap              bool
}

// coverSpecial is a day on which a special time counts.
type coverSpecial struct{ When, Name string }

// coverForm is a time as its form shows it.
type coverForm struct {
	ID, Name, Answers, Greeting, When string
	From, To                          string
	Holidays, Special                 bool
	Rows                              []hoursForm
	First, Last, Open                 bool
}

// hoursForm is one row of hours: on which days, from when to when.
type hoursForm struct {
	N        int
	Days     []option
	From, To string
}

const (
	coverDays    = 7
	coverAhead   = 60 // days in which special times are listed
	spareHours   = 1
	bandColours  = 6
	minutesInDay = 24 * 60
)

func (s *Server) coveragePage(c echo.Context) error { return s.coverageList(c, nil, nil) }

func (s *Server) coverageList(c echo.Context, failed error, typed *protocol.Window) error {
	f, d, err := s.protocolFrame(c, "coverage", "protocol.coverage")
	if err != nil {
		return err
	}
	v := coverageView{protocolFrame: f}
	if failed != nil {
		v.Problem = s.explainProtocol(failed)
	}
	var cal protocol.Calendar
	if err := s.view(func(tx *store.Tx) error { _, cal, err = s.app.Rules(tx, 0); return err }); err != nil {
		return err
	}
	s.fillDays(&v, d.Protocol, cal)
	faults, err := s.app.CheckProtocol(d.Protocol)
	if err != nil {
		return err
	}
	for _, one := range faults {
		if strings.HasPrefix(one.Path, "coverage") {
			v.Faults = append(v.Faults, sentence(one.Words))
		}
	}
	for i, w := range d.Protocol.Coverage {
		open := typed != nil && typed.ID == w.ID
		if open {
			w = *typed
		}
		one := s.coverForm(w)
		one.First, one.Last, one.Open = i == 0, i == len(d.Protocol.Coverage)-1, open
		v.Windows = append(v.Windows, one)
	}
	v.New = s.coverForm(protocol.Window{})
	if typed != nil && typed.ID == "" {
		v.New = s.coverForm(*typed)
		v.New.Open = true
	}
	return s.page(c, statusOf(failed), "protocol_coverage", v)
}

// fillDays shows the week ahead as it will be, holidays and all.
func (s *Server) fillDays(v *coverageView, p protocol.Protocol, cal protocol.Calendar) {
	now := s.app.Clock.Now().In(cal.Zone)
	midnight := func(days int) time.Time {
		return time.Date(now.Year(), now.Month(), now.Day()+days, 0, 0, 0, 0, cal.Zone)
	}
	for i := range coverDays {
		from, to := midnight(i), midnight(i+1)
		day := coverDay{Name: from.Format("Mon Jan 2")}
		for _, span := range p.Spans(cal, from, to) {
			day.Bands = append(day.Bands, s.coverBand(p, span, from, to))
		}
		v.Days = append(v.Days, day)
	}
	last := ""
	for i := range coverAhead {
		for _, span := range p.Spans(cal, midnight(i), midnight(i+1)) {
			said := midnight(i).Format("Mon Jan 2")
			if span.Window.Special() && last != said+span.Window.ID {
				v.Ahead = append(v.Ahead, coverSpecial{said, span.Window.Name})
				last = said + span.Window.ID
			}
		}
	}
}

func (s *Server) coverBand(p protocol.Protocol, span protocol.Span, from, to time.Time) coverBand {
	// A day on which the clock is changed is 23 or 25 hours long: its band is as wide as others.
	at := func(t time.Time) int { return int(t.Sub(from) * minutesInDay / to.Sub(from)) }
	b := coverBand{X: at(span.From), Width: at(span.To) - at(span.From), Name: span.Window.Name, Who: span.Window.Answers, Gap: span.Window.ID == ""}
	b.Colour = slices.IndexFunc(p.Coverage, func(w protocol.Window) bool { return w.ID == span.Window.ID }) % bandColours
	end := span.To.In(from.Location()).Format("3:04 pm")
	if span.To.Equal(to) {
		end = s.words.say("cover.midnight")
	}
	b.Said = s.words.say("cover.from-to", span.From.In(from.Location()).Format("3:04 pm"), end)
	if b.Gap {
		b.Name = s.words.say("cover.gap")
	}
	return b
}

var formDays = []protocol.Weekday{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

func (s *Server) coverForm(w protocol.Window) coverForm {
	v := coverForm{ID: w.ID, Name: w.Name, Answers: w.Answers, Greeting: w.Greeting, When: w.InWords(), From: string(w.From), To: string(w.To), Holidays: w.Holidays, Special: w.Special()}
	for i := range len(w.Weekly) + spareHours {
		var h protocol.Hours
		if i < len(w.Weekly) {
			h = w.Weekly[i]
		}
		row := hoursForm{N: i + 1, From: string(h.From), To: string(h.To)}
		for _, day := range formDays {
			row.Days = append(row.Days, option{Value: string(day), Label: s.words.say("cover.day." + string(day)), Chosen: slices.Contains(h.Days, day)})
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// changeCoverage adds, changes, moves or removes a time.
func (s *Server) changeCoverage(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	typed := readWindow(c)
	err := s.editProtocol(c, "/protocol/coverage"+anchor("", typed.ID), func(p *protocol.Protocol) error {
		switch posted(c, "do") {
		case "up":
			p.MoveWindow(typed.ID, -1)
		case "down":
			p.MoveWindow(typed.ID, 1)
		case "remove":
			return p.RemoveWindow(typed.ID)
		default:
			p.SetWindow(typed)
		}
		return nil
	})
	if err != nil {
		return s.coverageList(c, err, &typed)
	}
	return nil
}

// readWindow reads the form of a time. "24:00" is typed as 00:00 by a browser's
// field for times: at the end of a span it is the end of the day.
func readWindow(c echo.Context) protocol.Window {
	w := protocol.Window{ID: posted(c, "id"), Name: trimmed(c, "name"), Answers: trimmed(c, "answers"), Greeting: trimmed(c, "greeting"),
		From: protocol.Day(posted(c, "from")), To: protocol.Day(posted(c, "to")), Holidays: posted(c, "holidays") != ""}
	for n := 1; ; n++ {
		key := "h" + itoa(n) + "."
		if _, there := c.Request().PostForm[key+"from"]; !there {
			return w
		}
		h := protocol.Hours{From: protocol.Clock(posted(c, key+"from")), To: protocol.Clock(posted(c, key+"to"))}
		for _, day := range c.Request().PostForm[key+"days"] {
			h.Days = append(h.Days, protocol.Weekday(day))
		}
		if h.To == "00:00" {
			h.To = "24:00"
		}
		if len(h.Days) > 0 || h.From != "" || h.To != "" {
			w.Weekly = append(w.Weekly, h)
		}
	}
}
