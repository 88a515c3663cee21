package web_test

import (
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
)

// These need no practice of their own.
func TestTheOffice(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	t.Run("a device's password is shown once", func(t *testing.T) { aDevicesPasswordIsShownOnce(t, p, c) })
	t.Run("the audit page names nobody outside", func(t *testing.T) { theAuditPageNamesNobodyOutside(t, p, c) })
	t.Run("the on-call list is moved", func(t *testing.T) { theOnCallListIsMoved(t, p) })
	t.Run("the audit page calls devices by name", func(t *testing.T) { theAuditPageCallsDevicesByName(t, p, c) })
}

func TestAPersonIsAddedChangedAndEnded(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	short := c.Post("/people", url.Values{"kind": {"staff"}, "full_name": {"Dr. Okafor"}, "name": {"okafor"}, "roles": {"provider"}, "password": {"short"}})
	if short.Status != http.StatusUnprocessableEntity || !strings.Contains(short.Body, "Dr. Okafor") || strings.Contains(short.Body, `"short"`) {
		t.Errorf("a short password answers %d, loses the name, or stands in the page", short.Status)
	}
	made := c.Post("/people", url.Values{"kind": {"staff"}, "full_name": {"Dr. Okafor"}, "name": {"okafor"}, "roles": {"provider"}, "mail": {"okafor@cedar.example"}, "password": {okafor.Password}})
	if made.Status != http.StatusOK || !strings.Contains(made.Body, "Dr. Okafor") {
		t.Fatalf("adding answers %d\n%s", made.Status, made.Main())
	}
	id := regexp.MustCompile(`id="p-([^"]+)"[^>]*><summary><b>Dr. Okafor`).FindStringSubmatch(made.Body)[1]
	p.SignIn(t, okafor)
	c.Post("/people/"+id, url.Values{"full_name": {"Dr. A. Okafor"}, "name": {"okafor"}, "roles": {"provider"}, "mail": {"a@cedar.example"}})
	if page := c.Get("/people"); !strings.Contains(page.Body, "Dr. A. Okafor") || !strings.Contains(page.Body, "a@cedar.example") {
		t.Error("the change is not there")
	}
	if page := c.Post("/people/"+id+"/disable", url.Values{"typed": {"somebody"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("ending without typing the name answers %d", page.Status)
	}
	c.Post("/people/"+id+"/disable", url.Values{"typed": {"okafor"}})
	if page := c.Post("/people/"+id+"/reset", url.Values{"password": {"short"}}); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "too short") {
		t.Errorf("opening it again with a short password answers %d, or does not say why", page.Status)
	}
	if page := c.Post("/people/nobody/reset", url.Values{"password": {okafor.Password}}); page.Status != http.StatusNotFound {
		t.Errorf("a new password for nobody answers %d", page.Status)
	}
	refused := p.Client(t).Post("/sign-in", url.Values{"name": {"okafor"}, "password": {okafor.Password}})
	if refused.Status != http.StatusUnauthorized {
		t.Errorf("an ended account signs in (%d)", refused.Status)
	}
}

func aDevicesPasswordIsShownOnce(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	page := c.Post("/devices", url.Values{"name": {"front scanner"}})
	m := regexp.MustCompile(`id="secret">([^<]+)<`).FindStringSubmatch(page.Body)
	if m == nil {
		t.Fatalf("no password is shown (%d)", page.Status)
	}
	if strings.Contains(c.Get("/devices").Body, m[1]) {
		t.Error("the password is shown again")
	}
	got := p.PostMessage(t, m[1], "", fields{"call_type": "other", "text": "scan"})
	if got.Status != http.StatusCreated && got.Status != http.StatusUnprocessableEntity {
		t.Errorf("the password opens nothing (%d)", got.Status)
	}
}

func theOnCallListIsMoved(t *testing.T, p *appliancetest.Practice) {
	doctor := p.AddPerson(okafor, "okafor@cedar.example", access.Provider)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Post("/on-call/order", url.Values{"order": {""}, "who": {string(doctor)}, "move": {"in"}})
	if page.Status != http.StatusOK || !strings.Contains(page.Main(), "okafor") {
		t.Fatalf("adding answers %d", page.Status)
	}
	stale := c.Post("/on-call/order", url.Values{"order": {""}, "who": {string(doctor)}, "move": {"in"}})
	if stale.Status != http.StatusConflict {
		t.Errorf("a list that somebody else changed answers %d", stale.Status)
	}
	page = c.Post("/on-call/now", url.Values{"who": {string(doctor)}, "until": {"2026-11-25T07:00"}})
	if !strings.Contains(page.Main(), "okafor goes first") || !strings.Contains(page.Main(), "until tomorrow 7:00 am") {
		t.Errorf("the switch is not shown:\n%s", page.Main())
	}
}

func TestSettingsAreTriedAndKept(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Post("/settings/mail/test", url.Values{"to": {"rosa@cedar.example"}})
	if page.Status != http.StatusOK || strings.Contains(page.Body, "was not sent") {
		t.Errorf("the test mail answers %d", page.Status)
	}
	p.Received(t, 1)
	page = c.Post("/settings/mail", url.Values{"smarthost": {"smtp://plain.example:25"}, "from": {"n@cedar.example"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "smtp://plain.example:25") {
		t.Errorf("a smarthost without TLS answers %d or loses what was typed", page.Status)
	}
	if page := c.Get("/settings"); !strings.Contains(page.Body, "one is kept") || strings.Contains(page.Body, "correct horse") {
		t.Error("the kept password is not told, or is shown")
	}
	folder := t.TempDir()
	if page := c.Post("/settings/backup/test", url.Values{"folder": {folder}}); page.Status != http.StatusOK {
		t.Errorf("testing a folder answers %d", page.Status)
	}
	if page := c.Post("/settings/backup/test", url.Values{"folder": {filepath.Join(folder, "none")}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("testing a folder that is not there answers %d", page.Status)
	}
	c.Post("/settings/backup", url.Values{"folder": {folder}})
	if page := c.Get("/backups"); !strings.Contains(page.Body, folder) || !strings.Contains(page.Body, "Back up now") {
		t.Error("the folder is not shown where backups are")
	}
}

func TestAFurtherReaderNeedsTheWordOfOne(t *testing.T) {
	p := appliancetest.Start(t)
	boss := appliancetest.Login{Name: "dana", Password: "office chair with a squeak"}
	p.AddPerson(boss, "", access.Admin)
	admin, reader := p.SignIn(t, boss), p.SignIn(t, appliancetest.Admin)
	admin.Post("/people", url.Values{"kind": {"staff"}, "full_name": {"Dr. Okafor"}, "name": {"okafor"}, "roles": {"provider"}, "password": {okafor.Password}})
	if page := admin.Get("/people"); !strings.Contains(page.Body, "Somebody who reads has to say yes") {
		t.Error("an admin who reads nothing is not told who must agree")
	}
	page := reader.Get("/people")
	grant := regexp.MustCompile(`action="(/people/[^"]+/grant)"`).FindStringSubmatch(page.Body)
	if grant == nil {
		t.Fatal("a reader cannot say yes")
	}
	reader.Post(grant[1], nil)
	doctor := p.SignIn(t, okafor)
	at := take(t, reader, refill("Priya Raman"))
	if page := doctor.Get(at); !strings.Contains(page.Body, "Priya Raman") {
		t.Error("the new reader cannot read")
	}
}

func theAuditPageNamesNobodyOutside(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	at := take(t, c, refill("Zyxcanary"))
	c.Get(at)
	page := c.Get("/audit")
	if !strings.Contains(page.Body, "read message") || !strings.Contains(page.Body, "N-1001") || strings.Contains(page.Body, "Zyxcanary") {
		t.Error("the read is not on record, or names the patient")
	}
}

func theAuditPageCallsDevicesByName(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	_, password := p.AddDevice("phone-system")
	p.PostMessage(t, password, "", fields{"call_type": "other", "text": "scan"})
	main := c.Get("/audit").Main()
	for _, row := range []string{"received", "device added"} {
		if !regexp.MustCompile(`phone-system[^\n]*` + row + `|` + row + `[^\n]*phone-system`).MatchString(main) {
			t.Errorf("%q does not name the device", row)
		}
	}
}

// The rule is of the role: the crypto package's numbers stand in docs/security.md.
func TestAPasswordsRuleIsToldByTheRole(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	c := p.SignIn(t, appliancetest.Admin)
	people := c.Get("/people").Main()
	rules := regexp.MustCompile(`<summary><b>(\w+)</b>[\s\S]*?<label for="pw-[^"]*">[^<]*<span>(\d+) characters`).FindAllStringSubmatch(people, -1)
	told := map[string]string{}
	for _, m := range rules {
		told[m[1]] = m[2]
	}
	if told["rosa"] != "15" || told["ana"] != "12" {
		t.Errorf("the rules of a new password are told as %v", told)
	}
	if !strings.Contains(people, "12 characters or more, 15 for a role that reads messages") {
		t.Error("the rule for somebody new is not told")
	}
	if own := c.Get("/desk").Main(); !strings.Contains(own, "15 characters") || !strings.Contains(own, `minlength="15"`) {
		t.Error("a reader is not asked for 15 characters")
	}
	if own := p.SignIn(t, ana).Get("/desk").Main(); !strings.Contains(own, "12 characters") || !strings.Contains(own, `minlength="12"`) {
		t.Error("a call taker is not asked for 12 characters")
	}
}

func TestTheOnCallPageSaysByWhichWaysSomebodyIsReached(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	p.AddPerson(okafor, "okafor@example.com", access.Provider)
	who := p.AddPerson(lindqvist, "", access.Provider)
	if err := p.SetReach(t.Context(), "test", who, oncall.Reach{Ways: []oncall.Way{{Kind: "ntfy", Address: "lindqvist"}}}); err != nil {
		t.Fatal(err)
	}
	if err := p.SetOnCallByName(t.Context(), "test", []string{okafor.Name, lindqvist.Name}); err != nil {
		t.Fatal(err)
	}
	main := p.SignIn(t, appliancetest.Admin).Get("/on-call").Main()
	for _, want := range []string{"by mail, and every signed-in desk", "only the desks ring: No ntfy server is set"} {
		if !strings.Contains(main, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}
