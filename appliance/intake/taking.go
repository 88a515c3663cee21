package intake

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// Taking is a message on its way in. It holds PHI and prints as "[sealed]".
type Taking struct {
	Type     message.CallType
	Urgency  *message.Urgency // as a person or machine says; nil: the type's own, raised by its answers
	Form     map[string]message.Clear
	Text     message.Clear   // a mail's readable text; nothing for what was typed into a form
	Aside    []message.Clear // what else it says in words, which is not kept apart: red flags are looked for in it
	Files    []Attachment
	Channel  message.Channel
	TypedBy  message.PersonID // who typed it, or
	Device   message.DeviceID // which machine sent it: one of the two
	Flags    []message.Flag
	Script   []message.Spoken    // the steps of the script, where a person followed one
	Asked    []message.AskedFlag // the red flags that asked the call taker, as they were answered
	HungUp   bool                // the caller is gone: it is taken as far as it came
	Protocol int                 // the version that the call began under; 0: the one that counts now
	Key      string              // idempotency key, the sender's own; "" for none
}

// Attachment is a file of a Taking: Data, or what Open answers when it is large.
// Open's reader is read once and closed when it is an io.Closer.
type Attachment struct {
	Name message.Clear
	Type string // media type as declared
	Role message.Role
	Data []byte
	Open func() (io.Reader, error)
}

// Format prints "[sealed]", whatever the verb.
func (Taking) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[sealed]") }

// LogValue logs "[sealed]".
func (Taking) LogValue() slog.Value { return slog.StringValue("[sealed]") }

// Format prints "[sealed]", whatever the verb.
func (Attachment) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[sealed]") }

// LogValue logs "[sealed]".
func (Attachment) LogValue() slog.Value { return slog.StringValue("[sealed]") }

const (
	// MaxTotal bounds a message's text and files: what mail servers commonly
	// take, and a fax of a hundred pages.
	MaxTotal = 25 << 20
	// MaxOriginal bounds a mail as it came: MaxTotal in base64 with its line
	// ends, and some for headers.
	MaxOriginal = 36 << 20
	// MaxFiles leaves room for the record and a long text among the 64
	// commitments that one audit leaf holds.
	MaxFiles = 60
	// MaxKey is what an idempotency key may have: several UUIDs, or a mail's id.
	MaxKey = 255
)

// Invalid says why a message cannot be taken as it is, in words for whoever
// typed it and never with what they typed.
type Invalid struct {
	Problems []protocol.Problem // in the order of the form
}

func (e *Invalid) Error() string {
	var words []string
	for _, p := range e.Problems {
		words = append(words, p.Words)
	}
	return "this message cannot be saved yet: " + strings.Join(words, " ")
}

// Fields names the fields that have to be seen to.
func (e *Invalid) Fields() []string {
	var names []string
	for _, p := range e.Problems {
		if p.Field != "" {
			names = append(names, p.Field)
		}
	}
	return names
}

func invalid(field, words string) error {
	return &Invalid{Problems: []protocol.Problem{{Field: field, Words: words}}}
}

// check finds the call type and makes the form fit to be kept, or answers an
// *Invalid. Sizes of files are checked as they are read.
func (t *Taking) check(p protocol.Protocol) (protocol.Type, error) {
	if (t.TypedBy == "") == (t.Device == "") {
		return protocol.Type{}, fmt.Errorf("taking a message: it comes from a person or from a machine")
	}
	typ, ok := p.Type(t.Type)
	if !ok {
		return typ, invalid("type", "Choose what the call is about.")
	}
	if t.Urgency != nil && (*t.Urgency < message.Routine || *t.Urgency > message.Urgent) {
		return typ, invalid("urgency", "Urgency is routine, same-day or urgent.")
	}
	if len(t.Key) > MaxKey || strings.ContainsFunc(t.Key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return typ, invalid("", fmt.Sprintf("The idempotency key is at most %d characters of plain ASCII.", MaxKey))
	}
	if len(t.Files) > MaxFiles {
		return typ, invalid("files", fmt.Sprintf("More than %d files; send them as several messages.", MaxFiles))
	}
	form, problems := p.Fill(typ, t.Form, t.Channel)
	if t.HungUp {
		problems = slices.DeleteFunc(problems, func(p protocol.Problem) bool { return p.Missing })
		t.Flags = append(slices.Clip(t.Flags), message.FlagHungUp)
	}
	t.Form, t.Text = form, message.Clear(protocol.Straight(strings.ToValidUTF8(t.Text.Reveal(), "\uFFFD")))
	if len(problems) > 0 {
		return typ, &Invalid{Problems: problems}
	}
	if len(t.Form) == 0 && strings.TrimSpace(t.Text.Reveal()) == "" && len(t.Files) == 0 {
		return typ, invalid("", "There is nothing in the message.")
	}
	return typ, nil
}

// urgency decides how urgent the message is. A person's word stands; a machine
// cannot make a type less urgent than it is, and an address that nobody knows is
// looked at the same day: in doubt, louder.
func (t *Taking) urgency(typ protocol.Type) message.Urgency {
	u := typ.UrgencyOf(t.Form)
	switch {
	case t.Urgency == nil:
	case t.TypedBy != "":
		u = *t.Urgency
	default:
		u = max(u, *t.Urgency)
	}
	for _, f := range t.Flags {
		if f == message.FlagUnknownAddress {
			u = max(u, message.SameDay)
		}
	}
	return u
}

// scope keeps the keys of different senders apart.
func (t *Taking) scope() string {
	if t.Device != "" {
		return "device/" + string(t.Device)
	}
	return "person/" + string(t.TypedBy)
}
