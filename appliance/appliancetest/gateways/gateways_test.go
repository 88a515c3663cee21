// Package gateways_test rings people by the practice's own SMS and voice gateway,
// from an urgent call to their answer, with a server that speaks the gateway's
// real API.
package gateways_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/gatewaytest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

var (
	okafor = appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"}
	lind   = appliancetest.Login{Name: "lind", Password: "seven boats on a northern lake"}
)

const (
	okaforPhone = "+12125550143"
	lindPhone   = "+12125550144"
)

// office is a practice with a gateway, and two people who are reached by it alone.
type office struct {
	*appliancetest.Practice
	gateway *gatewaytest.Gateway
	okafor  message.PersonID
	lind    message.PersonID
}

func open(t *testing.T, provider string, kind notify.Kind) *office {
	t.Helper()
	p := appliancetest.Start(t, appliancetest.Locked)
	g, ca := gatewaytest.Start(t, provider, p.Clock.Now)
	values := g.Settings()
	values[settings.ChannelsCA], values[settings.BellStep] = ca, "1h"
	err := p.SetSettings(t.Context(), "owner", values)
	if err == nil {
		err = p.SetSecretFile(t.Context(), "owner", settings.GatewaySecretFile, "", gatewaytest.Secret)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := &office{Practice: p, gateway: g, okafor: p.AddPerson(okafor, "", access.Provider), lind: p.AddPerson(lind, "", access.Provider)}
	o.reach(t, o.okafor, kind, "(212) 555-0143")
	o.reach(t, o.lind, kind, lindPhone)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor", "lind"}); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) reach(t *testing.T, who message.PersonID, kind notify.Kind, number string) {
	t.Helper()
	r := oncall.Reach{Ways: []oncall.Way{{Kind: string(kind), Address: number}}}
	if err := o.SetReach(t.Context(), "owner", who, r); err != nil {
		t.Fatal(err)
	}
}

// urgentCall takes an urgent call by the API and answers its id.
func (o *office) urgentCall(t *testing.T) message.ID {
	t.Helper()
	_, bearer := o.AddDevice("partner")
	answer := o.PostMessage(t, bearer, "", map[string]any{"call_type": "urgent", "form": map[string]string{
		"caller": "Marisol Quintero", "callback": "503 555 0148", "symptoms": "Fever, hard to wake"}})
	var taken struct{ ID message.ID }
	if err := json.Unmarshal([]byte(answer.Body), &taken); err != nil || answer.Status != http.StatusCreated {
		t.Fatalf("the API answered %d %s", answer.Status, answer.Body)
	}
	return taken.ID
}

// envelope answers how a message stands.
func (o *office) envelope(t *testing.T, id message.ID) message.Envelope {
	t.Helper()
	all, err := o.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(e message.Envelope) bool { return e.ID == id })
	if i < 0 {
		t.Fatalf("message %s is gone", id)
	}
	return all[i]
}

// hears lets time go on, a few seconds at once, until something came of what the
// gateway was asked. A bell's step is an hour: none comes due meanwhile.
func (o *office) hears(t *testing.T, what string, yes func() bool) {
	t.Helper()
	for range 600 {
		if yes() {
			return
		}
		before := o.gateway.Asked()
		o.Advance(5 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond) // it may not have waited yet
		o.gateway.AskedMore(ctx, before)
		cancel()
	}
	t.Fatalf("in an hour it did not come: %s\n%s", what, o.Logs.Bytes())
}

// asked lets the gateway be asked a few times more.
func (o *office) asked(t *testing.T) {
	t.Helper()
	enough := o.gateway.Asked() + 5
	o.hears(t, "the gateway is asked", func() bool { return o.gateway.Asked() >= enough })
}

// code is the code in a text.
func code(t *testing.T, p gatewaytest.Page) string {
	t.Helper()
	_, rest, found := strings.Cut(p.Text, "Reply 1 ")
	if !found || len(rest) < 6 {
		t.Fatalf("%q says no code", p.Text)
	}
	return rest[:6]
}

func TestATextIsTakenByAReplyFromThatPhoneAlone(t *testing.T) {
	for _, provider := range gatewaytest.Providers {
		t.Run(provider, func(t *testing.T) {
			o := open(t, provider, notify.KindSMS)
			id := o.urgentCall(t)
			sent := o.gateway.Taken(t, 1)
			if sent.To != okaforPhone {
				t.Fatalf("the text went to %s", sent.To)
			}
			o.gateway.Reply(lindPhone, "1 "+code(t, sent))                 // of the practice, but not whom it was sent to
			o.gateway.Reply("+12125550177", "1 "+code(t, sent))            // a stranger who read it over a shoulder
			o.gateway.Reply(okaforPhone, "1")                              // of which call?
			o.gateway.Reply(okaforPhone, "I am driving. 1 "+code(t, sent)) // a phone that answers by itself, and quotes
			o.asked(t)
			if e := o.envelope(t, id); e.Status != message.New {
				t.Fatalf("it is %s by a reply that counts for nothing", e.Status)
			}
			o.gateway.Reply(okaforPhone, "1 "+code(t, sent))
			o.hears(t, "it is taken", func() bool { return o.envelope(t, id).Status == message.Taken })
			if e := o.envelope(t, id); e.Assignee != o.okafor {
				t.Errorf("it was taken by %s", e.Assignee)
			}
			o.tellsNothing(t, code(t, sent))
		})
	}
}

