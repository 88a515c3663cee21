package smarthost

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// session is one client after its greeting.
type session struct {
	s    *Server
	does Behaviour
	c    *smtp.Conn
	mail Mail
}

func refuse(code int, enhanced smtp.EnhancedCode, words string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: words}
}

func (s *session) AuthMechanisms() []string {
	if s.does == NoAuth {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.does == RefuseAuth || user != s.s.o.User || password != s.s.o.Password {
			return smtp.ErrAuthFailed
		}
		s.mail.User = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	switch s.does {
	case NeedAuth:
		return refuse(530, smtp.EnhancedCode{5, 7, 0}, "Authentication required")
	case RefuseSender:
		return refuse(550, smtp.EnhancedCode{5, 7, 1}, "Not from <"+from+">")
	}
	s.mail.From = from
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	switch s.does {
	case Temporary:
		return refuse(451, smtp.EnhancedCode{4, 3, 0}, "Try again later, <"+to+">")
	case Permanent:
		return refuse(550, smtp.EnhancedCode{5, 1, 1}, "No such user <"+to+">")
	}
	s.mail.To = append(s.mail.To, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if s.does == RefuseData {
		return refuse(554, smtp.EnhancedCode{5, 7, 1}, "Looks like spam")
	}
	m := s.mail
	m.Data = data
	if state, ok := s.c.TLSConnectionState(); ok {
		m.TLS = state.Version
	}
	s.s.change(func() { s.s.mails = append(s.s.mails, m) })
	if s.does == DropAtEnd {
		s.c.Conn().Close()
	}
	return nil
}

func (s *session) Reset() { s.mail.From, s.mail.To = "", nil }

func (s *session) Logout() error { return nil }

// plainPhase speaks the clear beginning of a session, for the behaviours that
// go-smtp would never show. None of them gets as far as a mail inside TLS.
func plainPhase(c net.Conn, does Behaviour, config *tls.Config) {
	fmt.Fprint(c, "220 smarthost.test ready\r\n")
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		verb, _, _ := strings.Cut(strings.ToUpper(lines.Text()), " ")
		switch {
		case verb == "EHLO" && does == NoTLS:
			fmt.Fprint(c, "250-smarthost.test\r\n250 AUTH PLAIN\r\n")
		case verb == "EHLO":
			fmt.Fprint(c, "250-smarthost.test\r\n250-AUTH PLAIN\r\n250 STARTTLS\r\n")
		case verb == "STARTTLS" && does == RefuseTLS:
			fmt.Fprint(c, "454 4.7.0 TLS not available\r\n")
		case verb == "STARTTLS" && does == InjectPlain:
			fmt.Fprint(c, "220 go ahead\r\n250-smarthost.test\r\n250 AUTH PLAIN\r\n235 2.7.0 welcome\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n")
			tls.Server(c, config).Handshake() // and no more: what came before it is all this server says
			return
		case verb == "QUIT":
			fmt.Fprint(c, "221 bye\r\n")
			return
		case verb == "AUTH":
			fmt.Fprint(c, "235 2.7.0 and everybody heard it\r\n")
		case verb == "DATA":
			fmt.Fprint(c, "354 go ahead\r\n")
		default:
			fmt.Fprint(c, "250 ok\r\n")
		}
	}
}
