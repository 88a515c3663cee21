package oncall_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
)

func zone(t testing.TB, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

var everyDay = []time.Weekday{0, 1, 2, 3, 4, 5, 6}

// rotations is a plan with one schedule of one layer.
func rotations(z *time.Location, list ...oncall.Rotation) oncall.Plan {
	return oncall.Plan{Zone: z, Uses: oncall.UsesSchedule, Schedules: []oncall.Schedule{{
		ID: "s", Name: "Practice", Layers: []oncall.Layer{{ID: "primary", Name: "Primary", Rotations: list}},
	}}}
}

func date(y int, m time.Month, d int) oncall.Date { return oncall.Date{Year: y, Month: m, Day: d} }

// shown is the latest that the wall clock showed while at goes forward: the n-th
// handover is over as soon as the clock shows its time or a later one. That is
// the rule in its plainest form, against which the resolver is checked.
type shown struct {
	zone   *time.Location
	latest time.Time
}

func (s *shown) see(at time.Time) {
	y, m, d := at.In(s.zone).Date()
	h, min, sec := at.In(s.zone).Clock()
	if wall := time.Date(y, m, d, h, min, sec, 0, time.UTC); wall.After(s.latest) {
		s.latest = wall
	}
}

// turns counts the handovers at a time of the day since a date.
func (s *shown) turns(since oncall.Date, at oncall.Clock) int {
	begin := time.Date(since.Year, since.Month, since.Day, 0, int(at), 0, 0, time.UTC)
	return int(math.Floor(s.latest.Sub(begin).Hours() / 24))
}

func TestEachNightAroundAChangeOfTheClockByABruteForceWalk(t *testing.T) {
	for _, c := range []struct {
		zone string
		day  time.Time
	}{
		{"America/New_York", time.Date(2027, 3, 14, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2026, 10, 3, 0, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2027, 4, 3, 0, 0, 0, 0, time.UTC)},
		{"Pacific/Apia", time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC)},
		{"Africa/Casablanca", time.Date(2026, 2, 15, 0, 0, 0, 0, time.UTC)},
		{"Africa/Casablanca", time.Date(2026, 3, 22, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		for _, handover := range []oncall.Clock{0, oncall.NewClock(1, 45), oncall.NewClock(2, 0), oncall.NewClock(2, 30), oncall.NewClock(3, 0), oncall.NewClock(7, 0)} {
			walk(t, zone(t, c.zone), c.day, handover)
		}
	}
}

func walk(t *testing.T, z *time.Location, day time.Time, handover oncall.Clock) {
	t.Helper()
	people := []message.PersonID{"a", "b", "c"}
	start := oncall.DateOf(day.AddDate(0, 0, -6))
	whole := rotations(z, oncall.Rotation{ID: "r", People: people, Every: oncall.Daily, Handover: oncall.Handover{At: handover}, Start: start})
	// Day and night as two rotations whose windows meet at the handover and at an odd time.
	other := (handover + 15*60 + 10) % (24 * 60)
	halves := rotations(z,
		oncall.Rotation{ID: "day", People: []message.PersonID{"d"}, Every: oncall.Daily, Start: start, Windows: []oncall.Window{{Days: everyDay, From: handover, To: other}}},
		oncall.Rotation{ID: "night", People: []message.PersonID{"n"}, Every: oncall.Daily, Start: start, Windows: []oncall.Window{{Days: everyDay, From: other, To: handover}}},
	)
	from, to := day.AddDate(0, 0, -1), day.AddDate(0, 0, 2)
	spans, halfSpans := oncall.Spans(whole, from, to), oncall.Spans(halves, from, to)
	clock := shown{zone: z}
	for at := from; at.Before(to); at = at.Add(30 * time.Second) {
		clock.see(at)
		want := people[clock.turns(start, handover)%3]
		got := oncall.Resolve(whole, at)
		if !slices.Equal(got.People(), []message.PersonID{want}) {
			t.Fatalf("%s, handover %s: at %s %v are on call, want %s", z, handover, at.In(z), got.People(), want)
		}
		spans = sameAsSpan(t, spans, at, got)
		got = oncall.Resolve(halves, at)
		if len(got.Turns) != 1 {
			t.Fatalf("%s, day and night meet at %s and %s: at %s %v are on call", z, handover, other, at.In(z), got.People())
		}
		halfSpans = sameAsSpan(t, halfSpans, at, got)
	}
}

// sameAsSpan checks that the answer is that of the span, and answers the spans
// from that one on.
func sameAsSpan(t testing.TB, spans []oncall.Span, at time.Time, got oncall.Answer) []oncall.Span {
	t.Helper()
	for len(spans) > 0 && !at.Before(spans[0].To) {
		spans = spans[1:]
	}
	if len(spans) == 0 || at.Before(spans[0].From) {
		t.Fatalf("no span at %s", at)
	}
	if want := spans[0].Answer; !equal(got, want) {
		t.Fatalf("at %s Resolve says\n%+v, and the span\n%+v", at, got, want)
	}
	return spans
}

func equal(a, b oncall.Answer) bool {
	return a.Why == b.Why && a.Everybody == b.Everybody && slices.Equal(a.Turns, b.Turns)
}

func TestATimeThatOccursTwiceOrNever(t *testing.T) {
	ny := zone(t, "America/New_York")
	for _, c := range []struct {
		zone  *time.Location
		typed string
		want  []string
		note  string
	}{
		{ny, "2026-11-01 01:30", []string{"2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00"}, "1:30 am occurs twice on that day, because the clock is put back: once at -04:00 EDT and again at -05:00 EST"},
		{ny, "2026-11-01 02:00", []string{"2026-11-01T02:00:00-05:00"}, ""},
		{ny, "2026-11-01 00:59", []string{"2026-11-01T00:59:00-04:00"}, ""},
		{ny, "2027-03-14 02:30", []string{"2027-03-14T03:30:00-04:00"}, "2:30 am does not exist on that day: the clock goes from 2:00 am to 3:00 am; moved forward to 3:30 am, -04:00 EDT"},
		{ny, "2027-03-14T03:00", []string{"2027-03-14T03:00:00-04:00"}, ""},
		{ny, "2026-11-01T06:30:00Z", []string{"2026-11-01T01:30:00-05:00"}, ""},
		{zone(t, "Australia/Lord_Howe"), "2027-04-04 01:45", []string{"2027-04-04T01:45:00+11:00", "2027-04-04T01:45:00+10:30"}, "1:45 am occurs twice on that day, because the clock is put back: once at +11:00 +11 and again at +10:30 +1030"},
		{zone(t, "Pacific/Apia"), "2011-12-30 08:00", []string{"2011-12-31T08:00:00+14:00"}, "8:00 am does not exist on that day: the clock goes from 12:00 am on 30 Dec 2011 to 12:00 am on 31 Dec 2011; moved forward to 8:00 am on 31 Dec 2011, +14:00 +14"},
	} {
		got, err := oncall.Wall(c.zone, c.typed)
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, m := range got.Moments {
			said = append(said, m.At.In(c.zone).Format(time.RFC3339))
			if !strings.HasPrefix(m.Offset, m.At.In(c.zone).Format("-07:00 ")) {
				t.Errorf("%s: offset %q", c.typed, m.Offset)
			}
		}
		if !slices.Equal(said, c.want) || got.Note != c.note {
			t.Errorf("%s is %v, %q; want %v, %q", c.typed, said, got.Note, c.want, c.note)
		}
	}
	if _, err := oncall.Wall(ny, "tomorrow"); err == nil {
		t.Error("tomorrow is read as a time")
	}
}
