package settings_test

import (
	"errors"
	"strings"
	"testing"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

func open(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	return st
}

func set(t *testing.T, st *store.Store, key settings.Key, value string) error {
	t.Helper()
	return st.Update(t.Context(), func(tx *store.Tx) error { return settings.Set(tx, key, value) })
}

func get(t *testing.T, st *store.Store, key settings.Key) (value string) {
	t.Helper()
	if err := st.View(func(tx *store.Tx) error { value = settings.Get(tx, key); return nil }); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestValuesAreCheckedBeforeTheyAreKept(t *testing.T) {
	st := open(t)
	for _, c := range []struct {
		name  string
		key   settings.Key
		value string
		kept  bool
	}{
		{"implicit TLS", settings.MailSmarthost, "smtps://mail.example.com:465", true},
		{"STARTTLS", settings.MailSmarthost, "smtp+starttls://[2001:db8::1]:587", true},
		{"plain SMTP does not exist", settings.MailSmarthost, "smtp://mail.example.com:25", false},
		{"a smarthost without a port", settings.MailSmarthost, "smtps://mail.example.com", false},
		{"a password in the address", settings.MailSmarthost, "smtps://u:p@mail.example.com:465", false},
		{"port nought", settings.MailSmarthost, "smtps://mail.example.com:0", false},
		{"a step of five minutes", settings.BellStep, "5m", true},
		{"a step too short to reach a phone", settings.BellStep, "4s", false},
		{"a step too long for an urgent call", settings.BellStep, "2h", false},
		{"an address", settings.MailFrom, "bell@example.com", true},
		{"an address with a name", settings.MailFrom, "Bell <bell@example.com>", false},
		{"a relative folder", settings.BackupFolder, "backup", false},
		{"a folder with dots", settings.BackupFolder, "/mnt/../etc", false},
		{"a full path", settings.BackupFolder, "/mnt/backup", true},
		{"a gateway", settings.GatewayPreset, "twilio", true},
		{"a gateway that nobody knows", settings.GatewayPreset, "pigeon", false},
		{"an account", settings.GatewayAccount, "AC0123456789abcdef0123456789abcdef", true},
		{"an account that is a path", settings.GatewayAccount, "../Accounts", false},
		{"an account of dots", settings.GatewayAccount, "..", false},
		{"a number", settings.GatewayFrom, "+12125550100", true},
		{"a number without its country", settings.GatewayFrom, "2125550100", false},
		{"a short code", settings.GatewayFrom, "90210", true},
		{"a set of numbers", settings.GatewayFrom, "MG0123456789abcdef0123456789abcdef", true},
		{"a name that nobody can reply to", settings.GatewayFrom, "CEDARST", false},
		{"a gateway without TLS", settings.GatewayURL, "http://api.example.com", false},
		{"a gateway with a password in its address", settings.GatewayURL, "https://u:p@api.example.com", false},
		{"a gateway elsewhere", settings.GatewayURL, "https://api.example.com", true},
		{"a country", settings.GatewayRegion, "CA", true},
		{"a country in full", settings.GatewayRegion, "Canada", false},
		{"a setting that does not exist", "mail.plain", "yes", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := set(t, st, c.key, c.value)
			var refused *settings.Refused
			if c.kept && (err != nil || get(t, st, c.key) != c.value) {
				t.Errorf("not kept: %v", err)
			}
			if !c.kept && (!errors.As(err, &refused) || refused.Key != c.key) {
				t.Errorf("want a refusal that names %s, have %v", c.key, err)
			}
		})
	}
}

func TestAnEmptyValueGoesBackToTheDefault(t *testing.T) {
	st := open(t)
	if have := get(t, st, settings.BellStep); have != "5m" {
		t.Fatalf("the default step is %q", have)
	}
	if err := set(t, st, settings.BellStep, "2m"); err != nil {
		t.Fatal(err)
	}
	if err := set(t, st, settings.BellStep, ""); err != nil || get(t, st, settings.BellStep) != "5m" {
		t.Errorf("after clearing: %q, %v", get(t, st, settings.BellStep), err)
	}
}

func TestWhatTheFirstRunFixedStaysFixed(t *testing.T) {
	st := open(t)
	if err := set(t, st, settings.PracticeHost, "nightbell.local"); err != nil {
		t.Fatal(err)
	}
	if err := set(t, st, settings.PracticeHost, "other.local"); err == nil {
		t.Error("the host name was changed, and every certificate with it")
	}
	if have := get(t, st, settings.PracticeHost); have != "nightbell.local" {
		t.Errorf("host is %q", have)
	}
}

func TestTheListNamesEverySettingOnceWithItsHelp(t *testing.T) {
	st := open(t)
	var list []settings.Value
	if err := st.View(func(tx *store.Tx) error { list = settings.All(tx); return nil }); err != nil {
		t.Fatal(err)
	}
	last := settings.Key("")
	for _, v := range list {
		if v.Key <= last || v.Help == "" || strings.Contains(v.Help, "password=") {
			t.Errorf("%q after %q, help %q", v.Key, last, v.Help)
		}
		last = v.Key
	}
}
