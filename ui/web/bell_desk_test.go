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
