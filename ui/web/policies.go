package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

type policiesView struct {
	*frame
	Done     string
	Problem  problem
	Policies []policyRow
	Types    []option
	Urgent   []option
	At       string
	Runs     []runView
	Silent   bool // such calls ring nobody
}

// policyRow is one policy as the list shows it.
type policyRow struct {
	Of, Href string
	Steps    []ringStep
	Promise  string
	Phone    string
}

// runView is what a call at one moment would ring.
type runView struct {
	Head  string
	Steps []ringStep
}

// policies shows how calls are rung, and what one at a chosen time would ring.
func (s *Server) policies(c echo.Context) error {
	f, err := s.frame(c, "policies", "policies.title")
	if err != nil {
		return err
	}
	v := policiesView{frame: f, At: s.typedNow(c.QueryParam("at"))}
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	kind, urgency := message.CallType(c.QueryParam("type")), message.Urgent
	if u, err := message.ParseUrgency(c.QueryParam("urgency")); err == nil {
		urgency = u
	}
	err = s.view(func(tx *store.Tx) error {
		if v.Types, err = s.typeOptions(tx, kind, false); err != nil {
			return err
		}
		v.Urgent = s.urgencyOptions(urgency)
		list, err := escalation.Policies(tx)
		if err != nil {
			return err
		}
		for _, p := range list {
			v.Policies = append(v.Policies, s.policyRow(tx, p, s.names(tx)))
		}
		if c.QueryParam("at") == "" {
			return nil
		}
		v.Runs, v.Problem, err = s.runs(tx, v.At, func(at time.Time) (steps []escalation.SimulatedStep, err error) {
			var rings bool
			steps, rings, err = s.app.Bell.SimulateCall(tx, message.Envelope{CallType: kind, Urgency: urgency}, at)
			v.Silent = !rings
			return steps, err
		})
		if v.Silent {
			v.Runs = nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "policies", v)
}

func (s *Server) policyRow(tx *store.Tx, p escalation.Policy, names *names) policyRow {
	row := policyRow{Of: s.policyOf(tx, p.Type, p.Urgency), Href: policyHref(p.Type, p.Urgency), Promise: s.words.span(p.Promise), Phone: strings.TrimSpace(p.LastResort.PhoneName + " " + p.LastResort.Phone)}
	for _, step := range p.Steps {
		var whom []string
		for _, t := range step.Whom {
			whom = append(whom, s.targetName(tx, t, names))
		}
		one := ringStep{In: s.words.span(stepLength(tx)), Text: s.words.and(whom)}
		if step.Wait > 0 {
			one.In = s.words.span(step.Wait)
		}
		one.Note = s.stepNote(step)
		row.Steps = append(row.Steps, one)
	}
	return row
}

// stepNote says how a step rings.
func (s *Server) stepNote(step escalation.Step) string {
	var notes, ways []string
	for _, k := range step.Channels {
		ways = append(ways, s.words.say("way."+string(k)))
	}
	if len(ways) > 0 {
		notes = append(notes, s.words.and(ways))
	}
	if step.Repeat > 0 {
		notes = append(notes, s.words.say("policies.repeats", step.Repeat))
	}
	if step.All {
		notes = append(notes, s.words.say("policies.all"))
	}
	return strings.Join(notes, "; ")
}

func policyHref(t message.CallType, u message.Urgency) string {
	return "/bell/policies/edit?type=" + string(t) + "&urgency=" + u.String()
}

// policyOf says which calls a policy is for.
func (s *Server) policyOf(tx *store.Tx, t message.CallType, u message.Urgency) string {
	name := s.words.say("policies.every-type")
	if p, err := s.app.Protocols.Current(tx); err == nil && t != "" {
		name = p.Show(t).Name
	}
	return s.words.say("policies.of", name, s.words.say("urgency."+u.String()))
}

func (s *Server) typeOptions(tx *store.Tx, chosen message.CallType, every bool) (list []option, err error) {
	p, err := s.app.Protocols.Current(tx)
	if every {
		list = append(list, option{Value: "", Label: s.words.say("policies.every-type"), Chosen: chosen == ""})
	}
	for _, t := range p.Types {
		list = append(list, option{Value: string(t.ID), Label: t.Name, Chosen: t.ID == chosen || chosen == "" && !every && t.ID == message.TypeUrgent})
	}
	return list, err
}

func (s *Server) urgencyOptions(chosen message.Urgency) (list []option) {
	for _, u := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		list = append(list, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Chosen: u == chosen})
	}
	return list
}

