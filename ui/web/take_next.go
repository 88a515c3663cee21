package web

import (
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// nextView says what happens when the call is saved: who gets it, by when, and
// whom it rings, by the rules and the plan that do it.
type nextView struct {
	To, Due string
	Steps   []ringStep
	Now     answersNow
}

// answersNow says which window of the coverage calendar counts, how a call is
// greeted in it, and when that changes: the page is open for hours, and asks again.
type answersNow struct {
	Window, Greeting string
	UntilMS          int64
}

// turnsWithin is how far the page is told ahead: it asks again by then.
const turnsWithin = 24 * time.Hour

type ringStep struct{ Kind, In, Text, Note string }

// takeNext answers what would happen to the call as it is typed now.
func (s *Server) takeNext(c echo.Context) error {
	u, err := message.ParseUrgency(posted(c, "urgency"))
	if err != nil {
		return echo.ErrBadRequest
	}
	v, err := s.next(versionIn(posted(c, "protocol")), message.CallType(posted(c, "type")), u, message.Clear(posted(c, fieldPrefix+protocol.FieldProvider)))
	if err != nil {
		return err
	}
	return s.part(c, "take", "next", v)
}

func (s *Server) next(version int, kind message.CallType, u message.Urgency, provider message.Clear) (v nextView, err error) {
	now := s.app.Clock.Now()
	err = s.view(func(tx *store.Tx) error {
		p, cal, err := s.app.Rules(tx, version)
		if err != nil {
			return err
		}
		to := s.app.Intake.Where(tx, p, cal, protocol.Call{Type: kind, Urgency: u, Provider: provider, Channel: message.ChannelDesk, At: now})
		names := s.names(tx)
		v.To, v.Due = s.routedTo(p, to, names), s.words.say("next.due", s.today().when(to.Due).Said)
		env := message.Envelope{CallType: kind, Urgency: u, OnCall: to.OnCall, Assignee: to.Person}
		span := p.Spans(cal, now, now.Add(turnsWithin))[0]
		v.Now = answersNow{span.Window.Name, span.Window.Greeting, span.To.UnixMilli()}
		v.Steps, err = s.ringPlan(tx, env, now, names)
		return err
	})
	return v, err
}

// routedTo says who gets a call.
func (s *Server) routedTo(p protocol.Protocol, to protocol.Routed, names *names) string {
	switch {
	case to.OnCall:
		return s.words.say("next.on-call")
	case to.Person != "":
		return names.of(to.Person)
	}
	return strings.TrimSuffix(sentence(p.TeamName(to.Team)), ".")
}

// ringPlan says whom a call rings, and when: by the plan that rings.
func (s *Server) ringPlan(tx *store.Tx, env message.Envelope, now time.Time, names *names) (steps []ringStep, err error) {
	w := s.words
	plan, rings, err := s.app.Bell.SimulateCall(tx, env, now)
	if err != nil {
		return nil, err
	}
	if !rings {
		return []ringStep{{Kind: "now", In: w.say("after.at-once"), Text: w.say("after.desk"), Note: w.say(quietWord(env.Urgency))}}, nil
	}
	answer, err := oncall.Now(tx, now)
	if err != nil {
		return nil, err
	}
	if reachesNobody(plan) {
		steps = append(steps, ringStep{Kind: "bad", In: w.say("after.at-once"), Text: w.say("after.nobody"), Note: w.say("after.nobody-do")})
	}
	for _, one := range plan {
		step := s.simulated(one, names)
		switch {
		case one.LastResort:
			step.Text, step.Note = w.say("after.everybody"), strings.TrimSpace(w.say("after.everybody-more")+" "+s.phoneNow(one.PhoneName, one.Phone))
		case one.After == 0 && answer.Everybody:
			step.Note = w.say("after.clock")
		case one.After == 0 && !one.Skipped:
			step.Note = w.say("after.first")
		}
		steps = append(steps, step)
	}
	return steps, nil
}

// reachesNobody says that all steps before everybody is rung are passed over.
func reachesNobody(plan []escalation.SimulatedStep) bool {
	return !slices.ContainsFunc(plan, func(one escalation.SimulatedStep) bool { return !one.LastResort && !one.Skipped })
}
