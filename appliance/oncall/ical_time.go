package oncall

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
)

// stamp is a DATE or a DATE-TIME: what the clocks of a zone show.
type stamp struct {
	wall time.Time // as if it were UTC
	zone *time.Location
	day  bool // a whole day
}

func (c *calendar) at(where string, s stamp) time.Time { return c.moment(where, s.wall, s.zone) }

// stamp reads a property that holds one time.
func (c *calendar) stamp(where string, p *ics.IANAProperty) (stamp, bool) {
	zone, ok := c.zoneOf(where, p)
	if !ok {
		return stamp{}, false
	}
	s, ok := c.oneStamp(p.Value, zone)
	if !ok {
		c.problem(where, "its %s cannot be read", strings.ToUpper(p.IANAToken))
	}
	return s, ok
}

// Years outside of these are slips, and a rule followed from there takes for ever.
const firstYear, lastYear = 1970, 2199

func (c *calendar) oneStamp(v string, zone *time.Location) (stamp, bool) {
	s := stamp{zone: zone}
	layout := "20060102T150405"
	v = strings.TrimSpace(v)
	switch len(v) {
	case len("20060102"):
		layout, s.day = "20060102", true
		s.zone = c.Zone // a day has no zone of its own
	case len("20060102T150405Z"):
		layout, s.zone = "20060102T150405Z", time.UTC
	}
	wall, err := time.Parse(layout, v)
	s.wall = wall
	return s, err == nil && firstYear <= wall.Year() && wall.Year() <= lastYear
}

// zoneOf is the zone that a property names; the practice's where it names none.
func (c *calendar) zoneOf(where string, p *ics.IANAProperty) (*time.Location, bool) {
	name := strings.TrimSpace(param(p, "TZID"))
	if name == "" {
		return c.Zone, true
	}
	if zone, ok := c.zones[name]; ok {
		return zone, zone != nil
	}
	zone := zoneNamed(name)
	if zone == nil {
		c.problem(where, "its time zone is not known: name it as in America/New_York")
	}
	c.zones[name] = zone
	return zone, zone != nil
}

// nameZone learns what a VTIMEZONE's name means where the name itself does not
// say it: Apple and Google write the IANA name beside it.
func (c *calendar) nameZone(v *ics.VTimezone) {
	var name, place string
	for _, p := range v.Properties {
		switch strings.ToUpper(p.IANAToken) {
		case "TZID":
			name = strings.TrimSpace(p.Value)
		case "X-LIC-LOCATION":
			place = strings.TrimSpace(p.Value)
		}
	}
	if zone := zoneNamed(name); zone != nil {
		c.zones[name] = zone
	} else if zone := zoneNamed(place); zone != nil {
		c.zones[name] = zone
	}
}

// zoneNamed understands an IANA name, alone or at the end of a path as Mozilla
// and Evolution write it, and the names that Outlook gives the zones of the
// United States (Unicode CLDR, windowsZones). It answers nil for all others.
func zoneNamed(name string) *time.Location {
	if place := outlookZones[name]; place != "" {
		name = place
	}
	parts := strings.Split(strings.Trim(name, "/"), "/")
	for i := max(0, len(parts)-3); i < len(parts); i++ {
		tail := strings.Join(parts[i:], "/")
		if tail == "" || tail == "Local" {
			continue
		}
		if zone, err := time.LoadLocation(tail); err == nil {
			return zone
		}
	}
	return nil
}

var outlookZones = map[string]string{
	"Eastern Standard Time":      "America/New_York",
	"US Eastern Standard Time":   "America/Indiana/Indianapolis",
	"Central Standard Time":      "America/Chicago",
	"Mountain Standard Time":     "America/Denver",
	"US Mountain Standard Time":  "America/Phoenix",
	"Pacific Standard Time":      "America/Los_Angeles",
	"Alaskan Standard Time":      "America/Anchorage",
	"Aleutian Standard Time":     "America/Adak",
	"Hawaiian Standard Time":     "Pacific/Honolulu",
	"SA Western Standard Time":   "America/Puerto_Rico",
	"West Pacific Standard Time": "Pacific/Guam",
	"UTC-11":                     "Pacific/Pago_Pago",
}

// durations are RFC 5545 3.3.6, without negative ones.
var durations = regexp.MustCompile(`^\+?P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?$`)

// duration reads a DURATION: its weeks and days are days of the calendar, the
// rest is time as it passes.
func duration(v string) (days int, rest time.Duration, ok bool) {
	m := durations.FindStringSubmatch(strings.TrimSpace(v))
	if m == nil {
		return 0, 0, false
	}
	n := func(i int) int {
		n, _ := strconv.Atoi(m[i]) // digits, or nothing
		return n
	}
	rest = time.Duration(n(3))*time.Hour + time.Duration(n(4))*time.Minute + time.Duration(n(5))*time.Second
	return n(1)*7 + n(2), rest, true
}
