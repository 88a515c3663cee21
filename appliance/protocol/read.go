package protocol

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Line is one filled field as people read it.
type Line struct {
	Field Field
	Value message.Clear // as typed; a choice by its label
	Note  message.Clear // what was read from it: a birth date written out with the age
	Beside
}

// Beside is the tick that stands beside a field.
type Beside struct {
	Label  string // "" where the field has none
	Ticked bool
}

// Lines answers the filled fields of a record of this type in the order they are
// asked, then what the type asks no more (the record may be older), by name.
// Ages are those on the day at.
func (t Type) Lines(r message.Record, at time.Time) []Line {
	var lines []Line
	shown := map[string]bool{}
	for _, f := range append(mailFields(), t.Asked()...) {
		shown[f.Name] = true
		value := r.Field(f.Name)
		if f.Beside != "" || value == "" {
			continue
		}
		l := Line{Field: f, Value: message.Clear(f.LabelOf(value.Reveal())), Beside: t.beside(f.Name, r)}
		switch f.Kind {
		case Phone:
			l.Value = message.Clear(FormatPhone(value.Reveal()))
		case Born:
			if born, ok := ReadBorn(value.Reveal(), at); ok {
				l.Note = message.Clear(born.Format("January 2, 2006") + ", " + Age(born, at))
			}
		}
		lines = append(lines, l)
	}
	var old []string
	for name := range r.Form {
		if !shown[name] && r.Field(name) != "" {
			old = append(old, name)
		}
	}
	sort.Strings(old)
	for _, name := range old {
		lines = append(lines, Line{Field: Field{Name: name, Label: name, Kind: Text}, Value: r.Field(name)})
	}
	return lines
}

func (t Type) beside(field string, r message.Record) Beside {
	for _, f := range t.Fields {
		if f.Beside == field {
			return Beside{Label: f.Label, Ticked: r.Field(f.Name).Reveal() == Yes}
		}
	}
	return Beside{}
}

// bornLayouts are the ways US callers' birth dates are typed.
var bornLayouts = [...]string{
	"1/2/2006", "1-2-2006", "1.2.2006", "1 2 2006", "2006-01-02", "01022006",
	"1/2/06", "1-2-06", "1.2.06", "1 2 06",
	"January 2, 2006", "January 2 2006", "Jan 2, 2006", "Jan 2 2006", "2 January 2006", "2 Jan 2006",
}

// oldest is beyond the age of anybody who ever lived, in years.
const oldest = 125

// ReadBorn reads a birth date as it is typed in the US. A year of two digits is
// the latest one that is not in the future on the day at.
func ReadBorn(typed string, at time.Time) (born time.Time, ok bool) {
	typed = strings.Join(strings.Fields(typed), " ")
	for _, layout := range bornLayouts {
		d, err := time.Parse(layout, typed)
		if err != nil {
			continue
		}
		if !strings.Contains(layout, "2006") { // two digits of a year
			century := at.Year() / 100 * 100
			d = time.Date(century+d.Year()%100, d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
			if d.After(at) {
				d = time.Date(d.Year()-100, d.Month(), d.Day(), 0, 0, 0, 0, time.UTC)
			}
		}
		return d, !d.After(at) && at.Year()-d.Year() <= oldest
	}
	return time.Time{}, false
}

// Age says how old somebody is in the unit that a clinician uses: days up to
// two weeks, weeks up to three months, months up to two years, then years.
func Age(born, at time.Time) string {
	days := int(at.Sub(born).Hours() / 24)
	months := (at.Year()-born.Year())*12 + int(at.Month()) - int(born.Month())
	if at.Day() < born.Day() {
		months--
	}
	switch {
	case days < 14:
		return count(days, "day")
	case months < 3:
		return count(days/7, "week")
	case months < 24:
		return count(months, "month")
	}
	return count(months/12, "year")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprintf("%d %ss", n, unit)
}
