// Package sealed_test shows invariant 2: words that went in by every door, into
// every field, header, file and its name, are nowhere in the clear afterwards:
// not on disk, in a backup, a log, a temp folder, a metric, a notice, an
// address, a title, nor in what the smarthost received.
package sealed_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jhillyerd/enmime/v2"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/relay"
	"nightbell/appliance/settings"
	"nightbell/crypto"
)

var okafor = appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"}

// scenario is one practice with all that happens in it.
type scenario struct {
	*appliancetest.Practice
	words
	t      *testing.T
	root   string // data folder, and whatever lies beside it
	backup string
	temp   string

	taker   *machine
	mail    *mailer
	rosa    *appliancetest.Client
	wire    *wire
	hale    message.PersonID // a contact outside, with a key
	haleKey *age.HybridIdentity
	opened  opened
	said    bytes.Buffer // what was captured and is no page of contents
}

func TestNothingThatWasSaidLiesInTheClearAnywhere(t *testing.T) {
	s := begin(t)

	// Locked: after a power cut at night, say.
	s.taker.calls("api, locked")
	s.taker.refusals()
	s.mail.send([]string{"refill@nightbell.local"}, everything(s.prefixed("mail, locked")), true)

	s.Open()
	s.signIn()
	stream := s.follow()
	s.taker.calls("api")
	s.mail.send([]string{"urgent@nightbell.local"}, everything(s.prefixed("mail")), true)
	s.mail.send(nil, broken(s.prefixed("broken mail")), true)
	s.mail.refusals()
	ids := s.takeCalls(t, s.rosa, "desk")
	s.work(ids[0])
	s.mistakes(t, s.rosa, ids[1])
	s.strangers(t, s.Client(t))
	s.ring()
	s.sendSecurely(ids[2])
	s.readEverything()
	s.askForNumbers()
	s.backUp("first")
	s.lockAndTake()
	stream.Close()
	s.said.Write(s.wire.streamed())
	s.Stop()
	s.look()
}

func begin(t *testing.T) *scenario {
	t.Helper()
	s := &scenario{t: t, words: newWords(), root: t.TempDir(), backup: t.TempDir(), temp: t.TempDir()}
	t.Setenv("TMPDIR", s.temp)
	s.Practice = appliancetest.Start(t, appliancetest.In(s.root), appliancetest.WithSmarthost, appliancetest.Locked)
	s.AddPerson(okafor, "okafor@example.com", access.Provider)
	key, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	hale, err := s.Access.AddPerson(t.Context(), "owner", access.NewPerson{
		FullName: "Dr. Hale", Contact: true, Mail: s.address.ASCII("a contact's address") + "@hospital.example", AgeRecipient: key.Recipient().String()}, nil)
	if err != nil {
		t.Fatal(err)
	}
	s.hale, s.haleKey = hale.ID, key
	err = errors.Join(
		s.SetOnCallByName(t.Context(), "owner", []string{"okafor", "rosa"}),
		s.SetSetting(t.Context(), "owner", settings.BackupFolder, s.backup))
	if err != nil {
		t.Fatal(err)
	}
	user, password := s.AddDevice("pbx")
	s.taker = &machine{t: t, w: s.words, client: s.Client(t), password: password}
	s.watch(t, s.taker.client)
	s.mail = &mailer{t: t, p: s.Practice, w: s.words, user: user, password: password}
	return s
}

func (s *scenario) signIn() {
	s.t.Helper()
	s.rosa = s.SignIn(s.t, appliancetest.Admin)
	s.wire = s.watch(s.t, s.rosa)
}

// follow keeps an event stream open, as each desk does.
func (s *scenario) follow() io.Closer {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.rosa.Base+"/events", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := s.rosa.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	done := make(chan struct{})
	go func() { defer close(done); io.Copy(io.Discard, resp.Body) }()
	return closer(func() error { err := resp.Body.Close(); <-done; return err })
}

type closer func() error

func (c closer) Close() error { return c() }

// work works a message to its end, with words at each step.
func (s *scenario) work(id message.ID) {
	s.t.Helper()
	at := "/messages/" + string(id)
	for _, deed := range []struct {
		path string
		form url.Values
	}{
		{"/take", url.Values{}},
		{"/note", url.Values{"note": {s.kept.Word("note")}}},
		{"/call-back", url.Values{"reached": {"no"}, "note": {s.kept.Word("note of a call back")}}},
		{"/urgency", url.Values{"urgency": {"urgent"}, "note": {s.kept.Word("reason to raise it")}}},
		{"/urgency", url.Values{"urgency": {"routine"}, "note": {s.kept.Word("reason to lower it")}}},
		{"/close", url.Values{"outcome": {string(message.Outcomes()[0])}, "note": {s.kept.Word("note of a close")}}},
		{"/reopen", url.Values{}},
		{"/note", url.Values{"note": {s.kept.Text("long note", 9000)}}},
	} {
		if page := s.rosa.Post(at+deed.path, deed.form); page.Status != http.StatusOK {
			s.t.Errorf("%s answers %d:\n%s", deed.path, page.Status, page.Main())
		}
	}
}

// ring lets the urgent calls ring twice.
func (s *scenario) ring() {
	s.t.Helper()
	s.Received(s.t, 1)
	before := len(s.Smarthost.Mails())
	s.Advance(5 * time.Minute)
	s.Received(s.t, before+1)
}

