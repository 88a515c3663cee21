package watch_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/watch"
)

const well = `{"status":"ready","state":"locked","bell_seconds":0.5,"last_resort":false}`

// practice is an appliance as the watch sees it, and the webhook that is told.
type practice struct {
	t      *testing.T
	clock  *clockwork.FakeClock
	ca     *smarthost.CA
	server *httptest.Server
	hook   *httptest.Server
	state  string

	mu     sync.Mutex
	answer string
	status int
	deaf   bool // the webhook takes nothing
	heard  []watch.Notice
}

func newPractice(t *testing.T) *practice {
	ca, err := smarthost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	p := &practice{t: t, ca: ca, answer: well, status: http.StatusOK,
		clock: clockwork.NewFakeClockAt(time.Date(2026, 11, 25, 7, 0, 0, 0, time.UTC)), state: filepath.Join(t.TempDir(), "watch.json")}
	p.server = p.serve(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(p.status)
		io.WriteString(w, p.answer)
	})
	p.hook = p.serve(p.hear)
	return p
}

func (p *practice) serve(h http.HandlerFunc) *httptest.Server {
	tls, err := p.ca.ServerTLS()
	if err != nil {
		p.t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(h)
	s.TLS = tls
	s.StartTLS()
	p.t.Cleanup(s.Close)
	return s
}

func (p *practice) hear(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.deaf {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	var n watch.Notice
	if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
		p.t.Error(err)
	}
	p.heard = append(p.heard, n)
}

func (p *practice) answers(status int, body string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.status, p.answer = status, body
}

// told is what was heard since the last asking, as "what trouble".
func (p *practice) told() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var b strings.Builder
	for _, n := range p.heard {
		fmt.Fprintf(&b, "%s %s|", n.What, n.Trouble)
	}
	p.heard = nil
	return b.String()
}

func (p *practice) client() *http.Client {
	return watch.NewClient(p.ca.Pool())
}

func (p *practice) watch(change func(*watch.Options)) *watch.Watch {
	p.t.Helper()
	voice, err := watch.NewVoice(p.hook.URL+"/alarm", watch.Ways{Client: p.client()})
	if err != nil {
		p.t.Fatal(err)
	}
	o := watch.Options{URL: p.server.URL, Client: p.client(), Voices: []watch.Voice{voice}, State: p.state, Clock: p.clock}
	if change != nil {
		change(&o)
	}
	w, err := watch.New(o)
	if err != nil {
		p.t.Fatal(err)
	}
	return w
}

// running is a watch that runs.
type running struct {
	p    *practice
	stop func()
}

func (p *practice) run(change func(*watch.Options)) *running {
	p.t.Helper()
	w := p.watch(change)
	ctx, cancel := context.WithCancel(p.t.Context())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	var once sync.Once
	r := &running{p, func() {
		once.Do(func() {
			cancel()
			if err := <-done; err != nil {
				p.t.Error(err)
			}
		})
	}}
	p.t.Cleanup(r.stop)
	r.looked()
	return r
}

// looked waits until the watch has looked and waits for the next time.
func (r *running) looked() {
	r.p.t.Helper()
	if err := r.p.clock.BlockUntilContext(r.p.t.Context(), 1); err != nil {
		r.p.t.Fatal(err)
	}
}

// pass lets so much time pass, by looks.
func (r *running) pass(d time.Duration) {
	r.p.t.Helper()
	for ; d > 0; d -= 30 * time.Second {
		r.p.clock.Advance(min(d, 30*time.Second))
		r.looked()
	}
}

func (p *practice) expect(want string) {
	p.t.Helper()
	if got := p.told(); got != want {
		p.t.Errorf("told %q, want %q", got, want)
	}
}

func TestAnApplianceThatDiesIsAnAlarmThatRepeatsUntilItIsWell(t *testing.T) {
	p := newPractice(t)
	r := p.run(nil)
	r.pass(10 * time.Minute)
	p.expect("note |")
	p.answers(http.StatusBadGateway, "")
	r.pass(time.Minute)
	p.expect("")
	r.pass(30 * time.Second)
	p.expect("alarm not-ready|")
	r.pass(14*time.Minute + 30*time.Second)
	p.expect("")
	r.pass(30 * time.Second)
	p.expect("alarm not-ready|")
	p.answers(http.StatusOK, well)
	r.pass(30 * time.Second)
	p.expect("well |")
	r.pass(time.Hour)
	p.expect("")
}

func TestAHeartbeatThatWasNeverSeenOnceAlarmsToo(t *testing.T) {
	p := newPractice(t)
	p.server.Close()
	r := p.run(nil)
	r.pass(90 * time.Second)
	p.expect("note |")
	r.pass(time.Minute)
	p.expect("alarm no-answer|")
}

func TestTheBellIsHeardThroughTheAnswer(t *testing.T) {
	for name, c := range map[string]struct{ answer, want string }{
		"it stands still":       {`{"status":"ready","bell_seconds":61}`, "alarm bell-late|"},
		"it never went round":   {`{"status":"ready","state":"open"}`, "alarm bell-never|"},
		"it has no status":      {`<html>`, "alarm not-ready|"},
		"the last resort is on": {`{"status":"ready","bell_seconds":0,"last_resort":true}`, "alarm last-resort|"},
		"it went round in time": {`{"status":"ready","bell_seconds":59}`, ""},
		"locked is no trouble":  {well, ""},
		"it cannot take calls":  {`{"status":"not ready","why":"The disk is full.","bell_seconds":0}`, "alarm not-ready|"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPractice(t)
			p.answers(http.StatusOK, c.answer)
			r := p.run(nil)
			r.pass(5 * time.Minute)
			p.expect("note |" + c.want)
		})
	}
}

