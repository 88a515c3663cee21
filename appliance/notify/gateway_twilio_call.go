package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"nightbell/appliance/settings"
)

// A call that is answered by a key, without a port open to Twilio, needs
// something at Twilio that hears the key and keeps it: a Studio flow does.
//
//	POST studio.twilio.com/v2/Flows/FW…/Executions                a call
//	GET  studio.twilio.com/v2/Flows/FW…/Executions/FN…/Context    what came of it
//
// The flow is docs/gateways-twilio-flow.json; "call" and "press" are its widgets.

func (twilio) executions(c Config, rest string) string {
	return gatewayURL(c, twilioStudio, "/v2/Flows/"+url.PathEscape(c.Setting(settings.GatewayFlow))+"/Executions"+rest)
}

func (t twilio) call(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	said, err := json.Marshal(map[string]string{"said": p.Text})
	if err != nil {
		return nil, err
	}
	req, err := postForm(ctx, t.executions(c, ""), url.Values{
		"To": {p.To}, "From": {c.Setting(settings.GatewayFrom)}, "Parameters": {string(said)},
	})
	if err == nil {
		t.sign(c, req)
	}
	return req, err
}

// callFate reads the flow's memory. Only a key says that a person was there: who
// answers a call may be a machine.
func (t twilio) callFate(ctx context.Context, l asker, h handedRef, sign func(*http.Request)) (fate, string) {
	var got struct {
		Context struct {
			Widgets struct {
				Call struct {
					CallStatus string
				} `json:"call"`
				Press struct {
					Digits string
				} `json:"press"`
			} `json:"widgets"`
		} `json:"context"`
	}
	if _, why := l.get(ctx, t.executions(l.Config, "/"+url.PathEscape(h.ref)+"/Context"), sign, &got); why != "" {
		return fate{}, why
	}
	w := got.Context.Widgets
	switch w.Call.CallStatus {
	case "busy", "no-answer", "failed", "canceled":
		return fate{failed: true, why: whyNoPickup}, ""
	}
	return fate{pressed: w.Press.Digits}, ""
}
