package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
)

var lindqvist = appliancetest.Login{Name: "lindqvist", Password: "a field of late white clover"}

// rung is a practice where an urgent call just rang one doctor, with another
// behind.
type rung struct {
	*appliancetest.Practice
	okafor, lindqvist message.PersonID
	rosa              *appliancetest.Client
	at                string // the message's page
	link              string // of the first notice
}

func ring(t *testing.T) *rung {
	t.Helper()
	p := &rung{Practice: appliancetest.Start(t, appliancetest.WithSmarthost)}
	p.okafor = p.AddPerson(okafor, "okafor@cedar.example", access.Provider)
	p.lindqvist = p.AddPerson(lindqvist, "lindqvist@cedar.example", access.Provider)
	if err := p.SetOnCallOrder(t.Context(), "owner", []message.PersonID{p.okafor, p.lindqvist}); err != nil {
		t.Fatal(err)
	}
	p.rosa = p.SignIn(t, appliancetest.Admin)
	p.at = take(t, p.rosa, urgent("Marisol Quintero"))
	p.link = p.linkTo(t, "okafor@cedar.example", 1)
	return p
}

// linkTo answers the address in the newest of n notices, which went to somebody.
func (p *rung) linkTo(t *testing.T, to string, n int) string {
	t.Helper()
	mails := p.Received(t, n)
	slices.Reverse(mails)
	for _, m := range mails {
		if !slices.Contains(m.To, to) {
			continue
		}
		return appliancetest.AnswerLink(t, m)
	}
	t.Fatalf("no notice went to %s", to)
	return ""
}

// tap answers by the page of a link, on a phone where nobody is signed in.
func (p *rung) tap(t *testing.T, link, answer string) appliancetest.Page {
	t.Helper()
	return p.Client(t).Post(link, url.Values{"answer": {answer}})
}

func TestALookAtTheLinkAnswersNothing(t *testing.T) {
	p := ring(t)
	page := p.Client(t).Get(p.link)
	if page.Status != http.StatusOK || page.Header.Get("Referrer-Policy") != "no-referrer" || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answers %d, with %v", page.Status, page.Header)
	}
	for _, want := range []string{"N-1001", "Urgent", "I am taking it", "Not me, ring the next one", "Calling in 10 minutes", "data-since=", "Next: lindqvist, in", "/sign-in?next=" + p.at} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	for _, never := range []string{"Quintero", "fever", "555", "Inbox", strings.TrimPrefix(p.link, "/answer/")} {
		if strings.Contains(page.Body, never) {
			t.Errorf("the page shows %q", never)
		}
	}
	if !strings.Contains(p.rosa.Get("/alarm").Body, "nobody has taken it") {
		t.Error("following the link silenced the bell")
	}
}

func TestATapTakesTheCall(t *testing.T) {
	p := ring(t)
	page := p.tap(t, p.link, "take")
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), "It is yours.") || !strings.Contains(page.Main(), "12:30 pm") {
		t.Errorf("after the tap it says (%d):\n%s", page.Status, page.Main())
	}
	if strings.Contains(p.rosa.Get("/alarm").Body, "N-1001") {
		t.Error("the desks ring on")
	}
	if !strings.Contains(p.rosa.Get(p.at).Body, "okafor took it, by the link in the notice") {
		t.Error("the timeline does not say how it was taken")
	}
	if logs := string(p.Logs.Bytes()); strings.Contains(logs, strings.TrimPrefix(p.link, "/answer/")) {
		t.Error("the link stands in the log")
	}
	if again := p.tap(t, p.link, "take"); again.Status != http.StatusOK || !strings.Contains(again.Main(), "It is yours.") {
		t.Errorf("a second tap answers %d", again.Status)
	}
}

func TestNotMeRingsTheNextOneAtOnce(t *testing.T) {
	p := ring(t)
	page := p.tap(t, p.link, "decline")
	if !strings.Contains(page.Main(), "You said that you cannot take it") || !strings.Contains(page.Main(), "I am taking it after all") {
		t.Errorf("after the tap it says:\n%s", page.Main())
	}
	second := p.linkTo(t, "lindqvist@cedar.example", 2)
	p.tap(t, second, "take")
	first := p.Client(t).Get(p.link)
	if !strings.Contains(first.Main(), "N-1001 was taken by lindqvist at 12:00 pm") || strings.Contains(first.Main(), "<button") {
		t.Errorf("who declined is told:\n%s", first.Main())
	}
	if late := p.tap(t, p.link, "take"); !strings.Contains(late.Main(), "was taken by lindqvist") {
		t.Errorf("a late tap is told:\n%s", late.Main())
	}
	for _, want := range []string{"okafor cannot take it, by the link in the notice", "lindqvist took it"} {
		if !strings.Contains(p.rosa.Get(p.at).Body, want) {
			t.Errorf("the timeline does not say %q", want)
		}
	}
}

