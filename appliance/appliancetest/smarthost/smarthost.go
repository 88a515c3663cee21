// Package smarthost is a mail server for tests and the demo: real TLS with a CA
// of its own, AUTH PLAIN, and everything it received in memory. It can be told
// to fail in each way that a real one does.
//
// It imports nothing of ours, so that any room's tests may use it.
package smarthost

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"slices"
	"sync"

	"github.com/emersion/go-smtp"
)

// Options is how a Server starts. The zero value is implicit TLS on a free
// port of 127.0.0.1, with a user "nightbell" whose password is "correct horse".
type Options struct {
	Addr     string // default 127.0.0.1:0
	STARTTLS bool   // begin in the clear and offer STARTTLS, in place of implicit TLS
	User     string
	Password string
	CA       *CA  // default a new one
	TLS12    bool // speak no more than TLS 1.2
	TLS11    bool // speak no more than TLS 1.1: nobody should talk to it
}

// Behaviour is what the server does to its clients.
type Behaviour int

const (
	Take         Behaviour = iota // take the mail
	RefuseAuth                    // 535 to every password
	NoAuth                        // offer no AUTH
	Temporary                     // 451 to RCPT
	Permanent                     // 550 to RCPT
	RefuseData                    // 554 after the end of the mail
	NeedAuth                      // 530 to MAIL
	RefuseSender                  // 550 to MAIL
	Drop                          // close the connection as soon as it is there
	DropAtEnd                     // take the mail, and close before saying so
	Silent                        // accept the connection and say nothing
	NoTLS                         // with STARTTLS: do not offer it
	RefuseTLS                     // with STARTTLS: offer it and answer 454
	WrongName                     // a certificate for another host
	Expired                       // a certificate that ended yesterday
	UnknownCA                     // a certificate from a CA nobody knows
	InjectPlain                   // with STARTTLS: more answers behind the 220, in the clear
)

// Mail is one mail that was taken.
type Mail struct {
	From string
	To   []string
	User string // who had signed in, "" for nobody
	TLS  uint16 // version it came by
	Data []byte
}

// Server is a running smarthost.
type Server struct {
	o    Options
	l    net.Listener
	stop context.CancelFunc
	done sync.WaitGroup

	mu       sync.Mutex
	does     Behaviour
	mails    []Mail
	wire     bytes.Buffer // what clients sent, as it was on the wire
	conns    map[net.Conn]struct{}
	expected int // how many mails somebody waited for or looked at
	attempts int
	changed  chan struct{} // closed and made anew at each change
}

// Start starts a smarthost; Close ends it.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.User == "" {
		o.User, o.Password = "nightbell", "correct horse"
	}
	if o.CA == nil {
		ca, err := NewCA()
		if err != nil {
			return nil, err
		}
		o.CA = ca
	}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("starting a smarthost: %w", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Server{o: o, l: l, stop: stop, conns: make(map[net.Conn]struct{}), changed: make(chan struct{})}
	s.done.Go(func() { s.accept(ctx) })
	return s, nil
}

// Close ends the server and its connections and waits for them.
func (s *Server) Close() {
	s.stop()
	s.l.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	s.mu.Unlock()
	s.done.Wait()
}

// URL is what the setting mail.smarthost takes.
func (s *Server) URL() string {
	if s.o.STARTTLS {
		return "smtp+starttls://" + s.Addr()
	}
	return "smtps://" + s.Addr()
}

// Addr is where it listens.
func (s *Server) Addr() string { return s.l.Addr().String() }

// CA is the authority that its certificates come from.
func (s *Server) CA() *CA { return s.o.CA }

// Do changes what the server does to connections from now on.
func (s *Server) Do(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.does = b
}

// Mails are all mails taken so far.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = max(s.expected, len(s.mails))
	return slices.Clone(s.mails)
}

// Wait waits until n mails were taken in all and answers them.
func (s *Server) Wait(ctx context.Context, n int) ([]Mail, error) {
	err := s.until(ctx, func() bool { return len(s.mails) >= n })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = max(s.expected, n)
	return slices.Clone(s.mails), err
}

// ExpectMore expects whatever comes, from scenarios that do not count the rings.
func (s *Server) ExpectMore() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expected = math.MaxInt
}

// Unexpected are the mails that nobody waited for or looked at.
func (s *Server) Unexpected() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.mails[min(s.expected, len(s.mails)):])
}

// WaitAttempts waits until n connections were made in all.
func (s *Server) WaitAttempts(ctx context.Context, n int) error {
	return s.until(ctx, func() bool { return s.attempts >= n })
}

// Attempts counts the connections so far.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// Wire is every byte that clients sent, as somebody on the network would see it.
func (s *Server) Wire() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.wire.Bytes())
}

// until waits for what reached, called with s.mu held, says.
func (s *Server) until(ctx context.Context, reached func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := reached(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("waiting at the smarthost: %w", ctx.Err())
		}
	}
}

// change runs f with s.mu held and wakes who waits.
func (s *Server) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) accept(ctx context.Context) {
	for {
		c, err := s.l.Accept()
		if err != nil {
			return // closed
		}
		var does Behaviour
		s.change(func() { s.attempts++; s.conns[c] = struct{}{}; does = s.does })
		if ctx.Err() != nil {
			c.Close()
		}
		s.done.Go(func() {
			s.serve(ctx, &tapped{Conn: c, s: s}, does)
			c.Close()
			s.change(func() { delete(s.conns, c) })
		})
	}
}

func (s *Server) serve(ctx context.Context, c net.Conn, does Behaviour) {
	config := s.tls(does)
	switch {
	case does == Drop:
		return
	case does == Silent:
		io.Copy(io.Discard, c)
		return
	case does == NoTLS, does == RefuseTLS, does == InjectPlain:
		if s.o.STARTTLS {
			plainPhase(c, does, config)
		}
		return
	case !s.o.STARTTLS:
		c, config = tls.Server(c, config), nil
	}
	server := smtp.NewServer(smtp.BackendFunc(func(sc *smtp.Conn) (smtp.Session, error) {
		return &session{s: s, does: does, c: sc}, nil
	}))
	server.Domain = "smarthost.test"
	server.TLSConfig = config
	server.ErrorLog = silence{}
	server.Serve(&oneConn{c: c}) // answers when the connection was taken
	server.Shutdown(ctx)         // waits until it is closed
}

// tls is the server's half of the handshake.
func (s *Server) tls(does Behaviour) *tls.Config {
	config := &tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.o.CA.certificate(does) },
		MinVersion:     tls.VersionTLS12,
	}
	if s.o.TLS12 {
		config.MaxVersion = tls.VersionTLS12
	}
	if s.o.TLS11 {
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	}
	return config
}

// tapped keeps what the client sent.
type tapped struct {
	net.Conn
	s *Server
}

func (t *tapped) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.s.mu.Lock()
	defer t.s.mu.Unlock()
	t.s.wire.Write(b[:n])
	return n, err
}

// oneConn is a listener that has one connection.
type oneConn struct{ c net.Conn }

func (l *oneConn) Accept() (net.Conn, error) {
	if l.c == nil {
		return nil, errors.New("no more connections")
	}
	c := l.c
	l.c = nil
	return c, nil
}

func (l *oneConn) Close() error   { return nil }
func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

type silence struct{}

func (silence) Printf(string, ...any) {}
func (silence) Println(...any)        {}
