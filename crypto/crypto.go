// Package crypto is age as Nightbell uses it: identities, the files that hold
// one (slots and epochs), sealed parts with their commitments, blobs, the
// recovery kit, and the rules for passwords.
//
// It holds no state and reads no clock. Every file it makes is an ordinary age
// file that the age command, 1.3 or newer, opens by hand; it uses age's public
// interface alone and invents nothing. Who may open what, and when, is decided
// by appliance/vault.
package crypto

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// ErrWrongKey says that none of the keys at hand opens the file.
var ErrWrongKey = errors.New("none of the keys opens it")

// ErrForged says that a sealed part or blob is not what was sealed: changed,
// cut short, or another one in its place.
var ErrForged = errors.New("not what was sealed")

// NewIdentity makes a hybrid (post-quantum) identity. All of Nightbell's are:
// age refuses to seal one file to hybrid and classic recipients at once.
func NewIdentity() (*age.HybridIdentity, error) {
	id, err := age.GenerateHybridIdentity()
	if err != nil {
		return nil, fmt.Errorf("making an identity: %w", err)
	}
	return id, nil
}

// seal writes clear as an age file to one recipient.
func seal(clear []byte, to age.Recipient) ([]byte, error) {
	var file bytes.Buffer
	w, err := age.Encrypt(&file, to)
	if err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if _, err := w.Write(clear); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("sealing: %w", err)
	}
	return file.Bytes(), nil
}

// open reads an age file to its end, so that nothing of a file that was cut
// short or changed is ever answered. It is ErrWrongKey when no identity fits
// and ErrForged when one fits and the file is damaged, or is no age file.
func open(file []byte, with ...age.Identity) ([]byte, error) {
	r, err := age.Decrypt(bytes.NewReader(file), with...)
	if err != nil {
		if isNoMatch(err) {
			return nil, ErrWrongKey
		}
		return nil, fmt.Errorf("%w: the header cannot be read", ErrForged)
	}
	clear, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("%w: it was cut short or changed", ErrForged)
	}
	return clear, nil
}

func isNoMatch(err error) bool {
	var none *age.NoIdentityMatchError
	return errors.As(err, &none)
}
