package appliance_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// withRoutes publishes a protocol with a rule of every form.
func withRoutes(t *testing.T, p *appliancetest.Practice, doctor message.PersonID) {
	t.Helper()
	err := p.EditProtocol(t.Context(), "owner", 0, func(d *protocol.Protocol) error {
		d.Routes = []protocol.Route{
			{ID: "urgent", When: protocol.Match{Urgencies: []message.Urgency{message.Urgent}}, To: protocol.Target{OnCall: true}},
			{ID: "okafor", When: protocol.Match{Providers: []string{"Dr. Okafor"}, Windows: []string{"open", "lunch"}}, To: protocol.Target{Person: doctor}, Due: protocol.Duration(3 * time.Hour)},
			{ID: "holiday", When: protocol.Match{Windows: []string{"holiday"}, Types: []message.CallType{message.TypeRefill, message.TypeResults}}, To: protocol.Target{OnCall: true}, Due: protocol.Duration(time.Hour)},
			{ID: "lunch", When: protocol.Match{Windows: []string{"lunch"}}, To: protocol.Target{Team: "nurses"}},
			{ID: "machines", When: protocol.Match{Channels: []message.Channel{message.ChannelAPI}}, To: protocol.Target{Team: message.Everybody}, Due: protocol.Duration(2 * time.Hour)},
			{ID: "rest", To: protocol.Target{Team: message.Everybody}},
		}
		d.Teams = []protocol.Team{{ID: "nurses", Name: "Nurses"}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.PublishProtocol(t.Context(), "owner", "", 0); err != nil {
		t.Fatal(err)
	}
}

// taken takes a call now and compares it with what was explained.
func agrees(t interface {
	Helper()
	Errorf(string, ...any)
	Fatalf(string, ...any)
}, p *appliancetest.Practice, ctx testing.TB, s appliance.Supposed) appliance.Explained {
	t.Helper()
	list, err := p.Explain(s)
	if err != nil {
		t.Fatalf("explaining: %v", err)
	}
	said := list[0]
	u, err := message.ParseUrgency(said.Urgency)
	if err != nil {
		t.Fatalf("%v", err)
	}
	taking := intake.Taking{Type: s.Type, Urgency: &u, Channel: s.Channel, Text: "as told on the phone", Device: "d-any"}
	if s.Channel != message.ChannelMail {
		taking.HungUp = true // no more than the provider is filled in
		if s.Provider != "" && s.Type != message.TypeBilling {
			taking.Form = map[string]message.Clear{protocol.FieldProvider: message.Clear(s.Provider)}
		}
	}
	if s.Channel == message.ChannelDesk {
		taking.Device, taking.TypedBy = "", "p-any"
	}
	r, err := p.Intake.Take(ctx.Context(), taking)
	if err != nil {
		t.Fatalf("taking: %v", err)
	}
	var e message.Envelope
	var ringing bool
	if err := p.Store.View(func(tx *store.Tx) (err error) {
		e, _, err = store.GetEnvelope(tx, r.ID)
		_, ringing, _ = p.Bell.Of(tx, r.ID, r.ReceivedAt)
		return err
	}); err != nil {
		t.Fatalf("%v", err)
	}
	if e.Route != said.Rule || e.Team != said.Team || e.OnCall != said.OnCall || (e.Assignee != "") != (said.Person != "") || ringing != said.Rings || e.Protocol != said.Version || !e.Due.Equal(said.Due.Add(e.ReceivedAt.Sub(said.At))) {
		t.Errorf("explained was %+v\nand the message is of rule %s, team %s, assignee %q, on call %v, rings %v, version %d, due %s", said, e.Route, e.Team, e.Assignee, e.OnCall, ringing, e.Protocol, e.Due)
	}
	return said
}

func TestWhatIsExplainedIsWhatHappens(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked, func(o *appliancetest.Options) { o.At = time.Date(2026, 10, 30, 12, 0, 0, 0, time.UTC) })
	doctor, err := p.Access.AddPerson(t.Context(), "owner", access.NewPerson{Name: "okafor", Password: "marble stairs and an open door", Roles: []access.Role{access.Provider}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	teams := []message.TeamID{"nurses"}
	if _, err := p.Access.SetPerson(t.Context(), "owner", doctor.ID, access.Change{Teams: &teams}, nil); err != nil {
		t.Fatal(err)
	}
	withRoutes(t, p, doctor.ID)
	if _, err := p.SaveHoliday(t.Context(), "owner", oncall.Holiday{Name: "Thanksgiving", Date: oncall.Date{Year: 2026, Month: 11, Day: 26}, From: oncall.NewClock(7, 0), People: []message.PersonID{doctor.ID}}); err != nil {
		t.Fatal(err)
	}
	newYork, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	to := func(when string, second bool) {
		at, err := time.ParseInLocation("2006-01-02 15:04", when, newYork)
		if err != nil {
			t.Fatal(err)
		}
		if second {
			at = at.Add(time.Hour)
		}
		p.Advance(at.Sub(p.Clock.Now()))
	}
	types := []message.CallType{message.TypeNew, message.TypeRefill, message.TypeUrgent, message.TypeResults, message.TypeBilling}
	for _, c := range []struct {
		when   string
		second bool
		call   appliance.Supposed
		rule   string
		window string
	}{
		{"2026-10-30 12:30", false, appliance.Supposed{Type: message.TypeBilling, Channel: message.ChannelDesk}, "lunch", "Lunch"},
		{"2026-10-31 23:00", false, appliance.Supposed{Type: message.TypeRefill, Channel: message.ChannelDesk, Provider: "okafor"}, "rest", "After hours"},
		{"2026-11-01 01:30", false, appliance.Supposed{Type: message.TypeUrgent, Channel: message.ChannelMail}, "urgent", "After hours"},
		{"2026-11-01 01:30", true, appliance.Supposed{Type: message.TypeRefill, Channel: message.ChannelAPI}, "machines", "After hours"},
		{"2026-11-03 10:00", false, appliance.Supposed{Type: message.TypeRefill, Channel: message.ChannelDesk, Provider: "Dr. Amara Okafor"}, "okafor", "Open"},
		{"2026-11-26 12:30", false, appliance.Supposed{Type: message.TypeResults, Channel: message.ChannelDesk}, "holiday", "Holiday"},
		{"2027-03-14 01:59", false, appliance.Supposed{Type: message.TypeUrgent, Channel: message.ChannelDesk}, "urgent", "After hours"},
		{"2027-03-14 04:00", false, appliance.Supposed{Type: message.TypeRefill, Channel: message.ChannelAPI, Urgency: "same-day"}, "machines", "After hours"},
		{"2027-03-15 08:00", false, appliance.Supposed{Type: message.TypeNew, Channel: message.ChannelDesk}, "rest", "Flu season, Monday morning"},
		{"2027-03-15 13:30", false, appliance.Supposed{Type: message.TypeNew, Channel: message.ChannelDesk}, "rest", "Open"},
	} {
		to(c.when, c.second)
		said := agrees(t, p, t, c.call)
		if said.Rule != c.rule || said.Window != c.window {
			t.Errorf("%s: by the rule %s, in %s", c.when, said.Rule, said.Window)
		}
		for _, typ := range types[:2] { // and on through the hours in which a clock changes
			p.Advance(25 * time.Minute)
			agrees(t, p, t, appliance.Supposed{Type: typ, Channel: message.ChannelDesk, Urgency: "same-day"})
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		p.Advance(time.Duration(rapid.IntRange(1, 40*60).Draw(r, "minutes")) * time.Minute)
		agrees(r, p, t, appliance.Supposed{
			Type: rapid.SampledFrom(types).Draw(r, "type"), Urgency: rapid.SampledFrom([]string{"", "routine", "same-day", "urgent"}).Draw(r, "urgency"),
			Channel:  rapid.SampledFrom([]message.Channel{message.ChannelDesk, message.ChannelAPI, message.ChannelMail}).Draw(r, "channel"),
			Provider: rapid.SampledFrom([]string{"", "okafor", "Dr. Hale"}).Draw(r, "provider"),
		})
	})
}

func TestACallKeepsTheVersionThatItBeganUnder(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"rosa"}); err != nil {
		t.Fatal(err)
	}
	err := p.EditProtocol(t.Context(), "owner", 0, func(d *protocol.Protocol) error {
		for i := range d.Types {
			d.Types[i].Fields = slices.DeleteFunc(d.Types[i].Fields, func(f protocol.Field) bool { return f.Name == "best_time" })
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.PublishProtocol(t.Context(), "owner", "", 0)
	if err != nil || v.Number != 2 {
		t.Fatalf("version %d was published: %v", v.Number, err)
	}
	form := map[string]message.Clear{"caller": "Ines Holm", "callback": "503 555 0155", "reason": "Records", "best_time": "mornings"}
	call := intake.Taking{Type: message.TypeOther, Form: form, Channel: message.ChannelDesk, TypedBy: "p-any"}
	if _, err := p.Intake.Take(t.Context(), call); err == nil {
		t.Error("a call of now is taken with a field that is not asked any more")
	}
	call.Protocol = 1
	r, err := p.Intake.Take(t.Context(), call)
	if err != nil {
		t.Fatalf("a call that began under the first version is refused: %v", err)
	}
	if e := envelope(t, p, r.ID); e.Protocol != 1 {
		t.Errorf("it names version %d", e.Protocol)
	}
}
