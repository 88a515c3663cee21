package notify_test

import (
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/notify/gatewaytest"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"

	"time"
)

func TestPhonesAreChannels(t *testing.T) {
	for _, g := range []notify.Gateway{notify.NewSMS(), notify.NewVoice()} {
		t.Run(string(g.Kind()), func(t *testing.T) {
			channeltest.Run(t, channeltest.Subject{
				New: func(t *testing.T, s *store.Store) notify.Channel {
					set := func(key settings.Key, value string) {
						if err := s.Update(t.Context(), func(tx *store.Tx) error { return settings.Set(tx, key, value) }); err != nil {
							t.Fatal(err)
						}
					}
					set(settings.GatewayPreset, "clicksend")
					set(settings.GatewayAccount, "frontdesk")
					set(settings.GatewayFrom, gatewaytest.From)
					return notify.NewOutbox(notify.OutboxOptions{Store: s, Gateways: []notify.Gateway{g}, Secret: secret}).Channel(g.Kind(), speech(time.UTC))
				},
				To: okafor(),
				Waiting: func(tx *store.Tx) (ids []message.ID, err error) {
					for _, p := range notify.Pages(tx) {
						ids = append(ids, p.Message)
					}
					return ids, nil
				},
			})
		})
	}
}

func TestATextGoesOutByEveryGateway(t *testing.T) {
	eachProvider(t, notify.KindSMS, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		p.ring(notify.KindSMS, 1, 1)
		p.until("handed over", func() bool { return slices.Equal(p.outcomes(), []string{"delivered sms"}) })
		sent := g.Taken(t, 1)
		if sent.Kind != notify.KindSMS || sent.To != okaforPhone || sent.From != gatewaytest.From {
			t.Errorf("a %s went from %s to %s", sent.Kind, sent.From, sent.To)
		}
		for _, want := range []string{"N-1042", "Reply 1 " + code(1) + " to take N-1042, 2 " + code(1) + " if you cannot."} {
			if !strings.Contains(sent.Text, want) {
				t.Errorf("%q does not say %q", sent.Text, want)
			}
		}
		if len(sent.Text) > 160 {
			t.Errorf("%q needs more than one text", sent.Text)
		}
		noSecretIn(t, g)
	})
}

func TestACallSaysEverythingTwice(t *testing.T) {
	eachProvider(t, notify.KindVoice, func(t *testing.T, p *practice, g *gatewaytest.Gateway) {
		p.ring(notify.KindVoice, 1, 1)
		p.until("handed over", func() bool { return slices.Equal(p.outcomes(), []string{"delivered voice"}) })
		sent := g.Taken(t, 1)
		if sent.Kind != notify.KindVoice || sent.To != okaforPhone {
			t.Errorf("a %s went to %s", sent.Kind, sent.To)
		}
		for _, want := range []string{"N, 1, 0, 4, 2", "Press 1 to take it. Press 2 if you cannot."} {
			if strings.Count(sent.Text, want) != 2 {
				t.Errorf("%q does not say %q twice", sent.Text, want)
			}
		}
		noSecretIn(t, g)
	})
}

func noSecretIn(t *testing.T, g *gatewaytest.Gateway) {
	t.Helper()
	for _, u := range g.URLs() {
		if strings.Contains(u, "secret") {
			t.Errorf("the secret of the account stands in %s", u)
		}
	}
}

// answered is what a gateway can answer to a page, and what that means.
type answered struct {
	name   string
	status int
	header map[string]string
	body   string

	heard   string // "delivered", or "failed"
	refused bool   // another try would not help
	address bool   // the number is at fault, not the channel
	why     string // a part of what is said
}

