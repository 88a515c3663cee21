// Package disk_test shows what happens to a practice whose disk runs full, fails
// or becomes read-only: what was acknowledged is there afterwards, once, and
// what is refused is refused in so many words.
package disk_test

import (
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/traffic"
	"nightbell/appliance/message"
)

// patience is for what comes by itself on a busy machine.
const patience = 2 * time.Minute

// mount makes a small file system of its own. Where that is not allowed the test
// fails: a promise about full disks that nobody tried is none.
func mount(t *testing.T, size string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		t.Fatalf("mounting a tmpfs (this test runs as root): %v", err)
	}
	t.Cleanup(func() { unix.Unmount(dir, unix.MNT_DETACH) })
	return dir
}

// fill leaves no byte of a disk free.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for b := make([]byte, 1<<20); len(b) > 0; {
		if n, err := f.Write(b); n == 0 && err != nil {
			b = b[:len(b)/2]
		}
	}
}

// sender is traffic to a practice whose connections hold.
type sender struct {
	*traffic.Sender
	p *appliancetest.Practice
	t *testing.T
}

func newSender(t *testing.T, p *appliancetest.Practice) *sender {
	t.Helper()
	user, password := p.AddDevice("partner")
	return &sender{Sender: traffic.New(user, password, p.Trust()), p: p, t: t}
}

// post posts a message and answers what it was answered.
func (s *sender) post(callType message.CallType, word string, size int) traffic.Answer {
	s.t.Helper()
	s.At(s.p.HTTPS, s.p.SMTPS)
	answer, err := s.Post(s.t.Context(), callType, word, size)
	if err != nil {
		s.t.Fatalf("posting a message: %v", err)
	}
	return answer
}

func (s *sender) mustPost(word string) {
	s.t.Helper()
	if answer := s.post(message.TypeOther, word, 100); answer.Status/100 != 2 {
		s.t.Fatalf("the API answers %d %s", answer.Status, answer.Body)
	}
}

// mail sends a mail and answers the code of its answer.
func (s *sender) mail(word string, size int) int {
	s.t.Helper()
	s.At(s.p.HTTPS, s.p.SMTPS)
	code, err := s.Mail(word, size)
	if err != nil {
		s.t.Fatalf("sending a mail: %v", err)
	}
	return code
}

func (s *sender) kept() map[string]bool {
	s.t.Helper()
	return s.Kept(s.t, s.p.Appliance, s.p.KitIdentities()...)
}
