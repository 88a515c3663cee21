package vault

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"filippo.io/age"

	"nightbell/appliance/store"
	"nightbell/crypto"
)

// SecretsFile is the machine's secrets in the data folder: not PHI, needed while
// locked, and readable to the folder's owner alone.
const SecretsFile = "secrets.json"

// Secrets are what the machine itself must know to work while locked. They
// print as "[secrets]".
type Secrets struct {
	CACert            []byte              // PEM of the practice's own certificate authority
	CAKey             []byte              // PEM of its key
	SmarthostPassword string              // "" when it takes none
	SmarthostFor      string              // the mail.smarthost it was given for, and is given to alone; "" until one is set
	BackupSigning     ed25519.PrivateKey  // signs what lies on backup targets
	Verify            *age.HybridIdentity // opens the outer layer of backups, so that they are proven while locked
	AnswerKey         []byte              // 32 bytes: answers to notices are checked by it; nil in files of old versions
	Channels          map[string]string   // passwords, keys and access tokens of the channels, by what they open
}

// Format prints "[secrets]", whatever the verb.
func (s Secrets) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[secrets]") }

// LogValue logs "[secrets]".
func (s Secrets) LogValue() slog.Value { return slog.StringValue("[secrets]") }

// OpensSmarthost says whether the password may be given to a smarthost, named as
// the setting names it.
func (s Secrets) OpensSmarthost(at string) bool { return s.SmarthostFor == "" || s.SmarthostFor == at }

const secretsFormat = 1

// secretsJSON is how they lie on disk.
type secretsJSON struct {
	Format            int    `json:"format"`
	CACert            string `json:"ca_cert,omitempty"`
	CAKey             string `json:"ca_key,omitempty"`
	SmarthostPassword string `json:"smarthost_password,omitempty"`
	SmarthostFor      string `json:"smarthost_for,omitempty"`
	BackupSigning     []byte `json:"backup_signing"` // the 32 bytes of an Ed25519 seed
	Verify            string `json:"verify"`
	AnswerKey         []byte `json:"answer_key,omitempty"`

	Channels map[string]string `json:"channels,omitempty"`
}

// AnswerKeySize is the size of Secrets.AnswerKey.
const AnswerKeySize = 32

// NewSecrets makes the keys that this machine makes itself; the caller adds what
// it has of the rest.
func NewSecrets() (Secrets, error) {
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return Secrets{}, fmt.Errorf("making the backup signing key: %w", err)
	}
	verify, err := crypto.NewIdentity()
	if err != nil {
		return Secrets{}, err
	}
	return Secrets{BackupSigning: key, Verify: verify, AnswerKey: NewAnswerKey()}, nil
}

// NewAnswerKey makes a key for answers to notices.
func NewAnswerKey() []byte {
	key := make([]byte, AnswerKeySize)
	rand.Read(key) // it never fails: crypto/rand ends the process first
	return key
}

// LoadSecrets reads the secrets of a data folder. Its errors quote nothing.
func LoadSecrets(dir string) (Secrets, error) {
	file, err := os.ReadFile(filepath.Join(dir, SecretsFile))
	if err != nil {
		return Secrets{}, fmt.Errorf("reading the machine's secrets: %w", err)
	}
	return DecodeSecrets(file)
}

// DecodeSecrets reads the bytes of a secrets file.
func DecodeSecrets(file []byte) (Secrets, error) {
	var j secretsJSON
	if json.Unmarshal(file, &j) != nil {
		return Secrets{}, errors.New("the machine's secrets cannot be read")
	}
	if j.Format > secretsFormat {
		return Secrets{}, fmt.Errorf("the machine's secrets are of format %d, which needs a newer nightbell", j.Format)
	}
	if len(j.BackupSigning) != ed25519.SeedSize {
		return Secrets{}, errors.New("the machine's secrets hold no backup signing key")
	}
	if len(j.AnswerKey) != 0 && len(j.AnswerKey) != AnswerKeySize {
		return Secrets{}, errors.New("the machine's secrets hold a broken key for answers")
	}
	verify, err := age.ParseHybridIdentity(j.Verify)
	if err != nil {
		return Secrets{}, errors.New("the machine's secrets hold no verify identity")
	}
	return Secrets{CACert: []byte(j.CACert), CAKey: []byte(j.CAKey), SmarthostPassword: j.SmarthostPassword, SmarthostFor: j.SmarthostFor,
		BackupSigning: ed25519.NewKeyFromSeed(j.BackupSigning), Verify: verify,
		AnswerKey: j.AnswerKey, Channels: j.Channels}, nil
}

// SaveSecrets puts the secrets into a data folder, durably: after a crash the
// old or the new ones are there.
func SaveSecrets(dir string, s Secrets) error {
	if len(s.BackupSigning) != ed25519.PrivateKeySize || s.Verify == nil {
		return errors.New("saving the machine's secrets: the backup signing key or the verify identity is missing")
	}
	file, err := json.MarshalIndent(secretsJSON{Format: secretsFormat, CACert: string(s.CACert), CAKey: string(s.CAKey),
		SmarthostPassword: s.SmarthostPassword, SmarthostFor: s.SmarthostFor, BackupSigning: s.BackupSigning.Seed(), Verify: s.Verify.String(),
		AnswerKey: s.AnswerKey, Channels: s.Channels}, "", "  ")
	if err != nil {
		return errors.New("saving the machine's secrets: they cannot be encoded")
	}
	if err := store.WriteFile(filepath.Join(dir, SecretsFile), append(file, '\n'), 0o600); err != nil {
		return fmt.Errorf("saving the machine's secrets: %w", err)
	}
	return nil
}
