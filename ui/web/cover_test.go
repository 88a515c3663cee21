package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
)

func TestTwoDoctorsSwapWithoutAManager(t *testing.T) {
	p := appliancetest.Start(t)
	first, second := p.AddPerson(okafor, "okafor@cedar.example", access.Provider), p.AddPerson(lindqvist, "", access.Provider)
	boss := p.SignIn(t, appliancetest.Admin)
	if page := boss.Post("/on-call/schedule", nights(first)); page.Status != http.StatusOK {
		t.Fatalf("saving answers %d", page.Status)
	}
	asks, answers := p.SignIn(t, okafor), p.SignIn(t, lindqvist)
	mine := asks.Get("/on-call/mine")
	if !strings.Contains(mine.Main(), "weekly rotation Nights") || !strings.Contains(mine.Main(), "/on-call/cover?from=") {
		t.Fatalf("the next shifts are not shown\n%s", mine.Main())
	}
	week, month := asks.Get("/on-call?week=2026-11-23").Body, answers.Get("/on-call/month?month=2026-11").Main()
	if !strings.Contains(week, `from=2026-11-28T00:00&amp;to=2026-11-29T00:00&amp;replaced=`+string(first)) {
		t.Error("a part of the week leads to no form for cover")
	}
	if inbox := asks.Get("/inbox").Body; !strings.Contains(inbox, `title="First: weekly rotation Nights`) {
		t.Error("who is on now does not say by which rule")
	}
	if !strings.Contains(month, "Mon 30") || strings.Contains(month, "/on-call/cover?") {
		t.Error("the month does not end on its last day, or offers to give away what is another's")
	}
	form := url.Values{"kind": {"cover"}, "from": {"2026-11-28T07:00"}, "to": {"2026-11-29T07:00"}, "replaced": {string(first)}, "by": {string(second)}}
	oneself := url.Values{"kind": {"cover"}, "from": form["from"], "to": form["to"], "replaced": {string(first)}, "by": {string(first)}}
	if page := asks.Post("/on-call/cover", oneself); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `value="2026-11-28T07:00"`) {
		t.Errorf("covering oneself answers %d, or loses what was typed", page.Status)
	}
	if page := asks.Post("/on-call/cover", form); page.Status != http.StatusOK || !strings.Contains(page.Main(), "waits for an answer") || strings.Contains(page.Main(), `value="agree"`) {
		t.Fatalf("asking answers %d, or who asks can agree\n%s", page.Status, page.Main())
	}
	saturday := func() string {
		plan := planOf(t, p)
		m, err := oncall.Wall(plan.Zone, "2026-11-28 12:00")
		if err != nil {
			t.Fatal(err)
		}
		return string(oncall.Resolve(plan, m.Moments[0].At).People()[0])
	}
	if saturday() != string(first) {
		t.Error("what was only asked counts")
	}
	waits := answers.Get("/on-call/cover")
	action := regexp.MustCompile(`action="(/on-call/cover/[^"]+)"`).FindStringSubmatch(waits.Body)
	if action == nil || !strings.Contains(waits.Main(), "lindqvist stands in for okafor") {
		t.Fatalf("whoever is asked does not see it\n%s", waits.Main())
	}
	answers.Post(action[1], url.Values{"act": {"agree"}})
	if saturday() != string(second) {
		t.Error("what was agreed does not count")
	}
	if week := asks.Get("/on-call?week=2026-11-23").Main(); !strings.Contains(week, "for okafor, agreed Nov 24") {
		t.Error("the week does not say when it was agreed")
	}
	if page := asks.Get("/on-call/cover"); !strings.Contains(page.Main(), "lindqvist agreed") {
		t.Errorf("whoever asked does not see the answer\n%s", page.Main())
	}
	asks.Post(action[1], url.Values{"act": {"undo"}})
	if saturday() != string(first) {
		t.Error("what was undone counts")
	}
	if page := answers.Post(action[1], url.Values{"act": {"agree"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("agreeing to what was undone answers %d", page.Status)
	}
	form.Set("from", "2027-03-14T02:30") // the clock goes forward over it
	form.Set("to", "2027-03-14T07:00")
	if page := asks.Post("/on-call/cover", form); !strings.Contains(page.Main(), "The clock changes in that night") || !strings.Contains(page.Main(), "3:00 am") {
		t.Errorf("a time that does not exist is kept without a word\n%s", page.Main())
	}
}
