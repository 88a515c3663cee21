package backup

import (
	"bytes"
	"errors"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

var update = flag.Bool("update", false, "make testdata anew: only for a new format, never to make a test pass")

// The fixture is a backup that the first version made, with its kit.
const (
	fixture         = "testdata/format-1"
	fixturePassword = "a password of the first version"
	fixturePerson   = "dana"
)

var fixtureTexts = map[message.Number]string{
	1001: "The pharmacy asks whether the refill is for thirty or ninety tablets. + " + fixtureVoicemail,
	1002: "Please move Tuesday's appointment to the afternoon.",
	1003: "The bill of last month was paid twice.",
}

var fixtureVoicemail = string(bytes.Repeat([]byte("ring "), 300))

func TestABackupOfTheFirstVersionIsReadByThisOne(t *testing.T) {
	if *update {
		makeFixture(t)
	}
	file, err := os.Open(filepath.Join(fixture, "kit.txt"))
	must(t, err)
	defer file.Close()
	kit, err := crypto.ParseKit(file)
	must(t, err)
	from := filepath.Join(fixture, "backup")
	before := tree(t, from)

	points, err := List(from)
	must(t, err)
	if len(points) != 2 || points[0].Messages != 3 || !points[0].Proven() {
		t.Errorf("the list is %+v", points)
	}
	p := &practice{t: t, target: from, kit: kit}
	report, err := Verify(t.Context(), VerifyOptions{From: from, All: true, Identities: p.ids(), Signing: kit.Signing, Scratch: t.TempDir()})
	must(t, err)
	if report.Messages != 3 || report.Parts != 2+1+3 {
		t.Errorf("verify says %+v", report)
	}
	to := filepath.Join(t.TempDir(), "data")
	_, err = Restore(t.Context(), RestoreOptions{From: from, To: to, Identities: p.ids(), Signing: kit.Signing})
	must(t, err)
	back := openPractice(t, to, from, kit, firstDay.Add(24*time.Hour))
	if texts := back.texts(p.ids()...); !maps.Equal(texts, fixtureTexts) {
		t.Errorf("%d messages came back, not as they were", len(texts))
	}
	if err := back.vault.UnlockPassword(t.Context(), fixturePerson, fixturePassword); err != nil || back.vault.Locked() {
		t.Errorf("the password of the time does not open the restored practice: %v", err)
	}
	audited, err := audit.Verify(t.Context(), back.store)
	must(t, err)
	if audited.FirstBad != nil {
		t.Errorf("the audit log breaks at %d: %s", *audited.FirstBad, audited.Why)
	}
	if !maps.Equal(before, tree(t, from)) {
		t.Error("the fixture was changed")
	}
}

// makeFixture writes the fixture with this version.
func makeFixture(t *testing.T) {
	p := newPractice(t)
	slot, err := p.vault.MakeSlot(t.Context(), fixturePerson, fixturePassword, nil)
	must(t, err)
	p.update(func(tx *store.Tx) error { return p.vault.CommitSlot(tx, slot) })
	p.receiveOne("The pharmacy asks whether the refill is for thirty or ninety tablets.", []byte(fixtureVoicemail))
	p.receiveOne(fixtureTexts[1002], nil)
	p.takeBackup()
	p.receiveOne(fixtureTexts[1003], nil)
	p.takeBackup()
	must(t, os.RemoveAll(fixture))
	must(t, os.MkdirAll(fixture, 0o755))
	must(t, os.CopyFS(filepath.Join(fixture, "backup"), os.DirFS(p.target)))
	text, err := p.kit.Text()
	must(t, errors.Join(err, os.WriteFile(filepath.Join(fixture, "kit.txt"), text, 0o644)))
}