func TestTheLastResortIsAnAlarmAtOnce(t *testing.T) {
	p := newPractice(t)
	r := p.run(nil)
	p.expect("note |")
	p.answers(http.StatusOK, `{"status":"ready","bell_seconds":0,"last_resort":true}`)
	r.pass(30 * time.Second)
	p.expect("alarm last-resort|")
	p.answers(http.StatusOK, well)
	r.pass(30 * time.Second)
	p.expect("well |")
}

func TestTheLastResortIsSaidThoughSomethingElseWasSaidBefore(t *testing.T) {
	p := newPractice(t)
	r := p.run(nil)
	p.answers(http.StatusServiceUnavailable, `{"status":"not ready","why":"The disk is full."}`)
	r.pass(5 * time.Minute)
	p.expect("note |alarm not-ready|")
	p.answers(http.StatusServiceUnavailable, `{"status":"not ready","last_resort":true}`)
	r.pass(30 * time.Second)
	p.expect("alarm last-resort|")
	r.pass(5 * time.Minute)
	p.expect("")
}

func TestOneMissedAnswerIsNoAlarm(t *testing.T) {
	p := newPractice(t)
	r := p.run(nil)
	r.pass(5 * time.Minute)
	for range 10 {
		p.answers(http.StatusBadGateway, "")
		r.pass(time.Minute)
		p.answers(http.StatusOK, well)
		r.pass(30 * time.Second)
	}
	p.expect("note |")
}

func TestAWatchThatWasOffSaysSoAndGivesTimeBeforeItAlarms(t *testing.T) {
	p := newPractice(t)
	r := p.run(nil)
	r.pass(5 * time.Minute)
	p.expect("note |")
	r.stop()
	p.clock.Advance(5 * time.Hour)
	p.server.Close()
	r = p.run(nil)
	p.mu.Lock()
	text := p.heard[0].Text
	p.mu.Unlock()
	if !strings.Contains(text, "for 5 h 0 min") || !strings.Contains(text, "the watch was off") {
		t.Errorf("said %q", text)
	}
	p.expect("note |")
	r.pass(90 * time.Second)
	p.expect("")
	r.pass(time.Minute)
	p.expect("alarm no-answer|")
}

func TestAMachineThatSleptIsAWatchThatWasOff(t *testing.T) {
	p := newPractice(t)
	r := p.run(nil)
	r.pass(5 * time.Minute)
	p.expect("note |")
	p.answers(http.StatusBadGateway, "")
	r.pass(time.Minute)
	p.clock.Advance(8 * time.Hour)
	r.looked()
	p.expect("note |")
	r.pass(time.Minute)
	p.expect("")
	r.pass(time.Minute)
	p.expect("alarm not-ready|")
}

func TestAnAlarmGoesOnOverARestartOfTheWatch(t *testing.T) {
	p := newPractice(t)
	p.answers(http.StatusBadGateway, "")
	r := p.run(nil)
	r.pass(3 * time.Minute)
	p.expect("note |alarm not-ready|")
	r.stop()
	r = p.run(nil)
	r.pass(5 * time.Minute)
	p.expect("")
	r.pass(15 * time.Minute)
	p.expect("alarm not-ready|")
	p.answers(http.StatusOK, well)
	r.pass(30 * time.Second)
	p.expect("well |")
}

func TestAVoiceThatWasNotHeardIsTriedAgain(t *testing.T) {
	p := newPractice(t)
	var warned []string
	r := p.run(func(o *watch.Options) { o.Warn = func(voice, why string) { warned = append(warned, voice+": "+why) } })
	p.expect("note |")
	p.mu.Lock()
	p.deaf = true
	p.mu.Unlock()
	p.answers(http.StatusBadGateway, "")
	r.pass(4 * time.Minute)
	p.mu.Lock()
	p.deaf = false
	p.mu.Unlock()
	r.pass(30 * time.Second)
	p.expect("alarm not-ready|")
	r.stop()
	if len(warned) == 0 || !strings.Contains(warned[0], "it answered 503") || strings.Contains(warned[0], "/alarm") {
		t.Errorf("warned %q", warned)
	}
}

func TestWhoCannotProveToBeTheApplianceIsNotIt(t *testing.T) {
	p := newPractice(t)
	stranger, err := smarthost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	w := p.watch(func(o *watch.Options) { o.Client = watch.NewClient(stranger.Pool()) })
	if trouble, _ := w.Look(t.Context()); trouble != watch.NotTrusted {
		t.Errorf("a certificate that nobody vouches for: %q", trouble)
	}
	elsewhere := p.serve(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, p.server.URL+"/readyz", http.StatusFound)
	})
	w = p.watch(func(o *watch.Options) { o.URL = elsewhere.URL })
	if trouble, _ := w.Look(t.Context()); trouble != watch.NotReady {
		t.Errorf("a redirect was followed: %q", trouble)
	}
}
