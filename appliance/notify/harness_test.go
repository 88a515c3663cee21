package notify_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/store"
)

// patience is how long a test waits for what has to happen.
const patience = 20 * time.Second

// practice is a store with an outbox that runs, and all that it was told.
type practice struct {
	t      *testing.T
	dir    string
	store  *store.Store
	clock  *clockwork.FakeClock
	outbox *notify.Outbox
	stop   func()

	mu      sync.Mutex
	told    []string // as heard, by a change that is not committed yet
	heard   []string // "failed webhook", in order
	changed chan struct{}
}

func newPractice(t *testing.T) *practice {
	t.Helper()
	p := &practice{t: t, dir: t.TempDir(), clock: clockwork.NewFakeClockAt(bout), changed: make(chan struct{})}
	p.start()
	return p
}

// start opens the store and runs the outbox, at first and after an end.
func (p *practice) start() {
	p.t.Helper()
	p.store = channeltest.Open(p.t, p.dir)
	p.store.Watch(func(store.WriteSet) { p.committed() })
	p.outbox = notify.NewOutbox(notify.OutboxOptions{
		Store: p.store, Gateways: []notify.Gateway{notify.NewWebhook(p.clock.Now), notify.NewNtfy(), notify.NewSMS(), notify.NewVoice()}, Outcome: p, Secret: secret,
		Clock: p.clock, Jitter: func(time.Duration) time.Duration { return 0 },
	})
	ctx, cancel := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	outbox := p.outbox
	go func() { ended <- outbox.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
	p.t.Cleanup(p.stop)
}

// committed makes what was told in the transaction count: before that, the
// pages still read as they were.
func (p *practice) committed() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard, p.told = append(p.heard, p.told...), nil
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *practice) Delivered(_ *store.Tx, page notify.Page, _ time.Time) error {
	return p.hear("delivered", page)
}

func (p *practice) Failed(_ *store.Tx, page notify.Page, _ time.Time) error {
	return p.hear("failed", page)
}

func (p *practice) hear(what string, page notify.Page) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = append(p.told, what+" "+string(page.Kind))
	return nil
}

func (p *practice) outcomes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.heard...)
}

// until waits until something holds, looked at after each commit.
func (p *practice) until(what string, holds func() bool) {
	p.t.Helper()
	deadline := time.After(patience)
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		if holds() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			p.t.Fatalf("not in time: %s; heard %v, waiting %+v", what, p.outcomes(), p.pages())
		}
	}
}

func (p *practice) update(f func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.store.Update(p.t.Context(), f); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) pages() (list []notify.Entry) {
	_ = p.store.View(func(tx *store.Tx) error {
		list = notify.Pages(tx)
		return nil
	})
	return list
}

func (p *practice) channel(kind notify.Kind) notify.Channel {
	return p.outbox.Channel(kind, speech(time.UTC))
}

// ring rings okafor for the nth message on a channel.
func (p *practice) ring(kind notify.Kind, n, step int) {
	p.t.Helper()
	p.update(func(tx *store.Tx) error {
		return p.channel(kind).Begin(tx, notice(n, step), okafor(), p.clock.Now())
	})
}

func (p *practice) end(kind notify.Kind, n int) {
	p.t.Helper()
	p.update(func(tx *store.Tx) error {
		return p.channel(kind).End(tx, notice(n, 1).Message, notify.Address{Person: "p1"})
	})
}

// condition is what is expected of a channel for okafor.
func (p *practice) condition(kind notify.Kind) (got notify.Condition, why string) {
	p.t.Helper()
	err := p.store.View(func(tx *store.Tx) (err error) {
		got, why, err = p.channel(kind).Check(tx, okafor())
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return got, why
}

func notice(n, step int) notify.Notice {
	return notify.Notice{
		Message: message.ID(fmt.Sprintf("01936000-0000-7000-8000-%012d", n)), Number: message.Number(1041 + n),
		Type: message.TypeUrgent, Urgency: message.Urgent, Since: bout, Reason: notify.Waiting, Step: step, Bout: bout,
	}
}

// gateway is an https server that keeps what it was sent.
type gateway struct {
	*httptest.Server
	ca string // file of its authority

	mu     sync.Mutex
	answer func(n int, w http.ResponseWriter, r *http.Request) // n: how many came before
	came   []*http.Request
	more   chan struct{}
}

func startGateway(t *testing.T, answer func(n int, w http.ResponseWriter, r *http.Request)) *gateway {
	t.Helper()
	ca, err := smarthost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{ca: filepath.Join(t.TempDir(), "ca.pem"), answer: answer, more: make(chan struct{}, 1000)}
	if err := ca.WriteFile(g.ca); err != nil {
		t.Fatal(err)
	}
	g.Server = httptest.NewUnstartedServer(g)
	g.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that refuse its certificate
	if g.TLS, err = ca.ServerTLS(); err != nil {
		t.Fatal(err)
	}
	g.StartTLS()
	t.Cleanup(g.Close)
	return g
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	n := len(g.came)
	g.came = append(g.came, r)
	g.mu.Unlock()
	g.more <- struct{}{}
	g.answer(n, w, r)
}

// next waits for one more request.
func (g *gateway) next(t *testing.T) {
	t.Helper()
	select {
	case <-g.more:
	case <-time.After(patience):
		t.Fatal("no request came")
	}
}

// use sets a practice up with the gateway.
func (p *practice) use(g *gateway) {
	p.t.Helper()
	setUp(p.t, p.store, g.URL, g.ca)
}
