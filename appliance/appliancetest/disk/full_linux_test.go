package disk_test

import (
	"errors"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// long is a text that nearly fills a record: a few dozen of them use up what the
// store keeps for intake.
const long = 60_000

var (
	okafor = appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"}
	lind   = appliancetest.Login{Name: "lind", Password: "seven boats on a northern lake"}
)

func TestAFullDiskRefusesNewCallsAndNothingElse(t *testing.T) {
	dir := mount(t, "64m")
	p := appliancetest.Start(t, appliancetest.In(dir), appliancetest.WithSmarthost, appliancetest.Locked)
	p.AddPerson(okafor, "okafor@example.com", access.Provider)
	p.AddPerson(lind, "lind@example.com", access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor", "lind"}); err != nil {
		t.Fatal(err)
	}
	s := newSender(t, p)
	rosa := p.SignIn(t, appliancetest.Admin)
	s.post(message.TypeUrgent, s.Word(), 100)
	first := s.Word()
	other := s.post(message.TypeOther, first, 100).ID
	gone := takeAtTheDesk(t, rosa)
	if code := s.mail(s.Word(), 100<<10); code != 250 {
		t.Fatalf("a mail was answered %d", code)
	}
	p.Received(t, 1)

	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	if code := s.mail(s.Word(), 1<<20); code != 452 {
		t.Errorf("a mail whose file finds no room is answered %d", code)
	}
	refused := untilRefused(t, s)
	refusedEverywhere(t, s, rosa)
	if answer := s.post(message.TypeOther, first, 100); answer.ID != other {
		t.Errorf("a message that was taken before is answered %d %s when it is sent again", answer.Status, answer.Body)
	}
	worksOn(t, p, rosa, other)
	epoch := shred(t, p, gone)

	// The machine is started again before anybody made room.
	p.Restart()
	rosa = p.SignIn(t, appliancetest.Admin)
	refusedEverywhere(t, s, rosa)
	if p.Vault.Locked() {
		t.Error("on a full disk nobody can open the appliance")
	}
	rings := len(p.Smarthost.Mails())
	p.Advance(10 * time.Minute)
	p.Received(t, rings+1)
	p.Smarthost.ExpectMore() // it rings on until the end

	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	page := rosa.Get("/readyz")
	for late := time.Now().Add(patience); page.Status != http.StatusOK; page = rosa.Get("/readyz") {
		if time.Now().After(late) {
			t.Fatalf("with room again, /readyz answers %s", page.Body)
		}
	}
	for range 2 { // the one that was refused, and again
		if answer := s.post(message.TypeOther, refused, long); answer.Status/100 != 2 {
			t.Errorf("with room again, the API answers %d %s", answer.Status, answer.Body)
		}
	}
	if code := s.mail(s.Word(), 1<<20); code != 250 {
		t.Errorf("with room again, a mail is answered %d", code)
	}
	if page := rosa.Get("/inbox"); strings.Contains(page.Body, "disk is full") {
		t.Error("with room again, the desk still says that the disk is full")
	}
	s.kept()
	p.Restart()
	p.Open() // which finishes what was begun
	s.kept()
	file, copied := vault.EpochPaths(p.Dir, epoch)
	for _, file := range []string{file, copied} {
		if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the key of a shredded message is there still: %v", err)
		}
	}
}

// takeAtTheDesk takes the message that is shredded later, by the form.
func takeAtTheDesk(t *testing.T, rosa *appliancetest.Client) message.ID {
	t.Helper()
	page := rosa.Post("/messages", url.Values{"type": {"other"}, "f.caller": {"Marisol Quintero"}, "f.callback": {"none"}, "f.reason": {"a call"}})
	id, err := message.ParseID(path.Base(page.At.Path))
	if err != nil {
		t.Fatalf("the form is answered %d:\n%s", page.Status, page.Main())
	}
	return id
}

// untilRefused posts until the disk is full and answers the word of what was
// refused.
func untilRefused(t *testing.T, s *sender) string {
	t.Helper()
	for n := range 1000 {
		word := s.Word()
		answer := s.post(message.TypeOther, word, long)
		switch answer.Status {
		case http.StatusCreated:
			continue
		case http.StatusInsufficientStorage:
			if n < 5 {
				t.Errorf("only %d messages were taken out of the room that is kept", n)
			}
			if answer.Header.Get("Content-Type") != "application/problem+json" || answer.Header.Get("Retry-After") == "" {
				t.Errorf("the refusal is no problem that says when to try again: %v %s", answer.Header, answer.Body)
			}
			return word
		}
		t.Fatalf("message %d is answered %d %s", n, answer.Status, answer.Body)
	}
	t.Fatal("the disk is full and everything is taken")
	return ""
}

