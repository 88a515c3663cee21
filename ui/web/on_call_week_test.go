package web_test

import (
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

// The week of the clock change: nights only, one of them an hour longer, and
// somebody who stands in.
func TestTheWeekShowsWhoIsOnCallAndWhenNobodyIs(t *testing.T) {
	p := appliancetest.Start(t)
	first := p.AddPerson(okafor, "", access.Provider)
	second := p.AddPerson(appliancetest.Login{Name: "lindqvist", Password: "a field of late white clover"}, "", access.Provider)
	nights := oncall.Schedule{ID: "s", Name: "Practice", Layers: []oncall.Layer{{ID: "first", Name: "First", Rotations: []oncall.Rotation{{
		ID: "r", Name: "Nights", People: []message.PersonID{first}, Every: oncall.Weekly,
		Handover: oncall.Handover{At: oncall.NewClock(19, 0), Weekday: time.Monday},
		Start:    oncall.Date{Year: 2026, Month: time.October, Day: 5},
		Windows: []oncall.Window{{From: oncall.NewClock(19, 0), To: oncall.NewClock(7, 0), Days: []time.Weekday{
			time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday, time.Saturday, time.Sunday}}},
	}}}}}
	begin := time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)
	err := p.Store.Update(t.Context(), func(tx *store.Tx) error {
		if err := oncall.SetSchedule(tx, "owner", nights, p.Clock.Now()); err != nil {
			return err
		}
		return oncall.Ask(tx, "owner", oncall.Override{ID: "o", Kind: oncall.Cover, From: begin, To: begin.Add(12 * time.Hour),
			Schedule: "s", Layer: "first", Replaced: first, By: second}, true, p.Clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	c := p.SignIn(t, appliancetest.Admin)
	week := func(of string) string {
		page := c.Get("/on-call?week=" + of)
		table := regexp.MustCompile(`(?s)<table class="week.*?</table>`).FindString(page.Body)
		text := regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(table, " ")
		return strings.Join(strings.Fields(text), " ")
	}
	if got := week("2026-11-24"); !strings.Contains(got, "Tue 24 today Nobody 7:00 am to 7:00 pm okafor until 7:00 am okafor from 7:00 pm") ||
		!strings.Contains(got, "lindqvist from 7:00 pm, for okafor") {
		t.Errorf("the week says\n%s", got)
	}
	if got := week("2026-11-01"); !strings.Contains(got, "Sun 1 the clock changes: 25 h Nobody 7:00 am EST to 7:00 pm EST okafor until 7:00 am EST") {
		t.Errorf("the week of the clock change says\n%s", got)
	}
}
