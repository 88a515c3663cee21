package backup

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var pruneStart = time.Date(2026, 11, 1, 0, 30, 0, 0, time.UTC)

func TestKeptIs48HourlyAnd14Daily(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		every time.Duration
		count int
		want  int
	}{
		"nothing taken, nothing kept":                                  {time.Hour, 0, 0},
		"one point is kept":                                            {time.Hour, 1, 1},
		"two days by the hour are all kept":                            {time.Hour, 48, 48},
		"ten more are thinned to their days":                           {time.Hour, 58, 49},
		"a month by the hour is 48 and the 12 days they do not cover":  {time.Hour, 24 * 30, 48 + 14 - 3},
		"many in one hour are one":                                     {time.Minute, 29, 1},
		"one a day for a month is the last 48 hours that have a point": {24 * time.Hour, 30, 30},
		"one a day for a year is 48":                                   {24 * time.Hour, 365, 48},
	} {
		t.Run(name, func(t *testing.T) {
			points := make([]Point, c.count)
			for i := range points {
				points[i] = Point{Run: int64(i + 1), At: pruneStart.Add(time.Duration(i) * c.every)}
			}
			if got := countKept(kept(points, zone)); got != c.want {
				t.Errorf("kept %d of %d, want %d", got, c.count, c.want)
			}
		})
	}
}

func TestTheNewestProvenPointIsKeptHoweverOld(t *testing.T) {
	points := make([]Point, 24*40)
	for i := range points {
		points[i] = Point{At: pruneStart.Add(time.Duration(i) * time.Hour)}
	}
	points[3].Proof, points[5].Proof = &Proof{}, &Proof{}
	keep := kept(points, time.UTC)
	if keep[3] || !keep[5] {
		t.Errorf("the older proven point is kept: %v, the newest proven one: %v", keep[3], keep[5])
	}
}

// TestPruningAsTimeGoesOn takes points at any times, the clock jumping, proofs
// failing, and prunes after each: what must hold holds after every step.
func TestPruningAsTimeGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := pruneStart
		var points []Point
		count := int64(rapid.IntRange(1, 120).Draw(t, "points"))
		for run := int64(1); run <= count; run++ {
			minutes := rapid.OneOf(rapid.Just(60), rapid.IntRange(1, 200), rapid.IntRange(-3000, 30000)).Draw(t, "minutes")
			at = at.Add(time.Duration(minutes) * time.Minute)
			p := Point{Run: run, At: at}
			if rapid.Bool().Draw(t, "proven") {
				p.Proof = &Proof{At: at}
			}
			points = append(points, p)
			points = pruneStep(t, points)
		}
	})
}

func pruneStep(t *rapid.T, points []Point) []Point {
	keep := kept(points, time.UTC)
	hours, days, proven := map[time.Time]bool{}, map[string]bool{}, false
	var left []Point
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		hour, day := p.At.Truncate(time.Hour), p.At.Format(time.DateOnly)
		newestOfHour, newestOfDay := !hours[hour] && len(hours) < keepHourly, !days[day] && len(days) < keepDaily
		hours[hour], days[day] = true, true
		switch {
		case i == len(points)-1 && !keep[i]:
			t.Fatal("the newest point was pruned")
		case p.Proven() && !proven && !keep[i]:
			t.Fatal("the newest proven point was pruned")
		case newestOfHour && !keep[i]:
			t.Fatalf("the last point of a recent hour was pruned")
		case newestOfDay && !keep[i]:
			t.Fatalf("the last point of a recent day was pruned")
		}
		proven = proven || p.Proven()
		if keep[i] {
			left = append([]Point{p}, left...)
		}
	}
	if len(left) > keepHourly+keepDaily+1 {
		t.Fatalf("%d points are kept", len(left))
	}
	if again := kept(left, time.UTC); countKept(again) != len(left) {
		t.Fatal("pruning twice prunes more")
	}
	return left
}

func countKept(keep []bool) (n int) {
	for _, k := range keep {
		if k {
			n++
		}
	}
	return n
}