func TestWhatGatewaysAnswer(t *testing.T) {
	everywhere := []answered{
		{name: "busy for a while", status: 429, header: map[string]string{"Retry-After": "7"}, heard: "failed", why: "429"},
		{name: "broken", status: 500, heard: "failed", why: "500"},
		{name: "in between", status: 503, body: "<html>", heard: "failed", why: "503"},
		{name: "not our sign-in", status: 401, body: `{}`, heard: "failed", refused: true, why: "refused the sign-in (401)"},
		{name: "moved", status: 302, header: map[string]string{"Location": "https://elsewhere.example.com"}, heard: "failed", refused: true, why: "another address"},
		{name: "hung up in the middle", status: 0, heard: "failed", why: "went away"},
	}
	own := map[string][]answered{
		"twilio": {
			{name: "no such number", status: 400, body: `{"code": 21211, "message": "+12125550143 is not valid", "status": 400}`, heard: "failed", refused: true, address: true, why: "nobody can be reached"},
			{name: "opted out", status: 400, body: `{"code": 21610, "status": 400}`, heard: "failed", refused: true, address: true, why: "STOP"},
			{name: "a landline", status: 400, body: `{"code": 21614, "status": 400}`, heard: "failed", refused: true, address: true, why: "nobody can be reached"},
			{name: "a trial account", status: 400, body: `{"code": 21608, "status": 400}`, heard: "failed", refused: true, address: true, why: "trial"},
			{name: "not our number", status: 400, body: `{"code": 21606, "status": 400}`, heard: "failed", refused: true, why: "gateway.from"},
			{name: "a country that is closed", status: 400, body: `{"code": 21408, "status": 400}`, heard: "failed", refused: true, why: "country"},
			{name: "throttled by its own code", status: 429, body: `{"code": 20429, "status": 429}`, heard: "failed", why: "429"},
			{name: "made and failed at once", status: 201, body: `{"sid": "SM1", "status": "failed", "error_code": 30034}`, heard: "failed", refused: true, address: true, why: "10DLC"},
			{name: "queued", status: 201, body: `{"sid": "SM1", "status": "queued", "error_code": null}`, heard: "delivered"},
			{name: "taken, in words that cannot be read", status: 201, body: `<ok>`, heard: "delivered"},
		},
		"vonage": {
			{name: "200 and throttled", status: 200, body: `{"message-count":"1","messages":[{"status":"1","error-text":"Throughput Rate Exceeded"}]}`, heard: "failed", why: "could not take it now"},
			{name: "200 and a wrong secret", status: 200, body: `{"message-count":"1","messages":[{"status":"4","error-text":"Bad Credentials"}]}`, heard: "failed", refused: true, why: "sign-in"},
			{name: "200 and no such number", status: 200, body: `{"message-count":"1","messages":[{"status":"6","error-text":"+12125550143"}]}`, heard: "failed", refused: true, address: true, why: "nobody can be reached"},
			{name: "200 and no credit", status: 200, body: `{"message-count":"1","messages":[{"status":"9"}]}`, heard: "failed", why: "no credit"},
			{name: "200 and a code of tomorrow", status: 200, body: `{"message-count":"1","messages":[{"status":"77"}]}`, heard: "failed", refused: true, why: "code 77"},
			{name: "200 and half a text", status: 200, body: `{"message-count":"2","messages":[{"status":"0","message-id":"a"},{"status":"5"}]}`, heard: "failed", why: "could not take it now"},
			{name: "200 and nothing", status: 200, body: `{"message-count":"0","messages":[]}`, heard: "failed", why: "not known here"},
			{name: "200 and a login page", status: 200, body: `<html>Sign in</html>`, heard: "failed", why: "not known here"},
			{name: "taken", status: 200, body: `{"message-count":"1","messages":[{"status":"0","message-id":"a"}]}`, heard: "delivered"},
		},
		"telnyx": {
			{name: "no such number", status: 422, body: `{"errors":[{"code":"40310","detail":"+12125550143"}]}`, heard: "failed", refused: true, address: true, why: "nobody can be reached"},
			{name: "opted out", status: 403, body: `{"errors":[{"code":"40300"}]}`, heard: "failed", refused: true, address: true, why: "STOP"},
			{name: "not our number", status: 422, body: `{"errors":[{"code":"40305"}]}`, heard: "failed", refused: true, why: "gateway.from"},
			{name: "another error", status: 400, body: `{"errors":[{"code":"99999"}]}`, heard: "failed", refused: true, address: true, why: "400"},
			{name: "failed at once", status: 200, body: `{"data":{"id":"a","to":[{"status":"sending_failed"}]}}`, heard: "failed", refused: true, address: true, why: "could not bring it"},
			{name: "queued", status: 200, body: `{"data":{"id":"a","to":[{"status":"queued"}]}}`, heard: "delivered"},
		},
		"clicksend": {
			{name: "200 and no such number", status: 200, body: `{"response_code":"SUCCESS","data":{"messages":[{"status":"INVALID_RECIPIENT","to":"+12125550143"}]}}`, heard: "failed", refused: true, address: true, why: "nobody can be reached"},
			{name: "200 and no credit", status: 200, body: `{"response_code":"SUCCESS","data":{"messages":[{"status":"INSUFFICIENT_CREDIT"}]}}`, heard: "failed", why: "no credit"},
			{name: "200 and a country that is closed", status: 200, body: `{"data":{"messages":[{"status":"COUNTRY_NOT_ENABLED"}]}}`, heard: "failed", refused: true, why: "country"},
			{name: "200 and a state of tomorrow", status: 200, body: `{"data":{"messages":[{"status":"PURPLE"}]}}`, heard: "failed", refused: true, why: "reason of its own"},
			{name: "200 and nothing", status: 200, body: `{"response_code":"SUCCESS","data":{"messages":[]}}`, heard: "failed", why: "not known here"},
			{name: "taken", status: 200, body: `{"data":{"messages":[{"status":"SUCCESS","message_id":"a"}]}}`, heard: "delivered"},
		},
	}
	for _, provider := range gatewaytest.Providers {
		for _, c := range append(everywhere, own[provider]...) {
			t.Run(provider+"/"+c.name, func(t *testing.T) { c.check(t, provider) })
		}
	}
}

