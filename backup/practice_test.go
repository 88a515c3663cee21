package backup

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
	"github.com/jonboulle/clockwork"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

var firstDay = time.Date(2026, 11, 24, 21, 30, 5, 123e6, time.UTC)

// practice is a real data folder with its keys, and a target for its backups.
type practice struct {
	t       testing.TB
	dir     string
	target  string
	clock   *clockwork.FakeClock
	store   *store.Store
	node    *store.Store
	vault   *vault.Vault
	secrets vault.Secrets
	kit     *crypto.Kit
	backup  *Backup
	step    func(string)
}

func newPractice(t testing.TB) *practice {
	t.Helper()
	p := &practice{t: t, dir: filepath.Join(t.TempDir(), "data"), target: filepath.Join(t.TempDir(), "usb"), clock: clockwork.NewFakeClockAt(firstDay)}
	must(t, os.Mkdir(p.dir, 0o700))
	must(t, os.Mkdir(p.target, 0o700))
	p.openStores()
	var err error
	p.secrets, err = vault.NewSecrets()
	must(t, err)
	must(t, vault.SaveSecrets(p.dir, p.secrets))
	p.kit, err = crypto.NewKit("Hale Family Medicine", p.clock.Now(), p.secrets.BackupSigning.Public().(ed25519.PublicKey))
	must(t, err)
	p.vault, err = vault.Create(t.Context(), p.vaultOptions(), p.kit)
	must(t, err)
	id, err := message.NewID()
	must(t, err)
	p.update(func(tx *store.Tx) error {
		return errors.Join(settings.Set(tx, settings.PracticeID, string(id)), settings.Set(tx, settings.PracticeTimezone, "America/New_York"))
	})
	p.newBackup()
	t.Cleanup(p.close)
	return p
}

func (p *practice) openStores() {
	var err error
	p.store, err = store.Open(p.t.Context(), store.Options{Dir: p.dir, Clock: p.clock, ReserveBytes: 1 << 20})
	must(p.t, err)
	p.node, err = store.Open(p.t.Context(), store.Options{Dir: p.dir, File: store.NodeFile, Clock: p.clock, ReserveBytes: 1 << 20})
	must(p.t, err)
}

func (p *practice) vaultOptions() vault.Options {
	return vault.Options{Store: p.store, Clock: p.clock, Log: slog.New(slog.DiscardHandler)}
}

func (p *practice) newBackup() {
	p.backup = New(Options{
		Store: p.store, Vault: p.vault, Node: p.node, Clock: p.clock, Log: slog.New(slog.DiscardHandler),
		Folder: func() (string, error) { return p.target, nil },
		step: func(what string) {
			if p.step != nil {
				p.step(what)
			}
		},
	})
}

func (p *practice) close() {
	if p.store == nil {
		return
	}
	must(p.t, errors.Join(p.vault.Close(), p.store.Close(), p.node.Close()))
	p.store = nil
}

// openPractice opens the data folder of a restored practice.
func openPractice(t testing.TB, dir, target string, kit *crypto.Kit, at time.Time) *practice {
	t.Helper()
	p := &practice{t: t, dir: dir, target: target, kit: kit, clock: clockwork.NewFakeClockAt(at)}
	p.openStores()
	var err error
	p.secrets, err = vault.LoadSecrets(dir)
	must(t, err)
	p.vault, err = vault.Open(t.Context(), p.vaultOptions())
	must(t, err)
	p.newBackup()
	t.Cleanup(p.close)
	return p
}

func (p *practice) update(change func(*store.Tx) error) {
	p.t.Helper()
	must(p.t, p.store.Update(p.t.Context(), change))
}

// receive takes messages in as intake does; each third one has a voicemail.
func (p *practice) receive(count int) {
	p.t.Helper()
	for i := range count {
		var voicemail []byte
		if i%3 == 0 {
			voicemail = bytes.Repeat([]byte(fmt.Sprintf("voicemail %d. ", i)), 6000)
		}
		p.receiveOne(fmt.Sprintf("call %d: the pharmacy asks back", i), voicemail)
	}
}

