package oncall

import (
	"errors"
	"fmt"
	"time"
)

// Moments are the instants that a time of the wall clock means.
type Moments struct {
	Moments []Moment
	Note    string // where there is anything to say: that it occurs twice, or never
}

// Moment is one of them.
type Moment struct {
	At     time.Time // UTC
	Offset string    // from UTC, with the zone's name for it: "-04:00 EDT"
}

// ErrMoment says that a time cannot be read.
var ErrMoment = errors.New("a time is written as 2026-11-01 01:30, by the practice's wall clock, or as 2026-11-01T01:30:00-04:00")

var wallLayouts = []string{"2006-01-02 15:04", wallLayout, "2006-01-02 15:04:05", "2006-01-02T15:04:05"}

// Wall reads a time of the practice's wall clock, or one in RFC 3339. A time
// that occurs twice is answered for both; one that does not exist moves forward
// by what the clock leaps, to what it shows so long after.
func Wall(zone *time.Location, typed string) (Moments, error) {
	zone = location(zone)
	if t, err := time.Parse(time.RFC3339, typed); err == nil {
		return Moments{Moments: []Moment{At(zone, t)}}, nil
	}
	for _, layout := range wallLayouts {
		if wall, err := time.Parse(layout, typed); err == nil {
			return moments(zone, wall), nil
		}
	}
	return Moments{}, ErrMoment
}

func moments(zone *time.Location, wall time.Time) Moments {
	first := Point{wall: wall}.In(zone)
	if !shows(zone, first, wall) {
		return missing(zone, wall, first)
	}
	m := Moments{Moments: []Moment{At(zone, first)}}
	for at := first; ; { // a clock that was put back shows it again within a day
		_, end := at.In(zone).ZoneBounds()
		if end.IsZero() || end.Sub(first) > 24*time.Hour {
			break
		}
		_, offset := end.In(zone).Zone()
		again := wall.Add(-time.Duration(offset) * time.Second)
		if again.After(first) && shows(zone, again, wall) {
			m.Moments = append(m.Moments, At(zone, again))
		}
		at = end
	}
	if len(m.Moments) > 1 {
		m.Note = fmt.Sprintf("%s occurs twice on that day, because the clock is put back: once at %s and again at %s",
			wall.Format("3:04 pm"), m.Moments[0].Offset, m.Moments[1].Offset)
	}
	return m
}

func missing(zone *time.Location, wall, leap time.Time) Moments {
	_, before := leap.Add(-1).In(zone).Zone()
	at := At(zone, wall.Add(-time.Duration(before)*time.Second))
	shown := leap.UTC().Add(time.Duration(before) * time.Second)
	layout := "3:04 pm"
	if DateOf(shown) != DateOf(leap.In(zone)) {
		layout = "3:04 pm on 2 Jan 2006"
	}
	return Moments{Moments: []Moment{at}, Note: fmt.Sprintf("%s does not exist on that day: the clock goes from %s to %s; moved forward to %s, %s",
		wall.Format("3:04 pm"), shown.Format(layout), leap.In(zone).Format(layout), at.At.In(zone).Format(layout), at.Offset)}
}

// At is a moment with its offset in a zone.
func At(zone *time.Location, at time.Time) Moment {
	return Moment{At: at.UTC(), Offset: at.In(location(zone)).Format("-07:00 MST")}
}

// shows says whether a wall clock shows a time at an instant.
func shows(zone *time.Location, at, wall time.Time) bool {
	_, offset := at.In(zone).Zone()
	return at.UTC().Add(time.Duration(offset) * time.Second).Equal(wall)
}
