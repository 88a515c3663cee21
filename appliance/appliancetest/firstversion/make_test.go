package firstversion_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

var update = flag.Bool("update", false, "make testdata anew: only by the version that first writes a format, never to make a test pass")

// made says what lies in the fixtures, for the test to compare with.
type made struct {
	About    string                    `json:"about"`
	At       time.Time                 `json:"at"` // of the last thing that was done
	Admin    appliancetest.Login       `json:"admin"`
	Doctor   appliancetest.Login       `json:"doctor"`
	Device   appliancetest.Login       `json:"device"`
	Key      string                    `json:"key"`     // idempotency key of the message KeyOf
	KeyOf    message.ID                `json:"key_of"`  //
	Ringing  message.ID                `json:"ringing"` // an urgent call that nobody took,
	Late     message.Number            `json:"late"`    // and its number: it came after the backup
	Messages map[message.Number]string `json:"messages"`
	Status   map[message.Number]string `json:"status"`
	Voice    message.Number            `json:"voice"` // has a recording as a blob
	Shredded message.Number            `json:"shredded"`
	Log      audit.Checkpoint          `json:"log"`
	BackedUp int64                     `json:"backed_up"` // messages in the newest point of the backup
}

var recording = strings.Repeat("ring ring\r\n", 6000)

func makeFixtures(t *testing.T) {
	backups := t.TempDir()
	p := appliancetest.Start(t)
	m := made{
		About:    "A practice that never was, made by the first version. Its passwords and keys open nothing else.",
		Admin:    appliancetest.Admin,
		Doctor:   appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"},
		Messages: map[message.Number]string{}, Status: map[message.Number]string{},
		Key: "order-4711",
	}
	m.fill(t, p)
	if _, err := p.BackUp(t.Context(), backups, nil); err != nil {
		t.Fatal(err)
	}
	p.Advance(time.Hour)
	m.finish(t, p)
	p.Stop()
	m.write(t, p, backups)
}

// fill takes messages in by each door, works some, shreds one.
func (m *made) fill(t *testing.T, p *appliancetest.Practice) {
	p.AddPerson(m.Doctor, "okafor@example.com", access.Provider)
	key, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Access.AddPerson(t.Context(), "owner", access.NewPerson{
		FullName: "Dr. Hale", Contact: true, Mail: "hale@hospital.example", AgeRecipient: key.Recipient().String()}, nil)
	if err := errors.Join(err, p.SetOnCallByName(t.Context(), "owner", []string{m.Doctor.Name, m.Admin.Name})); err != nil {
		t.Fatal(err)
	}
	m.Device.Name, m.Device.Password = p.AddDevice("pbx")

	refill := m.post(t, p, m.Key, "refill", map[string]string{"caller": "Marisol Quintero", "callback": "503 555 0148", "medication": "lisinopril 10 mg", "pharmacy": "Oak Street"})
	m.KeyOf = refill.ID
	m.Messages[refill.Number] = "lisinopril 10 mg"
	m.Voice = refill.Number + 1
	m.Messages[m.Voice] = "please call back about the results"
	mail := "From: pbx@office.example\r\nTo: billing@nightbell.local\r\nSubject: Voicemail\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n" + m.Messages[m.Voice] +
		"\r\n--b\r\nContent-Type: audio/wav\r\nContent-Disposition: attachment; filename=call.wav\r\n\r\n" + recording + "\r\n--b--\r\n"
	if err := p.SendMail(t.Context(), m.Device.Name, m.Device.Password, []string{"billing@nightbell.local"}, mail); err != nil {
		t.Fatal(err)
	}
	closed := m.post(t, p, "", "billing", map[string]string{"caller": "Ines Holm", "callback": "none", "question": "the bill of March came twice"})
	m.Messages[closed.Number] = "the bill of March came twice"
	gone := m.post(t, p, "", "other", map[string]string{"caller": "Nobody", "callback": "none", "reason": "a wrong number"})
	m.Shredded = gone.Number
	rosa := p.SignIn(t, m.Admin)
	at := "/messages/" + string(closed.ID)
	rosa.Post(at+"/take", url.Values{})
	rosa.Post(at+"/close", url.Values{"outcome": {string(message.OutcomeDone)}, "note": {"sent the corrected bill"}})
	if err := p.Vault.Shred(t.Context(), gone.ID, "fixture"); err != nil {
		t.Fatal(err)
	}
}

// finish does what happened after the first backup, and remembers how it stands.
func (m *made) finish(t *testing.T, p *appliancetest.Practice) {
	urgent := m.post(t, p, "", "urgent", map[string]string{"caller": "Theo Brandt", "callback": "503 555 0199", "symptoms": "short of breath since noon"})
	m.Messages[urgent.Number] = "short of breath since noon"
	m.Ringing, m.Late = urgent.ID, urgent.Number
	all, err := p.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		m.Status[e.Number] = string(e.Status)
	}
	m.BackedUp = int64(len(all)) - 1
	m.At = p.Clock.Now()
	err = p.Store.View(func(tx *store.Tx) (err error) {
		m.Log, err = audit.Head(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// taken is what the API answers.
type taken struct {
	ID     message.ID
	Number message.Number
}

func (m *made) post(t *testing.T, p *appliancetest.Practice, key, kind string, form map[string]string) taken {
	t.Helper()
	answer := p.PostMessage(t, m.Device.Password, key, map[string]any{"call_type": kind, "form": form})
	var a struct {
		ID     message.ID
		Number string
	}
	if err := json.Unmarshal([]byte(answer.Body), &a); err != nil || answer.Status/100 != http.StatusOK/100 {
		t.Fatalf("the API answered %d %s", answer.Status, answer.Body)
	}
	n, err := message.ParseNumber(a.Number)
	if err != nil {
		t.Fatal(err)
	}
	return taken{a.ID, n}
}

func (m *made) write(t *testing.T, p *appliancetest.Practice, backups string) {
	about, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	kit, err := os.ReadFile(p.Kit)
	err = errors.Join(err,
		os.MkdirAll(fixtures, 0o755),
		os.WriteFile(filepath.Join(fixtures, "made.json"), append(about, '\n'), 0o644),
		os.WriteFile(filepath.Join(fixtures, "kit.txt"), kit, 0o644),
		pack(p.Dir, filepath.Join(fixtures, "data.tar.gz")),
		pack(backups, filepath.Join(fixtures, "backup.tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
}

// pack puts a folder into a file; what a store keeps free is zeros and takes no
// room in it.
func pack(dir, file string) (err error) {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return errors.Join(err, f.Close())
	}
	w := tar.NewWriter(z)
	return errors.Join(w.AddFS(os.DirFS(dir)), w.Close(), z.Close(), f.Close())
}

// unpack puts a packed folder where the test may change it.
func unpack(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "unpacked")
	f, err := os.Open(filepath.Join(fixtures, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return dir
		}
		if err == nil && !filepath.IsLocal(h.Name) {
			err = fs.ErrInvalid
		}
		if err == nil {
			err = place(filepath.Join(dir, filepath.FromSlash(h.Name)), h, r)
		}
		if err != nil {
			t.Fatalf("unpacking %s: %v", name, err)
		}
	}
}

func place(path string, h *tar.Header, r io.Reader) error {
	if h.FileInfo().IsDir() {
		return os.MkdirAll(path, 0o700)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	return errors.Join(err, f.Close())
}
