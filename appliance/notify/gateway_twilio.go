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

// twilio is Twilio: texts by its Messages resource, calls by a Studio flow.
//
//	POST api.twilio.com/2010-04-01/Accounts/AC…/Messages.json        a text
//	GET  api.twilio.com/2010-04-01/Accounts/AC…/Messages/SM….json    what became of it
//	GET  api.twilio.com/2010-04-01/Accounts/AC…/Messages.json?To=…   replies
//
// It knows no key against repeats.
type twilio struct{}

const (
	twilioAPI    = "https://api.twilio.com"
	twilioStudio = "https://studio.twilio.com"
)

func (twilio) missing(c Config, k Kind) string {
	switch {
	case c.Setting(settings.GatewayAccount) == "":
		return whyNoAccount("Twilio's Account SID")
	case k == KindVoice && c.Setting(settings.GatewayFlow) == "":
		return whyNoFlow
	case k == KindVoice && !e164.MatchString(c.Setting(settings.GatewayFrom)):
		return whyNoCaller
	}
	return ""
}

// sign signs in as the API key where there is one, else as the account.
func (twilio) sign(c Config, req *http.Request) {
	user := c.Setting(settings.GatewayUser)
	if user == "" {
		user = c.Setting(settings.GatewayAccount)
	}
	req.SetBasicAuth(user, c.Secret(SecretGateway))
}

func (twilio) messages(c Config, rest string) string {
	return gatewayURL(c, twilioAPI, "/2010-04-01/Accounts/"+url.PathEscape(c.Setting(settings.GatewayAccount))+"/Messages"+rest)
}

func (t twilio) request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	if p.Kind == KindVoice {
		return t.call(ctx, c, p)
	}
	form := url.Values{"To": {p.To}, "Body": {p.Text}}
	if from := c.Setting(settings.GatewayFrom); strings.HasPrefix(from, "MG") {
		form.Set("MessagingServiceSid", from)
	} else {
		form.Set("From", from)
	}
	req, err := postForm(ctx, t.messages(c, ".json"), form)
	if err == nil {
		t.sign(c, req)
	}
	return req, err
}

// twilioMessage is a text as Twilio shows it, and its error where it is one.
type twilioMessage struct {
	SID       string `json:"sid"`
	From      string `json:"from"`
	Body      string `json:"body"`
	Direction string `json:"direction"`
	Status    any    `json:"status"` // a word of a text, a number in an error
	DateSent  string `json:"date_sent"`
	ErrorCode int    `json:"error_code"`
	Code      int    `json:"code"`
}

func (t twilio) read(_ Kind, a Answer) Result {
	var m twilioMessage
	_ = json.Unmarshal(a.Body, &m) // what cannot be read has neither code nor name
	if got := ReadStatus(a); !got.Sent {
		return t.refusal(got, m.Code)
	}
	if f := t.status(m); f.failed {
		return refused(true, f.why)
	}
	return taken(m.SID)
}

// refusal reads Twilio's own codes, which say more than the status.
func (twilio) refusal(got Result, code int) Result {
	switch code {
	case 21211, 21214, 21217, 21612, 21614, 21635, 13224:
		return refused(true, whyBadNumber)
	case 21610:
		return refused(true, whyStopped)
	case 21608:
		return refused(true, whyTrial)
	case 21212, 21603, 21606, 21659, 21660, 21661, 21210:
		return refused(false, whyBadFrom)
	case 21408:
		return refused(false, whyCountry)
	case 20409, 20429: // one call after the other; slower
		got.ForGood, got.Address = false, false
	}
	return got
}

// status reads the state of a text. 30xxx: docs/api/errors of Twilio.
func (twilio) status(m twilioMessage) fate {
	switch m.Status {
	case "delivered", "read":
		return fate{arrived: true}
	case "undelivered", "failed", "canceled":
	default: // accepted, scheduled, queued, sending, sent
		return fate{}
	}
	why := whyUndelivered
	switch m.ErrorCode {
	case 30005, 30006:
		why = whyBadNumber
	case 30007, 30034, 30035:
		why = whyFiltered
	case 21610, 30004:
		why = whyStopped
	}
	return fate{failed: true, why: why}
}

func (t twilio) fate(ctx context.Context, l asker, h handedRef) (fate, string) {
	sign := func(req *http.Request) { t.sign(l.Config, req) }
	if h.kind == KindVoice {
		return t.callFate(ctx, l, h, sign)
	}
	var m twilioMessage
	if _, why := l.get(ctx, t.messages(l.Config, "/"+url.PathEscape(h.ref)+".json"), sign, &m); why != "" {
		return fate{}, why
	}
	return t.status(m), ""
}

// replies walks the list, newest first, back to the day of since: Twilio filters
// by days.
func (t twilio) replies(ctx context.Context, l asker, since time.Time) ([]reply, string) {
	query := url.Values{"DateSent>": {since.UTC().Format(time.DateOnly)}, "PageSize": {strconv.Itoa(twilioPage)}}
	if from := l.Setting(settings.GatewayFrom); !strings.HasPrefix(from, "MG") {
		query.Set("To", from)
	}
	var list []reply
	for range pagesOfAList {
		var got struct {
			Messages []twilioMessage `json:"messages"`
			Next     string          `json:"next_page_uri"`
		}
		_, why := l.get(ctx, t.messages(l.Config, ".json")+"?"+query.Encode(), func(req *http.Request) { t.sign(l.Config, req) }, &got)
		if why != "" {
			return nil, why
		}
		older := false
		for _, m := range got.Messages {
			at, err := time.Parse(time.RFC1123Z, m.DateSent)
			if err != nil {
				at = l.now
			}
			older = older || at.Before(since)
			if m.Direction == "inbound" {
				list = append(list, reply{id: m.SID, from: m.From, text: m.Body, at: at})
			}
		}
		next, err := url.Parse(got.Next)
		if err != nil || next.RawQuery == "" || older {
			return list, ""
		}
		query = next.Query() // its words, our address: the sign-in goes nowhere else
	}
	return list, ""
}

const twilioPage = 50
