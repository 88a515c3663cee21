package appliance

import (
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// Supposed is a call that somebody asks about. What is empty is as usual: the
// type's own urgency, the desk, now.
type Supposed struct {
	Type     message.CallType `json:"type"`
	Urgency  string           `json:"urgency,omitempty"`
	Provider string           `json:"provider,omitempty"` // a name of the practice, no patient's
	Channel  message.Channel  `json:"channel,omitempty"`
	At       string           `json:"at,omitempty"`    // as OnCallAt takes it
	Draft    bool             `json:"draft,omitempty"` // by the draft, not by what counts
}

// Explained is what would happen to a call at a moment.
type Explained struct {
	At       time.Time `json:"at"`             // UTC
	Offset   string    `json:"offset"`         // "-04:00 EDT"
	Note     string    `json:"note,omitempty"` // what is odd about that time
	Version  int       `json:"version"`        // of the protocol; 0: the draft
	Type     string    `json:"type"`
	Urgency  string    `json:"urgency"`
	Window   string    `json:"window"`  // "Lunch"; "" where nobody is named to answer
	Answers  string    `json:"answers"` // who answers then
	Greeting string    `json:"greeting,omitempty"`

	Passed []PassedOver `json:"passed"` // the rules before it, in order
	Rule   string       `json:"rule"`   // id of the rule that counts
	Words  string       `json:"words"`  // the rule as a sentence

	Team     message.TeamID  `json:"team"`
	TeamName string          `json:"team_name"`
	Person   string          `json:"person,omitempty"` // name
	OnCall   bool            `json:"on_call"`
	Instead  string          `json:"instead,omitempty"` // why it does not go where the rule says
	Due      time.Time       `json:"due"`               // UTC
	Rings    bool            `json:"rings"`
	Steps    []ExplainedStep `json:"steps,omitempty"` // whom it rings while nobody takes it
}

// PassedOver is a rule that did not count, and why.
type PassedOver struct {
	Rule  string `json:"rule"`
	Words string `json:"words"`
	Why   string `json:"why"`
}

// ExplainedStep is a step of the bell with names for ids.
type ExplainedStep struct {
	escalation.SimulatedStep
	Names []string `json:"names"`
}

// Explain answers what would happen to a call: by the same rules, calendar, people
// and plan of the bell that decide when it comes. A time that occurs twice has two
// answers; one that does not exist moves forward, and Note says so.
func (a *Appliance) Explain(s Supposed) (list []Explained, err error) {
	moments := oncall.Moments{Moments: []oncall.Moment{oncall.At(a.practice.Zone, a.Clock.Now())}}
	if s.At != "" {
		if moments, err = oncall.Wall(a.practice.Zone, s.At); err != nil {
			return nil, &Advice{What: "that time cannot be read", Do: err.Error(), Err: err}
		}
	}
	err = a.Store.View(func(tx *store.Tx) error {
		p, cal, call, err := a.suppose(tx, s)
		if err != nil {
			return err
		}
		for _, m := range moments.Moments {
			call.At = m.At
			one, err := a.explain(tx, p, cal, call)
			if err != nil {
				return err
			}
			one.Offset, one.Note = m.Offset, moments.Note
			list = append(list, one)
		}
		return nil
	})
	return list, err
}

// suppose reads the call that is asked about.
func (a *Appliance) suppose(tx *store.Tx, s Supposed) (p protocol.Protocol, cal protocol.Calendar, c protocol.Call, err error) {
	if p, cal, err = a.Rules(tx, 0); err != nil {
		return p, cal, c, err
	}
	if s.Draft {
		d, err := a.protocolDraft(tx)
		if err != nil {
			return p, cal, c, err
		}
		p = d.Protocol
	}
	typ, known := p.Type(s.Type)
	if !known {
		return p, cal, c, &Advice{What: fmt.Sprintf("there is no call type %q", s.Type), Do: "choose one of " + typeNames(p)}
	}
	c = protocol.Call{Type: typ.ID, Urgency: typ.Urgency, Provider: message.Clear(s.Provider), Channel: s.Channel}
	if s.Urgency != "" {
		if c.Urgency, err = message.ParseUrgency(s.Urgency); err != nil {
			return p, cal, c, &Advice{What: "that urgency is none", Do: "choose routine, same-day or urgent", Err: err}
		}
	}
	switch c.Channel {
	case "":
		c.Channel = message.ChannelDesk
	case message.ChannelDesk, message.ChannelMail, message.ChannelAPI, message.ChannelDrill:
	default:
		return p, cal, c, &Advice{What: "a call does not come in that way", Do: "choose desk, mail, api or drill"}
	}
	if c.Channel != message.ChannelDesk {
		c.Urgency = max(c.Urgency, typ.Urgency) // a machine makes no call less urgent than its type
	}
	if !slices.ContainsFunc(typ.FieldsFor(c.Channel), func(f protocol.Field) bool { return f.Name == protocol.FieldProvider }) {
		c.Provider = "" // such a call never names one
	}
	return p, cal, c, nil
}

func typeNames(p protocol.Protocol) (names string) {
	for i, t := range p.Types {
		if i > 0 {
			names += ", "
		}
		names += string(t.ID)
	}
	return names
}

func (a *Appliance) explain(tx *store.Tx, p protocol.Protocol, cal protocol.Calendar, c protocol.Call) (Explained, error) {
	byRule, to := p.Route(cal, c), a.Intake.Where(tx, p, cal, c)
	names := func(id message.PersonID) string { return a.called(tx, id) }
	e := Explained{
		At: c.At.UTC(), Version: p.Version, Type: p.Show(c.Type).Name, Urgency: c.Urgency.String(),
		Window: to.Window.Name, Answers: to.Window.Answers, Greeting: to.Window.Greeting, Passed: []PassedOver{},
		Rule: to.Route, Team: to.Team, TeamName: p.TeamName(to.Team), OnCall: to.OnCall, Due: to.Due.UTC(),
	}
	for _, r := range p.Routes {
		for _, passed := range to.Passed {
			if passed.Route == r.ID {
				e.Passed = append(e.Passed, PassedOver{r.ID, p.InWords(r, names), passed.Why()})
			}
		}
		if r.ID == to.Route {
			e.Words = p.InWords(r, names)
		}
	}
	if to.Person != "" {
		e.Person = names(to.Person)
	}
	if byRule.Person != to.Person || byRule.Team != to.Team {
		e.Instead = "the rule names somebody who does not work messages any more, so everybody gets it"
	}
	steps, rings, err := a.Bell.SimulateCall(tx, message.Envelope{CallType: c.Type, Urgency: c.Urgency, OnCall: to.OnCall, Assignee: to.Person}, c.At)
	if err != nil {
		return e, err
	}
	e.Rings = rings
	for _, one := range steps {
		step := ExplainedStep{SimulatedStep: one, Names: []string{}}
		for _, who := range one.People {
			step.Names = append(step.Names, names(who.Person))
		}
		e.Steps = append(e.Steps, step)
	}
	return e, nil
}
