package backup

import "time"

// What a target keeps. The newest point and the newest proven one are kept
// besides, whatever their age.
const (
	keepHourly = 48 // two days by the hour: a bad change is noticed within a shift or two
	keepDaily  = 14 // two weeks by the day: covers a holiday
)

// kept says which points stay. Points come in the order they were taken, which
// is not always the order of their times: a clock may have been wrong. Of each
// hour, and of each day of the practice's own calendar, the last one taken
// counts; only hours and days that have a point are counted, so that a machine
// that was off for a month loses nothing by it.
func kept(points []Point, zone *time.Location) []bool {
	if zone == nil {
		zone = time.UTC
	}
	keep := make([]bool, len(points))
	hours, days := map[time.Time]bool{}, map[string]bool{}
	proven := false
	for i := len(points) - 1; i >= 0; i-- {
		p := points[i]
		if i == len(points)-1 {
			keep[i] = true
		}
		if hour := p.At.UTC().Truncate(time.Hour); !hours[hour] && len(hours) < keepHourly {
			hours[hour], keep[i] = true, true
		}
		if day := p.At.In(zone).Format(time.DateOnly); !days[day] && len(days) < keepDaily {
			days[day], keep[i] = true, true
		}
		if !proven && p.Proven() {
			proven, keep[i] = true, true
		}
	}
	return keep
}
