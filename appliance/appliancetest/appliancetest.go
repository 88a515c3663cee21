// Package appliancetest is the harness: it starts a real practice in a temp
// folder, with its pages and its mail door on free ports of 127.0.0.1, a clock
// that the test moves, and a smarthost that keeps what it gets.
//
// Use it for what crosses rooms. Nothing in it is faked but the clock and the
// outside: passwords are derived, messages are sealed, TLS is verified. So that
// a test need not pay for a key derivation more often than it has to, Open opens
// the appliance with the recovery kit.
//
//	p := appliancetest.Start(t)
//	rosa := p.SignIn(t, appliancetest.Admin)
//	p.Advance(5 * time.Minute)
//
// It ends by itself with the test, and fails it when anything did not end well.
package appliancetest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jonboulle/clockwork"
	"golang.org/x/sync/errgroup"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
	"nightbell/appliance/setup"
	"nightbell/appliance/store"
	"nightbell/crypto"
	"nightbell/ui/web"
)

// Login is somebody who signs in.
type Login struct{ Name, Password string }

// Admin is the first account of every practice: admin and front desk.
var Admin = Login{"rosa", "paper lantern over a quiet harbour"}

// Noon is when every practice begins: a Tuesday in New York.
var Noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// Options change how a practice is started.
type Options struct {
	Store     store.Options // laid under the store; to inject faults
	RealClock bool          // for measuring and for a browser that a person drives
	Smarthost bool          // start one and set it as the practice's
	Locked    bool          // do not open it with the kit
	Synced    func() bool   // whether a time server keeps the clock; nil: none does

	Root      string    // folder for the data folder and the kit; "" is a temp folder
	Data, Kit string    // start on a data folder that is there already
	At        time.Time // where the clock begins; Noon when zero
}

// Practice is a running practice.
type Practice struct {
	*appliance.Appliance
	Dir       string // data folder
	Kit       string // file of the recovery kit, outside Dir
	Fake      *clockwork.FakeClock
	Smarthost *smarthost.Server // nil unless asked for
	HTTPS     string            // host:port of the pages
	SMTPS     string            // host:port of the mail door
	Logs      *Logs

	t       testing.TB
	o       Options
	clock   clockwork.Clock
	commits commits
	cancel  context.CancelFunc // asks what runs to end
	ended   func() error       // waits until it has, and closes; nil while nothing runs

	mu      sync.Mutex
	clients []*Client // whose idle connections would hold a Stop up for a second
}

// Start makes a practice and starts it.
func Start(t testing.TB, opts ...func(*Options)) *Practice {
	t.Helper()
	p := &Practice{t: t, Logs: &Logs{}}
	for _, o := range opts {
		o(&p.o)
	}
	if p.o.At.IsZero() {
		p.o.At = Noon
	}
	p.Fake = clockwork.NewFakeClockAt(p.o.At)
	p.clock = p.Fake
	if p.o.RealClock {
		p.clock = clockwork.NewRealClock()
	}
	if p.Dir, p.Kit = p.o.Data, p.o.Kit; p.Dir == "" {
		p.setUp()
	}
	t.Cleanup(p.Stop)
	p.Run()
	if !p.o.Locked {
		p.Open()
	}
	if p.o.Smarthost {
		p.withSmarthost(t.TempDir())
	}
	return p
}

func (p *Practice) setUp() {
	p.t.Helper()
	root := p.o.Root
	if root == "" {
		root = p.t.TempDir()
	}
	p.Dir, p.Kit = filepath.Join(root, "data"), filepath.Join(root, "kit.txt")
	_, err := setup.Make(p.t.Context(), setup.Practice{
		Dir: p.Dir, Kit: p.Kit, Name: "Cedar Street Family Practice", Zone: "America/New_York", Host: "nightbell.local",
		Admin: Admin.Name, AdminPassword: Admin.Password, Clock: p.clock,
	})
	if err != nil {
		p.t.Fatalf("setting up a practice: %v", err)
	}
}

// WithSmarthost starts a smarthost and sets it as the practice's.
func WithSmarthost(o *Options) { o.Smarthost = true }

// In makes the practice in a folder that the test chose: on a disk of its own.
func In(root string) func(*Options) { return func(o *Options) { o.Root = root } }

// On starts on a data folder that is there already, with the file of its kit,
// at a time that is after its last commit.
func On(data, kit string, at time.Time) func(*Options) {
	return func(o *Options) { o.Data, o.Kit, o.At = data, kit, at }
}

// Locked leaves the appliance as it is after a restart.
func Locked(o *Options) { o.Locked = true }

// RealClock runs on the machine's own clock.
func RealClock(o *Options) { o.RealClock = true }

