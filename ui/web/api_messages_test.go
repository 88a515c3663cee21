package web_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/ui/web"
)

type fields map[string]any

func TestAMachinePostsAMessage(t *testing.T) {
	p := appliancetest.Start(t)
	_, password := p.AddDevice("website")
	body := fields{"call_type": "billing", "form": fields{"caller": "Tom Achterberg", "callback": "503 555 0177", "question": "charged twice"}}
	first := p.PostMessage(t, password, "k-1", body)
	again := p.PostMessage(t, password, "k-1", body)
	if first.Status != http.StatusCreated || again.Status != http.StatusCreated || first.Body != again.Body {
		t.Errorf("answered %d %s and %d %s", first.Status, first.Body, again.Status, again.Body)
	}
	var taken struct{ ID, Number string }
	if err := json.Unmarshal([]byte(first.Body), &taken); err != nil || taken.Number != "N-1001" || taken.ID == "" {
		t.Errorf("answered %s", first.Body)
	}
	if n := total(t, p); n != 1 {
		t.Errorf("%d messages are kept", n)
	}
	if page := p.SignIn(t, appliancetest.Admin).Get("/inbox"); !strings.Contains(page.Body, "Tom Achterberg") {
		t.Error("it is not in the inbox")
	}
}

// Strangers who guess, send nonsense or hang up could otherwise fill the disk
// with the log of it; and who hung up is not told that anything was taken.
func TestWhatAStrangerDoesIsNoErrorOfOurs(t *testing.T) {
	p := appliancetest.Start(t)
	_, password := p.AddDevice("website")
	p.PostMessage(t, "guess", "", fields{"call_type": "other"})
	p.PostMessage(t, password, "", fields{"call_type": "other"})
	s, err := web.New(p.Appliance)
	if err != nil {
		t.Fatal(err)
	}
	defer s.CloseEvents()
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "https://nightbell.local/api/v1/messages", strings.NewReader(`{"call_type":"billing","form":{"caller":"Tom","callback":"503 555 0177","question":"charged twice"}}`))
	r.Header.Set("Authorization", "Bearer "+password)
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code < 500 {
		t.Errorf("answered %d", w.Code)
	}
	if strings.Contains(string(p.Logs.Bytes()), `"level":"ERROR"`) {
		t.Errorf("the log is full of it: %s", p.Logs.Bytes())
	}
}

func TestAMachineIsToldWhatIsWrong(t *testing.T) {
	p := appliancetest.Start(t)
	_, password := p.AddDevice("website")
	for name, row := range map[string]struct {
		bearer string
		body   any
		status int
		says   string
	}{
		"no such device":      {"nosuch-000000000000000000000000", fields{}, 401, "credential"},
		"no such call type":   {password, fields{"call_type": "pizza", "form": fields{"caller": "Secretname"}}, 422, "type"},
		"a field missing":     {password, fields{"call_type": "billing", "form": fields{"caller": "Secretname", "callback": "1"}}, 422, "question"},
		"an unknown field":    {password, fields{"call_type": "billing", "ssn": "Secretname"}, 400, "call_type"},
		"not an urgency":      {password, fields{"call_type": "billing", "urgency": "Secretname"}, 400, "urgency"},
		"not an object":       {password, "Secretname", 400, "JSON"},
		"more than it may be": {password, fields{"call_type": "billing", "text": strings.Repeat("Secretname", 300000)}, 413, ""},
	} {
		got := p.PostMessage(t, row.bearer, "", row.body)
		if got.Status != row.status || got.Header.Get("Content-Type") != "application/problem+json" || !strings.Contains(got.Body, row.says) {
			t.Errorf("%s: %d %s %s", name, got.Status, got.Header.Get("Content-Type"), got.Body)
		}
		if strings.Contains(got.Body, "Secretname") {
			t.Errorf("%s: what was sent is said back", name)
		}
	}
	if total(t, p) != 0 {
		t.Error("something was kept")
	}
}

func TestNumbersForMachinesTellNoNames(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	take(t, c, urgent("Zyxcanary Quintero"))
	got := c.Get("/metrics")
	for _, want := range []string{"nightbell_messages_total 1\n", `nightbell_messages_open{type="urgent"} 1`, "nightbell_urgent_ringing 1\n", "nightbell_locked 0\n"} {
		if !strings.Contains(got.Body, want) {
			t.Errorf("there is no %q", want)
		}
	}
	if strings.Contains(got.Body, "Zyxcanary") || strings.Contains(got.Body, "rosa") {
		t.Error("a name stands in the metrics")
	}
	for _, want := range []string{`"status":"ready"`, `"state":"open"`, `"bell_seconds":`, `"last_resort":true`} { // nobody is on call
		if ready := c.Get("/readyz"); ready.Status != http.StatusOK || !strings.Contains(ready.Body, want) || strings.Contains(ready.Body, "Zyxcanary") {
			t.Errorf("readyz answers %d %s without %s", ready.Status, ready.Body, want)
		}
	}
}
