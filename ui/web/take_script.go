package web

import (
	"encoding/json"
	"time"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// scriptView is what the taker says for one kind of call, word by word.
type scriptView struct {
	Type   string
	Hidden bool
	Steps  []scriptStep
}

type scriptStep struct {
	ID, Title, Say, Note string // ID: the type's and the step's, "refill.greeting"
	Kind, Next           string // Next: an id as ID is, "" for the end
	Answers              []scriptBranch
}

type scriptBranch struct{ Label, Key, Next, Raise, Type string }

// answerKeys choose among a step's answers, with Alt inside a field. Browsers
// take Alt with D, E and F for themselves, and red flags are answered by Y and N.
const answerKeys = "abcghklmpr"

// scripts are the scripts of all call types: the module shows the chosen one's.
func (s *Server) scripts(p protocol.Protocol, chosen message.CallType) (list []scriptView) {
	for _, t := range p.Types {
		v := scriptView{Type: string(t.ID), Hidden: t.ID != chosen}
		for i, step := range t.Script {
			one := scriptStep{ID: stepID(t.ID, step.ID), Title: step.Title, Say: step.Say, Note: step.Note, Kind: string(step.Kind), Next: nextStep(t, i, step.Next)}
			for j, a := range step.Answers {
				if j == len(answerKeys) {
					break
				}
				b := scriptBranch{Label: a.Label, Key: answerKeys[j : j+1], Next: nextStep(t, i, a.Next), Type: string(a.Type)}
				if a.To != nil {
					b.Raise = a.To.String()
				}
				one.Answers = append(one.Answers, b)
			}
			v.Steps = append(v.Steps, one)
		}
		list = append(list, v)
	}
	return list
}

func stepID(t message.CallType, step string) string { return string(t) + "." + step }

// nextStep is where a step, or an answer to it, leads.
func nextStep(t protocol.Type, i int, next string) string {
	switch {
	case next == protocol.End:
		return ""
	case next != "":
		return stepID(t.ID, next)
	case i+1 < len(t.Script):
		return stepID(t.ID, t.Script[i+1].ID)
	}
	return ""
}

// readBackStep is the step that the record of a call has when the taker ticks
// that the call back number was read back.
const readBackStep = "read_back"

// maxSpoken is more steps than any call has.
const maxSpoken = 500

// spoken is a step as the module notes it.
type spoken struct {
	Step    string `json:"s"`
	At      int64  `json:"t"` // milliseconds, by the server's clock as the page knows it
	Skipped bool   `json:"k"`
	Answer  string `json:"a"`
}

// followed reads the steps that the taker took: those that the protocol has, at
// times within the call. Answers are the protocol's labels, and kept sealed all
// the same.
func followed(p protocol.Protocol, t taking, now time.Time) (list []message.Spoken) {
	var noted []spoken
	if json.Unmarshal([]byte(t.script), &noted) != nil {
		return nil // no module, no record of it
	}
	answers := map[string]map[string]bool{readBackStep: {"": true}}
	for _, kind := range p.Types {
		for _, step := range kind.Script {
			labels := map[string]bool{"": true}
			for _, a := range step.Answers {
				labels[a.Label] = true
			}
			answers[stepID(kind.ID, step.ID)] = labels
		}
	}
	for _, one := range noted {
		if !answers[one.Step][one.Answer] || len(list) == maxSpoken {
			continue
		}
		at := time.UnixMilli(one.At)
		if !t.started.IsZero() && at.Before(t.started) {
			at = t.started
		}
		if at.After(now) {
			at = now
		}
		list = append(list, message.Spoken{Step: one.Step, At: at.UTC(), Skipped: one.Skipped, Answer: message.Clear(one.Answer)})
	}
	return list
}

// spokenRow is one step of a script as it was followed.
type spokenRow struct {
	At            when
	Title, Answer string
	Skipped       bool
}

// spokenRows are the steps that were said to the caller, and those passed over.
func (s *Server) spokenRows(v desk.View) (rows []spokenRow) {
	for _, one := range v.Record.Script {
		rows = append(rows, s.spokenRow(v.Types(), one))
	}
	return rows
}

// spokenRow names a step by the call type whose script it is of: a call may have
// gone on as another.
func (s *Server) spokenRow(types []protocol.Type, one message.Spoken) spokenRow {
	row := spokenRow{At: s.today().stamp(one.At), Title: one.Step, Answer: one.Answer.Reveal(), Skipped: one.Skipped}
	if one.Step == readBackStep {
		row.Title = s.words.say("script.read-back")
	}
	for _, kind := range types {
		for _, step := range kind.Script {
			if stepID(kind.ID, step.ID) == one.Step {
				row.Title = step.Title
			}
		}
	}
	return row
}
