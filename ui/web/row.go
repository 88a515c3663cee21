package web

import (
	"strings"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// rowView is one message in the list. Who, Address and What are PHI in the clear.
type rowView struct {
	ID, Class string
	Who, What string
	Address   string // of a mail's sender whose name is Who
	Sealed    bool
	When      when
	Chips     []chip
	Top       bool // belongs above what is not urgent
	Current   bool
	Elsewhere bool // of another list than the page shows
}

// chip is a word with a colour.
type chip struct {
	Text, Kind string
	Pulse      bool
	SinceMS    int64
	Since      string
}

func (s *Server) rowViews(rows []desk.Row, open string) []rowView {
	cal := s.today()
	views := make([]rowView, len(rows))
	for i, r := range rows {
		views[i] = s.rowView(r, cal)
		views[i].Current = views[i].ID == open
	}
	return views
}

func (s *Server) rowView(r desk.Row, cal calendar) rowView {
	e := r.Envelope
	v := rowView{ID: string(e.ID), When: cal.when(e.ReceivedAt), Top: e.Open() && e.Urgency == message.Urgent, Sealed: r.Seal != desk.Opened}
	switch {
	case !e.Open():
		v.Class = "row--closed"
	case e.Urgency == message.Urgent && e.Status == message.New:
		v.Class = "row--urgent"
	case e.Urgency >= message.SameDay:
		v.Class = "row--soon"
	}
	if e.Status == message.New {
		v.Class += " row--new"
	}
	if v.Sealed {
		v.Who, v.What = s.words.say("sealed."+string(r.Seal)), s.words.say("sealed.what", r.TypeName, s.words.say("channel."+string(e.Channel)))
	} else {
		v.Who, v.Address = s.who(r.Who, e.Channel)
		v.What = r.What.Reveal()
	}
	v.Chips = append(s.urgencyChips(e, cal), chip{Text: e.Number.String()}, s.kindChip(e, r.TypeShort, cal))
	v.Chips = append(v.Chips, s.statusChips(e, r.Assignee)...)
	return v
}

// who answers what a message's list line and its head call it by: who it is
// about or, of mail without a form, who sent it.
func (s *Server) who(who message.Clear, ch message.Channel) (name, address string) {
	name = who.Reveal()
	if ch == message.ChannelMail {
		name, address = sender(name)
	}
	if name == "" {
		name = s.words.say("row.no-name")
	}
	return name, address
}

// sender parts "Name <address>", as mail has it. It is lenient where net/mail is
// not: a name that was decoded may hold a comma or a dot without its quotes.
func sender(text string) (name, address string) {
	before, rest, found := strings.Cut(text, "<")
	address, ended := strings.CutSuffix(rest, ">")
	if !found || !ended || !strings.Contains(address, "@") || strings.ContainsAny(address, "<> ") {
		return text, ""
	}
	if name = strings.Trim(before, `" `); name == "" {
		return address, ""
	}
	return name, address
}

// urgencyChips say how urgent a message is. Red is for one that nobody has taken.
func (s *Server) urgencyChips(e message.Envelope, cal calendar) []chip {
	switch {
	case e.Urgency == message.Urgent && e.Status == message.New:
		return []chip{{Text: s.words.say("chip.unanswered"), Kind: "chip--urgent", Pulse: true, SinceMS: e.ReceivedAt.UnixMilli(), Since: clock(cal.now.Sub(e.ReceivedAt))}}
	case e.Urgency == message.Urgent:
		return []chip{{Text: s.words.say("urgency.urgent"), Kind: "chip--soon"}}
	case e.Urgency == message.SameDay:
		return []chip{{Text: s.words.say("urgency.same-day") + s.due(e, cal), Kind: "chip--soon"}}
	}
	return nil
}

// due says until when an open message should be worked.
func (s *Server) due(e message.Envelope, cal calendar) string {
	if e.Due.IsZero() || !e.Open() {
		return ""
	}
	if e.Due.Before(cal.now) {
		return s.words.say("chip.overdue", cal.when(e.Due).Said)
	}
	return s.words.say("chip.due", cal.when(e.Due).Said)
}

// kindChip says what kind of message it is and, of a routine one, until when.
func (s *Server) kindChip(e message.Envelope, name string, cal calendar) chip {
	kind := chip{Text: name}
	if e.Urgency == message.Routine {
		kind.Text += s.due(e, cal)
		if e.Open() && !e.Due.IsZero() && e.Due.Before(cal.now) {
			kind.Kind = "chip--soon"
		}
	}
	return kind
}

// statusChips say how a message came and where it stands.
func (s *Server) statusChips(e message.Envelope, assignee string) (chips []chip) {
	if e.Channel != message.ChannelDesk {
		chips = append(chips, chip{Text: s.words.say("channel." + string(e.Channel)), Kind: "chip--info"})
	}
	switch e.Status {
	case message.Taken:
		chips = append(chips, chip{Text: assignee})
	case message.CalledBack:
		chips = append(chips, chip{Text: s.words.say("chip.called-back", assignee), Kind: "chip--calm"})
	case message.Closed:
		chips = append(chips, chip{Text: s.words.say("chip.closed", s.words.say("outcome."+string(e.Outcome))), Kind: "chip--calm"})
	case message.New:
		if assignee != "" {
			chips = append(chips, chip{Text: s.words.say("chip.given-to", assignee)})
		}
	}
	for _, f := range e.Flags {
		chips = append(chips, chip{Text: s.words.say("flag." + string(f)), Kind: "chip--soon"})
	}
	return chips
}
