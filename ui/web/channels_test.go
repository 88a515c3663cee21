package web_test

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
)

// paging is a paging system that takes signed notices.
type paging struct {
	*httptest.Server
	ca   string
	came chan map[string]any
}

func startPaging(t *testing.T, status int) *paging {
	t.Helper()
	s := &paging{came: make(chan map[string]any, 10)}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var page map[string]any
		body, _ := io.ReadAll(r.Body)
		w.WriteHeader(status)
		if json.Unmarshal(body, &page) == nil {
			s.came <- page
		}
	}))
	t.Cleanup(s.Close)
	s.ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(s.ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

const signingKey = "a key of the paging system"

// setUp sets the webhook by the page, as an office manager would.
func (s *paging) setUp(t *testing.T, p *rung) {
	t.Helper()
	p.rosa.Post("/channels/ca", url.Values{"channels.ca": {s.ca}})
	page := p.rosa.Post("/channels/webhook", url.Values{"webhook.url": {s.URL + "/nightbell"}, "secret": {signingKey}})
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), "Saved.") || !strings.Contains(page.Main(), "one is kept") || strings.Contains(page.Body, signingKey) {
		t.Fatalf("setting the webhook answers %d, or shows the key", page.Status)
	}
	err := p.SetReach(t.Context(), "owner", p.lindqvist, oncall.Reach{Ways: []oncall.Way{{Kind: "webhook", Address: "pager-7"}}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAWebhookIsSetTestedAndAnswered(t *testing.T) {
	p := ring(t)
	p.tap(t, p.link, "take")
	s := startPaging(t, http.StatusOK)
	s.setUp(t, p)
	if main := p.rosa.Get("/channels").Main(); !strings.Contains(main, "nothing was sent yet") || !strings.Contains(main, "lindqvist, pager-7") {
		t.Error("the channel does not say how it is, or offers no test")
	}
	page := p.rosa.Post("/channels/webhook/test", url.Values{"to": {string(p.lindqvist) + "/0"}})
	if !strings.Contains(page.Main(), "A test notice to lindqvist is on its way") {
		t.Errorf("the test answers %d:\n%s", page.Status, page.Main())
	}
	came := <-s.came
	p.Until(t, "its health", func() bool { return strings.Contains(p.rosa.Get("/channels").Main(), "works; handed over last") })

	body, err := json.Marshal(map[string]any{"token": came["token"], "answer": "take"})
	if err != nil {
		t.Fatal(err)
	}
	if status := hook(t, p, "wrong", body); status != http.StatusUnauthorized {
		t.Errorf("a callback with a wrong key answers %d", status)
	}
	if status := hook(t, p, signingKey, []byte(`{"token":"1001-k7fm2x-aaaaa-aaaaa-aaaaa-aaaaa","answer":"take"}`)); status != http.StatusConflict {
		t.Errorf("a token of nothing answers %d", status)
	}
	if status := hook(t, p, signingKey, body); status != http.StatusNoContent {
		t.Errorf("a right callback answers %d", status)
	}
}

// hook sends a signed callback, as a machine does.
func hook(t *testing.T, p *rung, key string, body []byte) int {
	t.Helper()
	c := p.Client(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Base+"/hooks/answer", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(notify.SignatureHeader, notify.Sign(key, body, p.Fake.Now()))
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

func TestAPageThatIsRefusedStandsAmongWhatGoesOut(t *testing.T) {
	p := ring(t)
	s := startPaging(t, http.StatusBadRequest)
	s.setUp(t, p)
	p.tap(t, p.link, "decline")
	p.Received(t, 2)
	<-s.came
	out := func() string { return p.rosa.Get("/queue").Main() }
	p.Until(t, "the refused page", func() bool { return strings.Contains(out(), "refused") })
	for _, want := range []string{"Paging system N-1001", "lindqvist", "Texts, calls and pushes that wait"} {
		if !strings.Contains(out(), want) {
			t.Errorf("it does not show %q", want)
		}
	}
	_, rest, _ := strings.Cut(out(), `name="key" value="`)
	key, _, _ := strings.Cut(rest, `"`)
	p.rosa.Post("/queue/page", url.Values{"key": {html.UnescapeString(key)}, "do": {"again"}})
	<-s.came
	p.rosa.Post("/queue/page", url.Values{"key": {html.UnescapeString(key)}, "do": {"drop"}})
	p.Until(t, "it to be gone", func() bool { return !strings.Contains(out(), "Paging system N-1001") })
	if page := p.rosa.Post("/queue/page", url.Values{"key": {"nothing"}, "do": {"drop"}}); page.Status != http.StatusOK {
		t.Errorf("a page that left meanwhile answers %d", page.Status)
	}
}

func TestASecretIsSaidToBeKeptForItsServerAlone(t *testing.T) {
	p := ring(t)
	p.tap(t, p.link, "take")
	form := url.Values{"gateway.preset": {"twilio"}, "gateway.account": {"AC0123"}, "gateway.from": {"+1 212 555-0100"}, "secret": {"a token"}}
	if page := p.rosa.Post("/channels/gateway", form); page.Status != http.StatusOK || !strings.Contains(html.UnescapeString(page.Main()), `value="+12125550100"`) {
		t.Fatalf("setting the gateway answers %d", page.Status)
	}
	kept := func() int { return strings.Count(p.rosa.Get("/channels").Main(), `name="forget"`) }
	if kept() != 1 {
		t.Error("the page does not say that a secret is kept")
	}
	form.Set("gateway.preset", "vonage")
	form.Del("secret")
	p.rosa.Post("/channels/gateway", form)
	if kept() != 0 {
		t.Error("the page says that a secret is kept which another provider was given")
	}
}

func TestAChannelsSettingsAreRefusedInPlace(t *testing.T) {
	p := ring(t)
	page := p.rosa.Post("/channels/ntfy", url.Values{"ntfy.server": {"http://plain.example"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "begins with https://") || !strings.Contains(page.Main(), "http://plain.example") {
		t.Errorf("a server without TLS answers %d, or loses what was typed", page.Status)
	}
	if page := p.rosa.Post("/channels/none", nil); page.Status != http.StatusNotFound {
		t.Errorf("a channel that is not there answers %d", page.Status)
	}
	if page := p.rosa.Post("/channels/mail/test", url.Values{"to": {"nobody/0"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a test to nobody answers %d", page.Status)
	}
}

func TestNoticeWordsAreShownAndGuarded(t *testing.T) {
	p := ring(t)
	words := func(do, text string) url.Values {
		return url.Values{"kind": {"mail"}, "reason": {"waiting"}, "title": {"{urgency} {type} waits"}, "text": {text}, "do": {do}}
	}
	page := p.rosa.Post("/channels/words", words("show", "Please take {number}, since {since}."))
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), "Please take N-1042, since 12:00 pm EST") {
		t.Errorf("the preview answers %d:\n%s", page.Status, page.Main())
	}
	page = p.rosa.Post("/channels/words", words("save", "Marisol Quintero waits, {number}."))
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "what looks like a name") || strings.Count(page.Main(), "Quintero") != 1 {
		t.Errorf("a name answers %d, is not named as one, or would go out", page.Status)
	}
	page = p.rosa.Post("/channels/words", words("save", "Please take {number}."))
	if !strings.Contains(page.Main(), "Saved.") || !strings.Contains(page.Main(), "Please take {number}.") {
		t.Error("fit words were not kept")
	}
	page = p.rosa.Post("/channels/words", words("usual", ""))
	if strings.Contains(page.Main(), "Please take") {
		t.Error("the usual words are not back")
	}
	if page := p.rosa.Get("/channels/words?kind=desk"); page.Status != http.StatusNotFound {
		t.Errorf("the desk's words answer %d", page.Status)
	}
}
