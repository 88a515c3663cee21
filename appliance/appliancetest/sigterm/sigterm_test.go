// Package sigterm_test shows that a service that is told to end does so within
// seconds, whatever its clients do, and loses nothing that it acknowledged.
package sigterm_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/traffic"
	"nightbell/appliance/message"
)

func TestMain(m *testing.M) { appliancetest.Main(m) }

func TestATerminatedServiceEndsInSecondsAndLosesNothing(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.RealClock, appliancetest.Locked)
	user, password := p.AddDevice("partner")
	p.Stop()
	child := appliancetest.Serve(t, p.Dir)
	s := traffic.New(user, password, appliancetest.TrustOf(t, p.Dir))
	s.At(child.HTTPS, child.SMTPS)

	streams := openStreams(t, p, child, 5)
	idle, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	silent(t, child.HTTPS)
	silent(t, child.SMTPS)
	finishing, stalled := s.Word(), s.Word()
	mail := begin(t, s, finishing)
	begin(t, s, stalled) // never ends

	load := newLoad(t, s)
	load.waitFor(40)
	var rest sync.WaitGroup
	rest.Go(func() { // the senders are refused once it ends
		load.ended.Wait()
		if code, err := mail.Finish(); err != nil || code != 250 {
			t.Errorf("a mail that was under way is answered %d %v", code, err)
		}
	})
	child.Stop(t)
	rest.Wait()

	for i, body := range streams {
		if _, err := io.Copy(io.Discard, body); err != nil {
			t.Errorf("event stream %d ended with %v, not by its end", i, err)
		}
	}
	if err := idle.Noop(); err == nil || !strings.Contains(err.Error(), "421") {
		t.Errorf("the idle mail client was told %v", err)
	}
	p.Run()
	there := s.Kept(t, p.Appliance, p.KitIdentities()...)
	if !there[finishing] || there[stalled] {
		t.Errorf("the mail that was finished: %t; the one that never was: %t", there[finishing], there[stalled])
	}
	retried(t, p, s, load.unknown, there)
}

// retried sends again what was not answered, under its key, and sees that no
// message is there twice.
func retried(t *testing.T, p *appliancetest.Practice, s *traffic.Sender, unknown []string, there map[string]bool) {
	t.Helper()
	s.At(p.HTTPS, p.SMTPS)
	for _, word := range unknown {
		answer, err := s.Post(t.Context(), message.TypeOther, word, 100)
		if err != nil || answer.Status/100 != 2 {
			t.Errorf("sent again, %s is answered %d %v", word, answer.Status, err)
		}
	}
	s.Kept(t, p.Appliance, p.KitIdentities()...)
}

// openStreams signs in and opens the event streams of so many pages.
func openStreams(t *testing.T, p *appliancetest.Practice, child *appliancetest.Child, n int) (bodies []io.Reader) {
	t.Helper()
	rosa := appliancetest.ClientOf(t, p.Dir, child.HTTPS)
	rosa.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}})
	for range n {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, rosa.Base+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := rosa.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		body := bufio.NewReader(resp.Body)
		if line, err := body.ReadString('\n'); err != nil || line != "event: hello\n" {
			t.Fatalf("an event stream (%d) begins with %q: %v", resp.StatusCode, line, err)
		}
		bodies = append(bodies, body)
	}
	return bodies
}

// silent connects and says nothing, not even a handshake.
func silent(t *testing.T, addr string) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
}

func begin(t *testing.T, s *traffic.Sender, word string) *traffic.Mail {
	t.Helper()
	c, err := s.Dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	m, err := s.Begin(c, word, 100)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// load is senders at both doors that go on until they are refused.
type load struct {
	ended sync.WaitGroup
	acks  chan struct{}

	mu      sync.Mutex
	unknown []string // posted, and never answered
}

func newLoad(t *testing.T, s *traffic.Sender) *load {
	l := &load{acks: make(chan struct{}, 1<<16)}
	for range 4 {
		l.ended.Go(func() {
			for {
				word := s.Word()
				answer, err := s.Post(t.Context(), message.TypeOther, word, 100)
				if err != nil || answer.Status/100 != 2 {
					l.mu.Lock()
					l.unknown = append(l.unknown, word)
					l.mu.Unlock()
					return
				}
				l.acks <- struct{}{}
			}
		})
	}
	for range 2 {
		l.ended.Go(func() {
			for {
				if code, err := s.Mail(s.Word(), 100); err != nil || code != 250 {
					return
				}
				l.acks <- struct{}{}
			}
		})
	}
	return l
}

func (l *load) waitFor(acks int) {
	for range acks {
		<-l.acks
	}
}
