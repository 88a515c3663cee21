package protocol_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// edited fails the test unless the protocol is one still.
func edited(t *testing.T, p protocol.Protocol) {
	t.Helper()
	file, err := protocol.Encode(p)
	if err == nil {
		_, _, err = protocol.Decode(file)
	}
	if err != nil {
		t.Error(err)
	}
}

func TestACallTypeIsAddedLikeAnother(t *testing.T) {
	p := copyOf(t, protocol.BuiltIn())
	id := p.AddType("Éye exam: drops & glasses", message.TypeRefill)
	if id != "eye-exam-drops-glasses" {
		t.Errorf("its id is %q", id)
	}
	again := p.AddType("Eye exam drops glasses", message.TypeOther)
	if again != "eye-exam-drops-glasses-2" || p.AddType("…", message.TypeOther) != "call" {
		t.Errorf("the second of its name is %q", again)
	}
	p.EditType(id, func(t *protocol.Type) { t.Script[0].Say = "changed"; t.Fields[0].Label = "changed" })
	if refill, _ := p.Type(message.TypeRefill); refill.Script[0].Say == "changed" || refill.Fields[0].Label == "changed" {
		t.Error("a change of the new one changes the other")
	}
	edited(t, p)
}

func TestACallTypeThatIsNamedIsNotRemoved(t *testing.T) {
	p := copyOf(t, protocol.BuiltIn())
	var used *protocol.InUse
	if err := p.RemoveType(message.TypeUrgent); !errors.As(err, &used) || !strings.Contains(err.Error(), "the script of") {
		t.Errorf("removing what scripts go on with: %v", err)
	}
	if err := p.RemoveType(message.TypeRefill); !errors.As(err, &used) || !strings.Contains(err.Error(), "rule 2") {
		t.Errorf("removing what a rule names: %v", err)
	}
	if err := p.RemoveType(message.TypeWrong); err != nil {
		t.Errorf("removing what nothing names: %v", err)
	}
	if _, there := p.Type(message.TypeWrong); there {
		t.Error("it is there still")
	}
	edited(t, p)
}

func TestAFieldIsRemovedWithWhatNeedsIt(t *testing.T) {
	p := copyOf(t, protocol.BuiltIn())
	for _, name := range []string{"caller", "callback", "days_left", "medication"} {
		p.EditType(message.TypeRefill, func(t *protocol.Type) { t.RemoveField(name) })
		edited(t, p)
	}
	p.EditType(message.TypeBilling, func(t *protocol.Type) {
		f, _ := t.Field("question")
		f.Ask = protocol.Never
		t.SetField(f)
	})
	edited(t, p)
	var name string
	p.EditType(message.TypeBilling, func(t *protocol.Type) {
		f := protocol.Field{Label: "Card’s last 4 digits", Kind: protocol.Text}
		f.Name = p.FieldName(t, f)
		name = f.Name
		t.SetField(f)
	})
	if name != "card_last_4_digits" {
		t.Errorf("the new field is %q", name)
	}
	edited(t, p)
}

func TestWhatLedToARemovedStepLeadsToWhatFollowedIt(t *testing.T) {
	p := copyOf(t, protocol.BuiltIn())
	p.EditType(message.TypeUrgent, func(typ *protocol.Type) {
		typ.RemoveStep("emergency")
		for _, s := range typ.Script {
			if s.ID == "danger" && s.Answers[1].Next != "who" {
				t.Errorf("the answer leads to %q", s.Answers[1].Next)
			}
		}
		typ.RemoveStep("closing")
	})
	edited(t, p)
}

func TestScriptsGoOnAsTheyDidWhenAStepComesOrGoes(t *testing.T) {
	y := protocol.Type{Script: []protocol.Step{{ID: "ask", Answers: []protocol.Branch{{Label: "No"}}}, {ID: "hold", Next: "end-of-it"}, {ID: "note"}, {ID: "end-of-it"}}}
	y.RemoveStep("hold")
	if to := y.Script[0].Answers[0].Next; to != "end-of-it" {
		t.Errorf("what went on to the removed step goes on with %q, and not with what followed it", to)
	}
	y = protocol.Type{Script: []protocol.Step{{ID: "ask", Next: "last"}, {ID: "note"}, {ID: "last"}}}
	if y.AddStep("ask", protocol.Step{Title: "New"}); y.Script[0].Next != "" || y.Script[1].Next != "last" {
		t.Errorf("no call comes to the added step: %+v", y.Script)
	}
	if id := y.AddStep("last", protocol.Step{Title: "End"}); id == protocol.End {
		t.Error("a step is called as the end is")
	}
}

