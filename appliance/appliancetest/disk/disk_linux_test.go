// Package disk_test shows what happens to a practice whose disk runs full, fails
// or becomes read-only: what was acknowledged is there afterwards, once, and
// what is refused is refused in so many words.
package disk_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"
	"golang.org/x/sys/unix"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

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

// sender sends messages that each carry a word, and remembers what was said of
// which. It may be used from many goroutines.
type sender struct {
	p              *appliancetest.Practice
	t              *testing.T
	user, password string

	mu    sync.Mutex
	next  int
	acked []string
}

func newSender(t *testing.T, p *appliancetest.Practice) *sender {
	t.Helper()
	s := &sender{p: p, t: t}
	s.user, s.password = p.AddDevice("partner")
	return s
}

var wordRule = regexp.MustCompile(`heron-\d{5}`)

func (s *sender) word() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("heron-%05d", s.next)
}

func (s *sender) ack(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, word)
}

// post posts a message of a call type, under its word as key, and answers the
// status and the id.
func (s *sender) post(callType, word string, size int) (appliancetest.Page, message.ID) {
	s.t.Helper()
	field := "reason"
	if callType == "urgent" {
		field = "symptoms"
	}
	answer := s.p.PostMessage(s.t, s.password, word, map[string]any{"call_type": callType,
		"form": map[string]string{"caller": "Marisol Quintero", "callback": "none", field: word},
		"text": strings.Repeat("and the street is flooded ", size/26)})
	var taken struct{ ID message.ID }
	if answer.Status/100 == 2 {
		if wordRule.MatchString(word) {
			s.ack(word)
		}
		if err := json.Unmarshal([]byte(answer.Body), &taken); err != nil {
			s.t.Fatal(err)
		}
	}
	return answer, taken.ID
}

// mail sends a mail with a file of a size and answers the code of its answer.
func (s *sender) mail(word string, size int) int {
	s.t.Helper()
	text := "From: pbx@office.example\r\nTo: billing@nightbell.local\r\nSubject: " + word + "\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nplease call\r\n" +
		"--b\r\nContent-Type: audio/wav\r\n\r\n" + strings.Repeat("ring ring\r\n", size/11) + "\r\n--b--\r\n"
	err := s.p.SendMail(s.t.Context(), s.user, s.password, []string{"billing@nightbell.local"}, text)
	var refused *smtp.SMTPError
	switch {
	case err == nil:
		s.ack(word)
		return 250
	case errors.As(err, &refused):
		return refused.Code
	}
	s.t.Fatalf("sending a mail: %v", err)
	return 0
}

// keptOnce sees that everything acknowledged is there, once, and opens; that
// each other word is there at most once; and that the log verifies. It answers
// the words that are there.
func (s *sender) keptOnce() map[string]bool {
	s.t.Helper()
	report, err := audit.Verify(s.t.Context(), s.p.Store)
	if err != nil || report.FirstBad != nil {
		s.t.Fatalf("the audit log does not verify: %v %+v", err, report)
	}
	reader, err := s.p.Vault.ReaderFor(s.p.KitIdentities()...)
	if err != nil {
		s.t.Fatal(err)
	}
	defer reader.Close()
	all, err := s.p.Envelopes(0)
	if err != nil {
		s.t.Fatal(err)
	}
	there := map[string]bool{}
	numbers := map[message.Number]bool{}
	for _, e := range all {
		if numbers[e.Number] {
			s.t.Errorf("%s was given twice", e.Number)
		}
		numbers[e.Number] = true
		var rec message.Record
		err := s.p.Store.View(func(tx *store.Tx) (err error) {
			rec, err = reader.Record(tx, e.ID, e.Parts[0])
			return err
		})
		if err != nil {
			s.t.Fatalf("%s does not open: %v", e.Number, err)
		}
		word := ""
		for _, v := range rec.Form {
			word += wordRule.FindString(v.Reveal())
		}
		if word == "" || there[word] {
			s.t.Errorf("%s carries %q, which is nothing or was there before", e.Number, word)
		}
		there[word] = true
		s.blobs(e)
	}
	for _, word := range s.acked {
		if !there[word] {
			s.t.Errorf("%s was acknowledged and is gone", word)
		}
	}
	return there
}

func (s *sender) blobs(e message.Envelope) {
	for _, part := range e.Parts {
		if part.Kind != message.PartBlob {
			continue
		}
		if err := s.p.Vault.CheckBlob(e.ID, part); err != nil {
			s.t.Errorf("a blob of %s: %v", e.Number, err)
		}
	}
}
