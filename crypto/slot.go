package crypto

import (
	"bytes"
	"errors"
	"fmt"

	"filippo.io/age"
	"golang.org/x/crypto/scrypt"
)

// SlotWorkFactor is the logarithm of scrypt's cost for a slot that a password
// opens: a guess costs 256 MiB and about 0.6 s, and a stolen slot file can be
// guessed at.
const SlotWorkFactor = 18

// ErrWrongPassword says that the password does not open the slot.
var ErrWrongPassword = errors.New("wrong password")

// SealSlotPassword writes the identity as a slot that the password opens. It
// takes 256 MiB while it runs: callers run one at a time and give the memory
// back (appliance/vault does).
func SealSlotPassword(id *age.HybridIdentity, password string) ([]byte, error) {
	to, err := age.NewScryptRecipient(password)
	if err != nil {
		return nil, fmt.Errorf("sealing a slot: %w", err)
	}
	to.SetWorkFactor(SlotWorkFactor)
	return seal(identityFile(id), to)
}

// OpenSlotPassword opens a slot that SealSlotPassword wrote, at the same cost.
// A wrong password is ErrWrongPassword; a slot that asks for more work than
// ours do is refused before the work is done.
func OpenSlotPassword(slot []byte, password string) (*age.HybridIdentity, error) {
	with, err := age.NewScryptIdentity(password)
	if err != nil {
		return nil, ErrWrongPassword // age knows no empty password, so none was ever sealed with it
	}
	with.SetMaxWorkFactor(SlotWorkFactor)
	id, err := OpenSlot(slot, with)
	if errors.Is(err, ErrWrongKey) {
		return nil, ErrWrongPassword
	}
	return id, err
}

// SpendPassword costs what opening a slot costs and opens nothing, for a person
// who does not exist: the time of an answer tells nobody who does.
func SpendPassword(password string) error {
	salt := []byte("nobody has this slot")
	if _, err := scrypt.Key([]byte(password), salt, 1<<SlotWorkFactor, 8, 1, 32); err != nil {
		return fmt.Errorf("spending a password: %w", err)
	}
	return ErrWrongPassword
}

// SealSlot writes the identity as an age file sealed to a recipient: the
// recovery slot (to the kit), or an epoch file (to the practice).
func SealSlot(id *age.HybridIdentity, to *age.HybridRecipient) ([]byte, error) {
	return seal(identityFile(id), to)
}

// OpenSlot opens a slot or epoch file. It is ErrWrongKey when no identity fits,
// ErrForged when the file is damaged.
func OpenSlot(slot []byte, with ...age.Identity) (*age.HybridIdentity, error) {
	clear, err := open(slot, with...)
	if err != nil {
		return nil, err
	}
	ids, err := age.ParseIdentities(bytes.NewReader(clear))
	if err != nil || len(ids) != 1 {
		return nil, fmt.Errorf("%w: it does not hold one identity", ErrForged)
	}
	id, ok := ids[0].(*age.HybridIdentity)
	if !ok {
		return nil, fmt.Errorf("%w: its identity is not a hybrid one", ErrForged)
	}
	return id, nil
}

// identityFile is what "age -i" takes: one line.
func identityFile(id *age.HybridIdentity) []byte {
	return append([]byte(id.String()), '\n')
}
