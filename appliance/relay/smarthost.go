package relay

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/smtp"
	"net/textproto"
	"os"
	"strings"
	"time"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// smarthost is the one server that takes our mail, as the settings name it.
type smarthost struct {
	url      string // as the setting has it
	scheme   string
	host     string
	port     string
	ca       string // file, "" for the system's CAs
	user     string
	password string
	from     string
	self     string // our name, for EHLO and Message-ID
	patience time.Duration
}

// maxCA bounds the file that mail.ca names: the system's own has some 200 KB.
const maxCA = 1 << 20

const (
	schemeTLS      = "smtps"
	schemeSTARTTLS = "smtp+starttls"
)

// failure says why a mail did not go, in words for people.
type failure struct {
	why     string
	held    bool // nothing is tried until what is missing is there
	forGood bool // it will never be taken
	gone    bool // there is nothing to send any more
	address bool // it is about this recipient, not about the way there
}

// config answers the smarthost of the settings, or what is missing.
func (q *Queue) config(tx *store.Tx) (smarthost, *failure) {
	h := smarthost{
		ca: settings.Get(tx, settings.MailCA), user: settings.Get(tx, settings.MailUser), from: settings.Get(tx, settings.MailFrom),
		self: settings.Get(tx, settings.PracticeHost), patience: q.o.Patience,
	}
	at := settings.Get(tx, settings.MailSmarthost)
	if at == "" {
		return h, &failure{why: whyNoSmarthost, held: true}
	}
	h.url = at
	if !h.leadsTo(at) {
		return h, &failure{why: whyBadHost, held: true}
	}
	if h.from == "" {
		return h, &failure{why: whyNoFrom, held: true}
	}
	if h.self == "" {
		h.self = domain(h.from)
	}
	return h, nil
}

// ready is config with the password, which lies in a file: not for inside a change.
func (q *Queue) ready() (h smarthost, failed *failure, err error) {
	err = q.o.Store.View(func(tx *store.Tx) error {
		h, failed = q.config(tx)
		return nil
	})
	if err != nil || failed != nil {
		return h, failed, err
	}
	secrets, err := vault.LoadSecrets(q.o.Store.Dir())
	if err != nil {
		return h, &failure{why: whyNoSecrets, held: true}, nil
	}
	if secrets.OpensSmarthost(h.url) {
		h.password = secrets.SmarthostPassword
	}
	switch {
	case h.user != "" && h.password != secrets.SmarthostPassword:
		return h, &failure{why: whyOtherHost, held: true}, nil
	case (h.user == "") != (h.password == ""):
		return h, &failure{why: whyHalfSignIn, held: true}, nil
	}
	return h, nil, nil
}

// at is how people know the server.
func (h smarthost) at() string { return h.host }

// send hands one mail to the smarthost over verified TLS, or not at all.
func (h smarthost) send(ctx context.Context, l letter) (version uint16, failed *failure) {
	roots, failed := h.roots()
	if failed != nil {
		return 0, failed
	}
	dialer := net.Dialer{Timeout: h.patience}
	raw, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(h.host, h.port))
	if err != nil {
		return 0, &failure{why: whyDial(h.at(), err)}
	}
	defer raw.Close()
	// When ctx ends, whatever step is waited for ends with the connection.
	defer context.AfterFunc(ctx, func() { raw.Close() })()
	s := step{conn: raw, patience: h.patience}
	client, failed := h.connect(ctx, s, &tls.Config{RootCAs: roots, ServerName: h.host, MinVersion: tls.VersionTLS12})
	if failed != nil {
		return 0, failed
	}
	defer client.Close()
	if failed := h.signIn(s, client); failed != nil {
		return 0, failed
	}
	if failed := h.hand(s, client, l); failed != nil {
		return 0, failed
	}
	state, _ := client.TLSConnectionState()
	s.next()
	client.Quit() // the mail is theirs; how they take the goodbye does not matter
	return state.Version, nil
}

// roots are the CAs that may vouch for the smarthost: that of mail.ca alone,
// where it is set; nil means the system's.
func (h smarthost) roots() (*x509.CertPool, *failure) {
	if h.ca == "" {
		return nil, nil
	}
	// A device or a pipe would be read without end.
	if info, err := os.Stat(h.ca); err == nil && (!info.Mode().IsRegular() || info.Size() > maxCA) {
		return nil, &failure{why: whyCA("holds no certificate")}
	}
	pem, err := os.ReadFile(h.ca)
	if err != nil {
		return nil, &failure{why: whyCA("cannot be read")}
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &failure{why: whyCA("holds no certificate")}
	}
	return pool, nil
}

// step gives each exchange with the server its own time.
type step struct {
	conn     net.Conn
	patience time.Duration
}

func (s step) next() { s.conn.SetDeadline(time.Now().Add(s.patience)) }

