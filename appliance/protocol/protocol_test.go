package protocol_test

import (
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func typ(t *testing.T, id message.CallType) protocol.Type {
	t.Helper()
	found, ok := protocol.BuiltIn().Type(id)
	if !ok {
		t.Fatalf("there is no call type %s", id)
	}
	return found
}

func TestTheBuiltInProtocolIsWhole(t *testing.T) {
	p := protocol.BuiltIn()
	want := []message.CallType{message.TypeNew, message.TypeChange, message.TypeRefill, message.TypeUrgent, message.TypeResults, message.TypeBilling, message.TypePractice, message.TypeComplaint, message.TypeWrong, message.TypeOther}
	if len(p.Types) != len(want) || p.Version < 1 {
		t.Fatalf("version %d with %d types", p.Version, len(p.Types))
	}
	for i, typ := range p.Types {
		if typ.ID != want[i] || typ.Key != string("1234567890"[i]) {
			t.Errorf("type %d is %s with key %s", i+1, typ.ID, typ.Key)
		}
		if typ.Name == "" || typ.Short == "" || typ.Goodbye == "" || typ.LeaveOut() == "" || typ.Due <= 0 {
			t.Errorf("%s lacks a word", typ.ID)
		}
		checkFields(t, typ)
	}
}

func checkFields(t *testing.T, typ protocol.Type) {
	t.Helper()
	names := map[string]bool{}
	for _, f := range typ.Asked() {
		if names[f.Name] || f.Label == "" || strings.ToLower(f.Name) != f.Name {
			t.Errorf("%s.%s stands twice or lacks a label", typ.ID, f.Name)
		}
		names[f.Name] = true
		if (f.Kind == protocol.Choice) != (len(f.Options) > 1) {
			t.Errorf("%s.%s has %d options", typ.ID, f.Name, len(f.Options))
		}
		if f.Beside != "" && (!names[f.Beside] || f.Kind != protocol.Check) {
			t.Errorf("%s.%s stands beside nothing", typ.ID, f.Name)
		}
		if strings.Contains(strings.ToLower(f.Label), "social security") || strings.Contains(f.Name, "ssn") {
			t.Errorf("%s asks for more than is needed: %s", typ.ID, f.Name)
		}
	}
	for _, name := range []string{"caller", "callback"} {
		if f, ok := typ.Field(name); !ok || f.Ask != protocol.Required && typ.ID != message.TypeWrong {
			t.Errorf("%s does not ask for the %s", typ.ID, name)
		}
	}
	for _, rule := range append(typ.What, typ.Who) {
		for _, name := range rule {
			if !names[name] {
				t.Errorf("%s is summarised by %s, which it does not ask", typ.ID, name)
			}
		}
	}
	for _, r := range typ.Raises {
		if f, ok := typ.Field(r.Field); !ok || r.To <= typ.Urgency {
			t.Errorf("%s is raised by %s to %s", typ.ID, r.Field, r.To)
		} else if f.Kind == protocol.Choice {
			for _, v := range r.Values {
				if f.LabelOf(v) == v {
					t.Errorf("%s.%s has no answer %s", typ.ID, f.Name, v)
				}
			}
		}
	}
}

func TestEachTypeAsksOnlyWhatItNeeds(t *testing.T) {
	for id, never := range map[message.CallType][]string{
		message.TypeNew:     {"symptoms", "medication", "statement"},
		message.TypeChange:  {"insurance", "medication", "symptoms"},
		message.TypeRefill:  {"insurance", "statement", "best_time"},
		message.TypeUrgent:  {"insurance", "best_time", "referred_by", "pharmacy"},
		message.TypeBilling: {"reason", "symptoms", "medication", "provider"},
		message.TypeOther:   {"born", "insurance", "medication"},
	} {
		for _, name := range never {
			if f, ok := typ(t, id).Field(name); ok && f.Ask != protocol.Never {
				t.Errorf("%s asks for %s", id, name)
			}
		}
	}
}

func TestAnAnswerRaisesTheUrgencyAndNeverLowersIt(t *testing.T) {
	for name, c := range map[string]struct {
		id   message.CallType
		form map[string]message.Clear
		want message.Urgency
		due  time.Duration
	}{
		"a refill":                           {message.TypeRefill, nil, message.Routine, 24 * time.Hour},
		"a refill with a week left":          {message.TypeRefill, map[string]message.Clear{"days_left": "8+"}, message.Routine, 24 * time.Hour},
		"a refill with none left":            {message.TypeRefill, map[string]message.Clear{"days_left": "0"}, message.SameDay, 4 * time.Hour},
		"a change of a later day":            {message.TypeChange, map[string]message.Clear{"change": "move"}, message.Routine, 8 * time.Hour},
		"a change about today":               {message.TypeChange, map[string]message.Clear{"change": "move", "same_day": "yes"}, message.SameDay, 4 * time.Hour},
		"running late":                       {message.TypeChange, map[string]message.Clear{"change": "late"}, message.SameDay, 4 * time.Hour},
		"an urgent call whatever it answers": {message.TypeUrgent, map[string]message.Clear{"since": "0"}, message.Urgent, 30 * time.Minute},
	} {
		typ := typ(t, c.id)
		if got := typ.UrgencyOf(c.form); got != c.want {
			t.Errorf("%s is %s, not %s", name, got, c.want)
		}
		if got := typ.DueAfter(c.want); got != c.due {
			t.Errorf("%s is due after %s, not %s", name, got, c.due)
		}
	}
	if got := typ(t, message.TypeBilling).DueAfter(message.Urgent); got != 30*time.Minute {
		t.Errorf("a billing call that somebody calls urgent is due after %s", got)
	}
}

func TestTheLocalPartOfAnAddressChoosesTheType(t *testing.T) {
	p := protocol.BuiltIn()
	for local, want := range map[string]message.CallType{
		"urgent": message.TypeUrgent, "URGENT": message.TypeUrgent, "refill+pbx": message.TypeRefill, "Billing": message.TypeBilling,
		"new": message.TypeNew, "change": message.TypeChange, "other": message.TypeOther,
	} {
		if got, known := p.ForLocalPart(local); got.ID != want || !known {
			t.Errorf("%s@ is %s, known %v", local, got.ID, known)
		}
	}
	for _, local := range []string{"", "dr.okafor", "urgents", "+urgent", "u\u0000rgent"} {
		if got, known := p.ForLocalPart(local); got.ID != message.TypeOther || known {
			t.Errorf("%q@ is %s, known %v: it must be other and flagged", local, got.ID, known)
		}
	}
}

func TestOneMailToSeveralAddressesIsTheMostUrgentAmongThem(t *testing.T) {
	p := protocol.BuiltIn()
	for name, c := range map[string]struct {
		to    []string
		want  message.CallType
		known bool
	}{
		"one":                        {[]string{"refill"}, message.TypeRefill, true},
		"urgent last":                {[]string{"billing", "refill", "urgent"}, message.TypeUrgent, true},
		"equals":                     {[]string{"billing", "refill"}, message.TypeRefill, true},
		"one unknown beside a known": {[]string{"nobody", "billing"}, message.TypeBilling, false},
		"unknown after a known":      {[]string{"billing", "nobody"}, message.TypeBilling, false},
		"unknown beside urgent":      {[]string{"urgent", "nobody"}, message.TypeUrgent, false},
		"only unknown":               {[]string{"nobody", "noone"}, message.TypeOther, false},
		"none":                       {nil, message.TypeOther, false},
	} {
		if got, known := p.ForLocalParts(c.to); got.ID != c.want || known != c.known {
			t.Errorf("%s: %s, known %v", name, got.ID, known)
		}
	}
}

func TestATypeThatIsGoneIsShownByItsID(t *testing.T) {
	if got := protocol.BuiltIn().Show("travel"); got.Name != "travel" || got.Short != "travel" || len(got.Fields) != 0 {
		t.Errorf("shown as %q", got.Name)
	}
}
