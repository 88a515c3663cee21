package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"nightbell/appliance/settings"
)

// clicksend is ClickSend: texts, and calls that keep the key that was pressed.
//
//	POST rest.clicksend.com/v3/sms/send, /v3/voice/send          a text, a call
//	GET  rest.clicksend.com/v3/sms/history, /v3/voice/history    what became of it, and the key
//	GET  rest.clicksend.com/v3/sms/inbound                       replies
//
// It answers 200 where it takes nothing: each page has a state of its own.
type clicksend struct{}

const clicksendAPI = "https://rest.clicksend.com"

func (clicksend) missing(c Config, _ Kind) string {
	if c.Setting(settings.GatewayAccount) == "" {
		return whyNoAccount("ClickSend's user name")
	}
	return ""
}

func (clicksend) sign(c Config, req *http.Request) {
	req.SetBasicAuth(c.Setting(settings.GatewayAccount), c.Secret(SecretGateway))
}

// clicksendPage is a text or a call. A call has no sender: it comes from a
// number of ClickSend's.
type clicksendPage struct {
	To       string `json:"to"`
	Body     string `json:"body"`
	Source   string `json:"source"`
	Ref      string `json:"custom_string"`
	From     string `json:"from,omitempty"`
	Voice    string `json:"voice,omitempty"`
	Lang     string `json:"lang,omitempty"`
	AwaitKey int    `json:"require_input,omitempty"`
}

func (s clicksend) request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	m := clicksendPage{To: p.To, Body: p.Text, Source: "nightbell", Ref: string(p.ID)}
	path := "/v3/sms/send"
	if p.Kind == KindVoice {
		m.Voice, m.Lang, m.AwaitKey, path = "female", "en-us", 1, "/v3/voice/send"
	} else {
		m.From = c.Setting(settings.GatewayFrom)
	}
	req, err := postJSON(ctx, gatewayURL(c, clicksendAPI, path), map[string][]clicksendPage{"messages": {m}})
	if err == nil {
		s.sign(c, req)
	}
	return req, err
}

func (clicksend) read(_ Kind, a Answer) Result {
	if got := ReadStatus(a); !got.Sent {
		return got
	}
	var said struct {
		Data struct {
			Messages []struct {
				ID     string `json:"message_id"`
				Status string `json:"status"`
			} `json:"messages"`
		} `json:"data"`
	}
	if json.Unmarshal(a.Body, &said) != nil || len(said.Data.Messages) == 0 {
		return Result{Why: whyOddAnswer}
	}
	m := said.Data.Messages[0]
	switch m.Status {
	case "SUCCESS":
		return taken(m.ID)
	case "INVALID_RECIPIENT", "INVALID_RECIPIENT_EMAIL", "RECIPIENT_OPTED_OUT":
		return refused(true, whyBadNumber)
	case "COUNTRY_NOT_ENABLED":
		return refused(false, whyCountry)
	case "INVALID_SENDER_ID":
		return refused(false, whyBadFrom)
	case "INSUFFICIENT_CREDIT", "INSUFFICIENT_BALANCE":
		return Result{Why: whyNoCredit}
	case "THROTTLED", "TOO_MANY_REQUESTS", "QUEUED_ERROR":
		return Result{Why: whyGatewayBusy}
	}
	return refused(false, whyGatewayState)
}

// clicksendList is a page of a list of theirs.
type clicksendList struct {
	Data struct {
		Last int `json:"last_page"`
		Data []struct {
			ID     string          `json:"message_id"`
			From   string          `json:"from"`
			To     string          `json:"to"`
			Body   string          `json:"body"`
			At     json.RawMessage `json:"timestamp"`   // seconds, as a number or a text
			Code   json.RawMessage `json:"status_code"` // likewise
			Digits json.RawMessage `json:"digits"`      // likewise
		} `json:"data"`
	} `json:"data"`
}

func bare(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func (s clicksend) list(ctx context.Context, l asker, path string, query url.Values, page int) (clicksendList, string) {
	query.Set("page", strconv.Itoa(page))
	query.Set("limit", "50")
	var got clicksendList
	_, why := l.get(ctx, gatewayURL(l.Config, clicksendAPI, path+"?"+query.Encode()),
		func(req *http.Request) { s.sign(l.Config, req) }, &got)
	return got, why
}

func (s clicksend) fate(ctx context.Context, l asker, h handedRef) (fate, string) {
	path := "/v3/sms/history"
	if h.kind == KindVoice {
		path = "/v3/voice/history"
	}
	query := url.Values{
		"date_from": {strconv.FormatInt(h.at.Add(-time.Hour).Unix(), 10)}, // their clock may differ
		"date_to":   {strconv.FormatInt(h.at.Add(time.Hour).Unix(), 10)},
	}
	for page := 1; page <= pagesOfAList; page++ {
		got, why := s.list(ctx, l, path, query, page)
		if why != "" {
			return fate{}, why
		}
		for _, m := range got.Data.Data {
			if m.ID != h.ref {
				continue
			}
			return clicksendFate(h.kind, bare(m.Code), bare(m.Digits)), ""
		}
		if page >= got.Data.Last {
			break
		}
	}
	return fate{}, ""
}

func clicksendFate(k Kind, code, digits string) fate {
	switch {
	case k == KindVoice && digits != "" && digits != "null":
		return fate{pressed: digits}
	case code == "301", code == "302":
		if k == KindVoice {
			return fate{failed: true, why: whyNoPickup}
		}
		return fate{failed: true, why: whyUndelivered}
	case code == "201":
		return fate{arrived: k == KindSMS} // a call that was answered may still bring a key
	}
	return fate{}
}

func (s clicksend) replies(ctx context.Context, l asker, since time.Time) ([]reply, string) {
	var list []reply
	for page := 1; page <= pagesOfAList; page++ {
		got, why := s.list(ctx, l, "/v3/sms/inbound", url.Values{}, page)
		if why != "" {
			return nil, why
		}
		for _, m := range got.Data.Data {
			at := l.now
			if n, err := strconv.ParseInt(bare(m.At), 10, 64); err == nil {
				at = time.Unix(n, 0)
			}
			if fullNumber(m.To) == fullNumber(l.Setting(settings.GatewayFrom)) && !at.Before(since) {
				list = append(list, reply{id: m.ID, from: fullNumber(m.From), text: m.Body, at: at})
			}
		}
		if page >= got.Data.Last {
			break
		}
	}
	return list, ""
}