// connect answers a client that is inside TLS and has said EHLO there.
func (h smarthost) connect(ctx context.Context, s step, config *tls.Config) (*smtp.Client, *failure) {
	s.next()
	if h.scheme == schemeTLS {
		conn := tls.Client(s.conn, config)
		if err := conn.HandshakeContext(ctx); err != nil {
			return nil, &failure{why: whyTLS(h.at(), err)}
		}
		client, err := h.greet(s, conn)
		if err != nil {
			return nil, h.turnedAway(err)
		}
		return client, nil
	}
	client, err := h.greet(s, s.conn)
	if err != nil {
		return nil, h.turnedAway(err)
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return nil, &failure{why: whyNoTLS(h.at())}
	}
	s.next()
	// StartTLS throws away what came behind the server's 220 in the clear, and
	// says EHLO anew inside TLS.
	if err := client.StartTLS(config); err != nil {
		var answer *textproto.Error
		if errors.As(err, &answer) {
			return nil, &failure{why: whyNoTLS(h.at())}
		}
		return nil, &failure{why: whyTLS(h.at(), err)}
	}
	return client, nil
}

// greet reads the server's greeting and says EHLO.
func (h smarthost) greet(s step, conn net.Conn) (*smtp.Client, error) {
	client, err := smtp.NewClient(conn, h.host)
	if err != nil {
		return nil, err
	}
	s.next()
	if err := client.Hello(h.self); err != nil {
		return nil, err
	}
	return client, nil
}

// turnedAway is a server that would not begin: never for good, since no mail
// was spoken of.
func (h smarthost) turnedAway(err error) *failure {
	var answer *textproto.Error
	if errors.As(err, &answer) {
		return &failure{why: whyLater(h.at(), err)}
	}
	return &failure{why: whyGone(h.at())}
}

func (h smarthost) signIn(s step, client *smtp.Client) *failure {
	if h.user == "" {
		return nil
	}
	offered, mechanisms := client.Extension("AUTH")
	if !offered || !containsWord(mechanisms, "PLAIN") {
		return &failure{why: whyNoAuth(h.at())}
	}
	s.next()
	// PlainAuth sends nothing outside TLS, nor to a server of another name.
	err := client.Auth(smtp.PlainAuth("", h.user, h.password, h.host))
	var answer *textproto.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &answer) && answer.Code/100 == 4:
		return &failure{why: whyLater(h.at(), err)}
	case errors.As(err, &answer):
		return &failure{why: whyAuth(h.at(), err)}
	}
	return &failure{why: whyGone(h.at())}
}

// hand gives the mail over; it is theirs when hand answers nil.
func (h smarthost) hand(s step, client *smtp.Client, l letter) *failure {
	s.next()
	if err := client.Mail(h.from); err != nil {
		return h.judgeSender(err)
	}
	s.next()
	if err := client.Rcpt(l.to); err != nil {
		return h.judge(err)
	}
	s.next()
	w, err := client.Data()
	if err != nil {
		return h.judge(err)
	}
	if err := l.write(&stepWriter{w, s}); err != nil {
		// Closing would end the mail where it is and have it taken so.
		s.conn.Close()
		var content *contentError
		if errors.As(err, &content) {
			return &failure{why: whyNoContent, address: true}
		}
		return &failure{why: whyGone(h.at())}
	}
	s.next()
	if err := w.Close(); err != nil {
		return h.judge(err)
	}
	return nil
}

// judge says what the refusal of a recipient or of a mail means.
func (h smarthost) judge(err error) *failure {
	var answer *textproto.Error
	switch {
	case !errors.As(err, &answer):
		return &failure{why: whyGone(h.at())}
	case wantsSignIn(answer):
		return &failure{why: whyNeedsAuth(h.at(), err)}
	case answer.Code/100 == 5:
		return &failure{why: whyRefused(h.at(), err), forGood: true, address: true}
	}
	return &failure{why: whyLater(h.at(), err), address: true}
}

// judgeSender is judge before a recipient was named: what is refused there is
// our own name, so the mail waits until somebody mends the setting.
func (h smarthost) judgeSender(err error) *failure {
	failed := h.judge(err)
	if failed.forGood {
		failed.why = whySender(h.at(), err)
	}
	failed.forGood, failed.address = false, false
	return failed
}

// wantsSignIn says whether an answer is about the sign-in, RFC 4954 6.
func wantsSignIn(answer *textproto.Error) bool {
	return answer.Code == 530 || answer.Code == 535 || answer.Code == 538
}

// stepWriter gives each piece of a mail its own time.
type stepWriter struct {
	io.Writer
	s step
}

func (w *stepWriter) Write(b []byte) (int, error) {
	w.s.next()
	return w.Writer.Write(b)
}

// contentError marks that our own side of a mail could not be read.
type contentError struct{ err error }

func (e *contentError) Error() string { return "reading what is to be sent: " + e.err.Error() }
func (e *contentError) Unwrap() error { return e.err }

// content marks the errors of a reader as ours.
type content struct{ io.Reader }

func (c content) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	if err != nil && err != io.EOF {
		err = &contentError{err}
	}
	return n, err
}

func containsWord(list, word string) bool {
	for _, w := range strings.Fields(list) {
		if strings.EqualFold(w, word) {
			return true
		}
	}
	return false
}
