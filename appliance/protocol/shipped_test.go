package protocol_test

import (
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// everybodyHere is a practice in which everybody works and every policy rings.
type everybodyHere struct{}

func (everybodyHere) Works(message.PersonID) bool                  { return true }
func (everybodyHere) Staffed(message.TeamID) bool                  { return true }
func (everybodyHere) Rings(message.CallType, message.Urgency) bool { return true }

func TestEveryShippedProtocolCouldBePublishedAtOnce(t *testing.T) {
	for _, name := range protocol.ShippedNames() {
		p, err := protocol.Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range p.Check(everybodyHere{}, time.Now()) {
			t.Errorf("%s: %s: %s", name, f.Path, f.Words)
		}
		if len(p.Sources) < 3 || len(p.RedFlags) < 15 {
			t.Errorf("%s names %d sources and has %d red flags", name, len(p.Sources), len(p.RedFlags))
		}
	}
}

// What a practice never needs is asked nowhere, and said to be left out with why.
func TestShippedProtocolsAskForTheMinimum(t *testing.T) {
	for _, name := range protocol.ShippedNames() {
		p, err := protocol.Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range p.Types {
			for _, f := range typ.Asked() {
				words := strings.ToLower(f.Name + " " + f.Label)
				for _, no := range []string{"social", "ssn", "card", "member", "address"} {
					if strings.Contains(words, no) {
						t.Errorf("%s: %s asks for %s", name, typ.ID, f.Name)
					}
				}
			}
			if !strings.Contains(typ.LeaveOut(), "Social Security number") {
				t.Errorf("%s: %s does not say to leave the Social Security number out", name, typ.ID)
			}
			for _, f := range typ.Fields {
				if f.Ask == protocol.Never && f.Why == "" {
					t.Errorf("%s: %s does not say why %s is never asked", name, typ.ID, f.Name)
				}
			}
		}
	}
}

// The emergency sentence stands in each script that a patient may come to.
func TestShippedScriptsHaveTheEmergencySentence(t *testing.T) {
	for _, name := range protocol.ShippedNames() {
		p, err := protocol.Shipped(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, typ := range p.Types {
			there := false
			for _, s := range typ.Script {
				there = there || s.Kind == protocol.Emergency && strings.Contains(s.Say, "911")
			}
			if !there && typ.ID != message.TypeWrong {
				t.Errorf("%s: %s never says to hang up and dial 911", name, typ.ID)
			}
		}
	}
}
