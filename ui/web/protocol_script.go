package web

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// scriptPageView is the script of one call type, to be read and changed.
type scriptPageView struct {
	*protocolFrame
	ID, Name string
	Steps    []editStep
}

// editStep is a step as people read it, and its form.
type editStep struct {
	N                      int
	ID, Name, Say, Note    string
	KindSaid, Filled, Goes string
	Branches               []string // "If “No”: go on with 3. Who is calling?"
	Faults                 []string
	Kinds, Fields, Nexts   []option
	Answers                []editAnswer
	First, Last, Only      bool
	Open                   bool
	Wrong                  string // the input that could not be kept
	New                    newStep
}

// newStep is the form of a step to be added after another.
type newStep struct {
	After, Name, Say string
	Open             bool
	Wrong            string
}

// editAnswer is one answer to a step, as its form shows it.
type editAnswer struct {
	N                    int
	Label                string
	Nexts, Raises, Types []option
}

// spareAnswers are rows for answers that a step does not have yet.
const spareAnswers = 2

// scriptPage shows a script to be changed.
func (s *Server) scriptPage(c echo.Context) error {
	return s.oneScript(c, message.CallType(c.Param("id")), nil, nil, "")
}

// oneScript shows the page, with what was typed where that could not be kept: of
// the step with its id, or of one to be added after another.
func (s *Server) oneScript(c echo.Context, id message.CallType, failed error, typed *protocol.Step, after string) error {
	f, d, err := s.protocolFrame(c, "types", "types.script")
	if err != nil {
		return err
	}
	t, known := d.Protocol.Type(id)
	if !known {
		return errNotFound
	}
	if failed != nil {
		s.fail(f, failed, inPart)
	}
	v := scriptPageView{protocolFrame: f, ID: string(t.ID), Name: t.Name}
	v.Title = s.words.say("types.script-of", t.Name)
	wrong, err := s.scriptFaults(d.Protocol, t)
	if err != nil {
		return err
	}
	for i, step := range t.Script {
		open := typed != nil && typed.ID == step.ID
		if open {
			step = *typed
		}
		one := s.editStep(d.Protocol, t, step)
		one.New = newStep{After: step.ID}
		if typed != nil && after == step.ID {
			one.New = newStep{step.ID, typed.Title, typed.Say, true, f.Wrong}
		}
		one.N, one.First, one.Last, one.Only, one.Open, one.Faults = i+1, i == 0, i == len(t.Script)-1, len(t.Script) == 1, open, wrong[step.ID]
		if open {
			one.Wrong = f.Wrong
		}
		v.Steps = append(v.Steps, one)
	}
	return s.page(c, statusOf(failed), "protocol_script", v)
}

// scriptFaults answers what keeps a script from being published, by step.
func (s *Server) scriptFaults(p protocol.Protocol, t protocol.Type) (map[string][]string, error) {
	faults, err := s.app.CheckProtocol(p)
	wrong := map[string][]string{}
	for _, f := range faults {
		if step, here := strings.CutPrefix(f.Path, "call_types."+string(t.ID)+".script."); here {
			wrong[step] = append(wrong[step], sentence(f.Words))
		}
	}
	return wrong, err
}

func (s *Server) editStep(p protocol.Protocol, t protocol.Type, step protocol.Step) editStep {
	w := s.words
	v := editStep{ID: step.ID, Name: step.Title, Say: step.Say, Note: step.Note, KindSaid: w.say("types.step." + stepWord(step.Kind)), Nexts: s.nextOptions(t, step.Next)}
	var filled []string
	for _, f := range t.Asked() {
		chosen := slices.Contains(step.Fields, f.Name)
		if chosen {
			filled = append(filled, f.Label)
		}
		v.Fields = append(v.Fields, option{Value: f.Name, Label: f.Label, Chosen: chosen})
	}
	v.Filled = w.and(filled)
	for _, k := range []protocol.StepKind{protocol.Talk, protocol.Hold, protocol.Transfer, protocol.Emergency, protocol.ReadBack, protocol.Closing} {
		v.Kinds = append(v.Kinds, option{Value: string(k), Label: w.say("types.step." + stepWord(k)), Chosen: k == step.Kind})
	}
	if step.Next != "" {
		v.Goes = s.goesTo(t, step.Next)
	}
	for _, a := range step.Answers {
		v.Branches = append(v.Branches, s.branchSaid(p, t, a))
	}
	for i := range len(step.Answers) + spareAnswers {
		var a protocol.Branch
		if i < len(step.Answers) {
			a = step.Answers[i]
		}
		v.Answers = append(v.Answers, editAnswer{N: i + 1, Label: a.Label, Nexts: s.nextOptions(t, a.Next), Raises: s.raiseOptions(a.To), Types: s.goOnOptions(p, t, a.Type)})
	}
	return v
}

