// Package finding is how a room of the appliance says that something needs a
// person: an id for machines, a severity, what is wrong and what to do. Rooms
// answer findings, pages and the command line show them; nobody stores them.
//
// A finding holds no PHI: ids, staff names, message numbers and words of ours.
package finding

import (
	"cmp"
	"fmt"
	"slices"
)

// Severity orders findings; a larger one is shown first.
type Severity int8

const (
	Note    Severity = iota // worth knowing
	Warning                 // somebody should see to it today
	Alarm                   // a promise is not being kept now
)

var severityNames = [...]string{Note: "note", Warning: "warning", Alarm: "alarm"}

func (s Severity) String() string {
	if s < Note || s > Alarm {
		return fmt.Sprintf("severity(%d)", int8(s))
	}
	return severityNames[s]
}

// MarshalText writes the severity's name.
func (s Severity) MarshalText() ([]byte, error) {
	if s < Note || s > Alarm {
		return nil, fmt.Errorf("severity %d does not exist", int8(s))
	}
	return []byte(severityNames[s]), nil
}

// UnmarshalText reads the severity's name.
func (s *Severity) UnmarshalText(b []byte) error {
	for i, name := range severityNames {
		if string(b) == name {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("severity is note, warning or alarm")
}

// Finding is one thing that needs a person.
type Finding struct {
	ID       string   `json:"id"` // stable: "bell.clock", "bell.person/ID"
	Severity Severity `json:"severity"`
	Text     string   `json:"text"` // what is wrong, one sentence
	Do       string   `json:"do"`   // what to do about it, one sentence
}

// Sort orders findings as they are shown: the gravest first, then by id.
func Sort(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(-cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.ID, b.ID))
	})
}
