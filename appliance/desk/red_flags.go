package desk

import (
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// FlagSeen is a red flag of an opened message. Its name says something of a
// patient.
type FlagSeen struct {
	Name   message.Clear
	Said   message.FlagWord
	Places []FlagPlace // of its words, where nobody was there to ask
}

// FlagPlace is where words of a red flag stand: in bytes of a field as it is
// kept, or of the text where Field is "".
type FlagPlace struct {
	Field      string
	Start, End int
}

// flagsOf answers the red flags of an opened record by the protocol that it was
// taken under. Where that names one no more, its id stands for it.
func (d *Desk) flagsOf(v View) (list []FlagSeen) {
	var places map[string][]FlagPlace
	for _, one := range v.Record.Flags {
		if one.Said == message.FlagUnasked && places == nil {
			places = d.placesOf(v)
		}
		seen := FlagSeen{Name: v.protocol.FlagName(one.Flag), Said: one.Said}
		if one.Said == message.FlagUnasked {
			seen.Places = places[one.Flag]
		}
		list = append(list, seen)
	}
	return list
}

// placesOf looks for the words once more: where they stand is kept nowhere.
func (d *Desk) placesOf(v View) map[string][]FlagPlace {
	record := v.Record
	record.Text = v.Text
	told := v.Type.Told(record, v.Envelope.Channel)
	var texts []message.Clear
	for _, one := range told {
		texts = append(texts, one.Text)
	}
	at := v.Envelope.ReceivedAt
	places := map[string][]FlagPlace{}
	for _, found := range d.protocols.Flags(v.protocol).Find(protocol.About{Type: v.Envelope.CallType, Born: v.Type.BornIn(record.Form, at), At: at}, texts...) {
		for _, p := range found.Places {
			places[found.Flag.ID] = append(places[found.Flag.ID], FlagPlace{told[p.Text].Field, p.Start, p.End})
		}
	}
	return places
}
