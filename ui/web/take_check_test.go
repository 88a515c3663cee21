package web_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
)

func TestWhatIsTypedIsReadBack(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	check := func(form url.Values) (v struct {
		Read, Warn map[string]string
		Flags      []struct{ ID, Ask, To string }
	}) {
		t.Helper()
		page := c.Post("/take/check", form)
		if err := json.Unmarshal([]byte(page.Body), &v); err != nil {
			t.Fatalf("it answers %d: %v\n%s", page.Status, err, page.Body)
		}
		return v
	}
	v := check(url.Values{"type": {"urgent"}, "f.callback": {"5035550148"}, "f.born": {"3/4/61"}, "f.symptoms": {"crushing chest pain"}})
	if v.Read["f.callback"] != "(503) 555-0148" || v.Read["f.born"] != "March 4, 1961, 65 years old" || len(v.Warn) > 0 {
		t.Errorf("read: %v, warned of: %v", v.Read, v.Warn)
	}
	if len(v.Flags) != 1 || v.Flags[0].ID != "chest-pain" || v.Flags[0].To != "urgent" || v.Flags[0].Ask == "" {
		t.Errorf("flags: %+v", v.Flags)
	}
	v = check(url.Values{"type": {"other"}, "f.callback": {"555 0134"}, "f.reason": {"her social is 078-05-1120"}})
	if !strings.Contains(v.Warn["f.callback"], "which area code") || !strings.Contains(v.Warn["f.reason"], "a Social Security number") || len(v.Flags) > 0 {
		t.Errorf("warned of: %v, flags: %v", v.Warn, v.Flags)
	}
	if v = check(url.Values{"type": {"urgent"}, "f.born": {"45/99/20"}}); v.Warn["f.born"] == "" {
		t.Error("a birth date that is none is not said")
	}
	if strings.Contains(string(p.Logs.Bytes()), "078-05") {
		t.Error("what was typed stands in the log")
	}
}

func TestANumberThatCalledTodayIsSaid(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	call := url.Values{"type": {"other"}, "f.caller": {"Ines Holm"}, "f.callback": {"503 555 0155"}, "f.reason": {"records"}}
	if page := c.Post("/messages", call); page.Status != 200 {
		t.Fatalf("saving answers %d", page.Status)
	}
	if page := c.Post("/take/called", url.Values{"number": {"(503) 555-0155"}}); !strings.Contains(page.Body, "N-1001, Something else") {
		t.Errorf("it answers %d\n%s", page.Status, page.Body)
	}
	if page := c.Post("/take/called", url.Values{"number": {"503 555 0156"}}); strings.Contains(page.Body, "N-1001") {
		t.Error("another number is said to have called")
	}
}
