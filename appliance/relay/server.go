package relay

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// Intake takes one mail; when it answers nil the mail is durable.
type Intake interface {
	TakeMail(ctx context.Context, m Mail) error
}

// Devices knows the machines that may send.
type Devices interface {
	AuthDevice(ctx context.Context, user, password string, from netip.Addr) (access.Device, error)
	Device(tx *store.Tx, id message.DeviceID) (access.Device, bool, error)
}

// Mail is one mail on its way into the intake.
type Mail struct {
	Device  message.DeviceID
	Type    message.CallType
	Urgency message.Urgency
	Parsed
}

// InOptions is what a Server needs; Limits and Log may be left zero.
type InOptions struct {
	Store     *store.Store
	Protocols *protocol.Shelf // which address means which call type
	Intake    Intake
	Devices   Devices
	TLS       *tls.Config
	Domain    string // the host name it greets with
	Limits    Limits
	Log       *slog.Logger
}

// Limits bound what one client can ask for. What is zero is the default.
type Limits struct {
	Message    int64         // bytes of one mail; 552 beyond
	Recipients int           // addresses of one mail; 452 beyond
	Large      int           // mails over 1 MiB that are in memory at once; others wait, then 451
	SignIn     time.Duration // from the first byte of TLS to AUTH; the line is closed after
	Command    time.Duration // wait for the next command; 421 after
	Stall      time.Duration // wait for the next bytes of a mail; 421 after
	Data       time.Duration // for one mail as a whole; 421 after
	Ending     time.Duration // for a mail that is coming in when the server ends; 421 after
}

func (l Limits) orDefaults() Limits {
	or := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	if l.Message == 0 {
		l.Message = 25 << 20 // what large providers send, and a fax of 200 pages
	}
	if l.Recipients == 0 {
		l.Recipients = 100 // RFC 5321 4.5.3.1.8
	}
	if l.Large == 0 {
		l.Large = 2 // parsing one takes some four times its size
	}
	or(&l.SignIn, time.Minute)    // a stranger may not hold a line; machines need a second
	or(&l.Command, 5*time.Minute) // RFC 5321 4.5.3.2.7
	or(&l.Stall, 2*time.Minute)
	or(&l.Data, 10*time.Minute) // RFC 5321 4.5.3.2.6: what a client waits for its answer
	or(&l.Ending, 5*time.Second)
	return l
}

const (
	writeTimeout = time.Minute

	// go-smtp has one limit for lines of commands and of mail. RFC 5321 allows
	// 1,000 bytes (4.5.3.1.6); machines that write HTML break it.
	lineLimit = 64 << 10
)

// Server takes mail over implicit TLS from devices that sign in.
type Server struct {
	o     InOptions
	large chan struct{} // a place for each large mail in memory
}

// NewServer makes a Server; Serve starts it.
func NewServer(o InOptions) *Server {
	o.Limits = o.Limits.orDefaults()
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.TLS = o.TLS.Clone()
	o.TLS.MinVersion = max(o.TLS.MinVersion, tls.VersionTLS12)
	return &Server{o: o, large: make(chan struct{}, o.Limits.Large)}
}

// Serve takes mail on l, which it closes, until ctx ends or l fails. When ctx
// ends, idle clients are sent away at once and a mail that is coming in has a
// few seconds to finish; when Serve returns, nothing of it runs any more. It
// answers nil when ctx ended it.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	// Work under way outlives ctx until its last seconds are over.
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	run := &serving{server: s, ctx: working, conns: newConns(s.o.Limits)}
	server := run.smtpServer()

	accepting := make(chan error, 1)
	go func() { accepting <- server.Serve(tls.NewListener(&listener{l, run.conns}, s.o.TLS)) }()
	var err error
	select {
	case <-ctx.Done():
		l.Close()
		<-accepting
	case err = <-accepting:
		err = fmt.Errorf("taking mail on %s: %w", l.Addr(), err)
		l.Close()
	}

	run.conns.end(time.Now().Add(s.o.Limits.Ending))
	last := time.NewTimer(s.o.Limits.Ending + time.Second) // the second is for the answer
	defer last.Stop()
	select {
	case <-run.conns.drained:
	case <-last.C:
		stop()
		run.conns.cutOff()
		<-run.conns.drained
	}
	run.work.Wait()
	server.Shutdown(context.Background()) // waits for go-smtp's own goroutines, whose connections are closed
	return err
}

// serving is one Serve under way.
type serving struct {
	server *Server
	ctx    context.Context // ends when nothing may go on
	conns  *conns
	work   sync.WaitGroup // mails being taken
}

func (run *serving) smtpServer() *smtp.Server {
	o := run.server.o
	server := smtp.NewServer(smtp.BackendFunc(run.newSession))
	server.Domain = o.Domain
	server.MaxRecipients = o.Limits.Recipients
	server.MaxMessageBytes = o.Limits.Message
	server.MaxLineLength = lineLimit
	server.ReadTimeout = o.Limits.Command
	server.WriteTimeout = writeTimeout
	server.EnableSMTPUTF8 = true
	server.ErrorLog = quietLog{o.Log}
	return server
}

// listener gives go-smtp connections that are tracked below TLS.
type listener struct {
	net.Listener
	conns *conns
}

func (l *listener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.conns.add(c), nil
}

// quietLog is go-smtp's log. What it would write may quote a client's bytes or
// a panic's values, so only the kind of the event is kept.
type quietLog struct{ log *slog.Logger }

func (q quietLog) Printf(format string, values ...any) {
	// Anybody can make a connection fail, so it must not fill the log.
	level, kind := slog.LevelDebug, "a connection failed"
	switch {
	case strings.HasPrefix(format, "panic"):
		q.log.Error("smtp: a session panicked and was ended")
		return
	case strings.HasPrefix(format, "accept"):
		level, kind = slog.LevelWarn, "cannot accept connections"
	}
	attrs := make([]any, 0, 4)
	for _, v := range values {
		switch v := v.(type) {
		case net.Addr:
			attrs = append(attrs, "from", v.String())
		case error:
			attrs = append(attrs, "reason", connReason(v))
		}
	}
	q.log.Log(context.Background(), level, "smtp: "+kind, attrs...)
}

func (q quietLog) Println(...any) { q.log.Debug("smtp: a connection failed") }

// connReason names why a connection failed, in words of ours.
func connReason(err error) string {
	var alert tls.AlertError
	var record tls.RecordHeaderError
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "time-out"
	case errors.As(err, &alert):
		return "the client refused our certificate or TLS version"
	case errors.As(err, &record):
		return "the client did not speak TLS"
	case strings.HasPrefix(err.Error(), "tls: "):
		return "TLS failed"
	}
	return "the client went away"
}
