package oncall

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// csvTime is a time as a line of a CSV file says it.
type csvTime struct {
	exact         time.Time // where it says its offset from UTC
	wall          time.Time // what the clocks show, as if it were UTC
	first, second int       // of a date such as 11/1/2026, whose year and time wall has; else 0
}

var (
	slashed = regexp.MustCompile(`^(\d{1,2})/(\d{1,2})/(\d{2}|\d{4})[ ,T]+(.+)$`)
	noTime  = regexp.MustCompile(`^(\d{1,2}/\d{1,2}/\d{2,4}|\d{4}-\d{1,2}-\d{1,2}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4})$`)
	spoken  = regexp.MustCompile(`(?i)\s*\b?([ap])\.?m?\.?$`)
)

var (
	clocks = []string{"15:04", "15:04:05", "3:04PM", "3:04:05PM", "3PM"}
	dates  = []string{"2006-1-2 ", "2006-1-2T", "2006/1/2 ", "Jan 2, 2006 ", "Jan 2 2006 ", "January 2, 2006 ", "January 2 2006 ", "2-Jan-2006 ", "2 Jan 2006 ",
		"Mon, Jan 2, 2006 ", "Monday, January 2, 2006 "}
	exacts = []string{time.RFC3339, "2006-01-02 15:04Z07:00", "2006-01-02T15:04Z07:00", "2006-01-02 15:04:05Z07:00"}
)

// readTime reads a date with a time of day, in the ways that offices and their
// programs write them. It answers why it cannot.
func readTime(v string) (t csvTime, why string) {
	v = strings.Join(strings.Fields(v), " ")
	for _, layout := range exacts {
		if at, err := time.Parse(layout, v); err == nil {
			t.exact = at
			return t, sane(at)
		}
	}
	if noTime.MatchString(v) {
		return t, "says no time of day"
	}
	v = plainHalf(v)
	if m := slashed.FindStringSubmatch(v); m != nil {
		return slashedTime(m)
	}
	for _, date := range dates {
		for _, clock := range clocks {
			if wall, err := time.Parse(date+clock, v); err == nil {
				t.wall = wall
				return t, sane(wall)
			}
		}
	}
	return t, "cannot be read: write it like 2026-11-01 19:00"
}

// plainHalf makes “7 p.m.”, “7:00 pm” and “7p” one form: 7PM.
func plainHalf(v string) string {
	m := spoken.FindStringSubmatchIndex(v)
	if m == nil || m[0] == 0 || v[m[0]-1] < '0' || v[m[0]-1] > '9' {
		return v
	}
	return v[:m[0]] + strings.ToUpper(v[m[2]:m[3]]) + "M"
}

func slashedTime(m []string) (t csvTime, why string) {
	if len(m[3]) == 2 {
		return t, "has a year of two digits: write all four"
	}
	for _, clock := range clocks {
		at, err := time.Parse("2006 "+clock, m[3]+" "+m[4])
		if err != nil {
			continue
		}
		t.wall = at
		t.first, _ = strconv.Atoi(m[1]) // digits
		t.second, _ = strconv.Atoi(m[2])
		return t, sane(at)
	}
	return t, "has no time of day that can be read: write it like 7:00 PM or 19:00"
}

func sane(at time.Time) string {
	if at.Year() < firstYear || at.Year() > lastYear {
		return "has a year that cannot be meant"
	}
	return ""
}

// dateOrder is what the slashed dates of a file say about their order.
type dateOrder struct{ monthFirst, dayFirstSeen, either bool }

func (o *dateOrder) saw(t csvTime) {
	switch {
	case t.first == 0 || t.first == t.second:
	case t.first > 12:
		o.dayFirstSeen = true
	case t.second > 12:
		o.monthFirst = true
	default:
		o.either = true
	}
}

// dayFirst says whether 2/11/2026 is in November. Where no line proves it, a
// person has to: an urgent call would ring the wrong one all month.
func (o *dateOrder) dayFirst(said string) (bool, string) {
	switch {
	case o.monthFirst && o.dayFirstSeen:
		return false, "some are month/day/year and some are day/month/year"
	case said == "mdy" && o.dayFirstSeen, said == "dmy" && o.monthFirst:
		return false, "they are not in the order that you say"
	case said != "" || o.monthFirst || o.dayFirstSeen:
		return o.dayFirstSeen || said == "dmy", ""
	case o.either:
		return false, "each can be read as month/day/year and as day/month/year; write 2026-12-05, or say --dates mdy"
	}
	return false, ""
}

// resolve is when a time of a line is.
func (t *table) resolve(where string, at csvTime, dayFirst bool) (time.Time, bool) {
	if !at.exact.IsZero() {
		return at.exact, true
	}
	wall := at.wall
	if at.first != 0 {
		month, day := at.first, at.second
		if dayFirst {
			month, day = day, month
		}
		wall = time.Date(wall.Year(), time.Month(month), day, wall.Hour(), wall.Minute(), wall.Second(), 0, time.UTC)
		if month < 1 || wall.Month() != time.Month(month) || wall.Day() != day {
			t.problem(where, "there is no day %d/%d", at.first, at.second)
			return wall, false
		}
	}
	return t.moment(where, wall, t.Zone), true
}