// sendSecurely sends one message twice: once it is taken, once refused for good,
// by an answer that says to whom.
func (s *scenario) sendSecurely(id message.ID) {
	s.t.Helper()
	s.Smarthost.Do(smarthost.Permanent)
	s.send(id)
	s.Until(s.t, "the letter to be refused", func() bool {
		waiting, err := s.Waiting()
		return err == nil && slices.ContainsFunc(waiting, func(e relay.Entry) bool { return e.State == relay.StateRefused })
	})
	s.Smarthost.Do(smarthost.Take)
	s.send(id)
	s.Until(s.t, "the letter to go out", func() bool { return s.letter() != nil })
	s.opened.add(s.openLetter())
}

func (s *scenario) send(id message.ID) {
	s.t.Helper()
	page := s.rosa.Post("/messages/"+string(id)+"/send", url.Values{"to": {string(s.hale)}})
	if page.Status != http.StatusOK {
		s.t.Fatalf("sending securely answers %d:\n%s", page.Status, page.Main())
	}
}

// letter is what the contact's mail server was handed.
func (s *scenario) letter() []byte {
	for _, m := range s.Smarthost.Mails() {
		if len(m.To) == 1 && strings.HasSuffix(m.To[0], "@hospital.example") {
			return m.Data
		}
	}
	return nil
}

// openLetter opens the letter as its recipient does.
func (s *scenario) openLetter() string {
	s.t.Helper()
	env, err := enmime.ReadEnvelope(bytes.NewReader(s.letter()))
	if err != nil || len(env.Attachments) != 1 {
		s.t.Fatalf("the letter has not one file: %v", err)
	}
	r, err := age.Decrypt(bytes.NewReader(env.Attachments[0].Content), s.haleKey)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil || len(s.kept.Bytes("the letter", text)) == 0 {
		s.t.Errorf("the letter holds nothing of the message: %v", err)
	}
	return string(text)
}

// readEverything opens each message on each page of it.
func (s *scenario) readEverything() {
	s.t.Helper()
	for _, path := range []string{"/inbox", "/inbox?view=closed"} {
		s.opened.add(s.rosa.Get(path).Body)
	}
	all, err := s.Envelopes(0)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, e := range all {
		at := "/messages/" + string(e.ID)
		for _, path := range []string{at, at + "?pane=1", at + "/print", at + "/chart", at + "/chart?plain=1"} {
			s.opened.add(s.rosa.Get(path).Body)
		}
		for n := 0; ; n++ {
			file := s.rosa.Get(at + "/files/" + string(rune('0'+n)))
			if file.Status != http.StatusOK {
				break
			}
			s.opened.add(file.Body)
		}
	}
}

// askForNumbers asks for everything that is about messages and holds none.
func (s *scenario) askForNumbers() {
	s.t.Helper()
	for _, path := range []string{"/metrics", "/healthz", "/readyz", "/queue", "/audit", "/findings", "/backups", "/on-call", "/devices", "/settings", "/menu", "/desk", "/people", "/take", "/alarm", "/session"} {
		page := s.rosa.Get(path)
		s.said.WriteString(page.Body)
		if path != "/people" {
			report(s.t, s.address.Bytes(path, []byte(page.Body)))
		}
		if page.Status >= 400 {
			s.t.Errorf("%s answers %d", path, page.Status)
		}
	}
	status, err := s.Status(s.t.Context())
	waiting, werr := s.Waiting()
	all, eerr := s.Envelopes(0)
	if err := errors.Join(err, werr, eerr, json.NewEncoder(&s.said).Encode([]any{status, waiting, all})); err != nil {
		s.t.Fatal(err)
	}
	if err := audit.Export(s.t.Context(), s.Store, &s.said); err != nil {
		s.t.Fatal(err)
	}
}

func (s *scenario) backUp(name string) {
	s.t.Helper()
	if _, err := s.BackUp(s.t.Context(), "", nil); err != nil {
		s.t.Fatalf("the %s backup: %v", name, err)
	}
}

// lockAndTake locks and takes calls in that state, at the desk too: what was said
// is read at the desk where it was typed, and nowhere else.
func (s *scenario) lockAndTake() {
	s.t.Helper()
	other := s.SignIn(s.t, okafor)
	s.rosa.Post("/lock", url.Values{})
	if !s.Vault.Locked() {
		s.t.Fatal("the button locks nothing")
	}
	ids := s.takeCalls(s.t, s.rosa, "desk, locked")
	s.mail.send([]string{"billing@nightbell.local"}, everything(s.prefixed("mail after a lock")), true)
	for _, path := range []string{"/inbox", "/messages/" + string(ids[0]), "/messages/" + string(ids[0]) + "/print"} {
		s.said.WriteString(other.Get(path).Body)
	}
	if len(s.kept.Bytes("the desk where it was typed", []byte(s.rosa.Get("/messages/"+string(ids[0])).Body))) == 0 {
		s.t.Error("whoever typed a call cannot read it to the doctor who rings while all is locked")
	}
	s.backUp("second")
	if err := s.Vault.Unlock(s.t.Context(), s.KitIdentities()...); err != nil {
		s.t.Fatal(err)
	}
	s.rosa = s.SignIn(s.t, appliancetest.Admin)
	s.watch(s.t, s.rosa)
	s.readEverything()
}
