package watch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/mail"
	"net/url"
	"strings"

	"nightbell/appliance/relay"
)

// Ways is what voices need besides where they lead.
type Ways struct {
	Client *http.Client        // for webhooks and ntfy: verified TLS
	Token  string              // sent as a bearer to them; empty: none
	Mail   relay.DirectOptions // for mail
}

// NewVoice makes the voice that leads to one place: https://… is a webhook,
// ntfy+https://HOST/TOPIC an ntfy topic, and an address alone is mail.
func NewVoice(to string, w Ways) (Voice, error) {
	if addr, err := mail.ParseAddress(to); err == nil && addr.Address == to {
		d, err := relay.NewDirect(w.Mail)
		if err != nil {
			return nil, err
		}
		return &byMail{d, to}, nil
	}
	kind, rest, ntfy := "a webhook", to, false
	if rest, ntfy = strings.CutPrefix(to, "ntfy+"); ntfy {
		kind = "an ntfy topic"
	}
	u, err := url.Parse(rest)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || ntfy && strings.Trim(u.Path, "/") == "" {
		return nil, errors.New("say where to raise the alarm: https://… for a webhook, ntfy+https://HOST/TOPIC, or a mail address")
	}
	h := &byHTTP{at: u, name: kind + " at " + u.Host, client: w.Client, token: w.Token, fill: webhook}
	if ntfy {
		h.fill = ntfyTopic
	}
	return h, nil
}

// byHTTP is a voice that posts.
type byHTTP struct {
	at     *url.URL
	name   string
	client *http.Client
	token  string
	fill   func(n Notice) (body []byte, header map[string]string, err error)
}

// String leaves the path out: whoever knows a topic or a webhook's path can use it.
func (h *byHTTP) String() string { return h.name }

func (h *byHTTP) Say(ctx context.Context, n Notice) error {
	body, header, err := h.fill(n)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.at.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	if h.token != "" {
		req.Header.Set("Authorization", "Bearer "+h.token)
	}
	resp, err := h.client.Do(req)
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err // without the address
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, maxAnswer)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d", resp.StatusCode)
	}
	return nil
}

func webhook(n Notice) ([]byte, map[string]string, error) {
	body, err := json.Marshal(n)
	return body, map[string]string{"Content-Type": "application/json"}, err
}

// ntfyTopic is a message as ntfy's own publishing takes it.
func ntfyTopic(n Notice) ([]byte, map[string]string, error) {
	header := map[string]string{"Content-Type": "text/plain; charset=utf-8", "Title": "Nightbell: " + string(n.What), "Priority": "3"}
	if n.What == Alarm {
		header["Priority"], header["Tags"] = "5", "rotating_light"
	}
	return []byte(n.Text), header, nil
}

// byMail is a voice that mails.
type byMail struct {
	direct *relay.Direct
	to     string
}

func (m *byMail) String() string { return "mail to " + m.to }

func (m *byMail) Say(ctx context.Context, n Notice) error {
	host, _, err := net.SplitHostPort(n.Host)
	if err != nil {
		host = n.Host
	}
	return m.direct.Send(ctx, relay.DirectMail{To: m.to, Subject: "Nightbell " + string(n.What) + ": " + host, Text: n.Text + "\r\n", At: n.At})
}
