package oncall

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// date is when the turn of a number begins. Turn 0 begins at Start, whatever
// the day of the week or month; the regular handovers follow.
func (r Rotation) date(turn int) Date {
	if turn <= 0 {
		return r.Start
	}
	switch r.Every {
	case Weekly:
		first := (int(r.Handover.Weekday)-int(r.Start.Weekday())+7)%7 + 7*turn
		if r.Start.Weekday() != r.Handover.Weekday {
			first -= 7
		}
		return r.Start.Add(first)
	case Monthly:
		months := turn
		if dayOf(r.Handover.Day, r.Start.Year, r.Start.Month) > r.Start.Day {
			months--
		}
		first := time.Date(r.Start.Year, r.Start.Month+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
		return Date{first.Year(), first.Month(), dayOf(r.Handover.Day, first.Year(), first.Month())}
	}
	return r.Start.Add(turn * r.length())
}

// dayOf is a day of the month, or the last one where the month is shorter.
func dayOf(day, year int, month time.Month) int {
	return min(day, time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

// length is about how many days a turn lasts; exactly so many but for Monthly.
func (r Rotation) length() int {
	switch r.Every {
	case Weekly:
		return 7
	case Monthly:
		return 31
	case Custom:
		return max(r.Days, 1)
	}
	return 1
}

// turn answers the number of the turn at a moment; false before the first.
func (r Rotation) turn(zone *time.Location, at time.Time) (int, bool) {
	n := max(DateOf(at.In(zone)).days(r.Start)/r.length(), 0) // never too far on
	for !at.Before(r.begin(zone, n+1)) {
		n++
	}
	for n >= 0 && at.Before(r.begin(zone, n)) {
		n--
	}
	return n, n >= 0
}

// begin is the instant of a handover.
func (r Rotation) begin(zone *time.Location, turn int) time.Time {
	return r.date(turn).At(r.Handover.At).In(zone)
}

// holder is whose turn a number is; nobody where there are no people.
func (r Rotation) holder(turn int) message.PersonID {
	if len(r.People) == 0 {
		return ""
	}
	first := max(slices.Index(r.People, r.First), 0)
	return r.People[(first+turn)%len(r.People)]
}

// covers answers the stretch of windows around a moment, those that touch taken
// as one, no farther than the turn it is in; false where none is open then.
func (r Rotation) covers(zone *time.Location, at, begin, end time.Time) (from, to time.Time, ok bool) {
	if len(r.Windows) == 0 {
		return begin, end, true
	}
	if from, to, ok = open(r.Windows, zone, at); !ok {
		return from, to, false
	}
	for from.After(begin) {
		earlier, _, touches := open(r.Windows, zone, from.Add(-1))
		if !touches {
			break
		}
		from = earlier
	}
	for to.Before(end) {
		_, on, touches := open(r.Windows, zone, to)
		if !touches {
			break
		}
		to = on
	}
	return later(begin, from), sooner(end, to), true
}

// open answers the windows that are open at a moment, as one.
func open(windows []Window, zone *time.Location, at time.Time) (from, to time.Time, ok bool) {
	today := DateOf(at.In(zone))
	for day := -2; day <= 0; day++ { // a window over a day that the zone left out began two dates ago
		for _, w := range windows {
			begin, end, opens := w.on(zone, today.Add(day))
			if !opens || at.Before(begin) || !at.Before(end) {
				continue
			}
			if !ok || begin.Before(from) {
				from = begin
			}
			to, ok = later(to, end), true
		}
	}
	return from, to, ok
}

// on answers the window that begins on a date.
func (w Window) on(zone *time.Location, day Date) (from, to time.Time, ok bool) {
	if !slices.Contains(w.Days, day.Weekday()) {
		return time.Time{}, time.Time{}, false
	}
	from, end := day.At(w.From).In(zone), day
	if w.To <= w.From {
		end = day.Add(1)
	}
	return from, end.At(w.To).In(zone), true
}

// at answers whose turn covers a moment, and from when to when; nobody where
// none does.
func (r Rotation) at(zone *time.Location, at time.Time) (who message.PersonID, from, to time.Time) {
	n, begun := r.turn(zone, at)
	if !begun {
		return "", time.Time{}, time.Time{}
	}
	from, to, ok := r.covers(zone, at, r.begin(zone, n), r.begin(zone, n+1))
	if !ok {
		return "", time.Time{}, time.Time{}
	}
	return r.holder(n), from, to
}

// next answers the first moment after another at which something of the
// rotation begins or ends; zero when nothing does any more.
func (r Rotation) next(zone *time.Location, at time.Time) time.Time {
	n, _ := r.turn(zone, at)
	next := r.begin(zone, n+1)
	today := DateOf(at.In(zone))
	for day := -2; day <= 8; day++ { // within a week each window opens once
		if DateOf(next.In(zone)).Before(today.Add(day)) {
			break
		}
		for _, w := range r.Windows {
			if from, to, ok := w.on(zone, today.Add(day)); ok {
				next = after(at, after(at, next, from), to)
			}
		}
	}
	return next
}

// rule says the rotation in words: "weekly rotation Nights, handover Mon 7:00 am".
func (r Rotation) rule() string {
	var b strings.Builder
	if r.Every == Custom {
		b.WriteString(strconv.Itoa(r.Days))
		b.WriteString("-day")
	} else {
		b.WriteString(string(r.Every))
	}
	b.WriteString(" rotation")
	if r.Name != "" {
		b.WriteString(" ")
		b.WriteString(r.Name)
	}
	b.WriteString(", handover ")
	switch r.Every {
	case Weekly:
		b.WriteString(r.Handover.Weekday.String()[:3])
		b.WriteString(" ")
	case Monthly:
		b.WriteString("on day ")
		b.WriteString(strconv.Itoa(r.Handover.Day))
		b.WriteString(" at ")
	}
	b.WriteString(r.Handover.At.Said())
	return b.String()
}

// later answers the later of two moments, sooner the earlier of two of which a
// zero one is no end, and after the earlier of those that come after a moment.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func after(at, a, b time.Time) time.Time {
	if !a.After(at) {
		a = time.Time{}
	}
	if !b.After(at) {
		return a
	}
	return sooner(a, b)
}
