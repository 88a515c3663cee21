package appliancetest

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/notify"
)

// AnswerLink answers the path of the link in a notice, by which it is answered.
// A notice without one fails the test.
func AnswerLink(t testing.TB, m smarthost.Mail) string {
	t.Helper()
	letter, err := mail.ReadMessage(bytes.NewReader(m.Data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(quotedprintable.NewReader(letter.Body))
	if err != nil {
		t.Fatal(err)
	}
	token, found := notify.FindToken(string(text))
	if !found || !strings.Contains(string(text), "/answer/"+token.Reveal()) {
		t.Fatalf("the notice has no link:\n%s", text)
	}
	return "/answer/" + token.Reveal()
}
