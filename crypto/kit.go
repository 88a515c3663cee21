package crypto

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"

	"filippo.io/age"
)

// Kit is the recovery kit: a page that a practice prints and locks away. It
// holds an age identity that opens the recovery slot, never the practice's own,
// so that a lost kit can be replaced without sealing everything anew. It prints
// as "[recovery kit]"; Text is the only way to what it holds.
type Kit struct {
	Practice string
	Made     time.Time           // UTC
	Signing  ed25519.PublicKey   // proves that a backup is this practice's own
	Identity *age.HybridIdentity // opens keys/recovery.age
}

// NewKit makes a kit with a fresh identity.
func NewKit(practice string, made time.Time, signing ed25519.PublicKey) (*Kit, error) {
	if len(signing) != ed25519.PublicKeySize {
		return nil, errors.New("making a recovery kit: it needs the backup signing key's public part")
	}
	id, err := NewIdentity()
	if err != nil {
		return nil, fmt.Errorf("making a recovery kit: %w", err)
	}
	return &Kit{Practice: oneLine(practice), Made: made.UTC().Truncate(time.Second), Signing: signing, Identity: id}, nil
}

// Format prints "[recovery kit]", whatever the verb.
func (k *Kit) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[recovery kit]") }

// maxKit is far beyond a page, and small enough to hold.
const maxKit = 64 << 10

// The lines of a kit that a program reads back, beside the identity.
const (
	kitPractice = "# Practice: "
	kitMade     = "# Made: "
	kitSigning  = "# Backup signing key (Ed25519): "
)

// ParseKit reads what Text wrote, also when it was typed from paper: blanks
// around lines, blanks inside the identity and lower case are forgiven. Its
// errors never quote what was read.
func ParseKit(r io.Reader) (*Kit, error) {
	text, err := readKit(r)
	if err != nil {
		return nil, err
	}
	k := &Kit{}
	for line := range strings.Lines(text) {
		if err := k.line(strings.TrimSpace(line)); err != nil {
			return nil, fmt.Errorf("reading the recovery kit: %w", err)
		}
	}
	if k.Identity == nil {
		return nil, errors.New("reading the recovery kit: no line begins with AGE-SECRET-KEY-PQ-1")
	}
	return k, nil
}

func (k *Kit) line(line string) error {
	switch {
	case strings.HasPrefix(line, kitPractice):
		k.Practice = strings.TrimPrefix(line, kitPractice)
	case strings.HasPrefix(line, kitMade):
		made, err := time.Parse(time.RFC3339, strings.TrimPrefix(line, kitMade))
		if err != nil {
			return errors.New("its date cannot be read")
		}
		k.Made = made.UTC()
	case strings.HasPrefix(line, kitSigning):
		key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, kitSigning))
		if err != nil || len(key) != ed25519.PublicKeySize {
			return errors.New("its backup signing key cannot be read")
		}
		k.Signing = key
	case line == "" || strings.HasPrefix(line, "#"):
	default:
		if k.Identity != nil {
			return errors.New("it holds two identities")
		}
		id, err := age.ParseHybridIdentity(typed(line))
		if err != nil {
			return errors.New("its identity cannot be read: a character is wrong or missing")
		}
		k.Identity = id
	}
	return nil
}

// ParseIdentities reads a file given by --identity: a recovery kit, an age
// identity file, or the practice identity taken out of a slot by hand. Hybrid
// identities alone open anything of ours.
func ParseIdentities(r io.Reader) ([]age.Identity, error) {
	text, err := readKit(r)
	if err != nil {
		return nil, err
	}
	var ids []age.Identity
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, err := age.ParseHybridIdentity(typed(line))
		if err != nil {
			return nil, errors.New("reading identities: a line is neither a comment nor a whole AGE-SECRET-KEY-PQ-1 key")
		}
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return nil, errors.New("reading identities: the file holds none")
	}
	return ids, nil
}

func readKit(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKit+1))
	if err != nil {
		return "", fmt.Errorf("reading identities: %w", err)
	}
	if len(text) > maxKit {
		return "", errors.New("reading identities: the file is far too large for one")
	}
	return string(bytes.TrimPrefix(text, []byte("\ufeff"))), nil // some editors put a mark there
}

// typed undoes what people and scanners do to a key: blanks and lower case.
func typed(line string) string {
	return strings.ToUpper(strings.Join(strings.Fields(line), ""))
}

// oneLine keeps a name from becoming a second line, which age would read.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
