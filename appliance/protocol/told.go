package protocol

import (
	"time"

	"nightbell/appliance/message"
)

// Told is a text of a message in which red flags are looked for.
type Told struct {
	Field string // its name; "" for the message's own text
	Text  message.Clear
}

// Told answers what of a record was said in words: the fields that are typed
// freely, in their order, a mail's subject, and the text. Numbers, dates, answers
// from a list and the addresses of a mail tell no symptom.
func (t Type) Told(r message.Record, ch message.Channel) (list []Told) {
	for _, f := range t.FieldsFor(ch) {
		if v := r.Field(f.Name); v != "" && f.tells(ch) {
			list = append(list, Told{f.Name, v})
		}
	}
	if r.Text != "" {
		list = append(list, Told{"", r.Text})
	}
	return list
}

func (f Field) tells(ch message.Channel) bool {
	if ch == message.ChannelMail {
		return f.Name == FieldMailSubject
	}
	return f.Kind == Text || f.Kind == LongText || f.Kind == Medication
}

// BornIn reads the birth date that stands in a form; the zero time where none
// does, or none can be read.
func (t Type) BornIn(form map[string]message.Clear, at time.Time) time.Time {
	for _, f := range t.Fields {
		if f.Kind != Born {
			continue
		}
		if born, ok := ReadBorn(form[f.Name].Reveal(), at); ok {
			return born
		}
	}
	return time.Time{}
}

// FlagName answers what a red flag is called; its id where this version has none.
func (p Protocol) FlagName(id string) message.Clear {
	for _, f := range p.RedFlags {
		if f.ID == id {
			return message.Clear(f.Name)
		}
	}
	return message.Clear(id)
}

// FlagWords says which red flag stands in a record and what was said to it, as a
// line of plain text.
func (p Protocol) FlagWords(f message.Flagged) message.Clear {
	name := p.FlagName(f.Flag)
	switch f.Said {
	case message.FlagYes:
		return "Red flag asked: " + name + ", raised"
	case message.FlagNo:
		return "Red flag asked: " + name + ", the caller said no"
	}
	return "Red flag in the words, nobody asked: " + name
}
