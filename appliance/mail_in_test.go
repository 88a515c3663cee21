package appliance_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

// A scanner sends each page as a file of its own. It would keep a mail that is
// refused and send it again for ever, and nobody at a desk would know of it.
func TestAMailWithMoreFilesThanAMessageMayHaveIsTakenAsItCame(t *testing.T) {
	p := appliancetest.Start(t)
	user, password := p.AddDevice("scanner")
	var mail strings.Builder
	mail.WriteString("From: scanner@office.example\r\nTo: urgent@nightbell.local\r\nSubject: Scan\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nThe pages of today\r\n")
	for n := range intake.MaxFiles + 1 {
		fmt.Fprintf(&mail, "--b\r\nContent-Type: image/tiff\r\nContent-Disposition: attachment; filename=page%d.tif\r\n\r\npage %d\r\n", n, n)
	}
	mail.WriteString("--b--\r\n")
	if err := p.SendMail(t.Context(), user, password, []string{"urgent@nightbell.local"}, mail.String()); err != nil {
		t.Fatalf("the mail was refused: %v", err)
	}
	list, err := p.Envelopes(0)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d messages, %v", len(list), err)
	}
	if list[0].Urgency != message.Urgent || !slices.Contains(list[0].Flags, message.FlagUnreadable) {
		t.Errorf("the message is %+v", list[0])
	}
	shown, err := p.ShowMessage(t.Context(), string(list[0].ID), kitKey(t, p))
	if err != nil || !strings.Contains(shown.Text.Reveal(), "The pages of today") || !strings.Contains(shown.Text.Reveal(), "[original, ") {
		t.Errorf("it says %s (%v)", shown.Text.Reveal(), err)
	}
}

// Nobody is there to ask what the words of a mail mean: it rings, and neither its
// envelope nor a notice says which words it were.
func TestAMailWithWordsOfDangerRings(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	p.AddPerson(okafor, "okafor@office.example", access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	user, password := p.AddDevice("pbx")
	mail := "From: pbx@office.example\r\nTo: billing@nightbell.local\r\nSubject: Voicemail\r\n\r\nthis is about the bill, and he has chest pain now\r\n"
	if err := p.SendMail(t.Context(), user, password, []string{"billing@nightbell.local"}, mail); err != nil {
		t.Fatal(err)
	}
	list, err := p.Envelopes(0)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d messages, %v", len(list), err)
	}
	e := list[0]
	if e.CallType != message.TypeBilling || e.Urgency != message.Urgent || !e.Has(message.FlagRedFlag) {
		t.Errorf("the message is %+v", e)
	}
	envelope, err := json.Marshal(e)
	if err != nil || strings.Contains(strings.ToLower(string(envelope)), "chest") {
		t.Errorf("the envelope says which words it were: %s (%v)", envelope, err)
	}
	p.Received(t, 1)
	if notice := strings.ToLower(string(p.Smarthost.Mails()[0].Data)); strings.Contains(notice, "chest") {
		t.Error("the notice says which words it were")
	}
	shown, err := p.ShowMessage(t.Context(), string(e.ID), kitKey(t, p))
	if err != nil || !strings.Contains(shown.Text.Reveal(), "Red flag in the words, nobody asked: Chest pain") {
		t.Errorf("opened it says %s (%v)", shown.Text.Reveal(), err)
	}
}
