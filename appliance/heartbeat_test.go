package appliance_test

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/finding"
	"nightbell/appliance/settings"
)

// watchdog is a service that is called while all is well.
type watchdog struct {
	calls  atomic.Int64
	answer atomic.Int64
}

func startWatchdog(t *testing.T, p *appliancetest.Practice) *watchdog {
	t.Helper()
	ca, err := smarthost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	trust, err := ca.ServerTLS()
	if err != nil {
		t.Fatal(err)
	}
	w := &watchdog{}
	w.answer.Store(http.StatusOK)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		rw.WriteHeader(int(w.answer.Load()))
		if r.URL.Path == "/ping/secret" {
			w.calls.Add(1)
		}
	}))
	server.TLS = trust
	server.StartTLS()
	t.Cleanup(server.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := ca.WriteFile(file); err != nil {
		t.Fatal(err)
	}
	err = p.SetSettings(t.Context(), "owner", map[settings.Key]string{settings.ChannelsCA: file, settings.WatchHeartbeat: server.URL + "/ping/secret"})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// pass lets time pass until something is so, in steps that the bell keeps up
// with: a bell that is late is none that goes round.
func pass(p *appliancetest.Practice, until func() bool) {
	for !until() {
		tick := p.Bell.Tick()
		p.Advance(5 * time.Second)
		for spins, next := 1, 1000; !p.Bell.Tick().After(tick); spins++ {
			if runtime.Gosched(); spins == next { // it set its timer after the step: another one
				p.Advance(time.Second)
				next *= 2 // a bell whose disk is slow is not made to look as one that hangs
			}
		}
	}
}

func TestTheWatchdogOutsideIsCalledWhileTheBellGoesRound(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	w := startWatchdog(t, p)
	pass(p, func() bool { return w.calls.Load() > 0 })

	told := func() bool {
		all, err := p.Findings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(f finding.Finding) bool {
			if strings.Contains(f.Text+f.Do, "secret") {
				t.Errorf("the address is said: %s", f.Text)
			}
			return f.ID == "watch.heartbeat" && strings.Contains(f.Text, "it answered 500")
		})
	}
	before := w.calls.Load()
	w.answer.Store(http.StatusInternalServerError)
	pass(p, told)
	if w.calls.Load() < before+3 {
		t.Error("fewer than three calls that failed are told")
	}
	w.answer.Store(http.StatusOK)
	pass(p, func() bool { return !told() })
}

func TestTheWatchdogOutsideIsNotCalledWhenEverybodyWasRung(t *testing.T) {
	p := appliancetest.Start(t)
	w := startWatchdog(t, p)
	pass(p, func() bool { return w.calls.Load() > 0 })
	_, password := p.AddDevice("pbx")
	form := map[string]string{"caller": "Priya Raman", "callback": "5035550148", "read_back": "yes", "symptoms": "fever"}
	if got := p.PostMessage(t, password, "a", map[string]any{"call_type": "urgent", "form": form}); got.Status != http.StatusCreated {
		t.Fatalf("not taken: %d %s", got.Status, got.Body)
	}
	pass(p, func() bool { return p.Pulse().LastResort })
	quiet, since := w.calls.Load(), p.Clock.Now()
	pass(p, func() bool { return p.Clock.Since(since) > 5*time.Minute })
	if n := w.calls.Load(); n > quiet+1 { // one was on its way
		t.Errorf("called %d times while nobody took the call", n-quiet)
	}
}
