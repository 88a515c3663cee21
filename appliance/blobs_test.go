package appliance_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

func TestABlobThatACrashLeftBehindIsSweptAtStartAndNoOther(t *testing.T) {
	p := appliancetest.Start(t)
	user, _ := p.AddDevice("pbx")
	take := func(files ...intake.Attachment) {
		t.Helper()
		_, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: message.DeviceID(user), Text: "a voicemail", Files: files})
		if err != nil {
			t.Fatal(err)
		}
	}
	take(intake.Attachment{Name: "voicemail.wav", Type: "audio/wav", Role: message.RoleAttachment, Data: bytes.Repeat([]byte("tone"), 64<<10)})
	orphan, err := message.NewID()
	if err != nil {
		t.Fatal(err)
	}
	err = p.Store.WriteBlob(t.Context(), orphan, func(w io.Writer) error { _, err := w.Write([]byte("ciphertext")); return err })
	if err != nil {
		t.Fatal(err)
	}
	p.Restart()
	p.Until(t, "the blob that nothing names is gone", func() bool {
		f, err := p.Store.OpenBlob(orphan)
		if err == nil {
			f.Close()
			take() // a commit, after which Until looks again
		}
		return errors.Is(err, fs.ErrNotExist)
	})
	all, err := p.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range all[len(all)-1].Parts {
		if part.Kind != message.PartBlob {
			continue
		}
		f, err := p.Store.OpenBlob(part.ID)
		if err != nil {
			t.Fatalf("a blob that a message names is gone: %v", err)
		}
		f.Close()
		return
	}
	t.Error("the message has no blob; the test shows nothing")
}
