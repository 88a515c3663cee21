package protocol_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func nobodyKnown(message.PersonID) string { return "" }

// everything is a protocol in which every part has something.
func everything(t *testing.T) protocol.Protocol {
	t.Helper()
	p := copyOf(t, protocol.BuiltIn())
	refill, _ := p.Type(message.TypeRefill)
	urgent, _ := p.Type(message.TypeUrgent)
	other, _ := p.Type(message.TypeOther)
	p.Types = []protocol.Type{refill, urgent, other}
	same := message.SameDay
	p.Types[0].Script[0].Answers = []protocol.Branch{{Label: "No", Next: "who", To: &same, Type: message.TypeUrgent}}
	p.Types[0].Script[0].Next = "who"
	p.Types[0].Script[0].Fields = []string{"caller"}
	p.RedFlags = p.RedFlags[:1]
	p.RedFlags[0].Types = []message.CallType{message.TypeUrgent}
	p.Coverage[0].From, p.Coverage[0].To = "2026-12-01", "2026-12-31"
	p.Teams = []protocol.Team{{ID: "nurses", Name: "Nurses"}}
	p.Routes = []protocol.Route{
		{ID: "all", When: protocol.Match{Types: []message.CallType{"refill"}, Urgencies: []message.Urgency{message.Urgent}, Providers: []string{"Okafor"}, Windows: []string{"lunch"}, Channels: []message.Channel{message.ChannelMail}}, To: protocol.Target{Team: "nurses"}, Due: protocol.Duration(3600e9)},
		{ID: "rest", To: protocol.Target{Team: message.Everybody}},
	}
	return p
}

func copyOf(t *testing.T, p protocol.Protocol) protocol.Protocol {
	t.Helper()
	own, err := p.Copy()
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// alter changes one leaf after the other and calls try for each.
func alter(v reflect.Value, path string, try func(path string)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "-" {
				alter(v.Field(i), path+"."+v.Type().Field(i).Name, try)
			}
		}
	case reflect.Slice:
		old := reflect.ValueOf(v.Interface())
		if v.Len() > 0 {
			alter(v.Index(0), path+"[0]", try)
			v.Set(v.Slice(0, v.Len()-1))
			try(path + " shortened")
			v.Set(old)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			alter(v.Elem(), path, try)
		}
	case reflect.String:
		old := v.String()
		v.SetString(old + "x")
		try(path)
		v.SetString(old)
	case reflect.Int, reflect.Int64:
		old := v.Int()
		v.SetInt(old + 1)
		try(path)
		v.SetInt(old)
	case reflect.Int8, reflect.Uint8:
		old := reflect.ValueOf(v.Interface())
		v.Set(reflect.ValueOf((old.Interface().(message.Urgency) + 1) % 3))
		try(path)
		v.Set(old)
	case reflect.Bool:
		v.SetBool(!v.Bool())
		try(path)
		v.SetBool(!v.Bool())
	default:
		try(path + ": a kind that this test does not know")
	}
}

func TestNoChangeOfAProtocolGoesUnsaid(t *testing.T) {
	before := everything(t)
	after := copyOfAll(before)
	tried := 0
	alter(reflect.ValueOf(&after).Elem(), "", func(path string) {
		tried++
		changes := protocol.Diff(before, after, nobodyKnown)
		if len(changes) == 0 {
			t.Errorf("a change of %s is not said", path)
		}
		for _, c := range changes {
			if c.Words == "" || c.Place == "" || c.Path == "" || c.Kind == "" {
				t.Errorf("a change of %s is said as %+v", path, c)
			}
		}
	})
	if tried < 70 {
		t.Errorf("only %d changes were tried", tried)
	}
	if changes := protocol.Diff(before, copyOfAll(before), nobodyKnown); len(changes) > 0 {
		t.Errorf("nothing changed, and it says %+v", changes)
	}
}

// copyOfAll copies by reflection, since what is altered need not be a protocol.
func copyOfAll(p protocol.Protocol) protocol.Protocol {
	return deep(reflect.ValueOf(p)).Interface().(protocol.Protocol)
}

