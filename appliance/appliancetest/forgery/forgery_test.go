// Package forgery_test shows that what was changed in the data folder behind the
// appliance's back is refused at every door and named, and that what was not is
// still there.
package forgery_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// office is a practice with messages whose store is changed while it is off.
type office struct {
	*appliancetest.Practice
	t            *testing.T
	user, bearer string
	forged       []message.Envelope
}

// take takes a message by the API.
func (o *office) take(words string) message.Envelope {
	o.t.Helper()
	answer := o.PostMessage(o.t, o.bearer, "", map[string]any{"call_type": "other", "form": map[string]string{
		"caller": "Marisol Quintero", "callback": "none", "reason": words}})
	if answer.Status != http.StatusCreated {
		o.t.Fatalf("the API answered %d %s", answer.Status, answer.Body)
	}
	var taken struct{ ID message.ID }
	if err := json.Unmarshal([]byte(answer.Body), &taken); err != nil {
		o.t.Fatal(err)
	}
	return o.envelope(taken.ID)
}

// voicemail takes a mail with a file that is a blob.
func (o *office) voicemail(words, recording string) message.Envelope {
	o.t.Helper()
	mail := "From: pbx@office.example\r\nTo: billing@nightbell.local\r\nSubject: Voicemail\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + words +
		"\r\n--b\r\nContent-Type: audio/wav\r\nContent-Disposition: attachment; filename=call.wav\r\n\r\n" + recording + "\r\n--b--\r\n"
	if err := o.SendMail(o.t.Context(), o.user, o.bearer, []string{"billing@nightbell.local"}, mail); err != nil {
		o.t.Fatal(err)
	}
	all, err := o.Envelopes(1)
	if err != nil {
		o.t.Fatal(err)
	}
	return all[0]
}

func (o *office) envelope(id message.ID) (e message.Envelope) {
	o.t.Helper()
	err := o.Store.View(func(tx *store.Tx) (err error) {
		e, _, err = store.GetEnvelope(tx, id)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return e
}

// epoch is the identity of a message's epoch, as somebody with the kit has it.
func (o *office) epoch(e message.Envelope) *age.HybridIdentity {
	o.t.Helper()
	read := func(path string) []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			o.t.Fatal(err)
		}
		return b
	}
	practice, err := crypto.OpenSlot(read(filepath.Join(o.Dir, "keys", "recovery.age")), o.KitIdentities()...)
	if err != nil {
		o.t.Fatal(err)
	}
	path, _ := vault.EpochPaths(o.Dir, e.Parts[0].Epoch)
	id, err := crypto.OpenSlot(read(path), practice)
	if err != nil {
		o.t.Fatal(err)
	}
	return id
}

// tamper changes the store of an appliance that is off, by the store alone.
func (o *office) tamper(change func(*store.Tx) error) {
	o.t.Helper()
	s, err := store.Open(o.t.Context(), store.Options{Dir: o.Dir, Clock: o.Fake})
	if err == nil {
		err = errors.Join(s.Update(o.t.Context(), change), s.Close())
	}
	if err != nil {
		o.t.Fatal(err)
	}
}

func pack(tx *store.Tx, e message.Envelope, part int) message.Sealed {
	p, _ := store.GetPack(tx, e.Parts[part].Pack)
	return bytes.Clone(p)
}

