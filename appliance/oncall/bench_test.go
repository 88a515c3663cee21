package oncall_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// busy is a practice with three schedules of three layers, eight people each,
// nights and weekends by windows, a year of fixed shifts, and 200 exceptions.
func busy(b *testing.B) *store.Store { return practiceOf(b, 3, 200, busySchedule) }

// usual is a practice with one schedule of nights in two layers, and ten exceptions.
func usual(b *testing.B) *store.Store {
	return practiceOf(b, 1, 10, func(n int) oncall.Schedule {
		s := busySchedule(n)
		s.Layers = s.Layers[:2]
		return s
	})
}

func practiceOf(b *testing.B, schedules, exceptions int, schedule func(n int) oncall.Schedule) *store.Store {
	b.Helper()
	s, err := store.Open(b.Context(), store.Options{Dir: b.TempDir(), ReserveBytes: 64 << 10})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	err = s.Update(b.Context(), func(tx *store.Tx) error {
		if err := settings.Set(tx, settings.PracticeTimezone, "America/New_York"); err != nil {
			return err
		}
		for n := range schedules {
			if err := oncall.SetSchedule(tx, "dana", schedule(n), night); err != nil {
				return err
			}
		}
		for n := range exceptions {
			from := night.AddDate(0, 0, n-exceptions/2)
			o := oncall.Override{ID: fmt.Sprint("o", n), Kind: oncall.Cover, Replaced: message.PersonID(fmt.Sprint("p", n%8)), By: message.PersonID(fmt.Sprint("p", (n+1)%8)), From: from, To: from.Add(30 * time.Hour)}
			if err := oncall.Ask(tx, "dana", o, true, from.Add(-time.Hour)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func busySchedule(n int) oncall.Schedule {
	id := func(parts ...any) string {
		return fmt.Sprintf("s%d%s", n, strings.Trim(strings.ReplaceAll(fmt.Sprint(parts...), " ", "-"), "[]"))
	}
	s := oncall.Schedule{ID: id(), Name: id(), Owner: "dana"}
	var people []message.PersonID
	for i := range 8 {
		people = append(people, message.PersonID(fmt.Sprint("p", i)))
	}
	for l := range 3 {
		layer := oncall.Layer{ID: id(l), Name: id(l)}
		for r, every := range []oncall.Every{oncall.Weekly, oncall.Daily} {
			layer.Rotations = append(layer.Rotations, oncall.Rotation{ID: id(l, r), Name: "Nights", People: people, First: people[l], Every: every,
				Handover: oncall.Handover{At: oncall.NewClock(7, 0), Weekday: time.Monday}, Start: date(2026, 1, 5),
				Windows: []oncall.Window{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: oncall.NewClock(19, 0), To: oncall.NewClock(7, 0)}, {Days: []time.Weekday{0, 6}, From: oncall.NewClock(7, 0), To: oncall.NewClock(7, 0)}}})
		}
		s.Layers = append(s.Layers, layer)
	}
	for day := range 365 {
		from := date(2026, 6, 1).Add(day)
		s.Layers[2].Shifts = append(s.Layers[2].Shifts, oncall.Shift{ID: id("s", day), Person: people[day%8], From: from.At(oncall.NewClock(7, 0)), To: from.At(oncall.NewClock(19, 0))})
	}
	return s
}

// BenchmarkWhoIsOnCall answers who is on call, from the store to the people.
func BenchmarkWhoIsOnCall(b *testing.B) {
	b.Run("usual", func(b *testing.B) { whoIsOnCall(b, usual(b)) })
	b.Run("busy", func(b *testing.B) { whoIsOnCall(b, busy(b)) })
}

func whoIsOnCall(b *testing.B, s *store.Store) {
	b.ResetTimer()
	for i := range b.N {
		err := s.View(func(tx *store.Tx) error {
			_, err := oncall.Now(tx, night.Add(time.Duration(i)*time.Minute))
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

// BenchmarkResolve answers from a plan that is read already.
func BenchmarkResolve(b *testing.B) {
	s := busy(b)
	var p oncall.Plan
	if err := s.View(func(tx *store.Tx) (err error) { p, err = oncall.Load(tx); return err }); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for i := range b.N {
		oncall.Resolve(p, night.Add(time.Duration(i)*time.Minute))
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}

// BenchmarkFortnight walks the two weeks that findings look ahead.
func BenchmarkFortnight(b *testing.B) {
	s := busy(b)
	var p oncall.Plan
	if err := s.View(func(tx *store.Tx) (err error) { p, err = oncall.Load(tx); return err }); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		oncall.Spans(p, night, night.AddDate(0, 0, 14))
	}
}
