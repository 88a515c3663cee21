package protocol

import (
	"slices"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Type is a kind of call: what is asked and said, and what happens then.
type Type struct {
	ID       message.CallType `yaml:"id"`
	Name     string           `yaml:"name"`               // "Prescription refill"
	Short    string           `yaml:"short"`              // on chips: "Refill"
	Key      string           `yaml:"key,omitempty"`      // "1" to "9", "0": the key that chooses it
	Owner    message.TeamID   `yaml:"owner,omitempty"`    // who answers for its fields and script
	Urgency  message.Urgency  `yaml:"urgency"`            // unless the form raises it
	Clinical bool             `yaml:"clinical,omitempty"` // every provider may read it, whichever team has it
	Raises   []Raise          `yaml:"raises,omitempty"`
	Due      Duration         `yaml:"due"` // how long after it came in it should be worked, unless its route says otherwise
	Fields   []Field          `yaml:"fields"`
	Script   []Step           `yaml:"script,omitempty"`
	Who      []string         `yaml:"who"`     // the first of these fields that is filled is the inbox line's name
	What     [][]string       `yaml:"what"`    // groups of fields: each group joined by a space, the groups by a comma
	Goodbye  string           `yaml:"goodbye"` // what the taker says to the caller at the end
	Minimum  Minimum          `yaml:"minimum,omitempty"`
}

// Minimum says what the check on free text does with what this kind of call does
// not need (45 CFR 164.502(b)): a Social Security number, a card number, a field
// that is never asked here.
type Minimum string

const (
	Warn   Minimum = ""       // the taker is told and may go on
	Refuse Minimum = "refuse" // it is not saved until it is taken out
)

// Raise makes a message more urgent when a field has one of the values. It
// never makes one less urgent.
type Raise struct {
	Field  string          `yaml:"field"`
	Values []string        `yaml:"values"`
	To     message.Urgency `yaml:"to"`
}

// Kind is how a field is typed and shown.
type Kind string

const (
	Text       Kind = "text"
	LongText   Kind = "long-text"
	Phone      Kind = "phone" // kept as typed, read as E.164
	Born       Kind = "date-of-birth"
	Choice     Kind = "choice"
	Check      Kind = "check" // "yes", or not filled
	Medication Kind = "medication"
	Pharmacy   Kind = "pharmacy"
	Insurer    Kind = "insurer"
)

// Yes is the value of a ticked Check.
const Yes = "yes"

// Ask says whether a field is asked.
type Ask string

const (
	Optional Ask = ""
	Required Ask = "required"
	Never    Ask = "never" // named so that nobody asks it: the page says to leave it out
)

// Field is one thing that is asked, or one that must not be.
type Field struct {
	Name    string   `yaml:"name"` // stable: messages are kept under it
	Label   string   `yaml:"label"`
	Hint    string   `yaml:"hint,omitempty"` // beside the label, a few words
	Help    string   `yaml:"help,omitempty"` // how to ask it, how to type it
	Why     string   `yaml:"why,omitempty"`  // why we ask, for the caller who wonders
	Kind    Kind     `yaml:"kind"`
	Ask     Ask      `yaml:"ask,omitempty"`
	Options []Option `yaml:"options,omitempty"` // of a Choice
	Limit   int      `yaml:"limit,omitempty"`   // characters; 0: what the kind has
	Wide    bool     `yaml:"wide,omitempty"`    // takes the whole width
	Beside  string   `yaml:"beside,omitempty"`  // a Check shown inside the field it names: "number read back"
}

// Option is one answer of a Choice.
type Option struct {
	Value string `yaml:"value"`
	Label string `yaml:"label"`
}

// Duration is a span of time as people write it: "30m", "4h", "2d" (24 hours
// each).
type Duration time.Duration

// Field finds a field of the type, never-asked ones too.
func (t Type) Field(name string) (Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Asked are the fields that are asked, without those that never are.
func (t Type) Asked() []Field {
	return slices.DeleteFunc(slices.Clone(t.Fields), func(f Field) bool { return f.Ask == Never })
}

// LeaveOut says what is never asked for this kind of call, so that nobody types
// it; "" where nothing is named.
func (t Type) LeaveOut() string {
	var names []string
	for _, f := range t.Fields {
		if f.Ask == Never {
			names = append(names, f.Label)
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "Not asked for this call: " + strings.Join(names, ", ") + ". Please leave them out."
}

// UrgencyOf answers how urgent a filled form is: the type's own urgency, or what
// an answer raises it to.
func (t Type) UrgencyOf(form map[string]message.Clear) message.Urgency {
	u := t.Urgency
	for _, r := range t.Raises {
		for _, v := range r.Values {
			if form[r.Field].Reveal() == v {
				u = max(u, r.To)
			}
		}
	}
	return u
}

const (
	dueUrgent  = 30 * time.Minute // when a taken urgent call that nobody called back rings again
	dueSameDay = 4 * time.Hour    // still the same day for what came in by early afternoon
)

// DueAfter answers how long after it came in a message of the type should be
// worked at the latest, at an urgency that may differ from the type's own.
func (t Type) DueAfter(u message.Urgency) time.Duration {
	due := time.Duration(t.Due)
	switch u {
	case message.Urgent:
		return min(due, dueUrgent)
	case message.SameDay:
		return min(due, dueSameDay)
	}
	return due
}

// LabelOf answers what a Choice's value is called, or the value.
func (f Field) LabelOf(value string) string {
	for _, o := range f.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}