func TestAPartThatWasChangedBehindTheAppliancesBackIsRefusedAndNamedAtEveryDoor(t *testing.T) {
	o := &office{Practice: appliancetest.Start(t), t: t}
	o.user, o.bearer = o.AddDevice("partner")
	swapped, other := o.take("the first heron"), o.take("the second heron")
	replaced, short := o.take("the third heron"), o.take("the fourth heron")
	noted := o.take("the fifth heron")
	whole := o.take("the sixth heron")
	recording := strings.Repeat("voicemail\r\n", 8000)
	voice := o.voicemail("the seventh heron", recording)

	rosa := o.SignIn(t, appliancetest.Admin)
	for _, e := range []message.Envelope{noted, whole} {
		rosa.Post("/messages/"+string(e.ID)+"/note", url.Values{"note": {"called twice, nobody there"}})
	}
	noted = o.envelope(noted.ID)
	day := o.epoch(whole)
	o.Stop()

	o.tamper(func(tx *store.Tx) error {
		first, second, fourth, note := pack(tx, swapped, 0), pack(tx, other, 0), pack(tx, short, 0), pack(tx, noted, 0)
		fresh, err := freshRecord(day, replaced, "take all of the tablets")
		return errors.Join(err,
			store.PutPack(tx, swapped.Parts[0].Pack, second), store.PutPack(tx, other.Parts[0].Pack, first),
			store.PutPack(tx, replaced.Parts[0].Pack, fresh),
			store.PutPack(tx, short.Parts[0].Pack, fourth[:len(fourth)-1]),
			store.PutPack(tx, noted.Parts[1].Pack, note))
	})
	blob := filepath.Join(o.Dir, filepath.FromSlash(store.BlobPath(voice.Parts[1].ID)))
	sealed, err := os.ReadFile(blob)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(blob, sealed[:len(sealed)-100], 0o600); err != nil {
		t.Fatal(err)
	}

	o.Run()
	rosa = o.SignIn(t, appliancetest.Admin)
	o.forged = []message.Envelope{swapped, other, replaced, short}
	o.refusedOnPages(rosa)
	o.refusedOnTheCommandLine()

	page := rosa.Get("/messages/" + string(noted.ID))
	if !strings.Contains(page.Body, "the fifth heron") || strings.Contains(page.Body, "called twice") || !strings.Contains(page.Body, "Not what was sealed") {
		t.Errorf("the message with a forged note shows:\n%s", page.Main())
	}
	o.refusedBlob(rosa, voice)
	if page := rosa.Get("/messages/" + string(whole.ID)); !strings.Contains(page.Body, "the sixth heron") || !strings.Contains(page.Body, "called twice") || strings.Contains(page.Body, "Not what was sealed") {
		t.Errorf("the message that nobody touched shows:\n%s", page.Main())
	}
	o.named(rosa, noted.Parts[1], voice.Parts[1])
}

// freshRecord seals a made-up record to the epoch of a message, naming it.
func freshRecord(day *age.HybridIdentity, e message.Envelope, words string) (message.Sealed, error) {
	line, err := message.Record{Message: e.ID, Part: e.Parts[0].ID, Kind: message.PartRecord, Salt: "salt",
		Form: map[string]message.Clear{"caller": "Marisol Quintero", "callback": "none", "reason": message.Clear(words)}}.Encode()
	if err != nil {
		return nil, err
	}
	sealed, _, err := crypto.SealPart(day.Recipient(), line)
	return sealed, err
}

// refusedOnPages looks for a word of the forged messages on every page of them.
func (o *office) refusedOnPages(rosa *appliancetest.Client) {
	words := []string{"first heron", "second heron", "third heron", "fourth heron", "tablets"}
	clean := func(path string, page appliancetest.Page) {
		o.t.Helper()
		for _, w := range words {
			if strings.Contains(page.Body, w) {
				o.t.Errorf("%s shows %q of a forged message", path, w)
			}
		}
	}
	for _, e := range o.forged {
		at := "/messages/" + string(e.ID)
		for _, path := range []string{at, at + "?pane=1", at + "/print"} {
			page := rosa.Get(path)
			clean(path, page)
			if page.Status != http.StatusOK || !strings.Contains(page.Body, "This is not what was sealed.") {
				o.t.Errorf("%s answers %d and does not say that it is forged:\n%s", path, page.Status, page.Main())
			}
		}
		for _, path := range []string{at + "/chart", at + "/chart?plain=1", at + "/files/0"} {
			page := rosa.Get(path)
			clean(path, page)
			if page.Status < 400 || !strings.Contains(page.Body, "not what was sealed") {
				o.t.Errorf("%s answers %d for a forged message:\n%s", path, page.Status, page.Main())
			}
		}
		answer := rosa.Post(at+"/send", url.Values{"to": {"nobody"}})
		clean(at+"/send", answer)
	}
	inbox := rosa.Get("/inbox")
	clean("/inbox", inbox)
	if n := strings.Count(inbox.Body, "Not what was sealed"); n != len(o.forged) {
		o.t.Errorf("the inbox names %d forged messages, not %d:\n%s", n, len(o.forged), inbox.Main())
	}
}

