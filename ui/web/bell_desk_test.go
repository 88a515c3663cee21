package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestTheDeskDeclinesAndSnoozes(t *testing.T) {
	p := ring(t)
	doctor, second := p.SignIn(t, okafor), p.SignIn(t, lindqvist)
	page := doctor.Post(p.at+"/decline", url.Values{"seen": {seen(doctor.Get(p.at))}})
	if !strings.Contains(page.Body, "N-1001 rings the next one.") || !strings.Contains(page.Body, "okafor cannot take it") || strings.Contains(page.Main(), p.at+"/decline") {
		t.Error("the decline is not told, or is offered again")
	}
	p.Received(t, 2) // gone out: what still waits is taken back when somebody takes the call
	if none := second.Post(p.at+"/snooze", url.Values{}); none.Status != http.StatusUnprocessableEntity || !strings.Contains(none.Main(), "in 1 to 60 minutes") {
		t.Errorf("without minutes it answers %d", none.Status)
	}
	page = second.Post(p.at+"/snooze", url.Values{"minutes": {"20"}})
	for _, want := range []string{"N-1001 is yours", "lindqvist took it, and calls back in 20 minutes", "calls back until then, by their own word"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if late := doctor.Post(p.at+"/snooze", url.Values{"minutes": {"5"}}); late.Status != http.StatusConflict || !strings.Contains(late.Main(), "was taken by lindqvist at 12:00 pm") {
		t.Errorf("who is late is answered %d", late.Status)
	}
	page = second.Post(p.at+"/decline", nil)
	if !strings.Contains(page.Body, "lindqvist cannot take it") || !strings.Contains(p.rosa.Get("/alarm").Body, "N-1001") {
		t.Error("what is given back does not ring")
	}
	p.Received(t, 4) // the first, the next after a no, and both once it was given back
}

func TestWhatDoesNotRingIsNotDeclined(t *testing.T) {
	p := ring(t)
	at := take(t, p.rosa, refill("Priya Raman"))
	if main := p.rosa.Get(at).Main(); strings.Contains(main, at+"/decline") || strings.Contains(main, at+"/snooze") {
		t.Error("a refill offers to decline")
	}
	if page := p.rosa.Post(at+"/decline", nil); page.Status != http.StatusConflict {
		t.Errorf("it answers %d", page.Status)
	}
}

func TestTheBoardShowsEveryBell(t *testing.T) {
	p := ring(t)
	shows := func(when string, want ...string) {
		t.Helper()
		rows := p.rosa.Get("/bell/rows").Body
		for _, w := range want {
			if !strings.Contains(rows, w) {
				t.Errorf("%s it does not show %q:\n%s", when, w, rows)
			}
		}
		if strings.Contains(rows, "Quintero") {
			t.Error("it names the patient")
		}
	}
	shows("while it rings", "N-1001", "Urgent clinical", "Step 1 of 3", "okafor", "by mail at 12:00", "Next: lindqvist, in", "data-until=")
	p.tap(t, p.link, "decline")
	p.linkTo(t, "lindqvist@cedar.example", 2)
	shows("after a decline", "cannot take it, said at 12:00 pm", "Step 2 of 3", "lindqvist")
	p.tap(t, p.linkTo(t, "lindqvist@cedar.example", 2), "snooze")
	shows("after a promise", "Calls back", "lindqvist has it", "It rings lindqvist again")
	if page := p.rosa.Get("/bell"); page.Status != http.StatusOK || !strings.Contains(page.Main(), "N-1001") {
		t.Errorf("the page answers %d", page.Status)
	}
}

func TestTheBarSaysHowManyCallsWait(t *testing.T) {
	p := ring(t)
	for range 4 {
		take(t, p.rosa, urgent("Harold Beck"))
	}
	bar := p.rosa.Get("/alarm").Body
	for _, want := range []string{"5 urgent calls wait.", "and 2 more: see all"} {
		if !strings.Contains(bar, want) {
			t.Errorf("the bar does not say %q", want)
		}
	}
	if n := strings.Count(bar, `" hidden>`); n != 2 {
		t.Errorf("%d calls are folded", n)
	}
	p.Received(t, 5)
}
