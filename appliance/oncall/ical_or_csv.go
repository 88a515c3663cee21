package oncall

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// What a file of shifts may hold. A practice of twenty with three layers and two
// shifts a day stays far below.
const (
	MaxFile       = 1 << 20
	MaxFileShifts = 10_000

	horizon  = 2 * 366 * 24 * time.Hour // how far a rule that repeats for ever is followed
	pastKept = 1000                     // shifts that are over, the newest: so that "who was on call then?" has an answer
	longest  = 35 * 24 * time.Hour      // a longer shift is a mistyped year
	maxTold  = 20                       // problems and notes that are spelled out
)

// FileShift is one shift as a file says it, its names not yet known to anybody.
type FileShift struct {
	Where           string // "line 12", "event 3 (20261101T190000)"
	Person          string
	Schedule, Layer string // empty where the file does not say
	From, To        time.Time
}

// File is what a file of shifts says.
type File struct {
	Source string // what the file is called: its shifts take the place of those imported from it before
	Shifts []FileShift
	Notes  []string // what was read otherwise than it stands there
}

// FileOptions are how a file is read.
type FileOptions struct {
	Zone  *time.Location // of times that name none
	Now   time.Time
	Dates string // "mdy" or "dmy" for a CSV file whose dates can be read both ways
}

// BadFile says why nothing of a file was imported, a line each.
type BadFile struct{ Lines []string }

func (b *BadFile) Error() string { return strings.Join(b.Lines, "; ") }

// Todo says what the person can do.
func (b *BadFile) Todo() string { return "nothing was imported; mend the file and import it again" }

// ReadFile reads an iCalendar (.ics) or a CSV file. It is read wholly or not at
// all: half a schedule is a gap that nobody was told of.
func ReadFile(name string, data []byte, o FileOptions) (File, error) {
	if len(data) > MaxFile {
		return File{}, &BadFile{[]string{"the file is larger than 1 MiB"}}
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) || bytes.IndexByte(data, 0) >= 0 {
		return File{}, &BadFile{[]string{"the file is not UTF-8 text (in Excel, save it as “CSV UTF-8”)"}}
	}
	r := &reading{FileOptions: o, file: File{Source: sourceOf(name)}}
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ics":
		r.ical(data)
	case ".csv":
		r.csv(data)
	default:
		return File{}, &BadFile{[]string{"the file's name ends neither in .ics nor in .csv"}}
	}
	return r.done()
}

// copied is what browsers and file managers put behind the name of a second copy.
var copied = regexp.MustCompile(`( \(\d+\)| - copy)+$`)

func sourceOf(name string) string {
	name = strings.ToLower(strings.TrimSpace(filepath.Base(filepath.ToSlash(name))))
	ext := filepath.Ext(name)
	return copied.ReplaceAllString(strings.TrimSuffix(name, ext), "") + ext
}

// reading is one file being read.
type reading struct {
	FileOptions
	file       File
	problems   []string
	unspelled  int // problems beyond maxTold
	over, late int // shifts left out: long over, or beyond the horizon
}

func (r *reading) problem(where, format string, args ...any) {
	if len(r.problems) >= maxTold {
		r.unspelled++
		return
	}
	r.problems = append(r.problems, where+": "+fmt.Sprintf(format, args...))
}

func (r *reading) note(where, format string, args ...any) {
	if len(r.file.Notes) < maxTold {
		r.file.Notes = append(r.file.Notes, where+": "+fmt.Sprintf(format, args...))
	}
}

// add keeps a shift that can be one, and answers whether there is room for more.
func (r *reading) add(s FileShift) bool {
	s.From, s.To = s.From.UTC(), s.To.UTC()
	switch {
	case !s.To.After(s.From):
		r.problem(s.Where, "it ends before it begins")
	case s.To.Sub(s.From) > longest:
		r.problem(s.Where, "it is longer than 35 days")
	case s.From.After(r.Now.Add(horizon)):
		r.late++
	case len(r.file.Shifts) == MaxFileShifts && !r.forget():
		r.problem(s.Where, "the file has more than 10,000 shifts")
		return false
	default:
		r.file.Shifts = append(r.file.Shifts, s)
	}
	return true
}

