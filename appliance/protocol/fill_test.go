package protocol_test

import (
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

type form = map[string]message.Clear

func TestWhatAFormIsRefusedFor(t *testing.T) {
	long := message.Clear(strings.Repeat("x", 501))
	for name, c := range map[string]struct {
		id   message.CallType
		form form
		want []string // the fields named, in order
	}{
		"nothing":              {message.TypeOther, nil, []string{"caller", "callback", "reason"}},
		"only spaces":          {message.TypeOther, form{"caller": " \t\n", "callback": "1234", "reason": "x"}, []string{"caller"}},
		"all that is needed":   {message.TypeOther, form{"caller": "A", "callback": "503 555 0148", "reason": "x"}, nil},
		"no number":            {message.TypeOther, form{"caller": "A", "callback": "at home", "reason": "x"}, []string{"callback"}},
		"said to have none":    {message.TypeOther, form{"caller": "A", "callback": "None", "reason": "x"}, nil},
		"a line too long":      {message.TypeOther, form{"caller": long, "callback": "1234", "reason": "x"}, []string{"caller"}},
		"a long text":          {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": long}, nil},
		"a text too long":      {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": message.Clear(strings.Repeat("x", 10_001))}, []string{"reason"}},
		"not an answer":        {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "relation": "cousin"}, []string{"relation"}},
		"an answer":            {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "relation": "parent"}, nil},
		"a tick":               {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "read_back": "yes"}, nil},
		"half a tick":          {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "read_back": "on"}, []string{"read_back"}},
		"another type's field": {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "medication": "y"}, []string{"medication"}},
		"an empty stranger":    {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "medication": " "}, nil},
		"nobody's field":       {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "Ana Ruiz": "y"}, []string{""}},
		"a mail's field":       {message.TypeOther, form{"caller": "A", "callback": "1234", "reason": "x", "mail_from": "y"}, []string{"mail_from"}},
	} {
		_, problems := protocol.BuiltIn().Fill(typ(t, c.id), c.form, message.ChannelDesk)
		var got []string
		for _, p := range problems {
			got = append(got, p.Field)
			if p.Words == "" || strings.Contains(p.Words, "Ana") || strings.Contains(p.Words, "cousin") {
				t.Errorf("%s: the words are missing or quote what was typed: %q", name, p.Words)
			}
		}
		if strings.Join(got, " ") != strings.Join(c.want, " ") || len(got) != len(c.want) {
			t.Errorf("%s: refused for %q, not for %q", name, got, c.want)
		}
	}
}

func TestAMailNeedsNoForm(t *testing.T) {
	refill := typ(t, message.TypeRefill)
	if _, problems := protocol.BuiltIn().Fill(refill, nil, message.ChannelMail); len(problems) > 0 {
		t.Errorf("refused: %v", problems)
	}
	kept, problems := protocol.BuiltIn().Fill(refill, form{protocol.FieldMailFrom: "PBX <pbx@office.example>\r\n", protocol.FieldMailSubject: "New\nvoice\x00mail"}, message.ChannelMail)
	if len(problems) > 0 || kept[protocol.FieldMailFrom].Reveal() != "PBX <pbx@office.example>" || kept[protocol.FieldMailSubject].Reveal() != "New voicemail" {
		t.Errorf("kept %q (%v)", kept[protocol.FieldMailSubject].Reveal(), problems)
	}
	if _, problems := protocol.BuiltIn().Fill(refill, form{"medication": "x"}, message.ChannelMail); len(problems) != 1 {
		t.Error("a mail may have a form's field")
	}
}

func TestAMailIsNotRefusedForALongHeader(t *testing.T) {
	kept, problems := protocol.BuiltIn().Fill(typ(t, message.TypeOther), form{protocol.FieldMailTo: message.Clear(strings.Repeat("é", 5000))}, message.ChannelMail)
	if got := kept[protocol.FieldMailTo].Reveal(); len(problems) > 0 || got != strings.Repeat("é", 499)+"…" {
		t.Errorf("kept %d bytes (%v)", len(got), problems)
	}
}

func TestWhatIsKeptIsTidy(t *testing.T) {
	kept, problems := protocol.BuiltIn().Fill(typ(t, message.TypeOther), form{
		"caller": "  Ana\tRuiz\n", "callback": "503\u0007 555 \u202e0148\u2069", "reason": " first\r\nsecond\rthird\x1b[2J\xff ", "best_time": "  ",
	}, message.ChannelAPI)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for name, want := range (form{"caller": "Ana Ruiz", "callback": "503 555 0148", "reason": "first\nsecond\nthird[2J\uFFFD"}) {
		if kept[name] != want {
			t.Errorf("%s is kept as %q", name, kept[name].Reveal())
		}
	}
	if _, there := kept["best_time"]; there || len(kept) != 3 {
		t.Error("an empty field is kept")
	}
}
