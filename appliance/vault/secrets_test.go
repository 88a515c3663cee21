package vault_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/vault"
)

func TestSecretsComeBackAndAreTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	if _, err := vault.LoadSecrets(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder without secrets answers %v", err)
	}
	s, err := vault.NewSecrets()
	if err != nil {
		t.Fatal(err)
	}
	s.CACert, s.CAKey, s.SmarthostPassword = []byte("-----BEGIN CERTIFICATE-----\n"), []byte("-----BEGIN PRIVATE KEY-----\n"), "relay \"word\""
	s.SmarthostFor = "smtps://mail.example.com:465"
	if err := vault.SaveSecrets(dir, s); err != nil {
		t.Fatal(err)
	}
	got, err := vault.LoadSecrets(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.CACert, s.CACert) || !bytes.Equal(got.CAKey, s.CAKey) || got.SmarthostPassword != s.SmarthostPassword || got.SmarthostFor != s.SmarthostFor ||
		!got.BackupSigning.Equal(s.BackupSigning) || got.Verify.String() != s.Verify.String() {
		t.Error("other secrets came back")
	}
	info, err := os.Stat(filepath.Join(dir, vault.SecretsFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has mode %v (%v)", info.Mode(), err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if text := fmt.Sprintf(verb, s); text != "[secrets]" {
			t.Errorf("%s prints %d characters of it", verb, len(text))
		}
	}
}

func TestSecretsThatAreNoneAreRefusedAndNotQuoted(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":           "",
		"no JSON":           "hunter2 hunter2",
		"a newer format":    `{"format": 2, "smarthost_password": "hunter2"}`,
		"no signing key":    `{"format": 1, "smarthost_password": "hunter2"}`,
		"no verify key":     `{"format": 1, "backup_signing": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "smarthost_password": "hunter2"}`,
		"a bad verify key":  `{"format": 1, "backup_signing": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "verify": "hunter2"}`,
		"a short signature": `{"format": 1, "backup_signing": "AAAA", "verify": "hunter2"}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := vault.DecodeSecrets([]byte(text))
			if err == nil {
				t.Fatal("they were read")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error quotes them: %v", err)
			}
		})
	}
	if err := vault.SaveSecrets(t.TempDir(), vault.Secrets{}); err == nil {
		t.Error("empty secrets were saved")
	}
}
