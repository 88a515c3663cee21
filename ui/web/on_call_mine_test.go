package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func TestMyOnCallShowsMyNextShifts(t *testing.T) {
	p := appliancetest.Start(t)
	shifts(t, p, okafor)
	p.AddPerson(lindqvist, "", access.Provider)
	main := p.SignIn(t, okafor).Get("/on-call/mine").Main()
	if strings.Count(main, `class="chip">First<`) != 2 {
		t.Errorf("it does not show both shifts:\n%s", main)
	}
	if main := p.SignIn(t, lindqvist).Get("/on-call/mine").Main(); !strings.Contains(main, "None in the next eight weeks") {
		t.Error("somebody without a shift is not told so")
	}
}

func TestMyOnCallBeforeThereAreSchedules(t *testing.T) {
	p := ring(t)
	if main := p.SignIn(t, lindqvist).Get("/on-call/mine").Main(); !strings.Contains(main, "You are number 2 on the list") {
		t.Errorf("it does not say the place on the list:\n%s", main)
	}
	if main := p.rosa.Get("/on-call/mine").Main(); !strings.Contains(main, "You are not on the list") {
		t.Error("it does not say who is not on the list")
	}
}

func TestWaysAreAddedOrderedTestedAndTakenOut(t *testing.T) {
	p := ring(t)
	c := p.SignIn(t, okafor)
	post := func(to string, form url.Values) appliancetest.Page { return c.Post("/on-call/mine/"+to, form) }
	ways := func() (list []string) {
		err := p.Store.View(func(tx *store.Tx) error {
			r, err := oncall.ReachOf(tx, p.okafor)
			for _, w := range r.Ways {
				list = append(list, w.Kind+" "+w.Address)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	phone := url.Values{"kind": {"sms"}, "address": {"+15035550148"}, "move": {"in"}}
	if page := post("ways", phone); !strings.Contains(page.Main(), "Saved.") || !strings.Contains(page.Main(), "no test was answered yet") {
		t.Fatalf("adding a way answers %d:\n%s", page.Status, page.Main())
	}
	phone.Set("move", "up")
	post("ways", phone)
	if got := strings.Join(ways(), ", "); got != "sms +15035550148, mail okafor@cedar.example" {
		t.Errorf("the order is %s", got)
	}
	mail := url.Values{"kind": {"mail"}, "address": {"okafor@cedar.example"}}
	if page := post("test", mail); page.Status != http.StatusOK || !strings.Contains(page.Main(), "A test notice is on its way") || !strings.Contains(page.Main(), "waits for your answer") {
		t.Errorf("a test answers %d:\n%s", page.Status, page.Main())
	}
	p.Received(t, 2)
	if page := post("test", phone); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "set the channel up") && !strings.Contains(page.Main(), "Set the channel up") {
		t.Errorf("a test by what is not set up answers %d:\n%s", page.Status, page.Main())
	}
	if page := post("test", url.Values{"kind": {"mail"}, "address": {"lindqvist@cedar.example"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a test to somebody else answers %d", page.Status)
	}
	if page := post("ways", url.Values{"kind": {"sms"}, "address": {"my phone"}, "move": {"in"}}); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), "not a phone number") {
		t.Errorf("a number that is none answers %d", page.Status)
	}
	if page := post("ways", url.Values{"kind": {"pigeon"}, "address": {"Bo"}, "move": {"in"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a way of no channel answers %d", page.Status)
	}
	phone.Set("move", "out")
	post("ways", phone)
	if got := strings.Join(ways(), ", "); got != "mail okafor@cedar.example" {
		t.Errorf("what is left is %s", got)
	}
}

func TestNamesAndQuietHoursAreOnesOwn(t *testing.T) {
	p := ring(t)
	c := p.SignIn(t, okafor)
	c.Post("/on-call/mine/names", url.Values{"preferred": {"Ada"}, "pronunciation": {"AY-da"}})
	page := c.Post("/on-call/mine/quiet", url.Values{"from": {"21:00"}, "to": {"06:30"}, "day": {"1", "2"}})
	for _, want := range []string{`value="Ada"`, `value="AY-da"`, "9:00 pm to 6:30 am", "Mon, Tue"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("it does not show %s", want)
		}
	}
	if page := c.Post("/on-call/mine/quiet", url.Values{"from": {"late"}, "to": {"06:30"}, "day": {"1"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("a time that is none answers %d", page.Status)
	}
	if page := c.Post("/on-call/mine/quiet", url.Values{"out": {"0"}}); strings.Contains(page.Main(), "9:00 pm") {
		t.Error("the quiet hours stay")
	}
	if main := p.SignIn(t, lindqvist).Get("/on-call/mine").Main(); strings.Contains(main, "AY-da") {
		t.Error("somebody sees another's")
	}
}

func TestASwapIsAnsweredByTheTwoAlone(t *testing.T) {
	p := ring(t)
	p.AddPerson(appliancetest.Login{Name: "beck", Password: "nine kettles on the blue shelf"}, "", access.Provider)
	from := p.Clock.Now().Add(24 * time.Hour)
	asked, err := p.AskOverride(t.Context(), string(p.okafor), false, oncall.Override{Kind: oncall.Cover, From: from, To: from.Add(12 * time.Hour), Replaced: p.okafor, By: p.lindqvist})
	if err != nil {
		t.Fatal(err)
	}
	do := func(c *appliancetest.Client, act string) appliancetest.Page {
		return c.Post("/on-call/mine/exception", url.Values{"id": {asked.ID}, "act": {act}})
	}
	his, hers := p.SignIn(t, okafor), p.SignIn(t, lindqvist)
	stranger := p.SignIn(t, appliancetest.Login{Name: "beck", Password: "nine kettles on the blue shelf"})
	if main := hers.Get("/on-call/mine").Main(); !strings.Contains(main, "lindqvist stands in for okafor") || !strings.Contains(main, `value="agree"`) {
		t.Errorf("what waits for an answer is not shown:\n%s", main)
	}
	if main := his.Get("/on-call/mine").Main(); strings.Contains(main, `value="agree"`) {
		t.Error("whoever asked is asked")
	}
	if strings.Contains(stranger.Get("/on-call/mine").Main(), "stands in") || do(stranger, "agree").Status != http.StatusUnprocessableEntity {
		t.Error("somebody else sees it, or answers it")
	}
	if page := do(hers, "agree"); !strings.Contains(page.Main(), "agreed") || !strings.Contains(page.Main(), `value="undo"`) {
		t.Errorf("agreeing answers %d:\n%s", page.Status, page.Main())
	}
	if page := do(his, "undo"); strings.Contains(page.Main(), "stands in") {
		t.Error("it stands after it was undone")
	}
	if page := do(hers, "agree"); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("agreeing to what was undone answers %d", page.Status)
	}
}
