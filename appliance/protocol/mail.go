package protocol

import (
	"slices"
	"strings"

	"nightbell/appliance/message"
)

// What a mail brings in place of a form. A mail may have any of them and needs
// none: a voicemail is a file and little else.
const (
	FieldMailFrom    = "mail_from"
	FieldMailTo      = "mail_to"
	FieldMailCc      = "mail_cc"
	FieldMailReplyTo = "mail_reply_to"
	FieldMailSubject = "mail_subject"
	FieldMailDate    = "mail_date" // as the mail says, never trusted
	FieldMailID      = "mail_message_id"
)

func mailFields() []Field {
	return []Field{
		{Name: FieldMailFrom, Label: "From", Kind: Text, Wide: true},
		{Name: FieldMailTo, Label: "To", Kind: Text, Wide: true},
		{Name: FieldMailCc, Label: "Copy to", Kind: Text, Wide: true},
		{Name: FieldMailReplyTo, Label: "Answer to", Kind: Text, Wide: true},
		{Name: FieldMailSubject, Label: "Subject", Kind: Text, Wide: true},
		{Name: FieldMailDate, Label: "Sent", Kind: Text},
		{Name: FieldMailID, Label: "Mail id", Kind: Text, Wide: true},
	}
}

// FieldsFor answers what a message of the type may have in its form when it
// comes in on a channel.
func (t Type) FieldsFor(ch message.Channel) []Field {
	if ch == message.ChannelMail {
		return mailFields()
	}
	return t.Asked()
}

// ForLocalPart answers the call type that the local part of a mail address
// chooses, in any case and with or without a "+tag". One that names no type is
// "other" and not known: whoever asks flags the message.
func (p Protocol) ForLocalPart(local string) (t Type, known bool) {
	id, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(local)), "+")
	if t, ok := p.Type(message.CallType(id)); ok {
		return t, true
	}
	return p.Show(message.TypeOther), false
}

// ForLocalParts answers the type of one mail to several addresses: the most
// urgent among them, the first of those in the protocol's order. It is known
// only when every address is.
func (p Protocol) ForLocalParts(locals []string) (best Type, known bool) {
	best, known = p.Show(message.TypeOther), len(locals) > 0
	place := func(t Type) int { return slices.IndexFunc(p.Types, func(u Type) bool { return u.ID == t.ID }) }
	chosen := false
	for _, local := range locals {
		t, ok := p.ForLocalPart(local)
		known = known && ok
		if !chosen || t.Urgency > best.Urgency || t.Urgency == best.Urgency && ok && place(t) < place(best) {
			best, chosen = t, true
		}
	}
	return best, known
}
