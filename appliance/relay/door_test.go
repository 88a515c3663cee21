package relay_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/textproto"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

const (
	pbxUser     = "pbx"
	pbxPassword = "d1-canary-password"
)

// door is a running Server with the rooms behind it played by the test.
type door struct {
	t    *testing.T
	ca   *smarthost.CA
	addr string
	log  *lockedBuffer
	end  context.CancelFunc
	over chan error // what Serve answered

	mu    sync.Mutex
	taken []relay.Mail
	take  func(context.Context, relay.Mail) error // nil: take it

	disabled bool // the device was, since it signed in
}

func (d *door) TakeMail(ctx context.Context, m relay.Mail) error {
	d.mu.Lock()
	take := d.take
	d.mu.Unlock()
	if take != nil {
		if err := take(ctx, m); err != nil {
			return err
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.taken = append(d.taken, m)
	return nil
}

// onTake lets the intake do this before it takes a mail.
func (d *door) onTake(take func(context.Context, relay.Mail) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.take = take
}

func (d *door) mails() []relay.Mail {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.taken)
}

func (d *door) AuthDevice(_ context.Context, user, password string, from netip.Addr) (access.Device, error) {
	switch {
	case user == "slow":
		return access.Device{}, &access.TooMany{After: time.Minute}
	case user == "broken":
		return access.Device{}, store.ErrBroken
	case user == pbxUser && password == pbxPassword && from.IsLoopback():
		return access.Device{ID: "device-1"}, nil
	}
	return access.Device{}, access.ErrRefused
}

func (d *door) Device(_ *store.Tx, id message.DeviceID) (access.Device, bool, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return access.Device{ID: id, Disabled: d.disabled}, true, nil
}

func (d *door) disable() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.disabled = true
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func openStore(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func openDoor(t *testing.T, limits relay.Limits) *door {
	t.Helper()
	ca, err := smarthost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	config, err := ca.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	config.MinVersion = tls.VersionTLS10 // the server must know better
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := &door{t: t, ca: ca, addr: l.Addr().String(), log: &lockedBuffer{}, over: make(chan error, 1)}
	server := relay.NewServer(relay.InOptions{
		Store: openStore(t), Intake: d, Devices: d, Protocols: protocol.NewShelf(), TLS: config, Domain: "nightbell.test", Limits: limits,
		Log: slog.New(slog.NewTextHandler(d.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	ctx, end := context.WithCancel(context.Background())
	d.end = end
	go func() { d.over <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		end()
		if err, open := <-d.over; open && err != nil {
			t.Errorf("Serve answered %v", err)
		}
	})
	return d
}

// stop ends the server and answers what Serve said.
func (d *door) stop() error {
	d.end()
	err := <-d.over
	close(d.over)
	return err
}

func (d *door) dial() *textproto.Conn {
	d.t.Helper()
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{RootCAs: d.ca.Pool()})
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { conn.Close() })
	c := textproto.NewConn(conn)
	if _, _, err := c.ReadResponse(220); err != nil {
		d.t.Fatal(err)
	}
	return c
}

// say sends a line and answers the reply as "250 2.0.0 …", or "" when there is none.
func say(t *testing.T, c *textproto.Conn, format string, args ...any) string {
	t.Helper()
	if err := c.PrintfLine(format, args...); err != nil {
		t.Errorf("talking to the server: %v", err)
		return ""
	}
	return reply(t, c)
}

func reply(t *testing.T, c *textproto.Conn) string {
	t.Helper()
	code, text, err := c.ReadResponse(0)
	if err != nil {
		t.Errorf("waiting for an answer: %v", err)
		return ""
	}
	return fmt.Sprintf("%d %s", code, text)
}

func plain(identity, user, password string) string {
	return base64.StdEncoding.EncodeToString([]byte(identity + "\x00" + user + "\x00" + password))
}

// signedIn answers a session after AUTH.
func (d *door) signedIn() *textproto.Conn {
	d.t.Helper()
	c := d.dial()
	say(d.t, c, "EHLO pbx.test")
	if r := say(d.t, c, "AUTH PLAIN %s", plain("", pbxUser, pbxPassword)); !strings.HasPrefix(r, "235 ") {
		d.t.Fatalf("AUTH was answered %q", r)
	}
	return c
}

// inData answers a session after DATA was allowed.
func (d *door) inData(to ...string) *textproto.Conn {
	d.t.Helper()
	c := d.signedIn()
	say(d.t, c, "MAIL FROM:<pbx@example.com>")
	for _, address := range to {
		say(d.t, c, "RCPT TO:<%s>", address)
	}
	if r := say(d.t, c, "DATA"); !strings.HasPrefix(r, "354 ") {
		d.t.Fatalf("DATA was answered %q", r)
	}
	return c
}

// send sends one mail and answers the last reply.
func (d *door) send(body string, to ...string) string {
	d.t.Helper()
	c := d.inData(to...)
	return say(d.t, c, "%s\r\n.", strings.ReplaceAll(body, "\n", "\r\n"))
}
