package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
)

// said is what stands on the page.
func said(page appliancetest.Page) string { return html.UnescapeString(page.Main()) }

func TestARuleIsAddedMovedChangedAndRemoved(t *testing.T) {
	p := appliancetest.Start(t)
	doctor := p.AddPerson(okafor, "", access.Provider)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Get("/protocol/routes")
	for _, want := range []string{"Every call that is urgent: to whoever is on call, who is rung.", "Every other call: to everybody.", "An urgent call always rings"} {
		if !strings.Contains(said(page), want) {
			t.Errorf("the page does not say %q\n%s", want, page.Main())
		}
	}
	rule := url.Values{"types": {"refill"}, "urgencies": {"routine"}, "windows": {"lunch"}, "channels": {"desk"}, "providers": {"Dr. Okafor\n\nKim"}, "to": {"person"}, "person": {string(doctor)}, "due": {"4 h"}}
	page = c.Post("/protocol/routes/new", rule)
	const sentence = "Prescription refill that is routine for Dr. Okafor or Kim by the desk, when it is Lunch: to okafor, within 4 hours."
	if page.Status != http.StatusOK || !strings.Contains(said(page), sentence) {
		t.Fatalf("adding answers %d\n%s", page.Status, page.Main())
	}
	const id = "prescription-refill-that-is-ro"
	if !strings.Contains(page.Main(), `id="`+id+`"`) {
		t.Errorf("the rule has no place of its own\n%s", page.Main())
	}
	c.Post("/protocol/routes", url.Values{"id": {id}, "do": {"up"}})
	form := c.Get("/protocol/routes/" + id)
	for _, want := range []string{"Rule 2", `value="refill" checked`, `value="lunch" checked`, "Dr. Okafor\nKim</textarea>", `value="person" selected`, `value="4h"`} {
		if !strings.Contains(said(form), want) && !strings.Contains(form.Body, want) {
			t.Errorf("the form of the moved rule does not show %q", want)
		}
	}
	rule.Set("due", "soonish")
	if page = c.Post("/protocol/routes/"+id, rule); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "soonish") {
		t.Errorf("a time that cannot be read answers %d, or is lost", page.Status)
	}
	page = c.Post("/protocol/routes/"+id, url.Values{"urgencies": {"urgent"}, "to": {"team/everybody"}})
	if !strings.Contains(said(page), "This rule can never match") {
		t.Error("a rule below another that takes all its calls is not said to be in vain")
	}
	c.Post("/protocol/undo", url.Values{"back": {"/protocol/routes"}})
	if page = c.Get("/protocol/routes"); !strings.Contains(said(page), sentence) {
		t.Error("undo does not bring the rule back as it was")
	}
	page = c.Post("/protocol/routes", url.Values{"id": {id}, "do": {"remove"}})
	if strings.Contains(said(page), sentence) {
		t.Error("it was not removed")
	}
	if page = c.Post("/protocol/routes/gone", url.Values{"to": {"on-call"}}); page.Status != http.StatusNotFound {
		t.Errorf("a rule that is not there answers %d", page.Status)
	}
}

func TestTheRuleForEveryOtherCallStays(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	for _, do := range []string{"up", "down", "remove"} {
		page := c.Post("/protocol/routes", url.Values{"id": {"everything-else"}, "do": {do}})
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(said(page), "Every other call: to everybody.") {
			t.Errorf("%s answers %d", do, page.Status)
		}
	}
	page := c.Post("/protocol/routes/everything-else", url.Values{"types": {"refill"}, "to": {"on-call"}})
	if !strings.Contains(said(page), "Every other call: to whoever is on call, who is rung.") {
		t.Errorf("its target is not changed, or it is not for every call any more\n%s", page.Main())
	}
	page = c.Post("/protocol/routes/new", url.Values{"to": {"person"}})
	if page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a rule to nobody answers %d", page.Status)
	}
}

