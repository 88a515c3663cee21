package sealed_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// filled answers a form of a call type with a canary in every field that takes
// words.
func (w words) filled(channel string, kind protocol.Type) map[string]string {
	form := map[string]string{}
	for _, f := range kind.Asked() {
		switch f.Kind {
		case protocol.Choice:
			form[f.Name] = f.Options[0].Value
		case protocol.Check:
			form[f.Name] = protocol.Yes
		default:
			form[f.Name] = w.kept.Word(fmt.Sprintf("%s, %s: %s", channel, kind.ID, f.Name))
		}
	}
	return form
}

// machine is a partner's program at the HTTP door.
type machine struct {
	t        *testing.T
	w        words
	client   *appliancetest.Client
	password string
	query    string
}

// post posts a body with canaries in the header and the address.
func (m *machine) post(contentType string, body []byte, want int) {
	m.t.Helper()
	url := m.client.Base + "/api/v1/messages?" + m.query
	req, err := http.NewRequestWithContext(m.t.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	for _, name := range []string{"User-Agent", "X-Forwarded-For", "X-Request-Id", "From"} {
		req.Header.Set(name, m.w.passing.ASCII("HTTP header "+name))
	}
	req.Header.Set("Referer", "https://partner.example/"+m.w.passing.ASCII("referer"))
	req.Header.Set("Authorization", "Bearer "+m.password)
	req.Header.Set("Idempotency-Key", m.w.passing.ASCII("idempotency key"))
	req.Header.Set("Content-Type", contentType)
	resp, err := m.client.Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != want {
		m.t.Errorf("the API answers %d, not %d", resp.StatusCode, want)
	}
}

func (m *machine) postJSON(body any, want int) {
	m.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		m.t.Fatal(err)
	}
	m.post("application/json", b, want)
}

// calls posts a message of each call type; the last one has a text that is a
// file of its own.
func (m *machine) calls(channel string) {
	m.t.Helper()
	m.query = "patient=" + m.w.passing.ASCII("query")
	types := protocol.BuiltIn().Types
	for i, kind := range types {
		size := 0
		if i == len(types)-1 {
			size = 100 << 10
		}
		text := m.w.kept.Text(channel+" text of "+string(kind.ID), max(1, size))
		m.postJSON(map[string]any{"call_type": kind.ID, "form": m.w.filled(channel, kind), "text": text}, http.StatusCreated)
	}
}

// refusals posts what cannot be taken, each kind of it.
func (m *machine) refusals() {
	m.t.Helper()
	p := m.w.passing
	m.postJSON(map[string]any{"call_type": p.Word("unknown call type"), "text": p.Word("text of an unknown type")}, http.StatusUnprocessableEntity)
	m.postJSON(map[string]any{"call_type": "urgent", "form": map[string]string{"symptoms": p.Word("incomplete form")}}, http.StatusUnprocessableEntity)
	m.postJSON(map[string]any{"call_type": "other", "form": map[string]string{"caller": p.Word("caller"), "callback": "none", "reason": "x", p.Word("unknown field"): p.Word("value")}}, http.StatusUnprocessableEntity)
	m.postJSON(map[string]any{"call_type": "other", "form": map[string]string{"caller": strings.Repeat(p.Word("too long"), 100), "callback": "none", "reason": "x"}}, http.StatusUnprocessableEntity)
	m.postJSON(map[string]any{p.Word("unknown key"): p.Word("value of an unknown key")}, http.StatusBadRequest)
	m.postJSON(map[string]any{"call_type": "other", "urgency": p.Word("urgency")}, http.StatusBadRequest)
	m.post("application/json", []byte(`{"text":"`+p.Word("broken JSON")), http.StatusBadRequest)
	m.post("application/json", []byte(`{"call_type":"other","text":"x"} `+p.Word("after the JSON")), http.StatusBadRequest)
	m.post("text/plain; note="+p.ASCII("content type"), []byte(p.Word("plain body")), http.StatusUnsupportedMediaType)
	m.post("application/json", []byte(`{"text":"`+p.Text("too large", 3<<20)+`"}`), http.StatusRequestEntityTooLarge)
	right := m.password
	m.password = p.ASCII("bearer")
	m.postJSON(map[string]any{"text": p.Word("text of a stranger")}, http.StatusUnauthorized)
	m.password = right
}

