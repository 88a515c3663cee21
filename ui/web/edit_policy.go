package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

type policyView struct {
	*frame
	Problem          problem
	Of               string
	Type, Urgency    string
	Steps            []policyStep
	Promise          string
	Phone, PhoneName string
	Own              bool   // people made it: it can be removed
	Tried            string // that nothing is kept yet
	Again            string // what rings after a hand-off, or a broken promise
	At               string
	Runs             []runView
}

// policyStep is one step as the form shows it.
type policyStep struct {
	N        int
	Problem  string
	Whom     []option // who is meant by a rule
	People   []option // by name
	Named    bool     // one of them is chosen
	Channels []option
	Wait     string
	Repeat   int
	All      bool
	Only     bool
}

// pageKinds are the channels that a step can choose among.
var pageKinds = []notify.Kind{notify.KindMail, notify.KindSMS, notify.KindVoice, notify.KindNtfy, notify.KindWebhook}

// editPolicy shows how calls of one type and urgency are rung, to be changed.
func (s *Server) editPolicy(c echo.Context) error {
	u, err := message.ParseUrgency(c.QueryParam("urgency"))
	if err != nil {
		return errNotFound
	}
	p := escalation.Policy{}
	err = s.view(func(tx *store.Tx) error {
		kind, known := message.CallType(c.QueryParam("type")), false
		types, err := s.typeOptions(tx, kind, true)
		for _, t := range types {
			known = known || t.Value == string(kind)
		}
		if !known && err == nil {
			return errNotFound
		}
		p, _ = escalation.PolicyFor(tx, kind, u)
		p.Type, p.Urgency = kind, u
		return err
	})
	if err != nil {
		return err
	}
	return s.policyPage(c, http.StatusOK, p, nil, "")
}

// changePolicy does what a button of that form says: one step more, one less, a
// try, or to keep it. What was typed stands there afterwards, whatever happened.
func (s *Server) changePolicy(c echo.Context) error {
	p, unfit := s.typedPolicy(c)
	if p.Urgency < message.Routine {
		return errNotFound
	}
	do, n, _ := strings.Cut(posted(c, "do"), "-")
	ctx, by := c.Request().Context(), string(sessionOf(c).Who)
	var err error
	switch do {
	case "add":
		p.Steps = append(p.Steps, escalation.Step{})
		return s.policyPage(c, http.StatusOK, p, nil, "")
	case "drop":
		if i, err := strconv.Atoi(n); err == nil && i > 0 && i <= len(p.Steps) {
			p.Steps = slices.Delete(p.Steps, i-1, i)
		}
		return s.policyPage(c, http.StatusOK, p, nil, "")
	case "remove":
		err = s.app.RemovePolicy(ctx, by, p.Type, p.Urgency)
	case "try":
		if unfit != nil {
			return s.policyPage(c, http.StatusUnprocessableEntity, p, unfit, "")
		}
		return s.policyPage(c, http.StatusOK, p, nil, s.typedNow(posted(c, "at")))
	default:
		if err = unfit; err == nil {
			err = s.app.SetPolicy(ctx, by, p)
		}
	}
	if err != nil {
		return s.policyPage(c, statusOf(err), p, err, "")
	}
	return c.Redirect(http.StatusSeeOther, "/bell/policies?saved=1")
}

// policyPage shows the form with a policy in it; with a time, what a call then
// would ring.
func (s *Server) policyPage(c echo.Context, status int, p escalation.Policy, failed error, try string) error {
	f, err := s.frame(c, "policies", "policies.edit")
	if err != nil {
		return err
	}
	v := policyView{frame: f, Type: string(p.Type), Urgency: p.Urgency.String(), Promise: spanField(p.Promise), Phone: p.LastResort.Phone, PhoneName: p.LastResort.PhoneName, At: s.typedNow(posted(c, "at"))}
	err = s.view(func(tx *store.Tx) error {
		v.Of = s.policyOf(tx, p.Type, p.Urgency)
		_, v.Own = escalation.Kept(tx, p.Type, p.Urgency)
		v.Again = s.againWords(tx, p)
		if v.Steps, err = s.policySteps(tx, p); err != nil || try == "" {
			return err
		}
		var unfit *escalation.Unfit
		v.Runs, v.Problem, err = s.runs(tx, try, func(at time.Time) ([]escalation.SimulatedStep, error) { return s.app.Bell.Simulate(tx, p, at) })
		if errors.As(err, &unfit) {
			failed, err, status = unfit, nil, http.StatusUnprocessableEntity
		}
		return err
	})
	if err != nil {
		return err
	}
	if try != "" && failed == nil {
		v.Tried = s.words.say("policies.tried")
	}
	if failed != nil { // a time that cannot be read stands there as it was typed
		v.Promise = posted(c, "promise")
		for i := range v.Steps {
			v.Steps[i].Wait = posted(c, stepField(i+1, "wait"))
		}
	}
	var unfit *escalation.Unfit
	switch {
	case errors.As(failed, &unfit) && unfit.Step > 0 && unfit.Step <= len(v.Steps):
		v.Steps[unfit.Step-1].Problem = unfit.Words
		v.Problem = problem{s.words.say("policies.not-kept"), unfit.Error()}
	case errors.As(failed, &unfit):
		v.Problem = problem{s.words.say("policies.not-kept"), unfit.Words}
	case failed != nil:
		v.Problem = s.explain(failed)
	}
	return s.page(c, status, "policy", v)
}

