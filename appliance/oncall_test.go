package appliance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
)

// daily is a schedule of one layer in which people change at a time of the day,
// from 24 November on.
func daily(owner message.PersonID, at oncall.Clock, people ...message.PersonID) oncall.Schedule {
	return oncall.Schedule{Name: "Practice", Owner: owner, Layers: []oncall.Layer{{Name: "Primary", Rotations: []oncall.Rotation{{
		Name: "Nights", People: people, Every: oncall.Daily, Handover: oncall.Handover{At: at}, Start: oncall.Date{Year: 2026, Month: 10, Day: 31},
	}}}}}
}

func staffed(p *appliancetest.Practice, name, mail string) message.PersonID {
	return p.AddPerson(appliancetest.Login{Name: name, Password: "marble stairs and an open door"}, mail, access.FrontDesk)
}

func TestWhoIsOnCallInTheNightThatTheClockChanges(t *testing.T) {
	p := appliancetest.Start(t)
	ada, bo := staffed(p, "ada", "ada@example.com"), staffed(p, "bo", "bo@example.com")
	saved, err := p.SaveSchedule(t.Context(), "owner", daily(ada, oncall.NewClock(2, 0), ada, bo))
	if err != nil || saved.ID == "" || saved.Layers[0].Rotations[0].ID == "" {
		t.Fatalf("saved as %+v (%v)", saved, err)
	}
	said := func(list []appliance.OnCallNow) (words []string) {
		for _, now := range list {
			one := now.At.Format(time.RFC3339) + " " + now.Offset
			for _, who := range now.People {
				one += " " + who.Name + " " + who.Layer + " " + who.Why + " from " + who.From.Format(time.RFC3339) + " to " + who.To.Format(time.RFC3339)
			}
			words = append(words, one)
		}
		return words
	}
	for _, c := range []struct {
		typed string
		want  []string
		note  string
	}{
		{"2027-03-14 02:30", []string{"2027-03-14T07:30:00Z -04:00 EDT ada Primary daily rotation Nights, handover 2:00 am from 2027-03-14T07:00:00Z to 2027-03-15T06:00:00Z"},
			"2:30 am does not exist on that day: the clock goes from 2:00 am to 3:00 am; moved forward to 3:30 am, -04:00 EDT"},
		{"2026-11-01 01:30", []string{
			"2026-11-01T05:30:00Z -04:00 EDT ada Primary daily rotation Nights, handover 2:00 am from 2026-10-31T06:00:00Z to 2026-11-01T07:00:00Z",
			"2026-11-01T06:30:00Z -05:00 EST ada Primary daily rotation Nights, handover 2:00 am from 2026-10-31T06:00:00Z to 2026-11-01T07:00:00Z"},
			"1:30 am occurs twice on that day, because the clock is put back: once at -04:00 EDT and again at -05:00 EST"},
	} {
		list, err := p.OnCallAt(c.typed)
		if err != nil || !slices.Equal(said(list), c.want) || list[0].Note != c.note {
			t.Errorf("at %s:\n%s\n%s (%v)", c.typed, strings.Join(said(list), "\n"), list[0].Note, err)
		}
	}
	if _, err := p.OnCallAt("half past two"); err == nil {
		t.Error("half past two is read as a time")
	}
}

func TestSomebodyAboutToGoOnCallWithoutAWorkingChannelIsToldBeforeTheShift(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	ada, bo := staffed(p, "ada", "ada@example.com"), staffed(p, "bo", "")
	first := daily(ada, oncall.NewClock(7, 0), bo, ada) // 24 November is the 25th turn, of Bo; Ada has the next
	first.Layers[0].Rotations[0].First = ada
	if _, err := p.SaveSchedule(t.Context(), "owner", first); err != nil {
		t.Fatal(err)
	}
	p.Restart()
	mails := p.Received(t, 1)
	if text := string(mails[0].Data); !slices.Equal(mails[0].To, []string{"ada@example.com"}) || !strings.Contains(text, "On call: ") || !strings.Contains(text, "bo goes on call on") {
		t.Errorf("to %v:\n%s", mails[0].To, text)
	}
}

func TestAnUrgentCallGoesOutByTheWaysThatThePersonChose(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	ada := staffed(p, "ada", "ada@example.com")
	if _, err := p.SaveSchedule(t.Context(), "owner", daily("", 0, ada)); err != nil {
		t.Fatal(err)
	}
	way := oncall.Way{Kind: "mail", Address: "ada.at.home@example.com"}
	if err := p.SetReach(t.Context(), "owner", ada, oncall.Reach{Preferred: "Dr. Ada", Ways: []oncall.Way{way}}); err != nil {
		t.Fatal(err)
	}
	user, _ := p.AddDevice("partner")
	_, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeUrgent, Channel: message.ChannelAPI, Device: message.DeviceID(user), Form: map[string]message.Clear{
		"caller": "Marisol Quintero", "callback": "503 555 0148", "symptoms": "Fever, hard to wake"}})
	if err != nil {
		t.Fatal(err)
	}
	if mails := p.Received(t, 1); !slices.Equal(mails[0].To, []string{way.Address}) {
		t.Errorf("it went to %v", mails[0].To)
	}
	now, err := p.OnCallNow()
	if err != nil || len(now.People) != 1 || now.People[0].Name != "Dr. Ada" {
		t.Errorf("on call is %+v (%v)", now.People, err)
	}
}

func TestTwoPeopleSwapByThemselves(t *testing.T) {
	p := appliancetest.Start(t)
	ada, bo := staffed(p, "ada", "ada@example.com"), staffed(p, "bo", "bo@example.com")
	if _, err := p.SaveSchedule(t.Context(), "owner", daily("", 0, ada, bo)); err != nil {
		t.Fatal(err)
	}
	on := func() string {
		t.Helper()
		list, err := p.OnCallAt("2026-12-01 12:00")
		if err != nil || len(list[0].People) != 1 {
			t.Fatalf("on call is %+v (%v)", list, err)
		}
		return list[0].People[0].Name + ": " + list[0].People[0].Why
	}
	was := on()
	mine, other := bo, ada
	if strings.HasPrefix(was, "ada") {
		mine, other = ada, bo
	}
	from := time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC)
	asked, err := p.AskOverride(t.Context(), string(mine), false, oncall.Override{Kind: oncall.Cover, Replaced: mine, By: other, From: from, To: from.Add(24 * time.Hour)})
	if err != nil || on() != was {
		t.Fatalf("asked: %v, on call is %s", err, on())
	}
	if err := p.ActOnOverride(t.Context(), string(mine), false, asked.ID, oncall.Agree); err == nil {
		t.Error("who asked agreed too")
	}
	if err := p.ActOnOverride(t.Context(), string(other), false, asked.ID, oncall.Agree); err != nil {
		t.Fatal(err)
	}
	if said := on(); said == was || !strings.Contains(said, "cover: ") || !strings.Contains(said, ", asked by ") || !strings.Contains(said, "agreed by ") {
		t.Errorf("on call is %s", said)
	}
	if err := p.ActOnOverride(t.Context(), string(other), false, asked.ID, oncall.Undo); err != nil || on() != was {
		t.Errorf("undone: %v, on call is %s", err, on())
	}
}
