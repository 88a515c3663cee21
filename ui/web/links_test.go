package web

import (
	"slices"
	"testing"

	"nightbell/appliance/message"
)

func TestOnlyOurOwnPagesAreGoneTo(t *testing.T) {
	for to, want := range map[string]string{
		"/messages/1?do=note": "/messages/1?do=note", "/take": "/take",
		"": "/inbox", "https://elsewhere.example": "/inbox", "//elsewhere.example": "/inbox", `/\elsewhere.example`: "/inbox", "/a\r\nSet-Cookie: x": "/inbox", "/sign-in?next=/sign-in": "/inbox",
	} {
		if got := ours(to, "/inbox"); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

func TestMovingOnTheList(t *testing.T) {
	for _, row := range []struct {
		who, move string
		want      []message.PersonID
	}{
		{"b", "up", []message.PersonID{"b", "a", "c"}}, {"a", "up", []message.PersonID{"a", "b", "c"}},
		{"b", "down", []message.PersonID{"a", "c", "b"}}, {"c", "down", []message.PersonID{"a", "b", "c"}},
		{"b", "out", []message.PersonID{"a", "c"}}, {"x", "out", []message.PersonID{"a", "b", "c"}},
		{"x", "in", []message.PersonID{"a", "b", "c", "x"}}, {"a", "in", []message.PersonID{"a", "b", "c"}}, {"", "in", []message.PersonID{"a", "b", "c"}},
	} {
		if got := moved([]message.PersonID{"a", "b", "c"}, message.PersonID(row.who), row.move); !slices.Equal(got, row.want) {
			t.Errorf("%s %s gives %v, want %v", row.who, row.move, got, row.want)
		}
	}
}

func TestNumbersThatAPhoneDials(t *testing.T) {
	for typed, want := range map[string]string{
		"(503) 555-0148": "tel:5035550148", "+1 503 555 0148": "tel:+15035550148", "(503) 555-0148 x12": "tel:5035550148", "none": "", "12": "", "ext 12": "", "next of kin, see chart": "", "javascript:alert(1)": "",
	} {
		if got := string(telephone(typed)); got != want {
			t.Errorf("%q dials %q, want %q", typed, got, want)
		}
	}
}

func TestAFindingLeadsToThePageWhereItIsMended(t *testing.T) {
	for id, want := range map[string]string{
		"access.device/a1b2c3d": "/devices", "access.stranger/10.0.0.9": "/devices", "access.slot/p1": "/people", "keys.readers": "/people", "vault.kit": "", "channel.never-answered": "/channels", "channel.refused": "/queue", "bell.no-way-out": "/settings", "mail.refused": "/queue", "mail.way": "/settings", "bell.nobody/1": "/on-call", "backup.late": "/backups", "house.unknown": "",
	} {
		if href, _ := mendedAt(id); href != want {
			t.Errorf("%s leads to %q, want %q", id, href, want)
		}
	}
}

func TestASenderIsANameWithTheAddressBesideIt(t *testing.T) {
	for text, want := range map[string][2]string{
		"Northside Lab <results@lab.example>":    {"Northside Lab", "results@lab.example"},
		`"Beck, Harold" <h.beck@home.example>`:   {"Beck, Harold", "h.beck@home.example"},
		"Müller, Eva <eva@home.example>":         {"Müller, Eva", "eva@home.example"},
		"<results@lab.example>":                  {"results@lab.example", ""},
		"results@lab.example":                    {"results@lab.example", ""},
		"A <a@x.example>, B <b@x.example>":       {"A <a@x.example>, B <b@x.example>", ""},
		"temperature < 104 and falling":          {"temperature < 104 and falling", ""},
		"Northside Lab with a long name <north…": {"Northside Lab with a long name <north…", ""},
		"somebody <not an address>":              {"somebody <not an address>", ""},
		"":                                       {"", ""},
	} {
		if name, address := sender(text); name != want[0] || address != want[1] {
			t.Errorf("%q is shown as %q and %q", text, name, address)
		}
	}
}