func (p *practice) receiveOne(text string, voicemail []byte) message.Envelope {
	p.t.Helper()
	id, err := message.NewID()
	must(p.t, err)
	rec := message.Record{Message: id, Kind: message.PartRecord, Form: map[string]message.Clear{"name": "Ana Ruiz"}, Text: message.Clear(text)}
	parts := []message.Part{}
	if voicemail != nil {
		blob, key, sum, size, err := p.vault.SealBlob(p.t.Context(), bytes.NewReader(voicemail))
		must(p.t, err)
		rec.Files = []message.File{{Name: "voicemail.wav", Type: "audio/wav", Role: message.RoleAttachment, Size: size, Blob: blob.ID, Key: key, Bytes: sum}}
		parts = append(parts, blob)
	}
	pack, err := p.vault.SealRecord(p.t.Context(), rec)
	must(p.t, err)
	at := p.clock.Now().UTC()
	var e message.Envelope
	p.update(func(tx *store.Tx) error {
		n, err := store.NextNumber(tx)
		if err != nil {
			return err
		}
		e = message.Envelope{ID: id, Number: n, ReceivedAt: at, Channel: message.ChannelDesk, CallType: message.TypeRefill,
			Status: message.New, Team: message.Everybody, Protocol: 1, Parts: append([]message.Part{pack.Part}, parts...)}
		_, err = audit.Append(tx, audit.Leaf{At: at, Who: audit.System, What: audit.Received, About: []string{string(id)}})
		return errors.Join(err, vault.PutPack(tx, pack), store.PutEnvelope(tx, e))
	})
	return e
}

// takeBackup takes a point that must be proven, and moves the clock on.
func (p *practice) takeBackup() Point {
	p.t.Helper()
	point, err := p.backup.Now(p.t.Context(), p.target, nil)
	must(p.t, err)
	if !point.Proven() {
		p.t.Fatal("the backup was not proven")
	}
	p.clock.Advance(time.Hour)
	return point
}

func (p *practice) ids() []age.Identity { return []age.Identity{p.kit.Identity} }

func (p *practice) verify() (Report, error) {
	return Verify(p.t.Context(), VerifyOptions{From: p.target, All: true, Identities: p.ids(), Signing: p.kit.Signing, Scratch: p.t.TempDir(), Clock: p.clock})
}

func (p *practice) restore(to string) (Report, error) {
	return Restore(p.t.Context(), RestoreOptions{From: p.target, To: to, Identities: p.ids(), Signing: p.kit.Signing, Clock: p.clock})
}

// texts opens every message and answers its text by its number, voicemails too.
func (p *practice) texts(ids ...age.Identity) map[message.Number]string {
	p.t.Helper()
	reader, err := p.vault.ReaderFor(ids...)
	must(p.t, err)
	defer reader.Close()
	texts := map[message.Number]string{}
	must(p.t, p.store.View(func(tx *store.Tx) error {
		var failed error
		err := store.EachEnvelope(tx, "", func(e message.Envelope) bool {
			rec, err := reader.Record(tx, e.ID, e.Parts[0])
			failed = errors.Join(failed, err)
			text := rec.Text.Reveal()
			for _, part := range e.Parts[1:] {
				blob, err := reader.Blob(e.ID, part, rec.Files[0].Key)
				if err != nil {
					failed = errors.Join(failed, err)
					continue
				}
				var b bytes.Buffer
				_, err = b.ReadFrom(blob)
				failed = errors.Join(failed, err, blob.Close())
				text += " + " + b.String()
			}
			texts[e.Number] = text
			return true
		})
		return errors.Join(err, failed)
	}))
	return texts
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// badObject is the *BadObject in an error, which must be one.
func badObject(t testing.TB, err error) *BadObject {
	t.Helper()
	var b *BadObject
	if !errors.As(err, &b) {
		t.Fatalf("got %v, want a bad object", err)
	}
	return b
}
