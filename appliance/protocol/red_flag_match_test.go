package protocol_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func flagged(phrases ...string) *protocol.Flags {
	return protocol.Protocol{RedFlags: []protocol.RedFlag{{ID: "flag", Name: "Flag", Words: phrases, To: message.Urgent}}}.Compile()
}

func TestAPhraseIsFoundInWhatIsTyped(t *testing.T) {
	for _, c := range []struct {
		phrase, text string
		found        bool
	}{
		{"chest pain", "Chest PAIN", true},
		{"chest pain", "chestnut pain", false},
		{"chest pain", "chest of the pain", true},
		{"chest pain", "chest and a lot of pain", false},
		{"chest pain", "pain in the chest", false},
		{"chest pain", "chest chest x y z pain", false},
		{"chest pain", "chest x y z chest pain", true},
		{"chest pain", "chest", false},
		{"pain pain", "pain", false},
		{"pain pain", "pain pain", true},
		{"bleeding + pregnant", "pregnant for a long time, and there is now and then some bleeding", true},
		{"bleeding + pregnant", "bleeding", false},
		{"bleeding + pregnant", "pregnant" + strings.Repeat(" and well", 19) + " bleeding", true},
		{"bleeding + pregnant", "pregnant" + strings.Repeat(" and well", 20) + " bleeding", false},
		{"bleeding + pregnant", "pregnant" + strings.Repeat(" and well", 30) + " pregnant bleeding", true},
		{"hit head + vomiting", "vomiting since he hit his head", true},
		{"hit head + vomiting", "vomiting; he hit the ball with the head", false},
		{"cant|cannot move arm|leg", "she cannot move her leg", true},
		{"cant|cannot move arm|leg", "she can move her leg", false},
		{"bleed*|blood + pad|pads", "pads full of blood", true},
		{"chest pain|ache", "chestache since noon", true},
		{"a||b + |", "b", true},
		{"suicid*", "suicidality", true},
		{"suicid*", "sucidal", true},
		{"stab*", "stabbed", true},
		{"stab*", "satbbed", false},
		{"stab", "stabbed", false},
		{"can't breathe", "cant breathe", true},
		{"cant breathe", "can’t breathe", true},
		{"cant breathe", "can´t  breathe", true},
		{"baby limp", "the baby's limp", true},
		{"baby limp", "the baby’s quite limp", true},
		{"self-harm", "self harm", true},
		{"fièvre", "FIEVRE", true},
		{"fievre", "fie\u0300vre", true},
		{"fever", "fe\u00advfer", true},
		{"fever", "ｆｅｖｅｒ", true},
		{"stroke", "strasse", false},
		{"strasse", "Straße", true},
		{"fever", "never", false},
		{"fever", "fevre", true},
		{"fever", "efver", true},
		{"fever", "fvr", false},
		{"pain", "pian", true},
		{"pain", "pan", false},
		{"od", "do", false},
		{"mouth", "month", false},
		{"mouth blisters", "month blisters", true},
		{"unconscious", "unconcius", true},
		{"unconscious", "uncncius", false},
		{"chest pain", "chestpain", true},
		{"100.4", "a temp of 100.4", true},
		{"100.4", "104", false},
		{"...", "...", false},
		{"x + ", "y", false},
		{"", "anything", false},
		{"*", "anything", false},
	} {
		found := flagged(c.phrase).Find(protocol.About{}, message.Clear(c.text))
		if (len(found) > 0) != c.found {
			t.Errorf("%q in %q: found %d times, not as %v says", c.phrase, c.text, len(found), c.found)
		}
	}
}

func TestWhatWasFoundIsPointedAt(t *testing.T) {
	flags := flagged("chest pain", "pain arm", "bleeding + pregnant")
	found := flags.Find(protocol.About{}, "Ménière. Chest is in pain’s arm; pain arm.", "she is pregnant", "bleeding.")
	if len(found) != 1 {
		t.Fatalf("%d flags are found, not one", len(found))
	}
	texts := []string{"Ménière. Chest is in pain’s arm; pain arm.", "she is pregnant", "bleeding."}
	var got []string
	for _, p := range found[0].Places {
		got = append(got, texts[p.Text][p.Start:p.End])
	}
	want := []string{"Chest is in pain’s arm", "pain arm", "pregnant", "bleeding"}
	if !slices.Equal(got, want) {
		t.Errorf("what is pointed at is %q, not %q", got, want)
	}
	if len(flags.Find(protocol.About{}, "chest", "pain")) > 0 {
		t.Error("a phrase is put together from two texts")
	}
}