// targetName says whom a step means.
func (s *Server) targetName(tx *store.Tx, t escalation.Target, names *names) string {
	switch t.Kind {
	case escalation.OnePerson:
		return names.of(t.Person)
	case escalation.Layer:
		if plan, err := oncall.Load(tx); err == nil {
			for _, one := range layerTargets(plan) {
				if one.target.Layer == t.Layer && (t.Schedule == "" || one.target.Schedule == t.Schedule) {
					return one.name
				}
			}
		}
		return s.words.say("policies.layer-gone")
	}
	return s.words.say("whom." + string(t.Kind))
}

// namedTarget is a layer that a step can ring.
type namedTarget struct {
	name   string
	target escalation.Target
}

func layerTargets(plan oncall.Plan) (list []namedTarget) {
	for _, schedule := range plan.Schedules {
		for _, l := range schedule.Layers {
			list = append(list, namedTarget{schedule.Name + ": " + l.Name, escalation.Target{Kind: escalation.Layer, Schedule: schedule.ID, Layer: l.ID}})
		}
	}
	return list
}

// wallField is how a browser's date-and-time field writes a moment.
const wallField = "2006-01-02T15:04"

func (s *Server) typedNow(typed string) string {
	if typed != "" {
		return typed
	}
	return s.app.Clock.Now().In(s.app.Practice().Zone).Format(wallField)
}

// runs simulate a call at a time of the wall clock: twice where it occurs twice.
func (s *Server) runs(tx *store.Tx, typed string, simulate func(at time.Time) ([]escalation.SimulatedStep, error)) ([]runView, problem, error) {
	moments, err := oncall.Wall(s.app.Practice().Zone, typed)
	if err != nil {
		return nil, problem{s.words.say("oncall.bad-time"), s.words.say("policies.bad-time-do")}, nil
	}
	var runs []runView
	for _, m := range moments.Moments {
		steps, err := simulate(m.At)
		if err != nil {
			return nil, problem{}, err
		}
		at := m.At.In(s.app.Practice().Zone)
		run := runView{Head: s.words.say("policies.run", at.Format("3:04 pm"), at.Format("Monday, January 2"))}
		if moments.Note != "" {
			run.Head += " " + sentence(moments.Note) + " " + m.Offset
		}
		names := s.names(tx)
		for _, one := range steps {
			run.Steps = append(run.Steps, s.simulated(one, names))
		}
		runs = append(runs, run)
	}
	return runs, problem{}, nil
}

// simulated is one step of a call that never was.
func (s *Server) simulated(one escalation.SimulatedStep, names *names) ringStep {
	w := s.words
	step := ringStep{In: w.say("after.at-once"), Kind: "now"}
	if one.After > 0 {
		step.In, step.Kind = w.say("after.in", w.span(one.After)), ""
	}
	var people []string
	for _, p := range one.People {
		people = append(people, s.simulatedPerson(p, names))
	}
	if step.Text = w.and(people); len(people) == 0 {
		step.Text = w.say("policies.nobody")
	}
	switch {
	case one.LastResort:
		step.Note = strings.TrimSpace(w.say("policies.last-resort") + " " + s.phoneNow(one.PhoneName, one.Phone))
	case one.Skipped:
		step.Kind, step.Note = "bad", w.say("policies.skipped")
	case one.All:
		step.Note = w.say("policies.all")
	case one.Repeat:
		step.Note = w.say("policies.once-more")
	}
	return step
}

func (s *Server) phoneNow(name, phone string) string {
	if phone == "" {
		return ""
	}
	return s.words.say("alarm.phone", name) + " " + phone
}

func (s *Server) simulatedPerson(p escalation.SimulatedPerson, names *names) string {
	var ways []string
	for _, k := range p.Channels {
		if way := s.words.say("way." + string(k)); !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	if len(ways) == 0 {
		return s.words.say("policies.no-way", names.of(p.Person))
	}
	return s.words.say("policies.by", names.of(p.Person), s.words.and(ways))
}

// duration reads what somebody typed: "5m", "90s", or minutes as a bare number.
func duration(typed string) (time.Duration, bool) {
	typed = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(typed)), " ", "")
	if typed == "" {
		return 0, true
	}
	if strings.Trim(typed, "0123456789") == "" {
		typed += "m"
	}
	d, err := time.ParseDuration(typed)
	return d, err == nil && d > 0
}
