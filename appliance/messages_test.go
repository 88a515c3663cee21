package appliance_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
)

func refill(t *testing.T, p *appliancetest.Practice) intake.Receipt {
	t.Helper()
	user, _ := p.AddDevice("partner")
	r, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeRefill, Channel: message.ChannelAPI, Device: message.DeviceID(user), Form: map[string]message.Clear{
		"caller": "Priya Raman", "callback": "503 555 0122", "medication": "Lisinopril", "pharmacy": "Elm Street"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func kitKey(t *testing.T, p *appliancetest.Practice) appliance.Key {
	t.Helper()
	kit, err := os.ReadFile(p.Kit)
	if err != nil {
		t.Fatal(err)
	}
	return appliance.Key{Identity: string(kit)}
}

func TestACommandOpensAMessageForItselfAloneAndIsRecorded(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	r := refill(t, p)

	if _, err := p.ShowMessage(t.Context(), r.Number.String(), appliance.Key{}); err == nil {
		t.Error("a message was shown without a key")
	}
	if _, err := p.ShowMessage(t.Context(), r.Number.String(), appliance.Key{User: appliancetest.Admin.Name, Password: "not the password"}); !errors.Is(err, access.ErrRefused) {
		t.Errorf("a wrong password answered %v", err)
	}
	other, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ShowMessage(t.Context(), r.Number.String(), appliance.Key{Identity: other.String()}); err == nil {
		t.Error("somebody else's key opened it")
	}
	shown, err := p.ShowMessage(t.Context(), r.Number.String(), kitKey(t, p))
	if err != nil {
		t.Fatal(err)
	}
	if text := shown.Text.Reveal(); !strings.Contains(text, "Medication: Lisinopril") || !strings.Contains(text, "Caller: Priya Raman") {
		t.Errorf("it shows\n%s", text)
	}
	if !p.Vault.Locked() {
		t.Error("the appliance is open for everybody now")
	}
	leaves, err := p.AuditLeaves(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(leaves, func(l audit.Leaf) bool {
		return l.What == audit.ReadMessage && l.Who == "recovery-kit" && slices.Contains(l.About, string(r.ID))
	}) {
		t.Error("the opening left no record")
	}
	var refused []string
	for _, l := range leaves {
		if l.What == audit.SignInRefused {
			refused = append(refused, l.From)
		}
	}
	if !slices.Equal(refused, []string{"command-line", "command-line"}) {
		t.Errorf("the refusals left records from %q", refused)
	}
}

func TestAnExportedMessageOpensForItsRecipientAlone(t *testing.T) {
	p := appliancetest.Start(t)
	r := refill(t, p)
	to, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	parts, err := p.ExportMessage(t.Context(), string(r.ID), kitKey(t, p), to.Recipient().String())
	if err != nil {
		t.Fatal(err)
	}
	if len(parts) != 1 || strings.Contains(parts[0].Name, "Raman") {
		t.Fatalf("%d parts, the first called %s", len(parts), parts[0].Name)
	}
	clear, err := age.Decrypt(bytes.NewReader(parts[0].Age), to)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(clear)
	if err != nil || !bytes.Contains(text, []byte("Priya Raman")) {
		t.Errorf("the recipient reads %v", err)
	}
	if _, err := p.ExportMessage(t.Context(), string(r.ID), kitKey(t, p), "age1nonsense"); err == nil {
		t.Error("an unreadable recipient was accepted")
	}
}

func TestSettingsChangeTogetherOrNotAtAll(t *testing.T) {
	p := appliancetest.Start(t)
	err := p.SetSettings(t.Context(), "owner", map[settings.Key]string{settings.BellStep: "2m", settings.MailSmarthost: "smtp://plain.example.com:25"})
	if err == nil {
		t.Fatal("a smarthost without TLS was accepted")
	}
	step, err := p.Setting(settings.BellStep)
	if err != nil || step.Value != "5m" {
		t.Errorf("the other setting was changed to %q (%v)", step.Value, err)
	}
}

func TestTheMailPasswordIsKeptApartFromTheSettings(t *testing.T) {
	p := appliancetest.Start(t)
	has := func(want bool) {
		t.Helper()
		if have, err := p.HasMailPassword(); have != want || err != nil {
			t.Errorf("there is a password: %v (%v)", have, err)
		}
	}
	if err := p.SetMailPasswordFile(t.Context(), "owner", "not/a/full/path", "correct horse"); err == nil {
		t.Error("a file that cannot be found again was accepted")
	}
	has(false)
	if err := p.SetMailPasswordFile(t.Context(), "owner", "/media/usb/password", "correct horse"); err != nil {
		t.Fatal(err)
	}
	has(true)
	if err := p.SetSettings(t.Context(), "owner", map[settings.Key]string{settings.MailPasswordFile: ""}); err == nil {
		t.Error("the file's name was cleared without the password")
	}
	if err := p.SetMailPassword(t.Context(), "owner", ""); err != nil {
		t.Fatal(err)
	}
	has(false)
	if v, err := p.Setting(settings.MailPasswordFile); v.Value != "" || err != nil {
		t.Errorf("it still names the file %q (%v)", v.Value, err)
	}
}

// An admin who points the mail at a server of their own must not be sent the
// password of the practice's.
func TestTheMailPasswordIsGivenToNoOtherServer(t *testing.T) {
	p := appliancetest.Start(t)
	set := func(key settings.Key, value string) {
		t.Helper()
		if err := p.SetSetting(t.Context(), "owner", key, value); err != nil {
			t.Fatal(err)
		}
	}
	waits := func() bool {
		t.Helper()
		found, err := p.Findings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == "mail.password" })
	}
	has := func(want bool) {
		t.Helper()
		if have, err := p.HasMailPassword(); have != want || err != nil || waits() == want {
			t.Errorf("there is a password for the server: %v (%v), and a finding: %v", have, err, waits())
		}
	}
	set(settings.MailUser, "nightbell")
	if err := p.SetMailPassword(t.Context(), "owner", "correct horse"); err != nil {
		t.Fatal(err)
	}
	set(settings.MailSmarthost, "smtps://mail.example.com:465")
	has(true)
	set(settings.MailSmarthost, "smtps://mail.elsewhere.example:465")
	has(false)
	set(settings.MailSmarthost, "smtps://mail.example.com:465")
	has(true)
	set(settings.MailSmarthost, "smtps://mail.elsewhere.example:465")
	if err := p.SetMailPassword(t.Context(), "owner", "another horse"); err != nil {
		t.Fatal(err)
	}
	has(true)
}

func TestOnlyPeopleWhoWorkMessagesAreRung(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(appliancetest.Login{Name: "ana", Password: "seven grey herons on the river"}, "", access.CallTaker)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"ana"}); err == nil {
		t.Error("a call taker was put on call")
	}
	if err := p.SetOnCallByName(t.Context(), "owner", []string{appliancetest.Admin.Name}); err != nil {
		t.Error(err)
	}
	now, err := p.OnCallNow()
	if err != nil || len(now.People) != 1 || now.People[0].Name != "rosa" {
		t.Errorf("on call are %+v (%v)", now.People, err)
	}
}
