package cli

import (
	"bytes"
	"crypto/ed25519"
	"fmt"

	"filippo.io/age"

	"nightbell/crypto"
)

// kitKeys reads a recovery kit, or another age identity file: what opens, and,
// from a kit, the key that signs the practice's backups.
func kitKeys(path string) ([]age.Identity, ed25519.PublicKey, error) {
	b, err := identityFile(path)
	if err != nil {
		return nil, nil, err
	}
	ids, err := crypto.ParseIdentities(bytes.NewReader(b))
	if err != nil {
		return nil, nil, fmt.Errorf("reading %s: %w", path, err)
	}
	kit, err := crypto.ParseKit(bytes.NewReader(b))
	if err != nil {
		return ids, nil, nil // an identity without the kit around it opens as well
	}
	return ids, kit.Signing, nil
}
