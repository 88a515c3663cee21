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

// telnyx is Telnyx' messaging API. Its list of texts leaves their words out, so
// each new one is asked for by its name.
//
//	POST api.telnyx.com/v2/messages                                       a text
//	GET  api.telnyx.com/v2/messages/ID                                    what became of it; the words of a reply
//	GET  api.telnyx.com/v2/detail_records?filter[direction]=inbound&…     replies
//
// It makes no calls here: a key can be heard only by an open port.
type telnyx struct{}

const telnyxAPI = "https://api.telnyx.com"

func (telnyx) missing(_ Config, k Kind) string {
	if k == KindVoice {
		return whyNoCalls
	}
	return ""
}

func (telnyx) sign(c Config, req *http.Request) {
	req.Header.Set("Authorization", "Bearer "+c.Secret(SecretGateway))
}

func (t telnyx) request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	req, err := postJSON(ctx, gatewayURL(c, telnyxAPI, "/v2/messages"), struct {
		From    string `json:"from"`
		To      string `json:"to"`
		Text    string `json:"text"`
		Profile string `json:"messaging_profile_id,omitempty"`
	}{c.Setting(settings.GatewayFrom), p.To, p.Text, c.Setting(settings.GatewayAccount)})
	if err == nil {
		t.sign(c, req)
	}
	return req, err
}

// telnyxMessage is a text, sent or received.
type telnyxMessage struct {
	Data struct {
		ID        string `json:"id"`
		Direction string `json:"direction"`
		Text      string `json:"text"`
		Received  string `json:"received_at"`
		From      struct {
			Number string `json:"phone_number"`
		} `json:"from"`
		To []struct {
			Number string `json:"phone_number"`
			Status string `json:"status"`
		} `json:"to"`
	} `json:"data"`
	Errors []struct {
		Code string `json:"code"`
	} `json:"errors"`
}

func (t telnyx) read(_ Kind, a Answer) Result {
	var m telnyxMessage
	_ = json.Unmarshal(a.Body, &m) // what cannot be read has neither code nor name
	got := ReadStatus(a)
	if !got.Sent {
		for _, e := range m.Errors {
			switch e.Code {
			case "10002", "40310", "40001":
				return refused(true, whyBadNumber)
			case "40300":
				return refused(true, whyStopped)
			case "40305", "40312", "40313":
				return refused(false, whyBadFrom)
			case "20100":
				return Result{Why: whyNoCredit}
			}
		}
		return got
	}
	if f := m.fate(); f.failed {
		return refused(true, f.why)
	}
	return taken(m.Data.ID)
}

// fate reads the state of a text that has one receiver.
func (m telnyxMessage) fate() fate {
	for _, to := range m.Data.To {
		switch to.Status {
		case "delivered":
			return fate{arrived: true}
		case "sending_failed", "delivery_failed", "expired":
			return fate{failed: true, why: whyUndelivered}
		}
	}
	return fate{} // queued, sending, sent; or delivery_unconfirmed, of which nothing more is heard
}

func (t telnyx) message(ctx context.Context, l asker, id string) (telnyxMessage, string) {
	var m telnyxMessage
	_, why := l.get(ctx, gatewayURL(l.Config, telnyxAPI, "/v2/messages/"+url.PathEscape(id)),
		func(req *http.Request) { t.sign(l.Config, req) }, &m)
	return m, why
}

func (t telnyx) fate(ctx context.Context, l asker, h handedRef) (fate, string) {
	m, why := t.message(ctx, l, h.ref)
	return m.fate(), why
}

const telnyxPage = 20

func (t telnyx) replies(ctx context.Context, l asker, since time.Time) ([]reply, string) {
	var list []reply
	for page := 1; page <= pagesOfAList; page++ {
		ids, last, why := t.received(ctx, l, since, page)
		if why != "" {
			return nil, why
		}
		for _, id := range ids {
			if l.known(id) {
				continue
			}
			m, why := t.message(ctx, l, id)
			if why != "" {
				return nil, why
			}
			at, err := time.Parse(time.RFC3339, m.Data.Received)
			if err != nil {
				at = l.now
			}
			list = append(list, reply{id: id, from: m.Data.From.Number, text: m.Data.Text, at: at})
		}
		if page >= last {
			break
		}
	}
	return list, ""
}

// received lists the names of texts to our number, oldest first.
func (t telnyx) received(ctx context.Context, l asker, since time.Time, page int) (ids []string, last int, why string) {
	query := url.Values{
		"filter[record_type]": {"messaging"}, "filter[direction]": {"inbound"},
		"filter[created_at][gte]": {since.UTC().Format(time.RFC3339)}, "sort": {"created_at"},
		"page[number]": {strconv.Itoa(page)}, "page[size]": {strconv.Itoa(telnyxPage)},
	}
	var got struct {
		Data []struct {
			ID  string `json:"uuid"`
			CLD string `json:"cld"` // the number called
		} `json:"data"`
		Meta struct {
			Pages int `json:"total_pages"`
		} `json:"meta"`
	}
	_, why = l.get(ctx, gatewayURL(l.Config, telnyxAPI, "/v2/detail_records?"+query.Encode()),
		func(req *http.Request) { t.sign(l.Config, req) }, &got)
	for _, r := range got.Data {
		if fullNumber(r.CLD) == fullNumber(l.Setting(settings.GatewayFrom)) {
			ids = append(ids, r.ID)
		}
	}
	return ids, got.Meta.Pages, why
}