// Run starts the practice on the data folder as it is; Start does it for you.
func (p *Practice) Run() {
	p.t.Helper()
	if p.o.Synced == nil {
		p.o.Synced = func() bool { return false }
	}
	log := slog.New(slog.NewJSONHandler(p.Logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	a, err := appliance.Open(p.t.Context(), appliance.Options{Dir: p.Dir, Clock: p.clock, Log: log, Store: p.o.Store, Synced: p.o.Synced})
	if err != nil {
		p.t.Fatalf("opening the practice: %v", err)
	}
	p.Appliance = a
	a.Store.Watch(p.commits.came)
	https, smtps := p.listen(), p.listen()
	p.HTTPS, p.SMTPS = https.Addr().String(), smtps.Addr().String()
	a.ListeningAt(p.HTTPS, p.SMTPS)
	pages, err := web.New(a)
	if err != nil {
		p.t.Fatalf("making the pages: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.Run(ctx, smtps) })
	group.Go(func() error { return pages.Serve(ctx, https) })
	p.cancel = cancel
	p.ended = func() error {
		err := group.Wait()
		cancel()
		if cerr := a.Close(); err == nil {
			err = cerr
		}
		return err
	}
}

// Stop ends the practice and waits; Start arranges for it.
func (p *Practice) Stop() {
	if p.ended == nil {
		return
	}
	p.mu.Lock()
	for _, c := range p.clients {
		c.CloseIdleConnections()
	}
	p.clients = nil
	p.mu.Unlock()
	p.cancel()
	if err := p.Ended(); err != nil {
		p.t.Errorf("the practice did not end well: %v", err)
	}
}

// Ended waits until the practice ends by itself, as it does when a write could
// not be made durable, and answers what it ended with. Run starts it again.
func (p *Practice) Ended() error {
	ended := p.ended
	p.ended = nil
	return ended()
}

// Restart stops the practice and starts it again: locked, as after a reboot.
func (p *Practice) Restart() {
	p.t.Helper()
	p.Stop()
	p.Run()
}

// Open opens the appliance with the recovery kit, without a password.
func (p *Practice) Open() {
	p.t.Helper()
	if err := p.Vault.Unlock(p.t.Context(), p.KitIdentities()...); err != nil {
		p.t.Fatalf("opening with the recovery kit: %v", err)
	}
}

// KitIdentities are what the recovery kit opens with.
func (p *Practice) KitIdentities() []age.Identity {
	p.t.Helper()
	kit, err := os.ReadFile(p.Kit)
	if err != nil {
		p.t.Fatal(err)
	}
	ids, err := crypto.ParseIdentities(bytes.NewReader(kit))
	if err != nil {
		p.t.Fatalf("reading the recovery kit: %v", err)
	}
	return ids
}

// Advance moves the clock, once every job waits on it.
func (p *Practice) Advance(d time.Duration) { p.Fake.Advance(d) }

// AddPerson makes an account.
func (p *Practice) AddPerson(who Login, mail string, roles ...access.Role) message.PersonID {
	p.t.Helper()
	made, err := p.Appliance.AddPerson(p.t.Context(), "owner",
		access.NewPerson{Name: who.Name, Mail: mail, Roles: roles, Password: who.Password}, appliance.Key{})
	if err != nil {
		p.t.Fatalf("adding %s: %v", who.Name, err)
	}
	return made.ID
}

// AddDevice makes a machine's credential.
func (p *Practice) AddDevice(name string) (user, password string) {
	p.t.Helper()
	d, password, err := p.Access.AddDevice(p.t.Context(), "owner", name)
	if err != nil {
		p.t.Fatalf("adding the machine %s: %v", name, err)
	}
	return string(d.ID), password
}

// Trust trusts the practice's own authority and nothing else, at its own time:
// its certificates are as old as its clock says.
func (p *Practice) Trust() *tls.Config {
	trust := TrustOf(p.t, p.Dir)
	trust.Time = p.clock.Now
	return trust
}

// TrustOf trusts the authority of a data folder and nothing else.
func TrustOf(t testing.TB, data string) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(data, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("the practice's CA certificate cannot be read")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

func (p *Practice) withSmarthost(root string) {
	p.t.Helper()
	sh, err := smarthost.Start(smarthost.Options{})
	if err != nil {
		p.t.Fatalf("starting a smarthost: %v", err)
	}
	p.t.Cleanup(func() {
		sh.Close()
		for _, m := range sh.Unexpected() {
			p.t.Errorf("a notice that this scenario did not expect went to %s", strings.Join(m.To, ", "))
		}
	})
	p.Smarthost = sh
	ca := filepath.Join(root, "smarthost-ca.pem")
	if err := sh.CA().WriteFile(ca); err != nil {
		p.t.Fatal(err)
	}
	err = p.SetSettings(p.t.Context(), "owner", map[settings.Key]string{
		settings.MailSmarthost: sh.URL(), settings.MailCA: ca, settings.MailUser: "nightbell",
		settings.MailFrom: "nightbell@cedarstreet.example",
	})
	if err == nil {
		err = p.SetMailPassword(p.t.Context(), "owner", "correct horse")
	}
	if err != nil {
		p.t.Fatalf("setting the smarthost: %v", err)
	}
}

func (p *Practice) listen() net.Listener {
	p.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	return l
}

// Logs keeps what the practice logged, for tests that look for what must not be
// there. It is safe for concurrent use.
type Logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *Logs) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(b)
}

// Bytes is everything that was logged so far.
func (l *Logs) Bytes() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.buf.Bytes())
}
