package protocol_test

import (
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

func TestARuleReadsAsASentence(t *testing.T) {
	p := office()
	p.Teams = []protocol.Team{{ID: "records", Name: "Records"}}
	names := func(id message.PersonID) string {
		if id == "p-okafor" {
			return "Dr. Okafor"
		}
		return ""
	}
	for want, r := range map[string]protocol.Route{
		"Every other call: to everybody.": {},
		"Prescription refill or Billing or insurance by the desk, when it is Lunch: to the team Records, within 4 hours.": {
			When: protocol.Match{Types: []message.CallType{message.TypeRefill, message.TypeBilling}, Channels: []message.Channel{message.ChannelDesk}, Windows: []string{"lunch"}},
			To:   protocol.Target{Team: "records"}, Due: protocol.Duration(4 * time.Hour)},
		"Every call that is same-day or urgent for Okafor, when it is Open, Lunch or gone: to Dr. Okafor, within 2 days.": {
			When: protocol.Match{Urgencies: []message.Urgency{message.SameDay, message.Urgent}, Providers: []string{"Okafor"}, Windows: []string{"open", "lunch", "gone"}},
			To:   protocol.Target{Person: "p-okafor"}, Due: protocol.Duration(48 * time.Hour)},
		"Every call by mail: to whoever is on call, who is rung, within 90 minutes.": {
			When: protocol.Match{Channels: []message.Channel{message.ChannelMail}}, To: protocol.Target{OnCall: true}, Due: protocol.Duration(90 * time.Minute)},
		"Every call by another system: to somebody who is not here any more.": {
			When: protocol.Match{Channels: []message.Channel{message.ChannelAPI}}, To: protocol.Target{Person: "p-gone"}},
	} {
		if got := p.InWords(r, names); got != want {
			t.Errorf("a rule reads %q, not %q", got, want)
		}
	}
}
