package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/settings"
)

// vonage is Vonage's SMS API, which answers 200 whatever became of a text, and
// its Reports API for what came later.
//
//	POST rest.nexmo.com/sms/json                                   a text
//	GET  api.nexmo.com/v2/reports/records?direction=outbound&id=…  what became of it
//	GET  api.nexmo.com/v2/reports/records?direction=inbound&…      replies
//
// It makes no calls here: a key can be heard only by an open port.
type vonage struct{}

const (
	vonageSMS     = "https://rest.nexmo.com"
	vonageReports = "https://api.nexmo.com"
)

func (vonage) missing(c Config, k Kind) string {
	switch {
	case k == KindVoice:
		return whyNoCalls
	case c.Setting(settings.GatewayAccount) == "":
		return whyNoAccount("Vonage's API key")
	}
	return ""
}

func (vonage) request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	return postForm(ctx, gatewayURL(c, vonageSMS, "/sms/json"), url.Values{
		"api_key": {c.Setting(settings.GatewayAccount)}, "api_secret": {c.Secret(SecretGateway)},
		"from": {strings.TrimPrefix(c.Setting(settings.GatewayFrom), "+")}, "to": {strings.TrimPrefix(p.To, "+")},
		"text": {p.Text}, "client-ref": {string(p.ID)},
	})
}

func (v vonage) read(_ Kind, a Answer) Result {
	if got := ReadStatus(a); !got.Sent {
		return got
	}
	var said struct {
		Messages []struct {
			ID     string `json:"message-id"`
			Status string `json:"status"`
		} `json:"messages"`
	}
	if json.Unmarshal(a.Body, &said) != nil || len(said.Messages) == 0 {
		return Result{Why: whyOddAnswer}
	}
	for _, part := range said.Messages {
		if got := v.status(part.Status, part.ID); !got.Sent {
			return got // a text of which a part is missing tells nobody anything
		}
	}
	return taken(said.Messages[0].ID)
}

// status reads the state of one part of a text.
func (vonage) status(code, id string) Result {
	switch code {
	case "0":
		return taken(id)
	case "1", "5", "10": // throttled, internal error, too many at once
		return Result{Why: whyGatewayBusy}
	case "9":
		return Result{Why: whyNoCredit}
	case "3", "6", "7", "22", "33":
		return refused(true, whyBadNumber)
	case "29":
		return refused(true, whyTrial)
	case "15":
		return refused(false, whyBadFrom)
	case "4", "8", "11", "14", "32":
		return refused(false, whySignIn(http.StatusUnauthorized))
	}
	return refused(false, whyGatewayCode(code))
}

// vonageRecord is a text as a report shows it.
type vonageRecord struct {
	ID     string `json:"message_id"`
	From   string `json:"from"`
	To     string `json:"to"`
	Body   string `json:"message_body"`
	At     string `json:"date_received"`
	Status string `json:"status"`
}

type vonageReport struct {
	Records []vonageRecord `json:"records"`
	Links   struct {
		Next struct {
			Href string `json:"href"`
		} `json:"next"`
	} `json:"_links"`
}

func (vonage) records(ctx context.Context, l asker, query url.Values) (Answer, vonageReport, string) {
	account := l.Setting(settings.GatewayAccount)
	query.Set("account_id", account)
	var got vonageReport
	a, why := l.get(ctx, gatewayURL(l.Config, vonageReports, "/v2/reports/records?"+query.Encode()),
		func(req *http.Request) { req.SetBasicAuth(account, l.Secret(SecretGateway)) }, &got)
	return a, got, why
}

func (v vonage) fate(ctx context.Context, l asker, h handedRef) (fate, string) {
	_, got, why := v.records(ctx, l, url.Values{"product": {"SMS"}, "direction": {"outbound"}, "id": {h.ref}})
	if why != "" {
		return fate{}, why
	}
	for _, r := range got.Records {
		switch {
		case r.ID != h.ref:
		case r.Status == "delivered":
			return fate{arrived: true}, ""
		case r.Status == "failed", r.Status == "rejected", r.Status == "expired", r.Status == "deleted":
			return fate{failed: true, why: whyUndelivered}, ""
		}
	}
	return fate{}, ""
}

// vonageDay is the longest time that one report is about.
const vonageDay = 24 * time.Hour

// replies asks for one day after another, up to now.
func (v vonage) replies(ctx context.Context, l asker, since time.Time) ([]reply, string) {
	var list []reply
	from := strings.TrimPrefix(l.Setting(settings.GatewayFrom), "+")
	query := vonageInbox(since)
	for range pagesOfAList {
		a, got, why := v.records(ctx, l, query)
		if why != "" {
			return nil, why
		}
		for _, r := range got.Records {
			if r.To != from { // another number of the account
				continue
			}
			at, err := vonageTime(r.At)
			if err != nil {
				at = l.now
			}
			list = append(list, reply{id: r.ID, from: fullNumber(r.From), text: r.Body, at: at})
		}
		next, err := url.Parse(got.Links.Next.Href)
		switch {
		case err == nil && next.RawQuery != "":
			query = next.Query()
		case since.Add(vonageDay).Before(clockOf(a, l.now)):
			since = since.Add(vonageDay)
			query = vonageInbox(since)
		default:
			return list, ""
		}
	}
	return list, ""
}

func vonageInbox(since time.Time) url.Values {
	return url.Values{
		"product": {"SMS"}, "direction": {"inbound"}, "include_message": {strconv.FormatBool(true)},
		"date_start": {since.UTC().Format(time.RFC3339)}, "date_end": {since.Add(vonageDay).UTC().Format(time.RFC3339)},
	}
}

func vonageTime(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02T15:04:05-0700", s)
}
