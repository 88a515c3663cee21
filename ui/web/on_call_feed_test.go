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
	"nightbell/appliance/oncall"
)

// shifts puts one person on call for a day, tomorrow and a week later.
func shifts(t *testing.T, p *appliancetest.Practice, who appliancetest.Login) {
	t.Helper()
	id := p.AddPerson(who, who.Name+"@cedar.example", access.Provider)
	first := p.Clock.Now().Add(24 * time.Hour).UTC().Truncate(time.Hour)
	layer := oncall.Layer{Name: "First"}
	for _, from := range []time.Time{first, first.Add(7 * 24 * time.Hour)} {
		layer.Shifts = append(layer.Shifts, oncall.Shift{Person: id, From: oncall.Fixed(from), To: oncall.Fixed(from.Add(12 * time.Hour))})
	}
	if _, err := p.SaveSchedule(t.Context(), "owner", oncall.Schedule{Name: "Practice", Layers: []oncall.Layer{layer}}); err != nil {
		t.Fatal(err)
	}
}

func TestACalendarAddressIsMadeReadAndEnded(t *testing.T) {
	p := appliancetest.Start(t)
	shifts(t, p, okafor)
	c := p.SignIn(t, okafor)
	page := c.Post("/on-call/subscribe", url.Values{"whose": {"own"}})
	path := regexp.MustCompile(`/feed/[a-z2-7]{26}\.ics`).FindString(page.Main())
	if page.Status != http.StatusOK || path == "" {
		t.Fatalf("making an address answers %d:\n%s", page.Status, page.Main())
	}
	list := c.Get("/on-call/subscribe").Main()
	if strings.Contains(list, "/feed/") || !strings.Contains(list, "My shifts") {
		t.Error("the address is shown twice, or is not on the list")
	}
	stranger := p.Client(t)
	file := stranger.Get(path)
	if file.Status != http.StatusOK || !strings.HasPrefix(file.Body, "BEGIN:VCALENDAR") || strings.Count(file.Body, "BEGIN:VEVENT") != 2 {
		t.Errorf("the calendar answers %d:\n%s", file.Status, file.Body)
	}
	if kind, kept := file.Header.Get("Content-Type"), file.Header.Get("Cache-Control"); kind != "text/calendar; charset=utf-8" || kept != "no-store" {
		t.Errorf("the calendar is %q, kept %q", kind, kept)
	}
	if page := p.SignIn(t, appliancetest.Admin).Get("/on-call/subscribe"); strings.Contains(page.Main(), `name="id"`) {
		t.Error("somebody sees another's address")
	}
	_, rest, _ := strings.Cut(list, `name="id" value="`)
	id, _, _ := strings.Cut(rest, `"`)
	p.SignIn(t, appliancetest.Admin).Post("/on-call/subscribe/revoke", url.Values{"id": {id}})
	if file := stranger.Get(path); file.Status != http.StatusOK {
		t.Errorf("somebody ended another's address: %d", file.Status)
	}
	c.Post("/on-call/subscribe/revoke", url.Values{"id": {id}})
	if file := stranger.Get(path); file.Status != http.StatusNotFound || strings.Contains(file.Body, "okafor") {
		t.Errorf("an ended address answers %d", file.Status)
	}
}
