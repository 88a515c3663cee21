package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
)

// upload sends a form with a file, as the page does.
func upload(t *testing.T, c *appliancetest.Client, to, name, content string, fields map[string]string) (status int, main string) {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for key, value := range fields {
		if err := form.WriteField(key, value); err != nil {
			t.Fatal(err)
		}
	}
	if name != "" {
		part, err := form.CreateFormFile("file", name)
		if err == nil {
			_, err = part.Write([]byte(content))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	form.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Base+to, &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Origin", c.Base)
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, appliancetest.Page{Body: text.String()}.Main()
}

func TestShiftsAreImportedByThePage(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	c := p.SignIn(t, appliancetest.Admin)
	const head = "Person,Start,End\n"
	fields := map[string]string{"schedule": "Cardiology", "layer": "Nights"}
	status, main := upload(t, c, "/on-call/import", "calls.csv", head+"okafor,2026-11-30 19:00,2026-12-01 07:00\nVale,2026-12-01 19:00,2026-12-02 07:00\n", fields)
	for _, want := range []string{"2 shifts came in", "into Cardiology", "Vale, 1 shifts", "Nobody"} {
		if !strings.Contains(main, want) {
			t.Errorf("an import (%d) does not say %q:\n%s", status, want, main)
		}
	}
	if strings.Contains(main, "okafor, 1 shifts") {
		t.Error("somebody with an account is said to have none")
	}
	status, main = upload(t, c, "/on-call/import", "calls.csv", head+"okafor,2026-11-30 19:00,never\n", fields)
	if status != http.StatusUnprocessableEntity || !strings.Contains(main, "line 2") || !strings.Contains(main, "Nothing was imported") || !strings.Contains(main, `value="Cardiology"`) {
		t.Errorf("a wrong line answers %d, is not shown, or what was typed is lost:\n%s", status, main)
	}
	if status, main := upload(t, c, "/on-call/import", "", "", fields); status != http.StatusUnprocessableEntity || !strings.Contains(main, "Choose a file first") {
		t.Errorf("no file answers %d", status)
	}
	if status, main := upload(t, c, "/on-call/import", "calls.csv", strings.Repeat("x", oncall.MaxFile+1), fields); status != http.StatusUnprocessableEntity || !strings.Contains(main, "larger than 1 MiB") {
		t.Errorf("a file too large answers %d:\n%s", status, main)
	}
	if status, _ := upload(t, c, "/on-call/import", "calls.csv", strings.Repeat("x", 3<<20), fields); status != http.StatusRequestEntityTooLarge {
		t.Errorf("a file far too large answers %d", status)
	}
}
