package relay

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Answers to clients, RFC 5321 4.2 and RFC 3463. None repeats what was sent.
var (
	errAuthFirst = &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "Sign in first"}
	errAuthWait  = &smtp.SMTPError{Code: 454, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Cannot check this now, try again later"}
	errAuthWords = &smtp.SMTPError{Code: 501, EnhancedCode: smtp.EnhancedCode{5, 5, 2}, Message: "Not an AUTH PLAIN response"}
	errFull      = &smtp.SMTPError{Code: 452, EnhancedCode: smtp.EnhancedCode{4, 3, 1}, Message: "No room, try again later"}
	errNotKept   = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not kept, try again later"}
	errBusy      = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Busy with other large mails, try again later"}
	errEnding    = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Shutting down, try again later"}
	errTooSlow   = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 4, 2}, Message: "Too slow, try again later"}
	errBroken    = &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 4, 0}, Message: "The connection broke, try again"}
	errLongLine  = &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 6, 0}, Message: "A line is too long"}
)

// smallMail is what every client may have in memory; a larger mail waits for
// one of few places.
const smallMail = 1 << 20

// session is what one client does after its greeting.
//
//	greeted ──AUTH──> signed in ──MAIL──> sender ──RCPT──> recipients ──DATA──> signed in
type session struct {
	run    *serving
	conn   *conn
	remote netip.Addr

	mu     sync.Mutex // go-smtp runs Data beside the rest when a mail comes by BDAT
	device message.DeviceID
	from   string
	to     []string
}

func (run *serving) newSession(c *smtp.Conn) (smtp.Session, error) {
	s := &session{run: run, conn: c.Conn().(*tls.Conn).NetConn().(*conn)}
	if at, ok := s.conn.RemoteAddr().(*net.TCPAddr); ok {
		s.remote = at.AddrPort().Addr().Unmap()
	}
	return s, nil
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, smtp.ErrAuthUnknownMechanism
	}
	return plainServer{sasl.NewPlainServer(s.signIn)}, nil
}

// plainServer answers garbage with a code of its own: go-smtp would say 454,
// and a machine would try the same garbage for ever.
type plainServer struct{ sasl.Server }

func (p plainServer) Next(response []byte) ([]byte, bool, error) {
	challenge, done, err := p.Server.Next(response)
	var coded *smtp.SMTPError
	if err != nil && !errors.As(err, &coded) {
		err = errAuthWords
	}
	return challenge, done, err
}

func (s *session) signIn(identity, user, password string) error {
	if identity != "" && identity != user {
		return smtp.ErrAuthFailed
	}
	device, err := s.run.server.o.Devices.AuthDevice(s.run.ctx, user, password, s.remote)
	switch {
	case err == nil:
		s.mu.Lock()
		defer s.mu.Unlock()
		s.device = device.ID
		s.conn.signedIn()
		return nil
	case errors.Is(err, access.ErrRefused):
		return smtp.ErrAuthFailed
	default: // *access.TooMany, or a store that does not answer: true devices come back
		return errAuthWait
	}
}

// Mail begins a mail. A device that was disabled since it signed in is told as
// one that did not.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.device == "" {
		return errAuthFirst
	}
	var stands bool
	err := s.run.server.o.Store.View(func(tx *store.Tx) error {
		d, found, err := s.run.server.o.Devices.Device(tx, s.device)
		stands = found && !d.Disabled
		return err
	})
	if err != nil {
		return errAuthWait
	}
	if !stands {
		return errAuthFirst
	}
	s.from, s.to = from, nil
	return nil
}

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.to = append(s.to, to)
	return nil
}

func (s *session) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.from, s.to = "", nil
}

func (s *session) Logout() error { return nil }

// Data answers nil, which go-smtp says as 250, only after the intake took the
// mail.
func (s *session) Data(r io.Reader) error {
	s.mu.Lock()
	device, from, to := s.device, s.from, s.to
	s.mu.Unlock()
	s.run.work.Add(1)
	defer s.run.work.Done()
	s.conn.beginData()
	defer s.conn.endData()

	raw, release, err := s.spool(r)
	defer release()
	if err != nil {
		return s.refused(device, s.broken(err))
	}
	m := Mail{Device: device, Parsed: ParseMail(raw, from, to)}
	if err := s.route(&m, to); err != nil {
		return s.refused(device, answer(err))
	}
	if err := s.run.server.o.Intake.TakeMail(s.run.ctx, m); err != nil {
		return s.refused(device, answer(err))
	}
	s.run.server.o.Log.Info("mail taken", "device", device, "bytes", len(raw))
	return nil
}

// spool reads a mail into memory: never onto disk, where it would lie in the
// clear. release gives its place back.
func (s *session) spool(r io.Reader) (raw []byte, release func(), err error) {
	release = func() {}
	var b bytes.Buffer
	if _, err := io.CopyN(&b, r, smallMail); err != nil {
		if err == io.EOF {
			err = nil
		}
		return b.Bytes(), release, err
	}
	wait := time.NewTimer(s.run.server.o.Limits.Stall)
	defer wait.Stop()
	select {
	case s.run.server.large <- struct{}{}:
		release = func() { <-s.run.server.large }
	case <-wait.C:
		return nil, release, errBusy
	case <-s.run.ctx.Done():
		return nil, release, errEnding
	}
	_, err = io.Copy(&b, r)
	return b.Bytes(), release, err
}

// route lets the recipients choose the call type: the most urgent among them.
func (s *session) route(m *Mail, to []string) error {
	locals := make([]string, 0, len(to))
	for _, address := range to {
		local := address
		if at := strings.LastIndexByte(address, '@'); at >= 0 {
			local = address[:at]
		}
		locals = append(locals, strings.Trim(local, `"`))
	}
	return s.run.server.o.Store.View(func(tx *store.Tx) error {
		p, err := s.run.server.o.Protocols.Current(tx)
		if err != nil {
			return err
		}
		t, known := p.ForLocalParts(locals)
		m.Type, m.Urgency = t.ID, t.Urgency
		if !known {
			m.Flags = append(m.Flags, message.FlagUnknownAddress)
		}
		return nil
	})
}

// broken is the answer to a mail that did not come in whole. After a failed
// read the connection reads nothing more and is closed (see conn).
func (s *session) broken(err error) *smtp.SMTPError {
	var coded *smtp.SMTPError
	var timeout net.Error
	switch {
	case errors.As(err, &coded): // over the size limit, busy
		return coded
	case errors.Is(err, smtp.ErrTooLongLine):
		return errLongLine
	case s.conn.isEnding():
		return errEnding
	case errors.As(err, &timeout) && timeout.Timeout():
		return errTooSlow
	}
	return errBroken
}

// answer is what a client is told when the intake did not take its mail. All
// of it is temporary: the machine keeps the mail and comes back.
func answer(err error) *smtp.SMTPError {
	if errors.Is(err, store.ErrFull) {
		return errFull
	}
	return errNotKept
}

// refused writes down that a mail was not taken, and from which device.
func (s *session) refused(device message.DeviceID, answer *smtp.SMTPError) error {
	s.run.server.o.Log.Warn("mail not taken", "device", device, "code", answer.Code)
	return answer
}
