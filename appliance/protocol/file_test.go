package protocol_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// whole is a protocol that has every part.
func whole() protocol.Protocol {
	p := office()
	p.Version = 0
	p.Title, p.ReviewEvery = "Cedar Street", 90
	p.Sources = []protocol.Source{{Title: "A guide", Where: "page 3"}}
	p.Teams = []protocol.Team{{ID: "billing", Name: "Billing"}, {ID: "overflow", Name: "Overflow"}, {ID: "records", Name: "Records"}}
	p.RedFlags = []protocol.RedFlag{{ID: "chest", Name: "Chest pain", Ask: "Is it there now?", Say: "Hang up and dial 911.", Words: []string{"chest pain", "pressure + chest"}, YoungerThan: 3, Types: []message.CallType{message.TypeRefill}, To: message.Urgent}}
	today := message.SameDay
	p.Types = slices.Clone(p.Types)
	for i := range p.Types {
		p.Types[i].Owner = message.Everybody
		p.Types[i].Script = []protocol.Step{
			{ID: "greeting", Title: "Greeting", Say: "Doctor's office: \"how\" can I help?\nOne moment.", Fields: []string{"caller"}, Answers: []protocol.Branch{{Label: "Yes", Next: "number", To: &today}, {Label: "Bleeding", Type: message.TypeUrgent}}},
			{ID: "hold", Title: "Hold", Kind: protocol.Hold, Note: "no longer than a minute", Next: "number"},
			{ID: "number", Title: "Number", Kind: protocol.ReadBack, Say: "I have it as …", Next: protocol.End},
		}
	}
	p.Types[2].Minimum, p.Types[2].Clinical = protocol.Refuse, true
	p.Types[2].Fields = append(slices.Clone(p.Types[2].Fields), protocol.Field{Name: "group_number", Label: "Group number", Kind: protocol.Insurer, Ask: protocol.Never, Why: "the office has it", Help: "leave it out", Limit: 20})
	return p
}

func TestAProtocolComesBackAsItWasWritten(t *testing.T) {
	want := whole()
	file, err := protocol.Encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, comments, err := protocol.Decode(file)
	if err != nil || comments {
		t.Fatalf("comments %v: %v\n%s", comments, err, file)
	}
	if !reflect.DeepEqual(got, want) {
		again, _ := protocol.Encode(got)
		t.Errorf("what came back differs:\n%s\nnot\n%s", again, file)
	}
}

func TestCommentsAreSeen(t *testing.T) {
	file, err := protocol.Encode(whole())
	if err != nil {
		t.Fatal(err)
	}
	for _, commented := range []string{"# ours\n" + string(file), strings.Replace(string(file), "title: Cedar Street", "title: Cedar Street # the office", 1), string(file) + "# end\n"} {
		if _, comments, err := protocol.Decode([]byte(commented)); err != nil || !comments {
			t.Errorf("comments %v, %v", comments, err)
		}
	}
}

// fault is what a file is told: "line 3: words".
func faultsOf(t *testing.T, file string) (list []string) {
	t.Helper()
	_, _, err := protocol.Decode([]byte(file))
	var bad *protocol.BadFile
	if !errors.As(err, &bad) {
		t.Fatalf("answered %v", err)
	}
	for _, f := range bad.Faults {
		list = append(list, fmt.Sprintf("line %d: %s", f.Line, f.Words))
	}
	return list
}