func TestCallingInTenMinutesRingsAgainThen(t *testing.T) {
	p := ring(t)
	page := p.tap(t, p.link, "snooze")
	if !strings.Contains(page.Main(), "you call back by 12:10 pm") {
		t.Errorf("after the tap it says:\n%s", page.Main())
	}
	if strings.Contains(p.rosa.Get("/alarm").Body, "N-1001") {
		t.Error("it rings on")
	}
	p.Advance(10*time.Minute + time.Second)
	p.linkTo(t, "okafor@cedar.example", 2)
	if old := p.Client(t).Get(p.link); old.Status != http.StatusNotFound || !strings.Contains(old.Main(), "This link is over") {
		t.Errorf("the link of the earlier ringing answers %d", old.Status)
	}
}

func TestALinkOfNothingSaysNothing(t *testing.T) {
	p := ring(t)
	right := strings.TrimPrefix(p.link, "/answer/")
	over := p.Client(t).Get("/answer/x").Main()
	if !strings.Contains(over, "This link is over") {
		t.Fatalf("it says:\n%s", over)
	}
	for _, wrong := range []string{strings.Replace(right, "1001-", "1002-", 1), right[:len(right)-1] + "a", right[:len(right)-1] + "b", "N-1001"} {
		if wrong == right {
			continue
		}
		if page := p.Client(t).Get("/answer/" + wrong); page.Status != http.StatusNotFound || page.Main() != over {
			t.Errorf("a link that is wrong is told (%d):\n%s", page.Status, page.Main())
		}
		if page := p.tap(t, "/answer/"+wrong, "take"); page.Status != http.StatusNotFound {
			t.Errorf("a tap there answers %d", page.Status)
		}
	}
	for range 30 {
		p.Client(t).Get("/answer/x")
	}
	if page := p.Client(t).Get("/answer/x"); page.Status != http.StatusTooManyRequests {
		t.Errorf("a guesser is answered %d", page.Status)
	}
	if page := p.Client(t).Get(p.link); page.Status != http.StatusOK || !strings.Contains(page.Main(), "I am taking it") {
		t.Errorf("a guesser keeps the doctor of the same address out (%d)", page.Status)
	}
	p.tap(t, p.link, "take")
	p.rosa.Post(p.at+"/close", url.Values{"seen": {seen(p.rosa.Get(p.at))}, "outcome": {"done"}})
	if page := p.Client(t).Get(p.link); page.Status == http.StatusOK {
		t.Error("the link of a closed call still stands for it")
	}
}

// A browser that hides where a form comes from has to be able to answer.
func TestAnOldPhoneMayAnswer(t *testing.T) {
	p := ring(t)
	c := p.Client(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Base+p.link, strings.NewReader("answer=take"))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Origin", "null")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if strings.Contains(p.rosa.Get("/alarm").Body, "N-1001") {
		t.Errorf("answered %d, and it rings on", resp.StatusCode)
	}
}

func TestATestNoticeIsAnsweredByItsLink(t *testing.T) {
	p := ring(t)
	p.tap(t, p.link, "take")
	if err := p.TestNotice(t.Context(), "owner", p.lindqvist, notify.Way{Kind: notify.KindMail, To: "lindqvist@cedar.example"}); err != nil {
		t.Fatal(err)
	}
	link := p.linkTo(t, "lindqvist@cedar.example", 2)
	if page := p.Client(t).Get(link); page.Status != http.StatusOK || !strings.Contains(page.Main(), "This is a test") || !strings.Contains(page.Main(), "It reached me") {
		t.Errorf("its page says (%d):\n%s", page.Status, page.Main())
	}
	if page := p.tap(t, link, "take"); !strings.Contains(page.Main(), "This way to you is confirmed.") || strings.Contains(page.Main(), "<button") {
		t.Errorf("after the tap it says:\n%s", page.Main())
	}
}

func TestEveryPageSaysThatNobodyAnsweredYet(t *testing.T) {
	p := ring(t)
	const words = "nobody has answered a notice outside the building yet"
	for _, path := range []string{"/inbox", "/settings"} {
		if !strings.Contains(p.rosa.Get(path).Body, words) {
			t.Errorf("%s does not say it", path)
		}
	}
	p.tap(t, p.link, "take")
	if strings.Contains(p.rosa.Get("/inbox").Body, words) {
		t.Error("it is said after somebody answered")
	}
}
