package protocol_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/protocol"
)

// shippedFiles reads each protocol that is shipped, by the name of its file.
func shippedFiles(t testing.TB) map[string]protocol.Protocol {
	t.Helper()
	files, err := filepath.Glob("shipped/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no shipped protocols: %v", err)
	}
	all := map[string]protocol.Protocol{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := protocol.Decode(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = p
	}
	return all
}

func TestShippedFieldsTellWhoCalledAndWhyOthersAreLeftOut(t *testing.T) {
	for name, p := range shippedFiles(t) {
		for _, typ := range p.Types {
			for _, group := range append(typ.What, typ.Who) {
				for _, field := range group {
					if f, ok := typ.Field(field); !ok || f.Ask == protocol.Never {
						t.Errorf("%s: %s is summed up by %s, which it does not ask", name, typ.ID, field)
					}
				}
			}
			if f, ok := typ.Field("callback"); !ok || f.Kind != protocol.Phone {
				t.Errorf("%s: %s asks for no call back number", name, typ.ID)
			}
			if f, ok := typ.Field("read_back"); !ok || f.Beside != "callback" {
				t.Errorf("%s: %s does not tick that the number was read back", name, typ.ID)
			}
			for _, f := range typ.Fields {
				words := strings.ToLower(f.Name + " " + f.Label)
				if f.Ask == protocol.Never && f.Why == "" {
					t.Errorf("%s: %s does not say why %s is never asked", name, typ.ID, f.Name)
				}
				if f.Ask != protocol.Never && (strings.Contains(words, "social") || strings.Contains(words, "card")) {
					t.Errorf("%s: %s asks for %s", name, typ.ID, f.Name)
				}
			}
		}
	}
}

// scriptWalk follows every way through a script.
type scriptWalk struct {
	typ  protocol.Type
	seen map[string]bool // "step read closed"
	was  map[string]bool // steps that some way comes by
	bad  []string        // steps with which a way ends too early
}

func (w *scriptWalk) from(i int, read, closed bool) {
	s := w.typ.Script[i]
	read, closed = read || s.Kind == protocol.ReadBack, closed || s.Kind == protocol.Closing
	key := s.ID
	if read {
		key += " read"
	}
	if closed {
		key += " closed"
	}
	if w.seen[key] {
		return
	}
	w.seen[key], w.was[s.ID] = true, true
	if len(s.Answers) == 0 || s.Next != "" {
		w.to(i, s.Next, read, closed)
	}
	for _, a := range s.Answers {
		if a.Type == "" || a.Type == w.typ.ID {
			w.to(i, a.Next, read, closed)
		} else if a.Next != "" && a.Next != protocol.End {
			w.to(i, a.Next, read, closed)
		}
	}
}

func (w *scriptWalk) to(i int, next string, read, closed bool) {
	after := i + 1
	if next != "" {
		after = slices.IndexFunc(w.typ.Script, func(s protocol.Step) bool { return s.ID == next })
	}
	if next == protocol.End || after < 0 || after >= len(w.typ.Script) {
		if s := w.typ.Script[i]; s.Kind != protocol.Emergency && (!read || !closed) {
			w.bad = append(w.bad, s.ID)
		}
		return
	}
	w.from(after, read, closed)
}

func TestEveryWayThroughAShippedScriptReadsTheNumberBackAndCloses(t *testing.T) {
	for name, p := range shippedFiles(t) {
		for _, typ := range p.Types {
			w := &scriptWalk{typ: typ, seen: map[string]bool{}, was: map[string]bool{}}
			w.from(0, false, false)
			for _, id := range w.bad {
				t.Errorf("%s: %s can end with %s before the number was read back and the call closed", name, typ.ID, id)
			}
			for _, s := range typ.Script {
				if !w.was[s.ID] {
					t.Errorf("%s: no way through %s comes by %s", name, typ.ID, s.ID)
				}
			}
		}
	}
}

func TestShippedProtocolsRaiseWhatIsDangerousInTheirSpecialty(t *testing.T) {
	general := []string{"chest-pain", "breathing", "stroke", "bleeding", "suicide", "poisoning", "allergy", "pregnancy", "waking", "seizure", "head-injury"}
	own := map[string][]string{
		"primary-care":       {"infant-fever", "young-fever", "abdomen", "diabetes", "infection", "after-procedure"},
		"dental":             {"swelling", "swallowing", "after-extraction", "tooth-out", "jaw-injury", "infection", "after-procedure", "diabetes"},
		"paediatrics":        {"infant-fever", "young-fever", "dehydration", "infection", "abdomen", "diabetes", "burn"},
		"behavioural-health": {"harm-others", "voices", "withdrawal", "lithium", "clozapine", "serotonin", "violence"},
	}
	words := map[string][]string{
		"breathing": {"cant breathe", "not breathing"}, "stroke": {"worst headache", "face droop*"}, "suicide": {"want to die"},
	}
	for name, p := range shippedFiles(t) {
		for _, id := range append(slices.Clone(general), own[name]...) {
			i := slices.IndexFunc(p.RedFlags, func(f protocol.RedFlag) bool { return f.ID == id })
			if i < 0 {
				t.Errorf("%s raises nothing for %s", name, id)
				continue
			}
			for _, w := range words[id] {
				if !slices.Contains(p.RedFlags[i].Words, w) {
					t.Errorf("%s does not know %q", name, w)
				}
			}
			if id == "suicide" && !strings.Contains(p.RedFlags[i].Say, "988") {
				t.Errorf("%s does not say 988", name)
			}
			if id == "poisoning" && !strings.Contains(p.RedFlags[i].Say, "1-800-222-1222") {
				t.Errorf("%s does not say the number of Poison Help", name)
			}
		}
	}
}

func TestShippedWeeksHaveNoGapAndEveryCallHasAPlace(t *testing.T) {
	for name, p := range shippedFiles(t) {
		if faults := p.WeekFaults(); len(faults) > 0 {
			t.Errorf("%s: the week is not tiled: %v", name, faults)
		}
		if n := len(p.Routes); n == 0 || !p.Routes[n-1].When.All() {
			t.Errorf("%s: the last route is not for every call", name)
		}
		if shadowed := p.Shadowed(); len(shadowed) > 0 {
			t.Errorf("%s: rules that never match: %v", name, shadowed)
		}
	}
}
