package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// nights is the form of a schedule with one weekly rotation.
func nights(people ...message.PersonID) url.Values {
	form := url.Values{"name": {"Practice"}, "review": {"3"}, "layers": {"1"}, "l1.name": {"First"}, "l1.rotations": {"1"},
		"l1.r1.name": {"Nights"}, "l1.r1.every": {"weekly"}, "l1.r1.at": {"07:00"}, "l1.r1.start": {"2026-10-05"}, "l1.r1.weekday": {"1"}, "l1.r1.day": {"1"}, "l1.r1.length": {"1"}, "do": {"save"}}
	for _, p := range people {
		form.Add("l1.r1.people", string(p))
	}
	return form
}

func planOf(t *testing.T, p *appliancetest.Practice) (plan oncall.Plan) {
	t.Helper()
	if err := p.Store.View(func(tx *store.Tx) (err error) { plan, err = oncall.Load(tx); return err }); err != nil {
		t.Fatal(err)
	}
	return plan
}

// hidden answers the value of a form's hidden field.
func hidden(t *testing.T, page appliancetest.Page, name string) string {
	t.Helper()
	m := regexp.MustCompile(`name="` + regexp.QuoteMeta(name) + `" value="([^"]*)"`).FindStringSubmatch(page.Body)
	if m == nil {
		t.Fatalf("there is no field %s", name)
	}
	return m[1]
}

func TestAScheduleIsMadeChangedReviewedAndRemoved(t *testing.T) {
	p := appliancetest.Start(t)
	first, second := p.AddPerson(okafor, "", access.Provider), p.AddPerson(lindqvist, "", access.Provider)
	c := p.SignIn(t, appliancetest.Admin)

	wrong := nights(first, first)
	page := c.Post("/on-call/schedule", wrong)
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "A rotation names somebody twice.") || !strings.Contains(page.Body, `value="Nights"`) {
		t.Fatalf("somebody twice answers %d", page.Status)
	}
	more := nights(first)
	more.Set("do", "rotation l1")
	if page := c.Post("/on-call/schedule", more); hidden(t, page, "l1.rotations") != "2" || len(planOf(t, p).Schedules) != 0 {
		t.Error("a rotation is not added to the form, or the form is kept")
	}
	if page := c.Post("/on-call/schedule", nights(first, second)); page.Status != http.StatusOK || !strings.Contains(page.Main(), "Practice") {
		t.Fatalf("saving answers %d", page.Status)
	}
	now := p.Clock.Now()
	on := oncall.Resolve(planOf(t, p), now).People()
	if len(on) != 1 {
		t.Fatalf("%v are on call", on)
	}
	other := first
	if on[0] == first {
		other = second
	}
	id := planOf(t, p).Schedules[0].ID
	edit := c.Get("/on-call/schedule?id=" + id)
	change := nights(other, on[0])
	for _, name := range []string{"id", "seen", "l1.id", "l1.r1.id"} {
		change.Set(name, hidden(t, edit, name))
	}
	change.Set("l1.shifts", "1")
	change.Set("l1.s1.person", string(second))
	change.Set("l1.s1.from", "2026-12-24T19:00")
	change.Set("l1.s1.to", "2026-12-25T07:00")
	if page := c.Post("/on-call/schedule", change); page.Status != http.StatusOK {
		t.Fatalf("changing answers %d\n%s", page.Status, page.Main())
	}
	plan := planOf(t, p)
	if got := oncall.Resolve(plan, now).People(); len(got) != 1 || got[0] != on[0] {
		t.Errorf("another order moves who is on call from %v to %v", on, got)
	}
	if l := plan.Schedules[0].Layers[0]; len(l.Shifts) != 1 || l.Shifts[0].From.String() != "2026-12-24T19:00" {
		t.Errorf("the shift is kept as %v", l.Shifts)
	}
	if page := c.Post("/on-call/schedule", change); page.Status != http.StatusConflict || !strings.Contains(page.Body, "Somebody changed the schedule meanwhile.") {
		t.Errorf("a form of an earlier edition answers %d", page.Status)
	}
	p.Advance(time.Minute)
	before := planOf(t, p).Schedules[0].ReviewedAt
	c.Post("/on-call/schedules/"+id+"/reviewed", nil)
	if !planOf(t, p).Schedules[0].ReviewedAt.After(before) {
		t.Error("it was not reviewed")
	}
	c.Post("/on-call/holidays", url.Values{"name": {"Thanksgiving"}, "date": {"2026-11-26"}, "from": {"07:00"}, "people": {string(second), ""}})
	if page := c.Get("/on-call/schedules"); !strings.Contains(page.Main(), "Thu Nov 26, 2026") || !strings.Contains(page.Main(), "lindqvist, from 7:00 am") {
		t.Errorf("the holiday is not shown\n%s", page.Main())
	}
	c.Post("/on-call/uses", url.Values{"uses": {"list"}})
	if planOf(t, p).Uses != oncall.UsesList {
		t.Error("the list does not count")
	}
	c.Post("/on-call/schedules/"+id+"/remove", nil)
	if len(planOf(t, p).Schedules) != 0 {
		t.Error("the schedule was not removed")
	}
}