func stepWord(k protocol.StepKind) string {
	if k == protocol.Talk {
		return "talk"
	}
	return string(k)
}

// branchSaid says what follows an answer.
func (s *Server) branchSaid(p protocol.Protocol, t protocol.Type, a protocol.Branch) string {
	w := s.words
	said := w.say("types.if", a.Label) + " " + s.goesTo(t, a.Next)
	if a.To != nil {
		said += " " + w.say("types.makes-it", w.say("urgency."+a.To.String()))
	}
	if a.Type != "" {
		said = w.say("types.if", a.Label) + " " + w.say("types.goes-on-as", p.Show(a.Type).Name)
	}
	return said
}

// goesTo says where a script goes on.
func (s *Server) goesTo(t protocol.Type, next string) string {
	switch next {
	case "":
		return s.words.say("types.goes-next")
	case protocol.End:
		return s.words.say("types.goes-end")
	}
	for i, step := range t.Script {
		if step.ID == next {
			return s.words.say("types.goes-to", i+1, step.Title)
		}
	}
	return next
}

func (s *Server) nextOptions(t protocol.Type, chosen string) []option {
	list := []option{{Label: s.words.say("types.next-step"), Chosen: chosen == ""}}
	for i, step := range t.Script {
		list = append(list, option{Value: step.ID, Label: s.words.say("types.numbered", i+1, step.Title), Chosen: step.ID == chosen})
	}
	return append(list, option{Value: protocol.End, Label: s.words.say("types.the-end"), Chosen: chosen == protocol.End})
}

func (s *Server) raiseOptions(to *message.Urgency) []option {
	list := []option{{Label: s.words.say("types.as-it-is"), Chosen: to == nil}}
	for _, u := range []message.Urgency{message.SameDay, message.Urgent} {
		list = append(list, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Chosen: to != nil && *to == u})
	}
	return list
}

func (s *Server) goOnOptions(p protocol.Protocol, t protocol.Type, chosen message.CallType) []option {
	list := []option{{Label: s.words.say("types.this-call"), Chosen: chosen == ""}}
	for _, one := range p.Types {
		if one.ID != t.ID {
			list = append(list, option{Value: string(one.ID), Label: one.Name, Chosen: one.ID == chosen})
		}
	}
	return list
}

// changeScript adds, changes, moves or removes a step.
func (s *Server) changeScript(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	id, at, do := message.CallType(c.Param("id")), posted(c, "step"), posted(c, "do")
	typed := readStep(c)
	err := s.editProtocol(c, "/protocol/types/"+string(id)+"/script"+anchor("step-", at), func(p *protocol.Protocol) error {
		p.EditType(id, func(t *protocol.Type) {
			switch do {
			case "up":
				t.MoveStep(at, -1)
			case "down":
				t.MoveStep(at, 1)
			case "remove":
				t.RemoveStep(at)
			case "add":
				t.AddStep(at, typed)
			default:
				typed.ID = at
				t.SetStep(typed)
			}
		})
		return nil
	})
	switch {
	case err == nil:
		return nil
	case do == "add":
		typed.ID = ""
		return s.oneScript(c, id, err, &typed, at)
	}
	typed.ID, at = at, ""
	return s.oneScript(c, id, err, &typed, at)
}

// readStep reads the form of a step.
func readStep(c echo.Context) protocol.Step {
	step := protocol.Step{Title: trimmed(c, "title"), Kind: protocol.StepKind(posted(c, "kind")), Say: trimmed(c, "say"), Note: trimmed(c, "note"), Fields: c.Request().PostForm["fields"], Next: posted(c, "next")}
	for n := 1; ; n++ {
		key := "a" + itoa(n) + "."
		if _, there := c.Request().PostForm[key+"label"]; !there {
			return step
		}
		a := protocol.Branch{Label: trimmed(c, key+"label"), Next: posted(c, key+"next"), Type: message.CallType(posted(c, key+"type"))}
		if u, err := message.ParseUrgency(posted(c, key+"to")); err == nil {
			a.To = &u
		}
		if a.Label != "" {
			step.Answers = append(step.Answers, a)
		}
	}
}