func TestATimeIsAddedChangedAndRemoved(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Get("/protocol/coverage")
	for _, want := range []string{"Mon", "midnight to 8:00 am", "12:00 pm to 1:00 pm", "overflow desk", "Holiday"} {
		if !strings.Contains(said(page), want) {
			t.Errorf("the week does not say %q\n%s", want, page.Main())
		}
	}
	if strings.Contains(said(page), "nobody is named to answer") {
		t.Error("the shipped week has a gap")
	}
	lunch := url.Values{"name": {"Lunch"}, "answers": {"overflow desk"}, "when": {"week"}, "h1.days": {"mon", "tue", "wed", "thu"}, "h1.from": {"12:00"}, "h1.to": {"13:30"}}
	page = c.Post("/protocol/coverage/lunch", lunch)
	for _, want := range []string{"From Friday 12:00 pm to Friday 1:00 pm nobody is named to answer.", "From Monday 1:00 pm to Monday 1:30 pm there are several at once: Open, Lunch.", "12:00 pm to 1:00 pm nobody", "at once: Open, Lunch"} {
		if !strings.Contains(plain(page), want) {
			t.Errorf("the week does not say %q\n%s", want, plain(page))
		}
	}
	c.Post("/protocol/undo", url.Values{"back": {"/protocol/coverage"}})
	if page = c.Get("/protocol/coverage"); strings.Contains(plain(page), "nobody is named") {
		t.Error("undo does not bring the hours back")
	}
	page = c.Post("/protocol/coverage", url.Values{"id": {"lunch"}, "do": {"remove"}})
	if page.Status != http.StatusOK || strings.Contains(page.Main(), `id="lunch"`) {
		t.Errorf("removing a time that no rule uses answers %d", page.Status)
	}
	page = c.Post("/protocol/coverage", url.Values{"id": {"holiday"}, "do": {"remove"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(plain(page), "Holiday is named by rule 2") {
		t.Errorf("removing a time that a rule looks at answers %d\n%s", page.Status, plain(page))
	}
	if page = c.Post("/protocol/coverage/gone", lunch); page.Status != http.StatusNotFound {
		t.Errorf("a time that is not there answers %d", page.Status)
	}
}

func TestASeasonComesBackEveryYear(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	season := url.Values{"name": {"Hay fever"}, "answers": {"overflow desk"}, "when": {"yearly"}, "year-from-month": {"10"}, "year-from-day": {"1"}, "year-to-month": {"03"}, "year-to-day": {"31"},
		"h1.days": {"mon", "tue"}, "h1.from": {"17:00"}, "h1.to": {"00:00"}}
	page := c.Post("/protocol/coverage/new", season)
	if page.Status != http.StatusOK || !strings.Contains(plain(page), "Every year from October 1 to March 31; mon tue 17:00 to 24:00") {
		t.Fatalf("a season answers %d\n%s", page.Status, plain(page))
	}
	if form := c.Get("/protocol/coverage/hay-fever"); !strings.Contains(form.Body, `value="yearly" checked`) || !strings.Contains(form.Body, `value="10" selected`) || !strings.Contains(form.Body, `name="year-to-day" type="number" min="1" max="31" value="31"`) {
		t.Error("the form does not show the season as it is kept")
	}
	over := url.Values{"name": {"Vacation"}, "answers": {"covering practice"}, "when": {"dates"}, "from": {"2026-12-24"}, "to": {"2027-01-02"}}
	page = c.Post("/protocol/coverage/new", over)
	if !strings.Contains(plain(page), "Thu Dec 24 to Sat Jan 2: Vacation") {
		t.Errorf("what comes soon is not said\n%s", plain(page))
	}
	page = c.Post("/protocol/coverage", url.Values{"id": {"vacation"}, "do": {"up"}})
	if strings.Index(page.Main(), `id="vacation"`) > strings.Index(page.Main(), `id="hay-fever"`) {
		t.Error("it was not moved up among the special ones")
	}
	season.Set("year-to-day", "31")
	season.Set("year-to-month", "02")
	if page = c.Post("/protocol/coverage/hay-fever", season); page.Status != http.StatusUnprocessableEntity || !strings.Contains(plain(page), "a day is written as") && !strings.Contains(plain(page), "A day is written as") {
		t.Errorf("a day that no year has answers %d", page.Status)
	}
	over.Set("from", "2027-02-01")
	if page = c.Post("/protocol/coverage/vacation", over); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "2027-02-01") {
		t.Errorf("a vacation that ends before it begins answers %d, or what was typed is lost", page.Status)
	}
}

// plain is the page's text without its tags.
func plain(page appliancetest.Page) string {
	var b strings.Builder
	inside := false
	for _, r := range page.Main() {
		switch {
		case r == '<':
			inside = true
		case r == '>':
			inside = false
		case !inside:
			b.WriteRune(r)
		}
	}
	return strings.Join(strings.Fields(html.UnescapeString(b.String())), " ")
}

func TestATeamIsNamedAndRemoved(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Post("/protocol/routes", url.Values{"do": {"team"}, "name": {"Billing"}})
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), `value="Billing"`) || !strings.Contains(plain(page), "nobody is in it") {
		t.Fatalf("a new team answers %d", page.Status)
	}
	page = c.Post("/protocol/routes/new", url.Values{"types": {"billing"}, "to": {"team/billing"}})
	if !strings.Contains(plain(page), "Billing: to the team Billing.") && !strings.Contains(plain(page), "to the team Billing, in which nobody works messages") {
		t.Errorf("a rule to a team without anybody is not named\n%s", plain(page))
	}
	if page = c.Post("/protocol/routes", url.Values{"do": {"no-team"}, "team": {"billing"}}); page.Status != http.StatusUnprocessableEntity || !strings.Contains(plain(page), "Billing is named by rule 3") {
		t.Errorf("removing a team that a rule names answers %d\n%s", page.Status, plain(page))
	}
}
