package disk_test

import (
	"errors"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/traffic"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// faulty is the file beneath the store, which can be made to fail.
type faulty struct {
	t  *testing.T
	mu sync.Mutex
	f  *os.File
}

func (d *faulty) open(name string, flag int, perm os.FileMode) (*os.File, error) {
	f, err := os.OpenFile(name, flag, perm)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.f = f
	return f, err
}

// fail puts /dev/null in the file's place: what is written vanishes, and fsync
// fails.
func (d *faulty) fail() {
	d.mu.Lock()
	defer d.mu.Unlock()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		d.t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Dup3(int(null.Fd()), int(d.f.Fd()), 0); err != nil {
		d.t.Fatal(err)
	}
}

func TestAFailedFsyncEndsTheRunAndLosesNothingThatWasAcknowledged(t *testing.T) {
	beneath := &faulty{t: t}
	p := appliancetest.Start(t, func(o *appliancetest.Options) { o.Store.OpenFile = beneath.open })
	s := newSender(t, p)
	for range 5 {
		s.mustPost(s.Word())
		if code := s.mail(s.Word(), 100<<10); code != 250 {
			t.Fatalf("a mail was answered %d", code)
		}
	}
	browser := p.Client(t)

	// Two are under way when the disk fails.
	posted, mailed := s.Word(), s.Word()
	mail := s.halfAMail(mailed)
	beneath.fail()
	if answer := s.post(message.TypeOther, posted, 100); answer.Status != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("the API answers %d %v %s", answer.Status, answer.Header, answer.Body)
	}
	if code, err := mail.Finish(); code != 451 {
		t.Errorf("the mail that was under way is answered %d %v", code, err)
	}
	if err := p.Ended(); !errors.Is(err, store.ErrBroken) || !strings.Contains(err.Error(), "the disk did not keep what was written") {
		t.Errorf("the run ended with: %v", err)
	}
	if _, err := browser.Do(mustRequest(t, browser.Base+"/healthz")); err == nil {
		t.Error("the pages of a practice that ended answer")
	}

	p.Run() // as the service manager does, a second later
	there := s.kept()
	if there[posted] || there[mailed] {
		t.Error("what vanished is there: the test shows nothing")
	}
	// Whoever was not told tries again under the same key, and so does one whose
	// answer was lost on its way.
	s.mustPost(s.Acked()[0])
	s.mustPost(posted)
	s.mustPost(posted)
	if code := s.mail(mailed, 100<<10); code != 250 {
		t.Errorf("the mail sent again is answered %d", code)
	}
	s.kept()
}

// halfAMail begins a mail and leaves it without its end.
func (s *sender) halfAMail(word string) *traffic.Mail {
	s.t.Helper()
	c, err := s.Dial()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	m, err := s.Begin(c, word, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

func mustRequest(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}
