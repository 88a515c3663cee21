// Package firstversion_test opens what the first version left behind: a whole
// data folder and a backup folder. Every later version has to.
package firstversion_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/backup"
	"nightbell/crypto"
)

const fixtures = "testdata/v1"

func read(t *testing.T) (m made) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(fixtures, "made.json"))
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// start starts a practice on a folder, some time after it was left.
func start(t *testing.T, m made, data string) *appliancetest.Practice {
	t.Helper()
	return appliancetest.Start(t, appliancetest.On(data, filepath.Join(fixtures, "kit.txt"), m.At.Add(2*time.Hour)), appliancetest.Locked)
}

func TestThePracticeOfTheFirstVersionGoesOn(t *testing.T) {
	if *update {
		makeFixtures(t)
	}
	m := read(t)
	p := start(t, m, unpack(t, "data.tar.gz"))

	// Locked: the call that rang goes on ringing, and calls are taken.
	p.Until(t, "the step that came due since", func() bool { return bell(t, p, m.Ringing).Times > 1 })
	again := p.PostMessage(t, m.Device.Password, m.Key, map[string]any{"call_type": "refill", "form": map[string]string{
		"caller": "Marisol Quintero", "callback": "503 555 0148", "medication": "lisinopril 10 mg", "pharmacy": "Oak Street"}})
	if !strings.Contains(again.Body, string(m.KeyOf)) {
		t.Errorf("a message sent again under its key is answered %d %s", again.Status, again.Body)
	}
	reads(t, p, m)
	checkpointed(t, p, m.Log)
	next := m.post(t, p, "", "other", map[string]string{"caller": "Ada Osei", "callback": "none", "reason": "a new one"})
	for n := range m.Status {
		if next.Number <= n || next.Number == m.Shredded {
			t.Errorf("a new message gets %s, and there is %s", next.Number, n)
		}
	}
	if err := p.SendMail(t.Context(), m.Device.Name, m.Device.Password, []string{"other@nightbell.local"}, "Subject: hello\r\n\r\nhello\r\n"); err != nil {
		t.Errorf("the machine of the time cannot send: %v", err)
	}
	p.SignIn(t, m.Doctor)
	p.Restart()
	if err := p.Vault.Unlock(t.Context(), p.KitIdentities()...); err != nil {
		t.Errorf("the kit of the time does not open it: %v", err)
	}
}

func TestTheBackupOfTheFirstVersionBringsThePracticeBack(t *testing.T) {
	m := read(t)
	from, to := unpack(t, "backup.tar.gz"), filepath.Join(t.TempDir(), "data")
	text, err := os.ReadFile(filepath.Join(fixtures, "kit.txt"))
	if err != nil {
		t.Fatal(err)
	}
	kit, err := crypto.ParseKit(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := crypto.ParseIdentities(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if points, err := backup.List(from); err != nil || len(points) != 1 || !points[0].Proven() {
		t.Errorf("the points are %+v %v", points, err)
	}
	if report, err := backup.Verify(t.Context(), backup.VerifyOptions{From: from, Identities: ids, Signing: kit.Signing, Scratch: t.TempDir()}); err != nil || report.Messages != m.BackedUp {
		t.Errorf("verifying it answers %+v %v", report, err)
	}
	if _, err := backup.Restore(t.Context(), backup.RestoreOptions{From: from, To: to, Identities: ids, Signing: kit.Signing}); err != nil {
		t.Fatal(err)
	}
	p := start(t, m, to)
	delete(m.Status, m.Late)
	reads(t, p, m)
	checkpointed(t, p, audit.Checkpoint{})
}

// reads signs in with the password of the time, which opens the appliance, and
// reads every message on its page.
func reads(t *testing.T, p *appliancetest.Practice, m made) {
	t.Helper()
	rosa := p.SignIn(t, m.Admin)
	all, err := p.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(m.Status) {
		t.Errorf("%d messages are there, not %d", len(all), len(m.Status))
	}
	for _, e := range all {
		if string(e.Status) != m.Status[e.Number] {
			t.Errorf("%s is %s, and was left %q", e.Number, e.Status, m.Status[e.Number])
		}
		page := rosa.Get("/messages/" + string(e.ID))
		if words := m.Messages[e.Number]; words == "" || !strings.Contains(page.Body, words) {
			t.Errorf("the page of %s does not say %q:\n%s", e.Number, words, page.Main())
		}
		if e.Status == message.Closed && !strings.Contains(page.Body, "sent the corrected bill") {
			t.Errorf("%s has lost its note", e.Number)
		}
		if e.Number == m.Voice {
			file := rosa.Get(fmt.Sprintf("/messages/%s/files/0", e.ID))
			if file.Status != http.StatusOK || file.Body != strings.TrimSuffix(recording, "\r\n") && file.Body != recording {
				t.Errorf("the recording comes out as %d bytes (%d)", len(file.Body), file.Status)
			}
		}
	}
}

// checkpointed verifies the log, and that it goes on from where it was left.
func checkpointed(t *testing.T, p *appliancetest.Practice, left audit.Checkpoint) {
	t.Helper()
	var known []audit.Checkpoint
	if left.Size > 0 {
		known = append(known, left)
	}
	report, err := audit.Verify(t.Context(), p.Store, known...)
	if err != nil || report.FirstBad != nil || report.Records <= left.Size {
		t.Errorf("the log answers %+v %v", report, err)
	}
}

func bell(t *testing.T, p *appliancetest.Practice, id message.ID) (l escalation.Live) {
	t.Helper()
	err := p.Store.View(func(tx *store.Tx) (err error) {
		l, _, err = p.Bell.Of(tx, id, p.Clock.Now())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}