// deskForm is the desk's form for a call type.
func deskForm(kind message.CallType, fields map[string]string) url.Values {
	form := url.Values{"type": {string(kind)}}
	for name, value := range fields {
		form.Set("f."+name, value)
	}
	return form
}

// takeCalls types a call of each type at the desk, and answers their ids.
func (w words) takeCalls(t *testing.T, desk *appliancetest.Client, channel string) (ids []message.ID) {
	t.Helper()
	for _, kind := range protocol.BuiltIn().Types {
		form := deskForm(kind.ID, w.filled(channel, kind))
		form.Set("key", w.passing.ASCII("key of the form"))
		page := desk.Post("/messages", form)
		id, err := message.ParseID(page.At.Path[strings.LastIndexByte(page.At.Path, '/')+1:])
		if err != nil {
			t.Fatalf("a call of type %s is answered %d:\n%s", kind.ID, page.Status, page.Main())
		}
		ids = append(ids, id)
	}
	return ids
}

// mistakes are made at the desk: forms that cannot be saved, numbers that are
// names, addresses that lead nowhere.
func (w words) mistakes(t *testing.T, desk *appliancetest.Client, of message.ID) {
	t.Helper()
	p := w.passing
	at := "/messages/" + string(of)
	for _, try := range []struct {
		path string
		form url.Values
	}{
		{"/messages", deskForm("urgent", map[string]string{"caller": p.Word("desk, incomplete"), p.ASCII("desk, unknown field"): p.Word("desk, unknown value")})},
		{"/messages", deskForm("change", map[string]string{"caller": p.Word("desk, caller"), "change": p.Word("desk, no option"), "callback": p.Word("desk, callback")})},
		{"/messages", deskForm(message.CallType(p.Word("desk, call type")), map[string]string{"caller": p.Word("desk, caller of no type")})},
		{"/messages", url.Values{"show": {"1"}, "type": {"other"}, "f.caller": {p.Word("desk, shown again")}}},
		{"/find", url.Values{"number": {p.Word("number that is a name")}}},
		{at + "/close", url.Values{"outcome": {p.Word("outcome")}, "note": {p.Word("note of a close that failed")}}},
		{at + "/call-back", url.Values{"reached": {p.Word("reached")}, "note": {p.Word("note of a call back that failed")}}},
		{at + "/hand-off", url.Values{"to": {p.Word("hand-off to")}}},
		{at + "/send", url.Values{"to": {p.Word("send to")}}},
	} {
		if page := desk.Post(try.path, try.form); page.Status >= 500 {
			t.Errorf("%s answers %d", try.path, page.Status)
		}
	}
	for _, path := range []string{
		"/" + p.ASCII("path"), "/messages/" + p.ASCII("message id"), at + "/files/" + p.ASCII("file"),
		"/inbox?q=" + p.ASCII("inbox query") + "&type=" + p.ASCII("inbox type"), "/static/" + p.ASCII("static") + "/app.js",
		at + "?do=" + p.ASCII("do"), "/inbox?did=noted:" + p.ASCII("did"),
	} {
		if page := desk.Get(path); page.Status >= 500 {
			t.Errorf("%s answers %d", path, page.Status)
		}
	}
}

// strangers try to sign in with what is not theirs.
func (w words) strangers(t *testing.T, browser *appliancetest.Client) {
	t.Helper()
	for _, login := range []appliancetest.Login{
		{Name: w.passing.Word("sign-in name"), Password: w.passing.Word("password")},
		{Name: appliancetest.Admin.Name, Password: w.passing.Word("wrong password")},
	} {
		page := browser.Post("/sign-in", url.Values{"name": {login.Name}, "password": {login.Password}})
		if !strings.HasPrefix(page.At.Path, "/sign-in") {
			t.Error("a stranger is signed in")
		}
	}
	browser.Get("/sign-in?next=/" + w.passing.ASCII("next"))
}