func TestAFlagOfTheYoungIsForThoseWhoAre(t *testing.T) {
	flags := protocol.Protocol{RedFlags: []protocol.RedFlag{{ID: "young", Words: []string{"fever"}, YoungerThan: 3}}}.Compile()
	for name, c := range map[string]struct {
		about protocol.About
		found bool
	}{
		"not known":            {protocol.About{At: day}, false},
		"two months":           {protocol.About{Born: day.AddDate(0, -2, 0), At: day}, true},
		"a day short of three": {protocol.About{Born: day.AddDate(0, -3, 1), At: day}, true},
		"three months":         {protocol.About{Born: day.AddDate(0, -3, 0), At: day}, false},
		"forty years":          {protocol.About{Born: day.AddDate(-40, 0, 0), At: day}, false},
	} {
		if got := len(flags.Find(c.about, "fever")) > 0; got != c.found {
			t.Errorf("%s: found is %v", name, got)
		}
	}
}

func TestAFlagOfSomeTypesIsForThose(t *testing.T) {
	flags := protocol.Protocol{RedFlags: []protocol.RedFlag{{ID: "refill", Words: []string{"ran out"}, Types: []message.CallType{message.TypeRefill}}}}.Compile()
	if len(flags.Find(protocol.About{Type: message.TypeRefill}, "I ran out")) != 1 || len(flags.Find(protocol.About{Type: message.TypeBilling}, "I ran out")) != 0 {
		t.Error("a flag of refills is found elsewhere, or not there")
	}
}

func TestAFoundFlagPrintsNothing(t *testing.T) {
	found := flagged("chest pain").Find(protocol.About{}, "chest pain")
	if s := fmt.Sprintf("%v %+v %s", found, found[0], found[0].LogValue()); strings.Contains(s, "chest") || strings.Contains(s, "Flag") {
		t.Errorf("it prints %s", s)
	}
	if _, err := json.Marshal(found); err == nil {
		t.Error("it is encoded")
	}
}

func TestManyMatchesAreAllOneFlagWithAFewPlaces(t *testing.T) {
	found := flagged("pain", "pain + fever").Find(protocol.About{}, message.Clear(strings.Repeat("pain ", 100_000)+strings.Repeat("a\u0301", 100_000)+" fever"))
	if len(found) != 1 || len(found[0].Places) > 64 {
		t.Fatalf("found %d flags", len(found))
	}
}

func FuzzFindRedFlags(f *testing.F) {
	for _, s := range sentences(f) {
		f.Add("chest pain", s.text)
	}
	f.Add("a + b* + ...", "a\xff\u0301 b’s ﷺ ẞ 100.4")
	f.Fuzz(func(t *testing.T, phrase, text string) {
		found := flagged(phrase, "pain").Find(protocol.About{}, message.Clear(text), "pain")
		if len(found) != 1 {
			t.Fatal("a flag is lost in another text")
		}
		end := 0
		for _, p := range found[0].Places {
			if p.Text == 1 {
				end = 0
				continue
			}
			if p.Start < end || p.End <= p.Start || p.End > len(text) {
				t.Fatalf("a place is at %d to %d of %d", p.Start, p.End, len(text))
			}
			if utf8.ValidString(text) && !utf8.ValidString(text[p.Start:p.End]) {
				t.Fatal("a place cuts a letter")
			}
			end = p.End
		}
		if whole := flagged(text).Find(protocol.About{}, message.Clear(text)); len(whole) == 0 && strings.ContainsFunc(text, func(r rune) bool { return r >= 'a' && r <= 'z' }) && !strings.ContainsAny(text, "*+|") {
			t.Fatal("a phrase is not found in itself")
		}
	})
}
