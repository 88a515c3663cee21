package oncall_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/oncall"
)

// autumn is when the files of these tests are read.
var autumn = time.Date(2026, 10, 20, 12, 0, 0, 0, time.UTC)

func newYork(t testing.TB) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// calendarOf is a calendar with the given lines in it.
func calendarOf(lines ...string) []byte {
	return []byte("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//test//EN\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VCALENDAR\r\n")
}

func eventOf(lines ...string) string {
	return "BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Okafor\r\n" + strings.Join(lines, "\r\n") + "\r\nEND:VEVENT"
}

func readICal(t testing.TB, data []byte) (oncall.File, error) {
	t.Helper()
	return oncall.ReadFile("calls.ics", data, oncall.FileOptions{Zone: newYork(t), Now: autumn})
}

// said is a file's shifts, a line each, in New York.
func said(t testing.TB, f oncall.File) string {
	t.Helper()
	var b strings.Builder
	for _, s := range f.Shifts {
		fmt.Fprintf(&b, "%s %s to %s\n", s.Person, s.From.In(newYork(t)).Format("01-02 15:04 -07"), s.To.In(newYork(t)).Format("01-02 15:04 -07"))
	}
	return b.String()
}

func TestEventsBecomeShifts(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"in UTC", []string{eventOf("DTSTART:20261105T000000Z", "DTEND:20261105T120000Z")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"floating is the practice's", []string{eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"in a zone of its own", []string{eventOf("DTSTART;TZID=America/Los_Angeles:20261104T160000", "DTEND;TZID=America/Los_Angeles:20261105T040000")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"by Outlook's name of the zone", []string{eventOf(`DTSTART;TZID="Eastern Standard Time":20261104T190000`, "DTEND;TZID=Eastern Standard Time:20261105T070000")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"by Mozilla's name of the zone", []string{eventOf("DTSTART;TZID=/mozilla.org/20050126_1/America/New_York:20261104T190000", "DURATION:PT12H")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"by a name that the file explains", []string{"BEGIN:VTIMEZONE\r\nTZID:Home\r\nX-LIC-LOCATION:America/New_York\r\nBEGIN:STANDARD\r\nDTSTART:19701101T020000\r\nTZOFFSETFROM:-0400\r\nTZOFFSETTO:-0500\r\nEND:STANDARD\r\nEND:VTIMEZONE",
			eventOf("DTSTART;TZID=Home:20261104T190000", "DTEND;TZID=Home:20261105T070000")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"a whole day", []string{eventOf("DTSTART;VALUE=DATE:20261104")},
			"Okafor 11-04 00:00 -05 to 11-05 00:00 -05\n"},
		{"a day of 25 hours", []string{eventOf("DTSTART;VALUE=DATE:20261101", "DTEND;VALUE=DATE:20261102")},
			"Okafor 11-01 00:00 -04 to 11-02 00:00 -05\n"},
		{"a duration over the night that is an hour longer", []string{eventOf("DTSTART:20261031T190000", "DURATION:PT12H")},
			"Okafor 10-31 19:00 -04 to 11-01 06:00 -05\n"},
		{"a duration in days", []string{eventOf("DTSTART:20261031T190000", "DURATION:P1D")},
			"Okafor 10-31 19:00 -04 to 11-01 19:00 -05\n"},
		{"a cancelled one is none", []string{eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000"), eventOf("DTSTART:20261106T190000", "DTEND:20261107T070000", "STATUS:CANCELLED")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"one that stands there twice is one", []string{eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000"), eventOf("DTSTART:20261105T000000Z", "DTEND:20261105T120000Z")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"a name over two lines", []string{"BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Dr. Marí\r\n a Okafor\\, MD\r\nDTSTART:20261104T190000\r\nDTEND:20261105T070000\r\nEND:VEVENT"},
			"Dr. María Okafor, MD 11-04 19:00 -05 to 11-05 07:00 -05\n"},
		{"alarms and tasks are none", []string{"BEGIN:VTODO\r\nUID:t\r\nSUMMARY:Call\r\nEND:VTODO", eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000", "BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M", "END:VALARM")},
			"Okafor 11-04 19:00 -05 to 11-05 07:00 -05\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := readICal(t, calendarOf(c.lines...))
			if err != nil || said(t, f) != c.want {
				t.Errorf("%v, got\n%s", err, said(t, f))
			}
		})
	}
}

func TestShiftsThatRepeat(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  string
	}{
		{"each night over the end of summer time: 13 hours in one, no gap, no double",
			[]string{eventOf("DTSTART;TZID=America/New_York:20261030T190000", "DTEND;TZID=America/New_York:20261031T070000", "RRULE:FREQ=DAILY;COUNT=3")},
			"Okafor 10-30 19:00 -04 to 10-31 07:00 -04\nOkafor 10-31 19:00 -04 to 11-01 07:00 -05\nOkafor 11-01 19:00 -05 to 11-02 07:00 -05\n"},
		{"every other week, until a day", []string{eventOf("DTSTART:20261102T080000", "DTEND:20261103T080000", "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261130")},
			"Okafor 11-02 08:00 -05 to 11-03 08:00 -05\nOkafor 11-16 08:00 -05 to 11-17 08:00 -05\nOkafor 11-30 08:00 -05 to 12-01 08:00 -05\n"},
		{"until a moment in UTC", []string{eventOf("DTSTART;TZID=America/New_York:20261102T190000", "DTEND;TZID=America/New_York:20261103T070000", "RRULE:FREQ=DAILY;UNTIL=20261104T000000Z")},
			"Okafor 11-02 19:00 -05 to 11-03 07:00 -05\nOkafor 11-03 19:00 -05 to 11-04 07:00 -05\n"},
		{"the last Friday of the month", []string{eventOf("DTSTART:20261127T170000", "DTEND:20261127T220000", "RRULE:FREQ=MONTHLY;BYDAY=-1FR;COUNT=2")},
			"Okafor 11-27 17:00 -05 to 11-27 22:00 -05\nOkafor 12-25 17:00 -05 to 12-25 22:00 -05\n"},
		{"without one, and with another", []string{eventOf("DTSTART:20261102T080000", "DTEND:20261102T200000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261103T080000", "RDATE:20261107T080000")},
			"Okafor 11-02 08:00 -05 to 11-02 20:00 -05\nOkafor 11-04 08:00 -05 to 11-04 20:00 -05\nOkafor 11-07 08:00 -05 to 11-07 20:00 -05\n"},
		{"one of them by somebody else", []string{
			eventOf("DTSTART:20261102T080000", "DTEND:20261102T200000", "RRULE:FREQ=DAILY;COUNT=2"),
			"BEGIN:VEVENT\r\nUID:a\r\nSUMMARY:Hale\r\nRECURRENCE-ID:20261103T080000\r\nDTSTART:20261103T100000\r\nDTEND:20261103T200000\r\nEND:VEVENT"},
			"Okafor 11-02 08:00 -05 to 11-02 20:00 -05\nHale 11-03 10:00 -05 to 11-03 20:00 -05\n"},
		{"one of them cancelled", []string{
			eventOf("DTSTART:20261102T080000", "DTEND:20261102T200000", "RRULE:FREQ=DAILY;COUNT=2"),
			eventOf("RECURRENCE-ID:20261102T130000Z", "DTSTART:20261102T080000", "DTEND:20261102T200000", "STATUS:CANCELLED")},
			"Okafor 11-03 08:00 -05 to 11-03 20:00 -05\n"},
		{"a day of each year, on the 29th of February", []string{eventOf("DTSTART;VALUE=DATE:20240229", "RRULE:FREQ=YEARLY;COUNT=2")}, "Okafor 02-29 00:00 -05 to 03-01 00:00 -05\nOkafor 02-29 00:00 -05 to 03-01 00:00 -05\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := readICal(t, calendarOf(c.lines...))
			if err != nil || said(t, f) != c.want {
				t.Errorf("%v, got\n%s", err, said(t, f))
			}
		})
	}
}

func TestARuleForEverIsFollowedForTwoYears(t *testing.T) {
	f, err := readICal(t, calendarOf(eventOf("DTSTART:20200101T080000", "DTEND:20200102T080000", "RRULE:FREQ=DAILY")))
	if err != nil {
		t.Fatal(err)
	}
	last := f.Shifts[len(f.Shifts)-1].From
	if n := len(f.Shifts); n < 1000+2*365 || n > 1000+2*367 || last.Before(autumn.AddDate(2, 0, -2)) || last.After(autumn.AddDate(2, 0, 2)) {
		t.Errorf("%d shifts, the last begins %s", n, last)
	}
	if len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "are long over") {
		t.Errorf("notes: %q", f.Notes)
	}
}

func TestTimesThatTheClockSkipsOrRepeatsAreSaid(t *testing.T) {
	f, err := readICal(t, calendarOf(
		eventOf("DTSTART;TZID=America/New_York:20261101T013000", "DTEND;TZID=America/New_York:20261101T080000"),
		eventOf("DTSTART;TZID=America/New_York:20270314T023000", "DTEND;TZID=America/New_York:20270314T080000")))
	if err != nil {
		t.Fatal(err)
	}
	if want := "Okafor 11-01 01:30 -04 to 11-01 08:00 -05\nOkafor 03-14 03:30 -04 to 03-14 08:00 -04\n"; said(t, f) != want {
		t.Errorf("got\n%s", said(t, f))
	}
	notes := strings.Join(f.Notes, "\n")
	if !strings.Contains(notes, "2026-11-01 01:30 comes twice") || !strings.Contains(notes, "2027-03-14 02:30 does not exist; it is moved forward to 2027-03-14 03:30") {
		t.Errorf("notes:\n%s", notes)
	}
}

func TestACalendarThatIsWrongInOnePlaceIsNotImported(t *testing.T) {
	good := eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000")
	for _, c := range []struct {
		name, want string
		data       []byte
	}{
		{"cut off", "END:VCALENDAR", []byte(strings.TrimSuffix(string(calendarOf(good)), "END:VCALENDAR\r\n"))},
		{"no calendar", "END:VCALENDAR", []byte("hello")},
		{"no iCalendar", "RFC 5545", calendarOf(good, "BEGIN:VEVENT")},
		{"no name", "event 2 (20261105T190000): it has no summary", calendarOf(good, "BEGIN:VEVENT\r\nUID:b\r\nDTSTART:20261105T190000\r\nDTEND:20261106T070000\r\nEND:VEVENT")},
		{"no beginning", "event 2: it does not say when it begins", calendarOf(good, eventOf("DTEND:20261105T070000"))},
		{"no end", "does not say when it ends", calendarOf(good, eventOf("DTSTART:20261104T190000"))},
		{"an end before it begins", "ends before it begins", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20261104T070000"))},
		{"a year too long", "longer than 35 days", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20271104T190000"))},
		{"a zone that nobody knows", "time zone is not known", calendarOf(eventOf("DTSTART;TZID=Customized Time Zone:20261104T190000", "DTEND:20261105T070000"))},
		{"a day with a time", "begins with a day", calendarOf(eventOf("DTSTART;VALUE=DATE:20261104", "DTEND:20261105T070000"))},
		{"an exception for a day", "EXDATE", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000", "RRULE:FREQ=DAILY", "EXDATE;VALUE=DATE:20261106"))},
		{"all later ones", "changes all later ones", calendarOf(good, eventOf("RECURRENCE-ID;RANGE=THISANDFUTURE:20261106T190000", "DTSTART:20261106T190000", "DTEND:20261107T070000"))},
		{"every minute", "repeats within a day", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20261104T191500", "RRULE:FREQ=MINUTELY"))},
		{"a rule of no kind", "rule cannot be read", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20261104T191500", "RRULE:FREQ=NIGHTLY"))},
		{"a rule that never comes true", "never comes true", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000", "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"))},
		{"too many rules", "too many shifts that repeat", calendarOf(strings.TrimSuffix(strings.Repeat(eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000", "RRULE:FREQ=DAILY;COUNT=2")+"\r\n", 501), "\r\n"))},
		{"too many", "more than 10,000", calendarOf(eventOf("DTSTART:20261104T000000", "DTEND:20261104T010000", "RRULE:FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23"))},
		{"nothing", "has no shift", calendarOf(eventOf("DTSTART:20361104T190000", "DTEND:20361105T070000"))},
		{"a line without end", "too long", calendarOf(eventOf("DTSTART:20261104T190000", "DTEND:20261105T070000", "DESCRIPTION:"+strings.Repeat("x", 70<<10)))},
		{"too large", "larger than 1 MiB", make([]byte, oncall.MaxFile+1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := readICal(t, c.data)
			var bad *oncall.BadFile
			if !errors.As(err, &bad) || len(f.Shifts) > 0 || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want %q, got %v and %d shifts", c.want, err, len(f.Shifts))
			}
		})
	}
}

func TestThePartsOfABadFileAreNotQuoted(t *testing.T) {
	_, err := readICal(t, calendarOf("BEGIN:VEVENT\r\nUID:b\r\nSUMMARY:Hermine Achterberg fever\r\nDTSTART;TZID=Hermine:20261105T190000\r\nEND:VEVENT"))
	if err == nil || strings.Contains(err.Error(), "Hermine") {
		t.Errorf("a calendar of patients stands in the error: %v", err)
	}
}

func FuzzReadICal(f *testing.F) {
	f.Add(calendarOf(eventOf("DTSTART;TZID=America/New_York:20261030T190000", "DTEND;TZID=America/New_York:20261031T070000", "RRULE:FREQ=DAILY;COUNT=3", "EXDATE:20261031T230000Z")))
	f.Add(calendarOf(eventOf("DTSTART;VALUE=DATE:20261101", "RRULE:FREQ=MONTHLY;BYDAY=4WE;UNTIL=20271231T000000Z")))
	f.Add(calendarOf(eventOf("RECURRENCE-ID:20261102T130000Z", "DTSTART:20261102T080000", "DURATION:P1DT3H")))
	f.Add(calendarOf("BEGIN:VTIMEZONE\r\nTZID:Home\r\nX-LIC-LOCATION:America/New_York\r\nEND:VTIMEZONE", eventOf("DTSTART;TZID=Home:20261104T190000", "DTEND;TZID=Home:20261105T070000")))
	f.Fuzz(func(t *testing.T, data []byte) { checkRead(t, "calls.ics", data) })
}

// checkRead reads a file and looks at what must be true of any.
func checkRead(t *testing.T, name string, data []byte) {
	f, err := oncall.ReadFile(name, data, oncall.FileOptions{Zone: newYork(t), Now: autumn})
	if err != nil {
		var bad *oncall.BadFile
		if !errors.As(err, &bad) || len(bad.Lines) == 0 || len(f.Shifts) > 0 {
			t.Fatalf("refused with %d shifts and no reason: %v", len(f.Shifts), err)
		}
		return
	}
	if len(f.Shifts) == 0 || len(f.Shifts) > oncall.MaxFileShifts {
		t.Fatalf("%d shifts", len(f.Shifts))
	}
	for _, s := range f.Shifts {
		if s.Person == "" || !s.To.After(s.From) || s.From.After(autumn.AddDate(2, 0, 3)) {
			t.Fatalf("a shift that cannot be: %+v", s)
		}
	}
}

func TestFilesOfCalendarProgramsAreRead(t *testing.T) {
	for name, shifts := range map[string]int{"google.ics": 31, "outlook.ics": 5, "apple.ics": 3} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		f, err := readICal(t, data)
		if err != nil || len(f.Shifts) != shifts {
			t.Errorf("%s: %d shifts, want %d, %v", name, len(f.Shifts), shifts, err)
		}
	}
}
