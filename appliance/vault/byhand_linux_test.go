package vault_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest/byhand"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

const byHandPage = "../../docs/by-hand.md"

// The page's commands, exactly as they stand there, open a message of a
// practice that this test made.
func TestCommandsOfTheByHandPage(t *testing.T) {
	h := newHouse(t)
	voice := strings.Repeat("voicemail ", 10_000)
	blobPart, key, sum, size, err := h.vault.SealBlob(t.Context(), strings.NewReader(voice))
	if err != nil {
		t.Fatal(err)
	}
	id := newID(t)
	e := h.commit(message.Envelope{ID: id, ReceivedAt: h.clock.Now().UTC(), Status: message.New, Channel: message.ChannelMail, CallType: message.TypeUrgent}, []message.Part{blobPart}, func() (vault.Pack, error) {
		return h.vault.SealRecord(t.Context(), message.Record{Message: id, Text: "please call back",
			Files: []message.File{{Name: "call.wav", Type: "audio/wav", Role: message.RoleAttachment, Size: size, Blob: blobPart.ID, Key: key, Bytes: sum}}})
	})
	slot, err := h.vault.MakeSlot(t.Context(), "dana", goodPassword, nil)
	if err != nil {
		t.Fatal(err)
	}
	h.commitSlot(slot)
	work := filepath.Dir(h.writeKit())
	h.export(e, filepath.Join(work, "export"), key)
	h.close() // bbolt's command wants the store for itself

	byhand.Run(t, work, byhand.Script(t, byHandPage), goodPassword,
		"PATH="+byhand.Tools(t), "DATA="+h.dir, "PERSON=dana", "MESSAGE="+string(id))

	line, err := os.ReadFile(filepath.Join(work, "record.json"))
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := message.DecodeRecord(line); err != nil || rec.Text.Reveal() != "please call back" {
		t.Errorf("the record that came out is another one (%v)", err)
	}
	exported, err := os.ReadFile(filepath.Join(work, "export", "0"))
	if err != nil || string(exported) != string(line) {
		t.Errorf("the exported record is another one (%v)", err)
	}
	for _, name := range []string{string(blobPart.ID), filepath.Join("export", "1")} {
		if got, err := os.ReadFile(filepath.Join(work, name)); err != nil || string(got) != voice {
			t.Errorf("%s is not the voicemail (%v)", name, err)
		}
	}
}

// export writes a message's parts as the command line does.
func (h *house) export(e message.Envelope, dir string, key message.Clear) {
	h.t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		h.t.Fatal(err)
	}
	to := h.vault.Recipient()
	for n, p := range e.Parts {
		path := filepath.Join(dir, fmt.Sprintf("%d.age", n))
		var file []byte
		var err error
		if p.Kind == message.PartBlob {
			var b strings.Builder
			err = h.reader().ExportBlob(&b, e.ID, p, key, to)
			file = []byte(b.String())
		} else {
			err = h.store.View(func(tx *store.Tx) (err error) {
				file, err = h.reader().Export(tx, e.ID, p, to)
				return err
			})
		}
		if err != nil {
			h.t.Fatal(err)
		}
		if err := os.WriteFile(path, file, 0o600); err != nil {
			h.t.Fatal(err)
		}
	}
}