func (c answered) check(t *testing.T, provider string) {
	p := newPractice(t)
	g := p.provider(provider)
	g.Next(c.status, c.header, c.body)
	p.ring(notify.KindSMS, 1, 1)
	p.until("an outcome", func() bool { return len(p.outcomes()) == 1 })
	if got := p.outcomes()[0]; got != c.heard+" sms" {
		t.Fatalf("heard %q, want %q", got, c.heard)
	}
	if c.heard == "delivered" {
		return
	}
	left := p.pages()[0]
	if refused := left.State == notify.PageRefused; refused != c.refused {
		t.Errorf("refused for good: %v, want %v", refused, c.refused)
	}
	if !strings.Contains(left.Why, c.why) || strings.Contains(left.Why, "2125550") {
		t.Errorf("it says %q", left.Why)
	}
	_ = p.store.View(func(tx *store.Tx) error {
		if at := notify.HealthOf(tx, notify.KindSMS, okaforPhone).Fails; at != c.address {
			t.Errorf("the number is at fault: %v, want %v", at, c.address)
		}
		if channel := notify.HealthOf(tx, notify.KindSMS, "").Fails; channel == c.address {
			t.Errorf("the channel is at fault: %v, want %v", channel, !c.address)
		}
		return nil
	})
}

func TestAGatewaySaysWhatItMisses(t *testing.T) {
	for _, c := range []struct {
		name string
		kind notify.Kind
		key  settings.Key
		set  string
		want string
	}{
		{"no preset", notify.KindSMS, settings.GatewayPreset, "", "gateway.preset"},
		{"no number", notify.KindSMS, settings.GatewayFrom, "", "gateway.from"},
		{"no account", notify.KindSMS, settings.GatewayAccount, "", "Account SID"},
		{"no flow for calls", notify.KindVoice, settings.GatewayFlow, "", "gateway.flow"},
		{"a set of numbers for calls", notify.KindVoice, settings.GatewayFrom, "MG0123456789abcdef0123456789abcdef", "one number"},
		{"a gateway without calls", notify.KindVoice, settings.GatewayPreset, "telnyx", "no calls"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPractice(t)
			p.provider("twilio")
			if got, why := p.condition(c.kind); got != notify.Working {
				t.Fatalf("set up, it is %d (%s)", got, why)
			}
			p.update(func(tx *store.Tx) error { return settings.Set(tx, c.key, c.set) })
			if got, why := p.condition(c.kind); got != notify.Absent || !strings.Contains(why, c.want) {
				t.Errorf("it is %d (%s)", got, why)
			}
		})
	}
}