func TestWhoCannotTakeItPassesItOnAtOnce(t *testing.T) {
	o := open(t, "twilio", notify.KindSMS)
	o.urgentCall(t)
	first := o.gateway.Taken(t, 1)
	o.gateway.Reply(okaforPhone, "2 "+code(t, first))
	o.hears(t, "the next one is texted", func() bool { return len(o.gateway.Pages()) == 2 })
	if next := o.gateway.Taken(t, 2); next.To != lindPhone || code(t, next) == code(t, first) {
		t.Errorf("it went to %s", next.To)
	}
}

func TestACallThatWentToVoicemailRingsOn(t *testing.T) {
	for _, provider := range []string{"twilio", "clicksend"} {
		t.Run(provider, func(t *testing.T) {
			o := open(t, provider, notify.KindVoice)
			id := o.urgentCall(t)
			first := o.gateway.Taken(t, 1)
			o.gateway.Becomes(first.Ref, gatewaytest.Voicemail)
			o.asked(t)
			if e := o.envelope(t, id); e.Status != message.New {
				t.Fatalf("a voicemail made it %s", e.Status)
			}
			o.Advance(time.Hour)
			second := o.gateway.Taken(t, 2)
			if second.To != lindPhone {
				t.Fatalf("next it called %s", second.To)
			}
			o.gateway.Press(second.Ref, "1")
			o.hears(t, "it is taken", func() bool { return o.envelope(t, id).Status == message.Taken })
			if e := o.envelope(t, id); e.Assignee != o.lind {
				t.Errorf("it was taken by %s", e.Assignee)
			}
			o.tellsNothing(t, "")
		})
	}
}

func TestATestNoticeThatIsAnsweredConfirmsThePhone(t *testing.T) {
	o := open(t, "clicksend", notify.KindVoice)
	confirmed := func() bool {
		var r oncall.Reach
		_ = o.Store.View(func(tx *store.Tx) (err error) { r, err = oncall.ReachOf(tx, o.okafor); return err })
		return len(r.Ways) == 1 && !r.Ways[0].ConfirmedAt.IsZero()
	}
	if err := o.TestNotice(t.Context(), "owner", o.okafor, notify.Way{Kind: notify.KindVoice, To: okaforPhone}); err != nil {
		t.Fatal(err)
	}
	call := o.gateway.Taken(t, 1)
	o.asked(t)
	if confirmed() {
		t.Fatal("a call that nobody answered confirmed the phone")
	}
	o.gateway.Press(call.Ref, "1")
	o.hears(t, "the phone is confirmed", confirmed)
}

// tellsNothing looks for what must be nowhere outside of the store.
func (o *office) tellsNothing(t *testing.T, code string) {
	t.Helper()
	logs := o.Logs.Bytes()
	for what, text := range map[string]string{
		"the secret of the account": gatewaytest.Secret, "a number": okaforPhone[1:], "another number": lindPhone[1:], "a code": code, "a patient": "Quintero",
	} {
		if text != "" && bytes.Contains(logs, []byte(text)) {
			t.Errorf("%s stands in the log", what)
		}
	}
	for _, u := range o.gateway.URLs() {
		if strings.Contains(u, "secret") {
			t.Errorf("the secret stands in an address: %s", u)
		}
	}
	for _, p := range o.gateway.Pages() {
		for _, canary := range []string{"Marisol", "Quintero", "0148", "Fever"} {
			if strings.Contains(p.Text, canary) {
				t.Errorf("the gateway was told %q", canary)
			}
		}
	}
}

func TestAPhoneNumberThatIsNoneIsRefusedWhenItIsEntered(t *testing.T) {
	o := open(t, "twilio", notify.KindSMS)
	for _, typed := range []string{"555-0143", "911", "ask the desk", "okafor@example.com"} {
		err := o.SetReach(t.Context(), "owner", o.okafor, oncall.Reach{Ways: []oncall.Way{{Kind: string(notify.KindSMS), Address: typed}}})
		var advice *appliance.Advice
		if !errors.As(err, &advice) || strings.Contains(err.Error(), typed) {
			t.Errorf("%q: %v", typed, err)
		}
	}
}

func TestTheGatewaysSecretIsGivenToNoOtherServer(t *testing.T) {
	o := open(t, "twilio", notify.KindSMS)
	elsewhere, _ := gatewaytest.Start(t, "twilio", o.Clock.Now)
	if err := o.SetSetting(t.Context(), "owner", settings.GatewayURL, o.gateway.URL); err != nil {
		t.Fatal(err)
	}
	o.urgentCall(t)
	o.gateway.Taken(t, 1) // nothing changed: it still goes out
	if err := o.SetSetting(t.Context(), "owner", settings.GatewayURL, elsewhere.URL); err != nil {
		t.Fatal(err)
	}
	err := o.TestNotice(t.Context(), "owner", o.okafor, notify.Way{Kind: notify.KindSMS, To: okaforPhone})
	if err == nil || !strings.Contains(err.Error(), "gateway.secret-file") {
		t.Errorf("a test is %v", err)
	}
	o.Advance(time.Minute)
	if n := elsewhere.Asked(); n != 0 {
		t.Errorf("the other server was asked %d times", n)
	}
}