// refusedEverywhere asks each door, and what shows how the appliance is.
func refusedEverywhere(t *testing.T, s *sender, rosa *appliancetest.Client) {
	t.Helper()
	if answer := s.post(message.TypeUrgent, s.Word(), 100); answer.Status != http.StatusInsufficientStorage {
		t.Errorf("the API answers %d %s", answer.Status, answer.Body)
	}
	if code := s.mail(s.Word(), 100); code != 452 {
		t.Errorf("a mail is answered %d", code)
	}
	word := s.Word()
	form := rosa.Post("/messages", url.Values{"type": {"other"}, "key": {word}, "f.caller": {"Marisol Quintero"}, "f.callback": {"none"}, "f.reason": {word}})
	if form.Status != http.StatusInsufficientStorage || !strings.Contains(form.Body, "Marisol Quintero") || !strings.Contains(form.Body, word) {
		t.Errorf("the desk's form is answered %d, or loses what was typed:\n%s", form.Status, form.Main())
	}
	if page := rosa.Get("/readyz"); page.Status != http.StatusServiceUnavailable || !strings.Contains(page.Body, "disk is full") {
		t.Errorf("/readyz answers %d %s", page.Status, page.Body)
	}
	if page := rosa.Get("/healthz"); page.Status != http.StatusOK {
		t.Errorf("/healthz answers %d", page.Status)
	}
	if page := rosa.Get("/inbox"); page.Status != http.StatusOK || !strings.Contains(page.Body, "The disk is full: new calls are refused") {
		t.Errorf("the desk (%d) does not say that the disk is full:\n%s", page.Status, page.Main())
	}
}

// worksOn does what people and the bell do, while the disk is full.
func worksOn(t *testing.T, p *appliancetest.Practice, rosa *appliancetest.Client, other message.ID) {
	t.Helper()
	p.Advance(5 * time.Minute)
	mails := p.Received(t, 2)
	if to := mails[1].To[0]; to != "lind@example.com" {
		t.Errorf("the next step rang %s", to)
	}
	at := "/messages/" + string(other)
	if page := rosa.Get(at); !strings.Contains(page.Body, "Marisol Quintero") {
		t.Errorf("a message cannot be read: %d\n%s", page.Status, page.Main())
	}
	for _, deed := range []struct {
		to   string
		form url.Values
	}{
		{"/take", url.Values{}},
		{"/note", url.Values{"note": {"nobody there"}}},
		{"/call-back", url.Values{"reached": {"yes"}}},
		{"/close", url.Values{"outcome": {string(message.Outcomes()[0])}}},
	} {
		if page := rosa.Post(at+deed.to, deed.form); page.Status != http.StatusOK {
			t.Errorf("%s is answered %d:\n%s", deed.to, page.Status, page.Main())
		}
	}
	err := p.Store.View(func(tx *store.Tx) error {
		e, _, err := store.GetEnvelope(tx, other)
		if e.Status != message.Closed {
			t.Errorf("the message was worked to its end and is %s", e.Status)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := audit.Verify(t.Context(), p.Store)
	if err != nil || report.FirstBad != nil {
		t.Errorf("the audit log does not verify: %v %+v", err, report)
	}
}

// shred has a message shredded with no room for the epoch that its day's other
// messages are to move to: the message is gone at once, and its key as soon as
// there is room.
func shred(t *testing.T, p *appliancetest.Practice, id message.ID) (epoch string) {
	t.Helper()
	look := func() (e message.Envelope, there bool) {
		err := p.Store.View(func(tx *store.Tx) (err error) { e, there, err = store.GetEnvelope(tx, id); return err })
		if err != nil {
			t.Fatal(err)
		}
		return e, there
	}
	e, _ := look()
	if err := p.Vault.Shred(t.Context(), id, "test"); !errors.Is(err, store.ErrFull) {
		t.Errorf("with no room for a new epoch, shredding answers %v", err)
	}
	if _, there := look(); there {
		t.Error("the message that was to be shredded is there")
	}
	return e.Parts[0].Epoch
}
