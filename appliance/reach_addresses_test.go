package appliance_test

import (
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
)

func TestAnAddressThatCouldCarryMoreIsRefused(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := doctor(t, p)
	for _, bad := range []oncall.Way{
		{Kind: "mail", Address: "okafor@example.com\r\nBcc: elsewhere@example.com"},
		{Kind: "mail", Address: "Dr. Okafor <okafor@example.com>"},
		{Kind: "mail", Address: "okafor"},
		{Kind: "ntfy", Address: "../admin"},
		{Kind: "ntfy", Address: "okafor?x=1"},
		{Kind: "ntfy", Address: strings.Repeat("o", 65)},
		{Kind: "sms", Address: "call me"},
		{Kind: "webhook", Address: "okafor\n"},
	} {
		if err := p.SetReach(t.Context(), "test", who, oncall.Reach{Ways: []oncall.Way{bad}}); err == nil {
			t.Errorf("%s %q is kept", bad.Kind, bad.Address)
		}
	}
	good := []oncall.Way{{Kind: "mail", Address: "okafor@example.com"}, {Kind: "ntfy", Address: "okafor_k7-fm"}, {Kind: "sms", Address: "(503) 555-0123"}, {Kind: "webhook", Address: "Dr. Okafor"}}
	if err := p.SetReach(t.Context(), "test", who, oncall.Reach{Ways: good}); err != nil {
		t.Error(err)
	}
}
