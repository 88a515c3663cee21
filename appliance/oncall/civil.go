package oncall

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Date is a day of the calendar, in no zone.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf is the date that a time shows, in the time's own zone.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// Add answers the date so many days later.
func (d Date) Add(days int) Date { return DateOf(d.utc().AddDate(0, 0, days)) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.utc().Weekday() }

// Before says whether the date is earlier than another.
func (d Date) Before(other Date) bool { return d.utc().Before(other.utc()) }

// IsZero says whether no date was given.
func (d Date) IsZero() bool { return d == Date{} }

func (d Date) String() string { return d.utc().Format(time.DateOnly) }

// MarshalText writes the date as 2026-11-24, and no date as nothing.
func (d Date) MarshalText() ([]byte, error) {
	if d.IsZero() {
		return nil, nil
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads a date as MarshalText writes it.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	t, err := time.Parse(time.DateOnly, string(b))
	if err != nil {
		return errors.New("a date is written as 2026-11-24")
	}
	*d = DateOf(t)
	return nil
}

func (d Date) utc() time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }

// days counts the days from another date to this one.
func (d Date) days(since Date) int { return int(d.utc().Sub(since.utc()) / (24 * time.Hour)) }

// Clock is a time of the wall clock, in minutes since midnight.
type Clock int

// NewClock is the clock at an hour and a minute.
func NewClock(hour, minute int) Clock { return Clock(hour*60 + minute) }

func (c Clock) valid() bool { return c >= 0 && c < 24*60 }

func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// Said is the clock as people say it: 7:00 am.
func (c Clock) Said() string { return Date{2000, 1, 1}.At(c).wall.Format("3:04 pm") }

// MarshalText writes the clock as 07:00.
func (c Clock) MarshalText() ([]byte, error) {
	if !c.valid() {
		return nil, fmt.Errorf("a day has no minute %d", int(c))
	}
	return []byte(c.String()), nil
}

// UnmarshalText reads a clock as MarshalText writes it.
func (c *Clock) UnmarshalText(b []byte) error {
	t, err := time.Parse("15:04", string(b))
	if err != nil || len(b) != 5 {
		return errors.New("a time of day is written as 07:00")
	}
	*c = NewClock(t.Hour(), t.Minute())
	return nil
}

// Point is when something begins or ends: what the practice's wall clock shows
// then, or a fixed instant. A wall-clock point moves with the clock, as people
// mean it; a fixed one does not.
type Point struct {
	wall  time.Time // the wall clock, written as if it were UTC
	fixed time.Time // UTC
}

// At is the point at a time of the wall clock on a date.
func (d Date) At(c Clock) Point { return Point{wall: d.utc().Add(time.Duration(c) * time.Minute)} }

// Fixed is a point that no rule of any zone moves.
func Fixed(t time.Time) Point { return Point{fixed: t.UTC()} }

// IsZero says whether no point was given.
func (p Point) IsZero() bool { return p.wall.IsZero() && p.fixed.IsZero() }

// In answers the instant of the point: for a wall clock's, the first moment at
// which the clock shows that time or a later one. So a time that occurs twice is
// its first, a time that does not exist is the moment the clock leaps over it,
// and points stay in their order through every change of the clock: what ends
// where the next begins leaves no gap and no double.
func (p Point) In(zone *time.Location) time.Time {
	if p.wall.IsZero() {
		return p.fixed
	}
	for at := p.wall.Add(-farEast); ; {
		local := at.In(zone)
		_, offset := local.Zone()
		shows := p.wall.Add(-time.Duration(offset) * time.Second)
		_, end := local.ZoneBounds()
		switch {
		case shows.Before(at):
			return at
		case end.IsZero() || shows.Before(end):
			return shows
		}
		at = end.UTC()
	}
}

// farEast is more than any zone is ahead of UTC: so long before, the clock does
// not show the time yet.
const farEast = 16 * time.Hour

const wallLayout = "2006-01-02T15:04"

func (p Point) String() string {
	if p.wall.IsZero() {
		return p.fixed.Format(time.RFC3339)
	}
	return p.wall.Format(wallLayout)
}

// MarshalText writes a wall clock's point as 2026-11-24T19:00, a fixed one as
// RFC 3339 in UTC, none as nothing.
func (p Point) MarshalText() ([]byte, error) {
	if p.IsZero() {
		return nil, nil
	}
	return []byte(p.String()), nil
}

// UnmarshalText reads a point as MarshalText writes it.
func (p *Point) UnmarshalText(b []byte) error {
	*p = Point{}
	if len(b) == 0 {
		return nil
	}
	if t, err := time.Parse(wallLayout, strings.Replace(string(b), " ", "T", 1)); err == nil {
		p.wall = t
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(b))
	if err != nil {
		return errors.New("a time is written as 2026-11-24T19:00, or in RFC 3339")
	}
	p.fixed = t.UTC()
	return nil
}
