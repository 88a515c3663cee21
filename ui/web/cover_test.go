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
	"nightbell/appliance/store"
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
	form := url.Values{"kind": {"cover"}, "from": {"2026-11-28T07:00"}, "to": {"2026-11-29T07:00"}, "replaced": {string(first)}, "by": {string(second)}}
	others := url.Values{"kind": {"cover"}, "from": form["from"], "to": form["to"], "replaced": {string(first)}, "by": {string(second)}, "layer": {""}}
	others.Set("by", string(first))
	if page := asks.Post("/on-call/cover", others); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `value="2026-11-28T07:00"`) {
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
	waits := answers.Get("/on-call/mine")
	action := regexp.MustCompile(`action="(/on-call/cover/[^"]+)"`).FindStringSubmatch(waits.Body)
	if action == nil || !strings.Contains(waits.Main(), "lindqvist stands in for okafor") {
		t.Fatalf("whoever is asked does not see it\n%s", waits.Main())
	}
	answers.Post(action[1], url.Values{"act": {"agree"}})
	if saturday() != string(second) {
		t.Error("what was agreed does not count")
	}
	if page := asks.Get("/on-call/mine"); !strings.Contains(page.Main(), "lindqvist agreed") {
		t.Errorf("whoever asked does not see the answer\n%s", page.Main())
	}
	asks.Post(action[1], url.Values{"act": {"undo"}})
	if saturday() != string(first) {
		t.Error("what was undone counts")
	}
	if page := answers.Post(action[1], url.Values{"act": {"agree"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("agreeing to what was undone answers %d", page.Status)
	}
}

func TestMyWaysAreOrderedTestedAndKept(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	doctor := p.AddPerson(okafor, "okafor@cedar.example", access.Provider)
	c := p.SignIn(t, okafor)
	page := c.Get("/on-call/mine")
	if !strings.Contains(page.Main(), "okafor@cedar.example") || !strings.Contains(page.Main(), "from your account") {
		t.Fatalf("the account's address is not shown\n%s", page.Main())
	}
	if page := c.Post("/on-call/mine/test", url.Values{"n": {"0"}}); page.Status != http.StatusOK || !strings.Contains(page.Body, "A test notice is on its way.") {
		t.Fatalf("testing answers %d\n%s", page.Status, page.Main())
	}
	if _, err := p.Smarthost.Wait(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if page := c.Post("/on-call/mine", url.Values{"kind": {"sms"}, "to": {"12"}, "do": {"save"}}); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, `value="12"`) {
		t.Errorf("what is no number answers %d, or is lost", page.Status)
	}
	c.Post("/on-call/mine", url.Values{"kind": {"mail", "sms"}, "to": {"okafor@home.example", "212 555 0142"}, "preferred": {"Dr. Ngozi"}, "do": {"up 2"},
		"quiet.windows": {"1"}, "quiet.w1.days": {"1", "2"}, "quiet.w1.from": {"22:00"}, "quiet.w1.to": {"06:00"}})
	var reach oncall.Reach
	if err := p.Store.View(func(tx *store.Tx) (err error) { reach, err = oncall.ReachOf(tx, doctor); return err }); err != nil {
		t.Fatal(err)
	}
	if len(reach.Ways) != 2 || reach.Ways[0].Kind != "sms" || reach.Preferred != "Dr. Ngozi" || len(reach.Quiet) != 1 {
		t.Errorf("kept is %+v", reach)
	}
	if page := c.Post("/on-call/mine/test", url.Values{"n": {"9"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("testing a way that is not there answers %d", page.Status)
	}
}