func deep(v reflect.Value) reflect.Value {
	own := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			own.Field(i).Set(deep(v.Field(i)))
		}
	case reflect.Slice:
		if !v.IsNil() {
			own.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
			for i := range v.Len() {
				own.Index(i).Set(deep(v.Index(i)))
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			own.Set(reflect.New(v.Type().Elem()))
			own.Elem().Set(deep(v.Elem()))
		}
	default:
		own.Set(v)
	}
	return own
}

func TestADifferenceReadsAsPeopleSayIt(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*protocol.Protocol)
		want   string
	}{
		"other words": {func(p *protocol.Protocol) { p.Types[0].Script[2].Say = "Who is it?" }, `Prescription refill, script | The words to say of “Who is calling?” changed. | May I have`},
		"a new field": {func(p *protocol.Protocol) {
			p.Types[0].Fields = append(p.Types[0].Fields, protocol.Field{Name: "weight", Label: "Weight", Kind: protocol.Text})
		}, `Prescription refill, fields | “Weight” is new, after “Address”.`},
		"never asked any more": {func(p *protocol.Protocol) { p.Types[0].Fields[0].Ask = protocol.Never }, `Prescription refill, fields | Whether “Caller” is asked changed. | it must be filled | never here`},
		"a type that is gone":  {func(p *protocol.Protocol) { p.Types = slices.Delete(p.Types, 2, 3) }, `Call types | “Something else” is gone.`},
		"a type that moved": {func(p *protocol.Protocol) {
			p.Types[0], p.Types[1], p.Types[2] = p.Types[2], p.Types[0], p.Types[1]
		}, `Call types | “Something else” moved: it stands first.`},
		"a word of a flag": {func(p *protocol.Protocol) { p.RedFlags[0].Words = append(p.RedFlags[0].Words, "ribs hurt") }, `Red flag Chest pain | It is raised by “ribs hurt” too.`},
		"a rule":           {func(p *protocol.Protocol) { p.Routes[0].Due = protocol.Duration(7200e9) }, `Who gets what | A rule changed. | Prescription refill that is urgent for Okafor by mail, when it is Lunch: to the team Nurses, within 1 hour. | Prescription refill that is urgent for Okafor by mail, when it is Lunch: to the team Nurses, within 2 hours.`},
		"other hours":      {func(p *protocol.Protocol) { p.Coverage[1].Weekly[0].From = "12:30" }, `Who answers when: Lunch | When it is in the week changed. | mon tue wed thu fri 12:00 to 13:00 | mon tue wed thu fri 12:30 to 13:00`},
	} {
		before := everything(t)
		after := copyOfAll(before)
		c.change(&after)
		changes := protocol.Diff(before, after, nobodyKnown)
		if len(changes) != 1 {
			t.Errorf("%s: said as %d changes: %+v", name, len(changes), changes)
			continue
		}
		got := strings.TrimRight(strings.Join([]string{changes[0].Place, changes[0].Words, changes[0].Before, changes[0].After}, " | "), " |")
		if !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: said as\n%s, not\n%s", name, got, c.want)
		}
	}
}

// What moved is the least that explains the new order.
func TestAsFewAsPossibleAreSaidToHaveMoved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 8).Draw(t, "n")
		var words []string
		for i := range n {
			words = append(words, fmt.Sprint("type", i))
		}
		before, after := protocol.Protocol{}, protocol.Protocol{}
		for _, w := range words {
			before.Types = append(before.Types, protocol.Type{ID: message.CallType(w), Name: w})
		}
		from, to := rapid.IntRange(0, n-1).Draw(t, "from"), rapid.IntRange(0, n-1).Draw(t, "to")
		after.Types = slices.Clone(before.Types)
		one := after.Types[from]
		after.Types = slices.Insert(slices.Delete(after.Types, from, from+1), to, one)
		changes := protocol.Diff(before, after, nobodyKnown)
		want := 1
		if from == to {
			want = 0
		}
		if len(changes) != want {
			t.Fatalf("one type moved from %d to %d, and %d are said to", from, to, len(changes))
		}
	})
}