func TestWhatIsWrongInAFileIsNamedWithItsLine(t *testing.T) {
	good, err := protocol.Encode(whole())
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(good), "\n")
	at := func(start string) int {
		i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(strings.TrimLeft(l, " "), start) })
		if i < 0 {
			t.Fatalf("no line begins with %q", start)
		}
		return i + 1
	}
	for name, one := range map[string]struct{ line, to, want string }{
		"an unknown word":      {"title: ", "titel: x", `"titel" is nothing that a protocol has here`},
		"a number":             {"review_every_days: ", "review_every_days: soon", "a whole number belongs here"},
		"a span of time":       {"due: ", "due: 3 weeks", "a span of time is written as 30m, 4h or 2d"},
		"an urgency":           {"urgency: ", "urgency: asap", "urgency is routine, same-day or urgent"},
		"a kind of field":      {"kind: text", "kind: txt", `there is no kind of field "txt"`},
		"a list for a value":   {"title: ", "title: [a]", "a single value belongs here, not a list or a group"},
		"the same twice":       {"review_every_days: ", "title: again", `mapping key "title" already defined at line 1`},
		"a clock":              {"from: ", "from: 8am", "a time of day is written as 08:00"},
		"a team that is not":   {"team: billing", "team: biling", `there is no team "biling"`},
		"a step that is not":   {"next: number", "next: nowhere", `there is no step "nowhere"`},
		"a window that is not": {"- lunch", "- brunch", `there is no time "brunch" in the coverage`},
	} {
		n := at(one.line)
		changed := slices.Clone(lines)
		indent := changed[n-1][:len(changed[n-1])-len(strings.TrimLeft(changed[n-1], " "))]
		changed[n-1] = indent + one.to
		got := faultsOf(t, strings.Join(changed, "\n"))
		if !slices.ContainsFunc(got, func(f string) bool { return strings.HasSuffix(f, one.want) }) {
			t.Errorf("%s: %q", name, got)
			continue
		}
		if want := fmt.Sprintf("line %d: %s", n, one.want); !slices.Contains(got, want) {
			t.Errorf("%s: %q, not %q", name, got, want)
		}
	}
}

func TestAllThatIsWrongIsSaidAtOnce(t *testing.T) {
	got := faultsOf(t, "title: 3\nreview_every_days: x\ncall_types: []\nextra: 1\n")
	if len(got) != 2 || !strings.HasPrefix(got[0], "line 2") || !strings.HasPrefix(got[1], "line 4") {
		t.Errorf("%q", got)
	}
}

func TestAHostileFileIsRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'j'; i++ {
		bomb += fmt.Sprintf("%c: &%c [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c,", i-1), 10), ","))
	}
	for name, file := range map[string]string{
		"nothing":       "",
		"not YAML":      "\x00\x01{{{",
		"a list":        "- a\n- b\n",
		"too deep":      strings.Repeat("[", 1000),
		"an alias bomb": bomb,
		"too large":     "title: " + strings.Repeat("x", protocol.MaxFile),
		"two documents": "title: a\n---\ntitle: b\n",
	} {
		if got := faultsOf(t, file); len(got) == 0 {
			t.Errorf("%s is taken", name)
		}
	}
}

func FuzzDecode(f *testing.F) {
	file, err := protocol.Encode(whole())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte("title: [\n# x"))
	f.Fuzz(func(t *testing.T, file []byte) {
		p, _, err := protocol.Decode(file)
		var bad *protocol.BadFile
		if err != nil {
			if !errors.As(err, &bad) || len(bad.Faults) == 0 {
				t.Fatalf("refused with %v", err)
			}
			return
		}
		again, err := protocol.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		q, _, err := protocol.Decode(again)
		if err != nil || !reflect.DeepEqual(p, q) {
			t.Fatalf("what was read is not read again: %v", err)
		}
	})
}

func TestAFileThatIsNoDocumentIsRefusedInPlainWords(t *testing.T) {
	for file, want := range map[string]string{
		"":                                      "line 1: the file is empty",
		"title: a\n---\ntitle: b\n":             "line 1: the file has several documents in it, and may have one",
		strings.Repeat("x", protocol.MaxFile+1): "line 1: the file is larger than 1024 KB",
		"title: " + strings.Repeat("[", 40):     "line 1: exceeded max depth of 20",
	} {
		if got := faultsOf(t, file); !slices.Equal(got, []string{want}) {
			t.Errorf("%.20q: %q", file, got)
		}
	}
}
