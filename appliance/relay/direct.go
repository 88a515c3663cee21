package relay

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// DirectOptions say how mail leaves a machine that has no queue and no settings.
type DirectOptions struct {
	Smarthost      string // as the setting mail.smarthost
	CA             string // PEM file of the smarthost's own authority, "" for the system's
	User, Password string // both or neither
	From           string
	Patience       time.Duration // for each exchange; 0: ten seconds
}

// Direct hands mails to a smarthost at once, over verified TLS as the queue does.
type Direct struct{ h smarthost }

// NewDirect refuses what no mail could leave by.
func NewDirect(o DirectOptions) (*Direct, error) {
	h := smarthost{ca: o.CA, user: o.User, password: o.Password, from: o.From, self: domain(o.From), patience: o.Patience}
	if h.patience == 0 {
		h.patience = 10 * time.Second
	}
	if !h.leadsTo(o.Smarthost) {
		return nil, errors.New("mail needs a smarthost: smtps://HOST:PORT or smtp+starttls://HOST:PORT")
	}
	if a, err := mail.ParseAddress(o.From); err != nil || a.Address != o.From {
		return nil, errors.New("mail needs an address that it comes from")
	}
	if (o.User == "") != (o.Password == "") {
		return nil, errors.New("mail needs both a user and a password, or neither")
	}
	return &Direct{h}, nil
}

// DirectMail is one mail of plain text.
type DirectMail struct {
	To, Subject, Text string
	At                time.Time
}

// Send hands one mail over, or says in words why not.
func (d *Direct) Send(ctx context.Context, m DirectMail) error {
	id := message.ID(strings.ToLower(rand.Text()))
	_, failed := d.h.send(ctx, letter{id: id, host: d.h.self, date: m.At, from: d.h.from, to: m.To, subject: oneLine(m.Subject), text: m.Text})
	if failed != nil {
		return fmt.Errorf("mail: %s", strings.TrimSuffix(failed.why, "."))
	}
	return nil
}

// leadsTo takes the server's address from how the settings write it.
func (h *smarthost) leadsTo(at string) bool {
	u, err := url.Parse(at)
	if err != nil || u.Scheme != schemeTLS && u.Scheme != schemeSTARTTLS || u.Hostname() == "" || u.Port() == "" {
		return false
	}
	h.scheme, h.host, h.port = u.Scheme, u.Hostname(), u.Port()
	return true
}