func (o *office) refusedOnTheCommandLine() {
	key := appliance.Key{User: appliancetest.Admin.Name, Password: appliancetest.Admin.Password}
	refused := func(e message.Envelope, err error) {
		o.t.Helper()
		var part *vault.PartError
		if !errors.Is(err, vault.ErrForged) || !errors.As(err, &part) || part.Message != e.ID || part.Part != e.Parts[0].ID {
			o.t.Errorf("%s: it answers %v", e.Number, err)
		}
	}
	_, err := o.ShowMessage(o.t.Context(), string(o.forged[0].ID), key)
	refused(o.forged[0], err)
	_, err = o.ExportMessage(o.t.Context(), string(o.forged[1].ID), key, "")
	refused(o.forged[1], err)
}

func (o *office) refusedBlob(rosa *appliancetest.Client, voice message.Envelope) {
	at := "/messages/" + string(voice.ID)
	if page := rosa.Get(at); !strings.Contains(page.Body, "the seventh heron") {
		o.t.Errorf("the text beside a damaged blob is not shown:\n%s", page.Main())
	}
	cut := rosa.Get(at + "/files/0")
	if cut.Status < 400 || strings.Contains(cut.Body, "voicemail\r\nvoicemail") || !strings.Contains(cut.Body, "not what was sealed") {
		o.t.Errorf("the recording that was cut short answers %d:\n%s", cut.Status, cut.Main())
	}
	if original := rosa.Get(at + "/files/1"); original.Status != http.StatusOK || !strings.Contains(original.Body, "voicemail\r\nvoicemail") {
		o.t.Errorf("the mail as it came answers %d and %d bytes", original.Status, len(original.Body))
	}
}

// named sees that each forged part is in the log and on the page of findings.
func (o *office) named(rosa *appliancetest.Client, more ...message.Part) {
	want := map[string]bool{}
	for _, e := range o.forged {
		want[string(e.Parts[0].ID)] = true
	}
	for _, p := range more {
		want[string(p.ID)] = true
	}
	report, err := audit.Verify(o.t.Context(), o.Store)
	if err != nil || report.FirstBad != nil {
		o.t.Fatalf("the log does not verify: %v %+v", err, report)
	}
	leaves, err := o.AuditLeaves(0, int(report.Records))
	if err != nil {
		o.t.Fatal(err)
	}
	count := 0
	for _, leaf := range leaves {
		if leaf.What != audit.Forged {
			continue
		}
		count++
		if len(leaf.About) != 2 {
			o.t.Errorf("a leaf names %v", leaf.About)
			continue
		}
		delete(want, leaf.About[1])
	}
	if len(want) > 0 || count != len(o.forged)+len(more) {
		o.t.Errorf("%d leaves of forged parts; not named: %v", count, want)
	}
	page := rosa.Get("/findings")
	if text := fmt.Sprintf("%d messages with a part that is not what was sealed", len(o.forged)+len(more)); !strings.Contains(page.Body, text) {
		o.t.Errorf("the findings do not say %q:\n%s", text, page.Main())
	}
	taker := appliancetest.Login{Name: "tam", Password: "a bench under an old lime tree"}
	o.AddPerson(taker, "", access.CallTaker)
	desk := o.SignIn(o.t, taker)
	if !strings.Contains(desk.Get("/inbox").Body, "not what was sealed") {
		o.t.Error("the desk of a call taker does not say that data was changed")
	}
}
