package vault_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// testdata/v1 was made once, by the first version, and is never made again: what
// every later version must open. A new format gets a folder of its own.
var update = flag.Bool("update", false, "make testdata/v1 anew; for the version that first writes a format")

const fixtures = "testdata/v1"

// fixture is what stands in the clear beside the sealed files.
type fixture struct {
	Password string           `json:"password"`
	Epoch    string           `json:"epoch"`
	Envelope message.Envelope `json:"envelope"` // a record and a blob
	Text     string           `json:"text"`
	Blob     string           `json:"blob"`
}

func makeFixtures(t *testing.T) {
	h := newHouse(t)
	f := fixture{Password: goodPassword, Text: "please call back before noon", Blob: strings.Repeat("voicemail ", 7000)}
	part, key, sum, size, err := h.vault.SealBlob(t.Context(), strings.NewReader(f.Blob))
	if err != nil {
		t.Fatal(err)
	}
	id := newID(t)
	f.Envelope = h.commit(message.Envelope{ID: id, ReceivedAt: h.clock.Now().UTC(), Status: message.New, Team: message.Everybody, Channel: message.ChannelMail, CallType: message.TypeUrgent, Urgency: message.Urgent},
		[]message.Part{part}, func() (vault.Pack, error) {
			return h.vault.SealRecord(t.Context(), message.Record{Message: id, Text: message.Clear(f.Text), Form: map[string]message.Clear{"name": "Ada Example"},
				Files: []message.File{{Name: "call.wav", Type: "audio/wav", Role: message.RoleAttachment, Size: size, Blob: part.ID, Key: key, Bytes: sum}}})
		})
	f.Epoch = f.Envelope.Parts[0].Epoch
	slot, err := h.vault.MakeSlot(t.Context(), "dana", f.Password, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.commitSlot(slot)
	secrets, err := vault.NewSecrets()
	if err != nil {
		t.Fatal(err)
	}
	secrets.SmarthostPassword = "relay word"
	if err := vault.SaveSecrets(h.dir, secrets); err != nil {
		t.Fatal(err)
	}
	var pack message.Sealed
	h.store.View(func(tx *store.Tx) error {
		pack, _ = store.GetPack(tx, f.Envelope.Parts[0].Pack)
		return nil
	})
	about, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	copied := func(path ...string) []byte {
		data, err := os.ReadFile(filepath.Join(append([]string{h.dir}, path...)...))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	kit, err := h.kit.Text()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"fixture.json": append(about, '\n'), "record.age": pack, "kit.txt": kit,
		"recovery.age": copied("keys", "recovery.age"), "staff-dana.age": copied("keys", "staff-dana.age"), "epoch.age": copied("epochs", f.Epoch+".age"),
		"blob.age": copied(filepath.FromSlash(store.BlobPath(part.ID))), "secrets.json": copied("secrets.json"),
	} {
		if err := os.WriteFile(filepath.Join(fixtures, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestFilesOfTheFirstVersionOpen(t *testing.T) {
	if *update {
		makeFixtures(t)
	}
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join(fixtures, name))
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	var f fixture
	if err := json.Unmarshal(read("fixture.json"), &f); err != nil {
		t.Fatal(err)
	}
	kit, err := crypto.ParseKit(bytes.NewReader(read("kit.txt")))
	if err != nil {
		t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(read("recovery.age"), kit.Identity)
	if err != nil {
		t.Fatalf("the recovery slot: %v", err)
	}
	if byPassword, err := crypto.OpenSlotPassword(read("staff-dana.age"), f.Password); err != nil || byPassword.String() != practice.String() {
		t.Errorf("the staff slot: %v", err)
	}
	epoch, err := crypto.OpenSlot(read("epoch.age"), practice)
	if err != nil {
		t.Fatalf("the epoch: %v", err)
	}
	part, blob := f.Envelope.Parts[0], f.Envelope.Parts[1]
	line, err := crypto.OpenPart(read("record.age"), epoch, part.Line, part.Commitment)
	if err != nil {
		t.Fatalf("the record: %v", err)
	}
	rec, err := message.DecodeRecord(line)
	if err != nil || rec.Message != f.Envelope.ID || rec.Part != part.ID || rec.Kind != part.Kind || rec.Text.Reveal() != f.Text || rec.Salt == "" ||
		rec.Form["name"].Reveal() != "Ada Example" || len(rec.Files) != 1 || rec.Files[0].Blob != blob.ID || rec.Files[0].Bytes != hexSum([]byte(f.Blob)) {
		t.Fatalf("the record reads otherwise: %v", err)
	}
	key, err := age.ParseHybridIdentity(rec.Files[0].Key.Reveal())
	if err != nil {
		t.Fatal(err)
	}
	sealed := read("blob.age")
	clear, size, err := crypto.OpenBlob(bytes.NewReader(sealed), int64(len(sealed)), key, blob.Commitment)
	if err != nil {
		t.Fatalf("the blob: %v", err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(clear, 0, size)); err != nil || string(got) != f.Blob {
		t.Errorf("the blob reads otherwise: %v", err)
	}
	secrets, err := vault.DecodeSecrets(read("secrets.json"))
	if err != nil || secrets.SmarthostPassword != "relay word" || secrets.Verify == nil || len(secrets.BackupSigning) == 0 {
		t.Errorf("the secrets: %v", err)
	}
}
