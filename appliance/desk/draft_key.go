package desk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"

	"filippo.io/age"

	"nightbell/crypto"
)

// DraftKey opens what one desk's browser has typed and not saved: an age identity
// that lies in that browser's cookie and nowhere else. The server keeps what it
// seals; neither half alone opens anything. It prints as "[sealed]".
type DraftKey struct{ Identity *age.HybridIdentity }

// NewDraftKey makes a key for a browser that has none.
func NewDraftKey() (DraftKey, error) {
	id, err := crypto.NewIdentity()
	if err != nil {
		return DraftKey{}, fmt.Errorf("making a draft key: %w", err)
	}
	return DraftKey{id}, nil
}

// ParseDraftKey reads a cookie's value; false when it is none of ours.
func ParseDraftKey(cookie string) (DraftKey, bool) {
	list, err := crypto.ParseIdentities(strings.NewReader(cookie))
	if err != nil || len(list) != 1 {
		return DraftKey{}, false
	}
	id, ok := list[0].(*age.HybridIdentity)
	return DraftKey{id}, ok
}

// Cookie is the key as its browser keeps it: a secret.
func (k DraftKey) Cookie() string { return k.Identity.String() }

// Format prints "[sealed]", whatever the verb.
func (DraftKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[sealed]") }

// LogValue logs "[sealed]".
func (DraftKey) LogValue() slog.Value { return slog.StringValue("[sealed]") }

// name tells desks apart without opening anything: which browser a draft is of.
func (k DraftKey) name() string {
	sum := sha256.Sum256([]byte(k.Identity.Recipient().String()))
	return hex.EncodeToString(sum[:8])
}

func (k DraftKey) seal(clear []byte) ([]byte, error) {
	return crypto.SealLines(k.Identity.Recipient(), clear)
}

func (k DraftKey) open(sealed []byte) ([]byte, error) {
	lines, err := crypto.OpenLines(sealed, k.Identity)
	if err != nil || len(lines) != 1 {
		return nil, ErrDraft
	}
	return lines[0], nil
}
