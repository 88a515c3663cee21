package notify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"nightbell/appliance/settings"
)

// SecretNtfy names the access token at the ntfy server.
const SecretNtfy = "ntfy.token"

// NewNtfy makes the gateway that publishes to the practice's own ntfy server.
func NewNtfy() Gateway { return ntfy{} }

type ntfy struct{}

func (ntfy) Kind() Kind { return KindNtfy }

func (ntfy) Ready(c Config) string {
	if c.Setting(settings.NtfyServer) == "" {
		return "No ntfy server is set. Set ntfy.server to its address."
	}
	return ""
}

// Priorities of ntfy: the highest sounds until it is seen.
const (
	ntfyMax     = 5
	ntfyDefault = 3
)

type ntfyMessage struct {
	Topic    string       `json:"topic"`
	Title    string       `json:"title"`
	Message  string       `json:"message"`
	Priority int          `json:"priority"`
	Click    string       `json:"click"`
	Actions  []ntfyAction `json:"actions,omitempty"`
}

// ntfyAction is a button: it publishes an answer, with the token, to the topic
// that we listen to. It carries no access token; the topic is open for writing.
type ntfyAction struct {
	Action string `json:"action"`
	Label  string `json:"label"`
	URL    string `json:"url"`
	Method string `json:"method"`
	Body   string `json:"body"`
	Clear  bool   `json:"clear"`
}

func (ntfy) Request(ctx context.Context, c Config, p Outgoing) (*http.Request, error) {
	if !NtfyTopic(p.To) {
		return nil, errNoAddress
	}
	m := ntfyMessage{Topic: p.To, Title: p.Title, Message: p.Text, Priority: ntfyDefault, Click: p.Link}
	if p.Urgent() {
		m.Priority = ntfyMax
	}
	if topic := c.Setting(settings.NtfyReplies); topic != "" {
		for _, b := range ntfyButtons {
			m.Actions = append(m.Actions, ntfyAction{Action: "http", Label: b.label, URL: ntfyURL(c, topic), Method: http.MethodPost,
				Body: string(b.answer) + " " + p.Token, Clear: true})
		}
	}
	body, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encoding a push: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, ntfyURL(c, ""), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	ntfySignIn(c, req)
	return req, nil
}

// Read takes the id that the server gave the push, where it says one.
func (ntfy) Read(_ Config, a Answer) Result {
	r := ReadStatus(a)
	var taken struct {
		ID string `json:"id"`
	}
	if r.Sent && json.Unmarshal(a.Body, &taken) == nil {
		r.Ref = taken.ID
	}
	return r
}

func ntfySignIn(c Config, req *http.Request) {
	if token := c.Secret(SecretNtfy); token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
}

func ntfyURL(c Config, path string) string {
	return strings.TrimRight(c.Setting(settings.NtfyServer), "/") + "/" + path
}

// NtfyTopic says whether a topic is one that ntfy takes.
func NtfyTopic(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
}

// NewNtfyReplies makes the listener on the topic that buttons answer to.
func NewNtfyReplies() Listener { return ntfyReplies{} }

type ntfyReplies struct{}

func (ntfyReplies) Kind() Kind { return KindNtfy }

func (ntfyReplies) Ready(c Config) string {
	if why := (ntfy{}).Ready(c); why != "" {
		return why
	}
	if c.Setting(settings.NtfyReplies) == "" {
		return "No topic for answers is set. Set ntfy.replies."
	}
	return ""
}

// maxStreamLine is far above what ntfy lets anybody publish: a line that does
// not fit would be met again and again.
const maxStreamLine = 1 << 20

// ntfySilent is how long the stream may be silent: the server says something
// each 45 s by default.
const ntfySilent = 2 * time.Minute

// Listen holds the topic's JSON stream open, from after the last message heard.
// What came while we were away lies in the server's cache, for 12 h by default.
func (ntfyReplies) Listen(ctx context.Context, line Line) error {
	since := line.Position
	if since == "" {
		since = "all"
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	where := ntfyURL(line.Config, line.Setting(settings.NtfyReplies)+"/json?since="+url.QueryEscape(since))
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil || req.URL.Scheme != "https" {
		return &Deaf{whyPlain}
	}
	ntfySignIn(line.Config, req)
	heard := watchdog(ctx, line, cancel)
	resp, err := line.HTTP.Do(req)
	if err != nil {
		return &Deaf{whyNoAnswer(req.URL.Host, err)}
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return &Deaf{ReadStatus(Answer{Status: resp.StatusCode, Header: resp.Header, At: line.Now()}).Why}
	}
	line.Up()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, maxStreamLine)
	for lines.Scan() {
		heard()
		if err := ntfyHeard(ctx, line, lines.Bytes()); err != nil {
			return err
		}
	}
	return &Deaf{whyNoAnswer(req.URL.Host, lines.Err())}
}

// ntfyHeard takes one line of the stream.
func ntfyHeard(ctx context.Context, line Line, b []byte) error {
	var m struct {
		ID      string `json:"id"`
		Event   string `json:"event"`
		Message string `json:"message"`
	}
	if json.Unmarshal(b, &m) != nil || m.Event != "message" {
		return nil // "open" and "keepalive" say that it is there
	}
	if len(m.ID) > maxRef {
		m.ID = ""
	}
	a, refused := ParseReply(m.Message)
	if refused == "" && a.Token == "" { // anybody may write to the topic: a code alone proves nothing
		refused = RefusedNoToken
	}
	return line.Heard(ctx, a, refused, m.ID)
}

// watchdog calls cut when nothing was heard for a while; the answered function
// says that something was.
func watchdog(ctx context.Context, line Line, cut func()) (heard func()) {
	var words atomic.Int64
	go func() {
		for last := int64(-1); last != words.Load(); {
			last = words.Load()
			if line.Wait(ctx, ntfySilent) != nil {
				return
			}
		}
		cut()
	}()
	return func() { words.Add(1) }
}