// forget leaves out shifts that are long over, and answers whether there were any.
func (r *reading) forget() bool {
	slices.SortStableFunc(r.file.Shifts, func(a, b FileShift) int { return a.From.Compare(b.From) })
	past := 0
	for _, s := range r.file.Shifts {
		if !s.To.After(r.Now) {
			past++
		}
	}
	surplus := max(0, past-pastKept)
	r.over += surplus
	left := surplus
	r.file.Shifts = slices.DeleteFunc(r.file.Shifts, func(s FileShift) bool {
		if left == 0 || s.To.After(r.Now) {
			return false
		}
		left--
		return true
	})
	return surplus > 0
}

func (r *reading) done() (File, error) {
	r.forget()
	if r.unspelled > 0 {
		r.problems = append(r.problems, fmt.Sprintf("and %d more", r.unspelled))
	}
	if len(r.problems) == 0 && len(r.file.Shifts) == 0 {
		r.problems = []string{"the file has no shift before two years from now"}
	}
	if len(r.problems) > 0 {
		return File{}, &BadFile{r.problems}
	}
	for _, left := range []struct {
		n   int
		why string
	}{{r.over, "are long over"}, {r.late, "begin more than two years from now"}} {
		if left.n > 0 {
			r.file.Notes = append(r.file.Notes, fmt.Sprintf("left out: %d that %s", left.n, left.why))
		}
	}
	slices.SortStableFunc(r.file.Shifts, func(a, b FileShift) int {
		return cmp.Or(a.From.Compare(b.From), a.To.Compare(b.To), cmp.Compare(a.Person, b.Person), cmp.Compare(a.Schedule, b.Schedule), cmp.Compare(a.Layer, b.Layer))
	})
	r.file.Shifts = slices.CompactFunc(r.file.Shifts, func(a, b FileShift) bool {
		a.Where = b.Where
		return a == b
	})
	return r.file, nil
}

// maxName is the longest name of a person, a schedule or a layer.
const maxName = 100

// nameIn tidies a name, and says whether it can be one.
func nameIn(s string) (string, bool) {
	s = strings.Join(strings.Fields(s), " ")
	return s, utf8.RuneCountInString(s) <= maxName && !strings.ContainsFunc(s, func(c rune) bool { return !unicode.IsPrint(c) })
}

// moment is onTheClock, with a note where a time is not what it seems.
func (r *reading) moment(where string, wall time.Time, zone *time.Location) time.Time {
	at, times := onTheClock(wall, zone)
	switch times {
	case 0:
		r.note(where, "%s does not exist; it is moved forward to %s", wall.Format(noted), at.In(zone).Format(noted))
	case 2:
		r.note(where, "%s comes twice that day; the first is meant", wall.Format(noted))
	}
	return at
}

const noted = "2006-01-02 15:04"

// onTheClock is when the clocks of a zone show a time, and how often they do.
// One that they show twice is the first of both; one that they never show counts
// as if they had not been moved yet: later by as much as they are (RFC 5545 3.3.5).
func onTheClock(wall time.Time, zone *time.Location) (at time.Time, times int) {
	first, later := wall.Add(-offset(zone, wall.Add(-24*time.Hour))), wall.Add(-offset(zone, wall.Add(24*time.Hour)))
	if later.Before(first) {
		first, later = later, first
	}
	shows := func(at time.Time) bool { return at.Add(offset(zone, at)).Equal(wall) }
	switch {
	case shows(first) && shows(later) && !first.Equal(later):
		return first, 2
	case shows(first):
		return first, 1
	case shows(later):
		return later, 1
	}
	return later, 0
}

func offset(zone *time.Location, at time.Time) time.Duration {
	_, seconds := at.In(zone).Zone()
	return time.Duration(seconds) * time.Second
}
