package intake_test

import (
	"testing"
	"time"

	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// routed is an office whose protocol sends refills to a team, Dr. Okafor's calls
// to her and same-day ones to whoever is on call.
func routed(t *testing.T) *office {
	o := open(t)
	p := protocol.BuiltIn()
	p.Version = 7
	p.Routes = []protocol.Route{
		{ID: "okafor", When: protocol.Match{Providers: []string{"Dr. Okafor"}}, To: protocol.Target{Person: "p-okafor"}},
		{ID: "refills", When: protocol.Match{Types: []message.CallType{message.TypeRefill}}, To: protocol.Target{Team: "pharmacy"}, Due: protocol.Duration(2 * time.Hour)},
		{ID: "today", When: protocol.Match{Urgencies: []message.Urgency{message.SameDay}}, To: protocol.Target{OnCall: true}},
		{ID: "rest", To: protocol.Target{Team: message.Everybody}},
	}
	o.intake = intake.New(intake.Options{
		Store: o.store, Vault: o.vault, Bell: o.bell, Clock: o.clock,
		Rules: func(*store.Tx, int) (protocol.Protocol, protocol.Calendar, error) {
			return p, protocol.Calendar{Zone: time.UTC}, nil
		},
	})
	return o
}

func TestAMessageGoesByTheProtocolsRoutes(t *testing.T) {
	o := routed(t)
	toOkafor := refill()
	toOkafor.Form["provider"] = "okafor"
	today := message.SameDay
	sameDay := intake.Taking{Type: message.TypeOther, Urgency: &today, Channel: message.ChannelMail, Device: "d-pbx", Text: "please call"}
	for name, one := range map[string]struct {
		in   intake.Taking
		want message.Envelope
	}{
		"by its type":     {refill(), message.Envelope{Route: "refills", Team: "pharmacy", Due: night.Add(2 * time.Hour)}},
		"by the provider": {toOkafor, message.Envelope{Route: "okafor", Team: message.Everybody, Assignee: "p-okafor", Due: night.Add(24 * time.Hour)}},
		"by its urgency":  {sameDay, message.Envelope{Route: "today", Team: message.Everybody, OnCall: true, Due: night.Add(4 * time.Hour)}},
	} {
		e := o.envelope(t, o.take(t, one.in).ID)
		if e.Route != one.want.Route || e.Team != one.want.Team || e.Assignee != one.want.Assignee || e.OnCall != one.want.OnCall || !e.Due.Equal(one.want.Due) || e.Protocol != 7 {
			t.Errorf("%s: %+v", name, e)
		}
	}
}

// nobody is a practice whose people all left.
type nobody struct{}

func (nobody) Works(*store.Tx, message.PersonID) bool { return false }
func (nobody) Staffed(*store.Tx, message.TeamID) bool { return false }

func TestAMessageForSomebodyWhoLeftIsEverybodys(t *testing.T) {
	o := open(t)
	p := protocol.BuiltIn()
	p.Routes = []protocol.Route{{ID: "rest", To: protocol.Target{Team: "gone", Person: "p-gone"}}}
	o.intake = intake.New(intake.Options{
		Store: o.store, Vault: o.vault, Bell: o.bell, Clock: o.clock,
		Rules: func(*store.Tx, int) (protocol.Protocol, protocol.Calendar, error) {
			return p, protocol.Calendar{Zone: time.UTC}, nil
		},
		Staff: nobody{},
	})
	if e := o.envelope(t, o.take(t, refill()).ID); e.Assignee != "" || e.Team != message.Everybody {
		t.Errorf("it is %q's, of the team %s", e.Assignee, e.Team)
	}
}
