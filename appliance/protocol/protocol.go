// Package protocol is what a practice asks its callers and promises them: the
// call types, their fields, how urgent each is, what the call taker says at the
// end and which fields make the line in the inbox. It checks a filled form
// against its type and answers what a mail address stands for.
//
// It keeps no messages and seals nothing. Protocols have a version, and every
// envelope names the one it was taken under.
package protocol

import (
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Protocol is a practice's call types in the order of their keys.
type Protocol struct {
	Version int
	Types   []Type
}

// Type is a kind of call: what is asked, and what happens then.
type Type struct {
	ID       message.CallType
	Name     string          // "Prescription refill"
	Short    string          // on chips: "Refill"
	Key      int             // 1 to 9: the key that chooses it
	Urgency  message.Urgency // unless the form raises it
	Raises   []Raise
	Due      time.Duration // how long after it came in it should be worked
	Fields   []Field
	Who      []string   // the first of these fields that is filled is the inbox line's name
	What     [][]string // groups of fields: each group joined by a space, the groups by a comma
	Goodbye  string     // what the taker says to the caller at the end
	LeaveOut string     // what is not asked, so that nobody types it
}

// Raise makes a message more urgent when a field has one of the values. It
// never makes one less urgent.
type Raise struct {
	Field  string
	Values []string
	To     message.Urgency
}

// Kind is how a field is typed and shown.
type Kind string

const (
	Text     Kind = "text"
	LongText Kind = "long-text"
	Phone    Kind = "phone"
	Born     Kind = "date-of-birth"
	Choice   Kind = "choice"
	Check    Kind = "check" // "yes", or not filled
)

// Yes is the value of a ticked Check.
const Yes = "yes"

// Field is one thing that is asked.
type Field struct {
	Name     string // of the form field, stable: messages are kept under it
	Label    string
	Hint     string
	Kind     Kind
	Options  []Option // of a Choice
	Required bool
	Wide     bool   // takes the whole width
	Beside   string // a Check shown inside the field it names: "number read back"
}

// Option is one answer of a Choice.
type Option struct{ Value, Label string }

// Current answers the practice's protocol at the time of the transaction. Until
// a practice has made its own it is the built-in one.
func Current(*store.Tx) (Protocol, error) { return BuiltIn(), nil }

// Type finds a call type by its id.
func (p Protocol) Type(id message.CallType) (Type, bool) {
	for _, t := range p.Types {
		if t.ID == id {
			return t, true
		}
	}
	return Type{}, false
}

// Show answers how to show a message of a type: its own type where the protocol
// still has it, else one with its id for a name and no fields.
func (p Protocol) Show(id message.CallType) Type {
	if t, ok := p.Type(id); ok {
		return t
	}
	return Type{ID: id, Name: string(id), Short: string(id)}
}

// Field finds a field of the type.
func (t Type) Field(name string) (Field, bool) {
	for _, f := range t.Fields {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
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
	switch u {
	case message.Urgent:
		return min(t.Due, dueUrgent)
	case message.SameDay:
		return min(t.Due, dueSameDay)
	}
	return t.Due
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
