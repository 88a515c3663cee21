package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// explainView answers what would happen to a call.
type explainView struct {
	*frame
	Sections  []navLink
	Problem   problem
	Types     []option
	Urgencies []option
	Channels  []option
	At        string
	Provider  string
	Edits     bool // may ask by the draft
	Draft     bool
	Answers   []explainedView
}

type explainedView struct {
	Head, Note             string
	Window, Who, Greeting  string
	Passed                 []appliance.PassedOver
	Rule, To, Due, Instead string
	Steps                  []ringStep
}

// explainPage shows what would happen to a call at a time, and why.
func (s *Server) explainPage(c echo.Context) error {
	f, err := s.frame(c, "protocol", "protocol.explain-title")
	if err != nil {
		return err
	}
	edits := sessionOf(c).May(access.EditProtocol)
	v := explainView{frame: f, At: s.typedNow(c.QueryParam("at")), Provider: strings.TrimSpace(c.QueryParam("provider")), Edits: edits, Draft: edits && c.QueryParam("draft") != ""}
	if edits {
		v.Sections = s.protocolSections("explain")
	}
	asked := appliance.Supposed{Type: message.CallType(c.QueryParam("type")), Urgency: c.QueryParam("urgency"), Provider: v.Provider, Channel: message.Channel(c.QueryParam("channel")), At: v.At, Draft: v.Draft}
	if err := s.fillExplain(&v, asked); err != nil {
		return err
	}
	status := http.StatusOK
	if c.QueryParam("type") != "" {
		list, err := s.app.Explain(asked)
		if err != nil {
			v.Problem, status = s.explain(err), http.StatusUnprocessableEntity
		}
		for _, one := range list {
			v.Answers = append(v.Answers, s.explained(one))
		}
	}
	return s.page(c, status, "protocol_explain", v)
}

func (s *Server) fillExplain(v *explainView, asked appliance.Supposed) error {
	err := s.view(func(tx *store.Tx) (err error) { v.Types, err = s.typeOptions(tx, asked.Type, false); return err })
	if err != nil {
		return err
	}
	v.Urgencies = []option{{Label: s.words.say("protocol.as-type"), Chosen: asked.Urgency == ""}}
	for _, u := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		v.Urgencies = append(v.Urgencies, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Chosen: asked.Urgency == u.String()})
	}
	for _, ch := range []message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI} {
		v.Channels = append(v.Channels, option{Value: string(ch), Label: s.words.say("protocol.channel." + string(ch)), Chosen: asked.Channel == ch})
	}
	return nil
}

func (s *Server) explained(one appliance.Explained) explainedView {
	w := s.words
	at := one.At.In(s.app.Practice().Zone)
	u, _ := message.ParseUrgency(one.Urgency) // it was one
	v := explainedView{
		Head: w.say("protocol.explained", one.Type, w.say("urgency."+one.Urgency), at.Format("Monday, January 2 2006"), at.Format("3:04 pm"), one.Offset),
		Note: sentence(one.Note), Window: one.Window, Who: one.Answers, Greeting: one.Greeting, Passed: one.Passed, Rule: one.Words,
		Due: w.say("next.due", s.today().when(one.Due).Said), Instead: sentence(one.Instead),
	}
	switch {
	case one.Person != "":
		v.To = one.Person
	case one.OnCall:
		v.To = w.say("next.on-call")
	default:
		v.To = strings.TrimSuffix(sentence(one.TeamName), ".")
	}
	if !one.Rings {
		v.Steps = []ringStep{{Kind: "now", In: w.say("after.at-once"), Text: w.say("after.desk"), Note: w.say(quietWord(u))}}
		return v
	}
	_ = s.view(func(tx *store.Tx) error {
		names := s.names(tx)
		for _, step := range one.Steps {
			v.Steps = append(v.Steps, s.simulated(step.SimulatedStep, names))
		}
		return nil
	})
	return v
}

// quietWord is the word for a call that rings nobody.
func quietWord(u message.Urgency) string {
	if u == message.SameDay {
		return "after.same-day"
	}
	return "after.routine"
}