func TestAFormThatListsThingsOtherwiseChangesNothing(t *testing.T) {
	y := protocol.Type{
		Script: []protocol.Step{{ID: "who", Fields: []string{"c", "a"}}},
		Raises: []protocol.Raise{{Field: "x", Values: []string{"yes"}, To: message.Urgent}, {Field: "y", Values: []string{"yes"}, To: message.Urgent}},
	}
	y.SetStep(protocol.Step{ID: "who", Fields: []string{"a", "b", "c"}})
	if got := strings.Join(y.Script[0].Fields, ""); got != "cab" {
		t.Errorf("the fields of the step are in the order %s", got)
	}
	if y.SetRaises("x", map[string]message.Urgency{"yes": message.Urgent}); y.Raises[0].Field != "x" {
		t.Error("what raises the urgency is in another order")
	}
}

// Whatever is done to a script by the page, it stays one.
func TestAScriptStaysOneWhateverIsDone(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		p, err := protocol.BuiltIn().Copy()
		if err != nil {
			r.Fatal(err)
		}
		p.EditType(message.TypeRefill, func(typ *protocol.Type) {
			for range rapid.IntRange(1, 12).Draw(r, "changes") {
				ids := []string{"gone"}
				for _, s := range typ.Script {
					ids = append(ids, s.ID)
				}
				id := rapid.SampledFrom(ids).Draw(r, "step")
				switch rapid.IntRange(0, 3).Draw(r, "what") {
				case 0:
					typ.AddStep(id, protocol.Step{Title: "New", Say: "Words."})
				case 1:
					typ.MoveStep(id, rapid.IntRange(-3, 3).Draw(r, "by"))
				case 2:
					if len(typ.Script) > 1 {
						typ.RemoveStep(id)
					}
				case 3:
					typ.RemoveField(rapid.SampledFrom([]string{"caller", "dose", "read_back"}).Draw(r, "field"))
				}
			}
		})
		file, err := protocol.Encode(p)
		if err == nil {
			_, _, err = protocol.Decode(file)
		}
		if err != nil {
			r.Fatal(err)
		}
	})
}

func TestAnswersAreTypedOneALine(t *testing.T) {
	typed := "yes = Yes, today (urgent)\n\n no=No\nPerhaps later (same-day)\nPerhaps later\n(urgent)"
	got := protocol.AnswersOf(typed)
	want := []protocol.Option{{Value: "yes", Label: "Yes, today"}, {Value: "no", Label: "No"}, {Value: "perhaps-later", Label: "Perhaps later"}, {Value: "perhaps-later-2", Label: "Perhaps later"}}
	raises := map[string]message.Urgency{"yes": message.Urgent, "perhaps-later": message.SameDay}
	if !slices.Equal(got.Options, want) || !maps.Equal(got.Raises, raises) {
		t.Errorf("read as %+v", got)
	}
	if again := protocol.AnswersOf(got.Text()); !slices.Equal(again.Options, want) || !maps.Equal(again.Raises, raises) {
		t.Errorf("written and read again as %+v", again)
	}
	refill, _ := protocol.BuiltIn().Type(message.TypeRefill)
	left, _ := refill.Field("days_left")
	answers := refill.AnswersOfField(left)
	if answers.Raises["0"] != message.SameDay {
		t.Errorf("none left makes a refill %v", answers.Raises)
	}
	answers.Raises["0"] = message.Urgent
	refill.SetRaises("days_left", answers.Raises)
	if u := refill.UrgencyOf(map[string]message.Clear{"days_left": "0"}); u != message.Urgent {
		t.Errorf("changed, it makes one %s", u)
	}
}
