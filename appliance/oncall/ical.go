package oncall

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// A line with its continuations. The parser's work on one with parameters grows
// with the square of its length.
const (
	maxContentLine = 64 << 10
	maxParameters  = 8 << 10
)

// ical reads an iCalendar file (RFC 5545): each event is a shift, its summary
// the person's name.
func (r *reading) ical(data []byte) {
	cal, err := parseCalendar(data)
	if err != nil {
		r.problem("the calendar", "%v", err)
		return
	}
	c := &calendar{reading: r, zones: map[string]*time.Location{}, instead: map[string]map[int64]bool{}}
	for _, part := range cal.Components {
		if zone, ok := part.(*ics.VTimezone); ok {
			c.nameZone(zone)
		}
	}
	var events []event
	for i, e := range cal.Events() {
		if ev, ok := c.event(i+1, e); ok {
			events = append(events, ev)
		}
	}
	for _, e := range events {
		if len(r.problems) > 0 || !c.expand(e) {
			return
		}
	}
}

// parseCalendar refuses what the parser would take for whole, or take for ever with.
func parseCalendar(data []byte) (*ics.Calendar, error) {
	if !bytes.HasSuffix(bytes.TrimSpace(data), []byte("END:VCALENDAR")) {
		return nil, errors.New("it does not end with END:VCALENDAR, so a part is missing, or it is no calendar")
	}
	length, most := 0, 0
	for number, line := range bytes.Split(data, []byte("\n")) {
		if len(line) == 0 || line[0] != ' ' && line[0] != '\t' {
			length, most = 0, maxParameters
			if i := bytes.IndexAny(line, ":;"); i > 0 && line[i] == ':' {
				most = maxContentLine
			}
		}
		if length += len(line); length > most {
			return nil, fmt.Errorf("line %d is too long", number+1)
		}
	}
	cal, err := ics.ParseCalendarWithOptions(bytes.NewReader(data), ics.WithUnknownPropertyHandler(ics.AcceptUnknownPropertyHandler))
	if err != nil {
		return nil, errors.New("it is not written as RFC 5545 wants it") // what the parser says quotes the file
	}
	return cal, nil
}

// calendar is one calendar being read.
type calendar struct {
	*reading
	zones   map[string]*time.Location // of the file's own names for them
	instead map[string]map[int64]bool // by event's id: the moments that another event stands for
	steps   int                       // occurrences that rules made
	rules   int                       // rules followed
}

// event is a VEVENT that can be a shift.
type event struct {
	where, id, name string
	start           stamp
	from, to        time.Time
	cancelled       bool
	instead         bool // it stands for one occurrence of a repeating one
	rule            string
	more, without   []stamp
}

// event reads one VEVENT. What is wrong with it is a problem of the file.
func (c *calendar) event(number int, v *ics.VEvent) (e event, ok bool) {
	e.where = fmt.Sprintf("event %d", number)
	begins := prop(v, "DTSTART")
	if begins == nil {
		c.problem(e.where, "it does not say when it begins")
		return e, false
	}
	before := len(c.problems) + c.unspelled
	e.start, ok = c.stamp(e.where, begins)
	if !ok {
		return e, false
	}
	e.where = fmt.Sprintf("event %d (%s)", number, begins.Value)
	e.cancelled = strings.EqualFold(value(v, "STATUS"), "CANCELLED")
	e.id = value(v, "UID")
	c.readName(&e, v)
	c.readEnd(&e, v)
	c.readRepeats(&e, v)
	c.readInstead(&e, v)
	return e, len(c.problems)+c.unspelled == before
}

func (c *calendar) readName(e *event, v *ics.VEvent) {
	name, ok := nameIn(value(v, "SUMMARY"))
	switch {
	case e.cancelled:
	case name == "":
		c.problem(e.where, "it has no summary, which is to be the person's name")
	case !ok:
		c.problem(e.where, "its summary is no person's name")
	}
	e.name = name
}

// readEnd finds the end: DTEND, or DURATION, or the end of the day.
func (c *calendar) readEnd(e *event, v *ics.VEvent) {
	e.from = c.at(e.where, e.start)
	end, lasts := prop(v, "DTEND"), prop(v, "DURATION")
	switch {
	case end != nil && lasts != nil:
		c.problem(e.where, "it has both an end and a duration")
	case end != nil:
		s, ok := c.stamp(e.where, end)
		if !ok {
			return
		}
		if s.day != e.start.day {
			c.problem(e.where, "it begins with a day and ends with a time, or the other way round")
			return
		}
		e.to = c.at(e.where, s)
	case lasts != nil:
		days, rest, ok := duration(lasts.Value)
		if !ok {
			c.problem(e.where, "its duration cannot be read")
			return
		}
		e.to = c.moment(e.where, e.start.wall.AddDate(0, 0, days), e.start.zone).Add(rest)
	case e.start.day:
		e.to = c.moment(e.where, e.start.wall.AddDate(0, 0, 1), e.start.zone)
	default:
		c.problem(e.where, "it does not say when it ends")
	}
}

// readInstead notes the occurrence that this event stands for.
func (c *calendar) readInstead(e *event, v *ics.VEvent) {
	p := prop(v, "RECURRENCE-ID")
	if p == nil {
		return
	}
	if param(p, "RANGE") != "" {
		c.problem(e.where, "it changes all later ones of a repeating shift, which is not understood")
		return
	}
	s, ok := c.stamp(e.where, p)
	if !ok {
		return
	}
	e.instead = true
	if c.instead[e.id] == nil {
		c.instead[e.id] = map[int64]bool{}
	}
	at, _ := onTheClock(s.wall, s.zone)
	c.instead[e.id][at.Unix()] = true
}

func prop(v *ics.VEvent, name string) *ics.IANAProperty {
	for i := range v.Properties {
		if strings.EqualFold(v.Properties[i].IANAToken, name) {
			return &v.Properties[i]
		}
	}
	return nil
}

func value(v *ics.VEvent, name string) string {
	if p := prop(v, name); p != nil {
		return strings.TrimSpace(p.Value)
	}
	return ""
}

func param(p *ics.IANAProperty, name string) string {
	for key, values := range p.ICalParameters {
		if strings.EqualFold(key, name) && len(values) > 0 {
			return values[0]
		}
	}
	return ""
}
