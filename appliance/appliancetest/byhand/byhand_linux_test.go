package byhand_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/byhand"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

const docs = "../../../docs/"

func TestMain(m *testing.M) { appliancetest.Main(m) }

// hand is a practice with its backup, as somebody finds it who has the kit, the
// tools and no Nightbell.
type hand struct {
	*appliancetest.Practice
	t      *testing.T
	backup string
	work   string // an empty folder with the kit in it
	path   string
	mail   string // that came in, with a recording too large for its record
	voice  message.Envelope
}

func newHand(t *testing.T) *hand {
	h := &hand{Practice: appliancetest.Start(t), t: t, backup: t.TempDir(), path: byhand.Tools(t)}
	user, password := h.AddDevice("pbx")
	h.mail = "From: pbx@office.example\r\nTo: urgent@nightbell.local\r\nSubject: Voicemail of Marisol Quintero\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nplease call back\r\n" +
		"--b\r\nContent-Type: audio/wav\r\nContent-Disposition: attachment; filename=call.wav\r\n\r\n" + recording + "\r\n--b--\r\n"
	if err := h.SendMail(t.Context(), user, password, []string{"urgent@nightbell.local"}, h.mail); err != nil {
		t.Fatal(err)
	}
	all, err := h.Envelopes(1)
	if err != nil {
		t.Fatal(err)
	}
	h.voice = all[0]
	h.PostMessage(t, password, "", map[string]any{"call_type": "refill", "form": map[string]string{
		"caller": "Ines Holm", "callback": "503 555 0148", "medication": "lisinopril", "pharmacy": "Oak Street"}})
	if _, err := h.BackUp(t.Context(), h.backup, nil); err != nil {
		t.Fatal(err)
	}
	h.work = h.freshWork()
	return h
}

// freshWork is a folder with the kit in it and nothing else.
func (h *hand) freshWork() string {
	h.t.Helper()
	dir := h.t.TempDir()
	kit, err := os.ReadFile(h.Kit)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "kit.txt"), kit, 0o600)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return dir
}

var recording = strings.TrimSuffix(strings.Repeat("ring ring\r\n", 9000), "\r\n")

// admin is the id of the first account: whose slot is opened by its password.
func (h *hand) admin() (id message.PersonID) {
	h.t.Helper()
	err := h.Store.View(func(tx *store.Tx) error {
		var p access.Person
		p, _, err := h.Access.FindPerson(tx, appliancetest.Admin.Name)
		id = p.ID
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func (h *hand) read(path ...string) []byte {
	h.t.Helper()
	b, err := os.ReadFile(filepath.Join(append([]string{h.work}, path...)...))
	if err != nil {
		h.t.Fatal(err)
	}
	return b
}

func (h *hand) run(page, password string, env ...string) {
	h.t.Helper()
	byhand.Run(h.t, h.work, byhand.Script(h.t, docs+page), password, append(env, "PATH="+h.path)...)
}

// same compares the files that came out with what went in.
func (h *hand) same(rec message.Record, file func(message.File) []byte) {
	h.t.Helper()
	want := map[message.Role]string{message.RoleAttachment: recording, message.RoleOriginal: h.mail}
	for _, f := range rec.Files {
		got := file(f)
		if string(got) != want[f.Role] {
			h.t.Errorf("the %s came out as something else (%d bytes)", f.Role, len(got))
		}
		if sum := sha256.Sum256(got); hex.EncodeToString(sum[:]) != f.Bytes {
			h.t.Errorf("the %s is not what its record says", f.Role)
		}
	}
	if len(rec.Files) != 2 || !strings.Contains(rec.Text.Reveal(), "please call back") {
		h.t.Errorf("the record that came out is another one")
	}
}

func TestTheCommandsOfThePagesOpenAWholePracticeWithoutNightbell(t *testing.T) {
	h := newHand(t)
	env := []string{"DATA=" + h.Dir, "MESSAGE=" + string(h.voice.ID), "PERSON=" + string(h.admin())}
	h.Stop() // bbolt wants the store for itself
	h.openedFromTheDataFolder(env)
	h.work = h.freshWork()
	h.openedFromTheBackup()
}

// openedFromTheDataFolder opens what the practice holds and exports.
func (h *hand) openedFromTheDataFolder(env []string) {
	t := h.t
	number := h.voice.Number.String()
	export := func(to string, more ...string) {
		appliancetest.CLI(t, append([]string{"message", "export", number, "--data", h.Dir, "--identity", h.Kit, "--to", filepath.Join(h.work, to)}, more...)...)
	}
	export("export")
	mine, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	export("mine", "--recipient", mine.Recipient().String())
	if err := os.WriteFile(filepath.Join(h.work, "mine.txt"), []byte(mine.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	h.run("by-hand.md", appliancetest.Admin.Password, env...)
	line := h.read("record.json")
	rec, err := message.DecodeRecord(line)
	if err != nil {
		t.Fatal(err)
	}
	h.same(rec, func(f message.File) []byte { return h.read(string(f.Blob)) })

	byhand.Run(t, h.work, "set -eu\nfor part in mine/*.age; do age -d -i mine.txt -o \"${part%.age}\" \"$part\"; done\n", "", "PATH="+h.path)
	for _, folder := range []string{"export", "mine"} {
		for _, part := range h.voice.Parts {
			got := h.read(folder, fmt.Sprintf("%s-%s-%s", number, part.Kind, part.ID))
			want := line
			if part.Kind == message.PartBlob {
				want = h.read(string(part.ID))
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the %s exported to %s is another one", part.Kind, folder)
			}
		}
	}
}

// openedFromTheBackup opens the snapshot and what lies beside it.
func (h *hand) openedFromTheBackup() {
	t := h.t
	h.run("restore-by-hand.md", "", "BACKUP="+h.backup)
	found := 0
	for line := range bytes.Lines(h.read("messages.jsonl")) {
		rec, err := message.DecodeRecord(line)
		if err != nil {
			t.Fatal(err)
		}
		found++
		if rec.Message == h.voice.ID {
			h.same(rec, func(f message.File) []byte { return h.read("files", string(f.Blob)) })
		} else if rec.Field("medication").Reveal() != "lisinopril" {
			t.Errorf("message %s came out as another one", rec.Message)
		}
	}
	if found != 2 {
		t.Errorf("%d messages came back, not 2", found)
	}
	for _, name := range []string{"people.jsonl", "envelopes.jsonl"} {
		if len(h.read("snapshot", "buckets", name)) == 0 {
			t.Errorf("%s is empty", name)
		}
	}
}
