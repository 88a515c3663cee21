package web

import (
	"html/template"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// paneView is one message as it is read and worked. Who, Address, Facts, Said, notes and
// names of files are PHI in the clear.
type paneView struct {
	ID, Number   string
	Chips        []chip
	Who          string
	Address      string // of a mail's sender whose name is Who
	Sub, By      string
	ReceivedAt   when
	Sealed       bool
	SealedWhy    string
	SealedDo     string
	OpenHref     string
	CallBack     string
	CallBackURL  template.URL
	ReadBack     bool
	Urgent       bool
	Waits        bool // urgent, and nobody has taken it
	Facts        []fact
	Said         string
	SaidMarked   []span   // Said, where words of red flags stand in it
	RedFlags     []string // what is to be said of them
	Files        []fileView
	OwnCopy      bool        // it is the taker's own copy: the message itself is sealed
	Script       []spokenRow // what was said to the caller, step by step
	Steps        []stepView
	Chart        bool // it can be copied for the chart
	Can          desk.May
	CallBackNext bool // calling back is what comes next
	CloseNext    bool
	Do           string // the form that stands open
	Problem      problem
	Typed        typed
	Colleagues   []option
	Recipients   []option
	Outcomes     []option
	Urgencies    []option // that it can be changed to
	Snoozes      []option
	Seen, Back   string
}

type fact struct {
	Label, Value string
	Marked       []span // Value, where words of red flags stand in it
	Beside       string // in small
	Long         bool
}

// typed is what somebody typed into a form that has to be shown again.
type typed struct{ Note, Reached, To, Outcome, Minutes, Urgency string }

// pane opens a message for whoever asks and builds its view.
func (s *Server) pane(c echo.Context, id message.ID, back string) (*paneView, error) {
	session := sessionOf(c)
	v, err := s.app.Desk.Open(c.Request().Context(), session, id)
	if err != nil {
		return nil, notThere(err)
	}
	cal := s.today()
	e := v.Envelope
	p := &paneView{
		ID: string(e.ID), Number: e.Number.String(), ReceivedAt: cal.when(e.ReceivedAt), Back: back, Seen: seenOf(e), Can: v.May,
		Urgent: e.Urgency == message.Urgent, Waits: e.Urgency == message.Urgent && e.Status == message.New, Sub: s.words.say("message.sub." + string(e.Channel)), Do: c.QueryParam("do"),
		CallBackNext: e.Status == message.Taken && e.Assignee == session.Who, CloseNext: e.Status == message.CalledBack,
	}
	p.Chips = append(s.urgencyChips(e, cal), s.kindChip(e, v.Type.Name, cal), chip{Text: p.Number})
	p.Chips = append(p.Chips, s.statusChips(e, v.Names[e.Assignee])...)
	if name := v.Names[e.TypedBy]; name != "" {
		p.By = s.words.say("message.by", name)
	}
	p.Snoozes, p.Urgencies = s.snoozeOptions("10", v.Bell), s.otherUrgencies(e.Urgency)
	if v.Seal == desk.Opened {
		s.openPane(p, v)
	} else if own, ok := s.ownCopy(c, v); ok {
		v.Record = own
		s.openPane(p, v)
		p.OwnCopy, p.Chart = true, false
	} else {
		s.sealPane(p, v.Seal)
	}
	err = s.view(func(tx *store.Tx) error {
		if err := s.choices(tx, p, session.Who); err != nil {
			return err
		}
		live, rings, err := s.app.Bell.Of(tx, id, cal.now)
		if err != nil {
			return err
		}
		p.Steps = s.steps(v, cal)
		if rings {
			p.Steps = append(p.Steps, s.nextSteps(live, cal, s.names(tx))...)
		}
		return nil
	})
	return p, err
}

// openPane fills in what the message says.
func (s *Server) openPane(p *paneView, v desk.View) {
	who, _ := v.Type.Summary(v.Record)
	p.Who, p.Address = s.who(who, v.Envelope.Channel)
	for _, line := range v.Type.Lines(v.Record, v.Envelope.ReceivedAt) {
		value := line.Value.Reveal()
		if line.Field.Name == callbackField && p.CallBack == "" {
			p.CallBack, p.CallBackURL, p.ReadBack = value, telephone(value), line.Beside.Ticked
		}
		if note := line.Note.Reveal(); note != "" {
			value += " · " + note
		}
		one := fact{Label: line.Field.Label, Value: value, Long: line.Field.Kind == protocol.LongText}
		if line.Field.Name == protocol.FieldMailFrom {
			one.Value, one.Beside = sender(value)
		}
		one.Marked = marked(one.Value, line.Field.Name, v.Flags)
		p.Facts = append(p.Facts, one)
	}
	p.Said = v.Text.Reveal()
	p.SaidMarked, p.RedFlags = marked(p.Said, "", v.Flags), s.flagWords(v)
	p.Script = s.spokenRows(v)
	p.Files = s.fileViews(v)
	p.Chart = true
}

const callbackField = "callback"

// telephone makes a link that a phone dials, or none where there is no number.
func telephone(number string) template.URL {
	if i := strings.IndexAny(number, "x,;#"); i >= 0 {
		number = number[:i] // an extension is dialled by hand
	}
	var digits strings.Builder
	for _, r := range number {
		switch {
		case r >= '0' && r <= '9', r == '+' && digits.Len() == 0:
			digits.WriteRune(r)
		}
	}
	if digits.Len() < 7 {
		return ""
	}
	return template.URL("tel:" + digits.String())
}

// sealPane says why nothing is shown and what to do about it.
func (s *Server) sealPane(p *paneView, seal desk.Seal) {
	w := s.words
	p.Sealed, p.Who = true, w.say("sealed."+string(seal))
	p.SealedWhy, p.SealedDo = w.say("sealed.why."+string(seal)), w.say("sealed.do."+string(seal))
	if seal == desk.Locked {
		p.OpenHref = "/sign-in?next=/messages/" + p.ID
	}
}

// choices fills in whom a message can be handed or sent to, and how it can end.
func (s *Server) choices(tx *store.Tx, p *paneView, me message.PersonID) error {
	people, err := s.app.Access.People(tx)
	if err != nil {
		return err
	}
	for _, person := range people {
		if person.Disabled {
			continue
		}
		id := string(person.ID)
		if person.Staff() && person.ID != me && worksMessages(person) {
			p.Colleagues = append(p.Colleagues, option{Value: id, Label: person.Call(), Chosen: p.Typed.To == id})
		}
		if person.AgeRecipient != "" {
			o := option{Value: id, Label: person.Call(), Chosen: p.Typed.To == id}
			if person.Mail == "" {
				o.Off, o.Label = true, s.words.say("do.no-address", o.Label)
			}
			p.Recipients = append(p.Recipients, o)
		}
	}
	for i, o := range message.Outcomes() {
		p.Outcomes = append(p.Outcomes, option{Value: string(o), Label: s.words.say("outcome." + string(o)), Key: itoa(i + 1), Chosen: p.Typed.Outcome == string(o)})
	}
	return nil
}

// forPaper takes away what cannot be done on paper, what runs, and what is yet
// to come.
func (p *paneView) forPaper() {
	p.Can, p.Chart, p.OpenHref = desk.May{}, false, ""
	p.Steps = slices.DeleteFunc(p.Steps, func(s stepView) bool { return s.UntilMS != 0 })
	for i := range p.Chips {
		p.Chips[i].SinceMS, p.Chips[i].Pulse = 0, false
	}
}
