package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nightbell/appliance/settings"
)

// SecretGateway names the token or key of the account at the SMS and voice gateway.
const SecretGateway = "gateway.secret"

// NewSMS makes the gateway for texts, by the provider that gateway.preset names.
func NewSMS() Gateway { return phone{KindSMS} }

// NewVoice makes the gateway for calls that are answered by a key, likewise.
func NewVoice() Gateway { return phone{KindVoice} }

// preset is the HTTP API of one provider: how its requests are made and what its
// answers mean. It keeps no state, so that a provider is a file; docs/gateways.md
// says what a practice buys and enters.
type preset interface {
	// missing says what pages of a kind need and is not set; "" for nothing.
	missing(c Config, k Kind) string

	request(ctx context.Context, c Config, p Outgoing) (*http.Request, error)
	read(k Kind, a Answer) Result

	// replies answers the texts that came in since a moment, in any order. Those
	// that the asker knows already may be left out.
	replies(ctx context.Context, l asker, since time.Time) ([]reply, string)

	// fate answers what became of a page that was handed over.
	fate(ctx context.Context, l asker, h handedRef) (fate, string)
}

// presets are the providers by the name in gateway.preset.
func presets(name string) (preset, bool) {
	switch name {
	case "twilio":
		return twilio{}, true
	case "vonage":
		return vonage{}, true
	case "telnyx":
		return telnyx{}, true
	case "clicksend":
		return clicksend{}, true
	}
	return nil, false
}

// phone is a Gateway by whichever provider is set.
type phone struct{ kind Kind }

func (g phone) Kind() Kind { return g.kind }

func (g phone) Ready(c Config) string {
	p, known := presets(c.Setting(settings.GatewayPreset))
	switch {
	case !known:
		return whyNoPreset
	case c.Setting(settings.GatewayFrom) == "":
		return whyNoFrom
	case c.Secret(SecretGateway) == "":
		return whyNoSecret
	}
	return p.missing(c, g.kind)
}

func (g phone) Request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	if !e164.MatchString(p.To) {
		return nil, errNumber
	}
	api, _ := presets(c.Setting(settings.GatewayPreset)) // Ready was asked before
	return api.request(ctx, c, p)
}

func (g phone) Read(c Config, a Answer) Result {
	api, known := presets(c.Setting(settings.GatewayPreset))
	if !known { // it was taken out while this page was under way
		return Result{Why: whyNoPreset}
	}
	return api.read(g.kind, a)
}

// gatewayURL is a path at the provider, or at the address set in its place.
func gatewayURL(c Config, usual, path string) string {
	base := usual
	if own := c.Setting(settings.GatewayURL); own != "" {
		base = own
	}
	return strings.TrimRight(base, "/") + path
}

func postForm(ctx context.Context, to string, form url.Values) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(form.Encode()))
	if err == nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return req, err
}

func postJSON(ctx context.Context, to string, v any) (*http.Request, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err == nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return req, err
}

// refused is a Result that another try would not change.
func refused(address bool, why string) Result {
	return Result{ForGood: true, Address: address, Why: why}
}

// taken is the Result of a page that the gateway took under a name. One without
// a name cannot be asked about later, and was taken all the same.
func taken(ref string) Result { return Result{Sent: true, Ref: ref} }