// againWords says whom a call rings that was handed on, or taken and not called
// back.
func (s *Server) againWords(tx *store.Tx, p escalation.Policy) string {
	if len(p.Again) == 0 {
		return s.words.say("policies.again")
	}
	var steps []string
	for _, step := range p.Again {
		var whom []string
		for _, t := range step.Whom {
			whom = append(whom, s.targetName(tx, t, s.names(tx)))
		}
		steps = append(steps, s.words.and(whom))
	}
	return s.words.say("policies.again-steps", strings.Join(steps, ", "+s.words.say("policies.then")+" "))
}

func (s *Server) policySteps(tx *store.Tx, p escalation.Policy) ([]policyStep, error) {
	plan, err := oncall.Load(tx)
	if err != nil {
		return nil, err
	}
	people, err := s.app.Access.People(tx)
	if err != nil {
		return nil, err
	}
	var steps []policyStep
	for i, one := range p.Steps {
		v := policyStep{N: i + 1, Wait: spanField(one.Wait), Repeat: one.Repeat, All: one.All, Only: len(p.Steps) == 1}
		choice := func(t escalation.Target, label string) option {
			return option{Value: targetValue(t), Label: label, Chosen: slices.Contains(one.Whom, t)}
		}
		for _, k := range []escalation.Whom{escalation.Next, escalation.Everybody, escalation.Staff} {
			v.Whom = append(v.Whom, choice(escalation.Target{Kind: k}, s.words.say("whom."+string(k))))
		}
		for _, l := range layerTargets(plan) {
			v.Whom = append(v.Whom, choice(l.target, l.name))
		}
		for _, person := range people {
			if person.Staff() && worksMessages(person) {
				o := choice(escalation.Target{Kind: escalation.OnePerson, Person: person.ID}, person.Call())
				v.People, v.Named = append(v.People, o), v.Named || o.Chosen
			}
		}
		v.Whom = append(v.Whom, s.otherTargets(tx, one, append(v.Whom, v.People...))...)
		for _, k := range pageKinds {
			v.Channels = append(v.Channels, option{Value: string(k), Label: s.words.say("way." + string(k)), Chosen: slices.Contains(one.Channels, k)})
		}
		steps = append(steps, v)
	}
	return steps, nil
}

// otherTargets are whom a step rings beside those that the form offers: a layer
// that is gone, somebody who left. They stay until somebody takes them out.
func (s *Server) otherTargets(tx *store.Tx, step escalation.Step, offered []option) (list []option) {
	for _, t := range step.Whom {
		value := targetValue(t)
		if !slices.ContainsFunc(offered, func(o option) bool { return o.Value == value }) {
			list = append(list, option{Value: value, Label: s.targetName(tx, t, s.names(tx)), Chosen: true})
		}
	}
	return list
}

// typedPolicy reads the form. What cannot be read is an *escalation.Unfit, with
// the rest kept.
func (s *Server) typedPolicy(c echo.Context) (p escalation.Policy, unfit error) {
	p.Type = message.CallType(posted(c, "type"))
	u, err := message.ParseUrgency(posted(c, "urgency"))
	if p.Urgency = u; err != nil {
		p.Urgency = -1
	}
	p.LastResort = escalation.LastResort{Phone: trimmed(c, "phone"), PhoneName: trimmed(c, "phone_name")}
	form := c.Request().PostForm
	count, _ := strconv.Atoi(posted(c, "steps"))
	for i := 1; i <= min(count, maxSteps); i++ {
		step, why := s.typedStep(form, i)
		if why != nil && unfit == nil {
			unfit = why
		}
		p.Steps = append(p.Steps, step)
	}
	var ok bool
	if p.Promise, ok = duration(posted(c, "promise")); !ok && unfit == nil {
		unfit = &escalation.Unfit{Words: s.words.say("policies.bad-wait")}
	}
	return p, unfit
}

// maxSteps is how many steps a form is read for; escalation allows fewer.
const maxSteps = 50

func (s *Server) typedStep(form url.Values, n int) (step escalation.Step, unfit error) {
	key := func(name string) string { return stepField(n, name) }
	for _, value := range form[key("whom")] {
		step.Whom = append(step.Whom, readTarget(value))
	}
	for _, k := range form[key("by")] {
		step.Channels = append(step.Channels, notify.Kind(k))
	}
	var ok bool
	if step.Wait, ok = duration(form.Get(key("wait"))); !ok {
		unfit = &escalation.Unfit{Step: n, Words: s.words.say("policies.bad-wait")}
	}
	step.Repeat, _ = strconv.Atoi(form.Get(key("repeat")))
	step.All = form.Get(key("all")) != ""
	return step, unfit
}

// stepField is the name of a field of a step.
func stepField(n int, name string) string { return fmt.Sprintf("s%d.%s", n, name) }

func targetValue(t escalation.Target) string {
	return strings.Join([]string{string(t.Kind), t.Schedule, t.Layer, string(t.Person)}, "/")
}

func readTarget(value string) escalation.Target {
	part := strings.SplitN(value+"///", "/", 5)
	return escalation.Target{Kind: escalation.Whom(part[0]), Schedule: part[1], Layer: part[2], Person: message.PersonID(part[3])}
}

// spanField is a time as its field shows it: empty for none.
func spanField(d time.Duration) string {
	if d == 0 {
		return ""
	}
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}
