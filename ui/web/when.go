package web

import (
	"fmt"
	"time"
)

// when is a moment as a page shows it: as people say it, exact on hover and on
// paper.
type when struct {
	ISO   string // "" where there is no moment
	Said  string
	Exact string
}

// calendar says moments in the practice's time zone, seen from now.
type calendar struct {
	now   time.Time
	zone  *time.Location
	words words
}

const (
	clockLayout  = "3:04 pm"
	secondLayout = "3:04:05 pm"
	exactLayout  = "Monday, January 2, 2006, 3:04:05 pm MST"
)

// when says a moment as briefly as it can be understood.
func (c calendar) when(t time.Time) when { return c.moment(t, clockLayout) }

// stamp says a moment to the second, for timelines.
func (c calendar) stamp(t time.Time) when { return c.moment(t, secondLayout) }

func (c calendar) moment(t time.Time, clock string) when {
	if t.IsZero() {
		return when{}
	}
	local, now := t.In(c.zone), c.now.In(c.zone)
	w := when{ISO: t.UTC().Format(time.RFC3339), Exact: local.Format(exactLayout)}
	at := local.Format(clock)
	switch days := daysBetween(now, local); {
	case days == 0:
		w.Said = at
	case days == -1:
		w.Said = c.words.say("when.yesterday", at)
	case days == 1:
		w.Said = c.words.say("when.tomorrow", at)
	case days > -7 && days < 7:
		w.Said = local.Format("Mon ") + at
	case local.Year() == now.Year():
		w.Said = local.Format("Jan 2, ") + at
	default:
		w.Said = local.Format("Jan 2, 2006")
	}
	return w
}

// daysBetween counts calendar days from one moment to another, both in the same zone.
func daysBetween(from, to time.Time) int {
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return int(day(to).Sub(day(from)) / (24 * time.Hour))
}

// clock writes a span as a running clock shows it: "3:12", "1:03:12".
func clock(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	return fmt.Sprintf("%d:%02d", m, s)
}

// span says how long something lasts, to the unit that matters.
func (w words) span(d time.Duration) string {
	switch {
	case d < time.Second:
		return w.say("span.ms", max(d.Milliseconds(), 0))
	case d < 10*time.Second:
		return w.say("span.s1", d.Seconds())
	case d < 2*time.Minute:
		return w.say("span.s", int(d.Round(time.Second).Seconds()))
	case d < 2*time.Hour:
		return w.say("span.min", int(d.Round(time.Minute).Minutes()))
	case d < 48*time.Hour:
		return w.say("span.h", int(d.Round(time.Hour).Hours()))
	default:
		return w.say("span.d", int(d.Hours())/24)
	}
}

// size says how large something is.
func (w words) size(n int64) string {
	const k = 1 << 10
	switch {
	case n < k:
		return w.say("size.b", n)
	case n < k*k:
		return w.say("size.kb", float64(n)/k)
	case n < k*k*k:
		return w.say("size.mb", float64(n)/(k*k))
	default:
		return w.say("size.gb", float64(n)/(k*k*k))
	}
}
