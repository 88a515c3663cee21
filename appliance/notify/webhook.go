package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/settings"
)

// SecretWebhook names the key that webhooks are signed with.
const SecretWebhook = "webhook.key"

// SignatureHeader carries a webhook's signature: "t=UNIX,v1=HEX", where HEX is
// the HMAC-SHA256 of "UNIX." and the body. docs/channels.md is its page.
const SignatureHeader = "Nightbell-Signature"

// NewWebhook makes the gateway that posts signed JSON to a paging system.
func NewWebhook(now func() time.Time) Gateway { return webhook{now} }

type webhook struct{ now func() time.Time }

func (webhook) Kind() Kind { return KindWebhook }

func (webhook) Ready(c Config) string {
	switch {
	case c.Setting(settings.WebhookURL) == "":
		return "No webhook is set. Set webhook.url to the address of the paging system."
	case c.Secret(SecretWebhook) == "":
		return "The webhook has no key. Set webhook.key-file."
	}
	return ""
}

// webhookBody is what is posted. Its fields are a contract: docs/channels.md.
type webhookBody struct {
	ID      message.ID       `json:"id"`
	To      string           `json:"to"`
	Message message.ID       `json:"message,omitempty"` // absent in a test
	Number  string           `json:"number,omitempty"`
	Type    message.CallType `json:"type,omitempty"`
	Urgency message.Urgency  `json:"urgency"`
	Reason  Reason           `json:"reason"`
	Since   time.Time        `json:"since,omitzero"`
	Ring    int              `json:"ring"`
	Others  int              `json:"others"`
	Title   string           `json:"title"`
	Text    string           `json:"text"`
	Link    string           `json:"link"`
	Token   string           `json:"token"`
	At      time.Time        `json:"at"`
}

func (w webhook) Request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	n := p.Notice
	b := webhookBody{
		ID: p.ID, To: p.To, Message: n.Message, Type: n.Type, Urgency: n.Urgency, Reason: n.Reason, Since: n.Since,
		Ring: n.Step, Others: n.Others, Title: p.Title, Text: p.Text, Link: p.Link, Token: p.Token, At: p.BegunAt,
	}
	if n.Message != "" {
		b.Number = n.Number.String()
	}
	body, err := json.Marshal(b)
	if err != nil {
		return nil, fmt.Errorf("encoding a webhook: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Setting(settings.WebhookURL), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", string(p.ID))
	req.Header.Set(SignatureHeader, Sign(c.Secret(SecretWebhook), body, w.now()))
	return req, nil
}

func (webhook) Read(_ Config, a Answer) Result { return ReadStatus(a) }

// Sign is the value of SignatureHeader for a body.
func Sign(key string, body []byte, at time.Time) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + signature(key, t, body)
}

func signature(key, t string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(t + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// signedFor is how old or how early a signature may be: clocks differ, and a
// replay after it is refused.
const signedFor = 5 * time.Minute

// ErrSignature says that a callback is not signed with the key, or not now.
var ErrSignature = errors.New("the signature is missing, wrong or too old")

// ReadCallback checks the signature of a callback and reads the answer in it:
// {"token": "…", "answer": "take" | "decline" | "snooze"}. The error is
// ErrSignature, or a *Refusal.
func ReadCallback(key, header string, body []byte, now time.Time) (Answered, error) {
	if key == "" || !signed(key, header, body, now) {
		return Answered{}, ErrSignature
	}
	if len(body) > maxReply {
		return Answered{}, &Refusal{RefusedTooLarge}
	}
	var said struct {
		Token  string         `json:"token"`
		Answer message.Answer `json:"answer"`
	}
	if json.Unmarshal(body, &said) != nil {
		return Answered{}, &Refusal{RefusedUnread}
	}
	if !knownAnswer(said.Answer) {
		return Answered{}, &Refusal{RefusedNoWord}
	}
	token, found := FindToken(said.Token)
	if !found {
		return Answered{}, &Refusal{RefusedNoToken}
	}
	return Answered{What: said.Answer, By: KindWebhook, Token: token, Number: token.Number(), At: now.UTC()}, nil
}

func knownAnswer(a message.Answer) bool {
	return a == message.AnswerTake || a == message.AnswerDecline || a == message.AnswerSnooze
}

func signed(key, header string, body []byte, now time.Time) bool {
	var t, v1 string
	for field := range strings.SplitSeq(header, ",") {
		switch name, value, _ := strings.Cut(strings.TrimSpace(field), "="); name {
		case "t":
			t = value
		case "v1":
			v1 = value
		}
	}
	unix, err := strconv.ParseInt(t, 10, 64)
	if err != nil {
		return false
	}
	if age := now.Sub(time.Unix(unix, 0)); age > signedFor || age < -signedFor {
		return false
	}
	return hmac.Equal([]byte(v1), []byte(signature(key, t, body)))
}
