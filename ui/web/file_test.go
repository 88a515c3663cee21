package web_test

import (
	"net/http"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

// What came from outside is never shown by the browser itself.
func TestFilesAreSavedAndNeverShown(t *testing.T) {
	p := appliancetest.Start(t)
	dev, _ := p.AddDevice("pbx")
	large := strings.Repeat("sound ", 20000) // over what lies in the record: a blob
	receipt, err := p.Intake.Take(t.Context(), intake.Taking{
		Type: message.TypeOther, Channel: message.ChannelMail, Device: message.DeviceID(dev), Text: "a voicemail",
		Files: []intake.Attachment{
			{Name: "Quintero page.html", Type: "text/html", Role: message.RoleHTML, Data: []byte("<script>alert(1)</script>")},
			{Name: "Quintero.wav", Type: "audio/wav", Role: message.RoleAttachment, Data: []byte(large)},
			{Name: "picture.svg", Type: "image/svg+xml", Role: message.RoleAttachment, Data: []byte("<svg onload=alert(1)>")},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := p.SignIn(t, appliancetest.Admin)
	at := "/messages/" + string(receipt.ID)
	if page := c.Get(at); !strings.Contains(page.Body, "Quintero.wav") || strings.Count(page.Body, "<audio") != 1 {
		t.Error("the voicemail cannot be played, or something else can")
	}
	for _, path := range []string{"/files/0", "/files/0?play=1", "/files/1", "/files/2?play=1"} {
		f := c.Get(at + path)
		if f.Status != http.StatusOK || f.Header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(f.Header.Get("Content-Disposition"), "attachment") {
			t.Errorf("%s: %d, %s, %s", path, f.Status, f.Header.Get("Content-Type"), f.Header.Get("Content-Disposition"))
		}
		if strings.Contains(f.Header.Get("Content-Disposition"), "Quintero") {
			t.Errorf("%s names the caller in the file's name", path)
		}
		if f.Header.Get("Cache-Control") != "no-store" || !strings.Contains(f.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s may be kept or run", path)
		}
	}
	played := c.Get(at + "/files/1?play=1")
	if played.Header.Get("Content-Type") != "audio/wav" || played.Body != large || played.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the player gets %s, %d bytes", played.Header.Get("Content-Type"), len(played.Body))
	}
	if none := c.Get(at + "/files/9"); none.Status != http.StatusNotFound {
		t.Errorf("a file that is not there answers %d", none.Status)
	}
}
