package vault

import (
	"errors"
	"fmt"

	"nightbell/appliance/message"
	"nightbell/crypto"
)

var (
	// ErrLocked says that the practice identity is not in memory, or that the
	// Reader was closed by a lock.
	ErrLocked = errors.New("the appliance is locked: somebody who reads must sign in")
	// ErrNoSlot says that the person holds no slot: their password is checked
	// another way, and it opens nothing.
	ErrNoSlot = errors.New("this person holds no key slot")
	// ErrWrongPassword and ErrWrongKey say that a slot was not opened.
	ErrWrongPassword = crypto.ErrWrongPassword
	ErrWrongKey      = crypto.ErrWrongKey
	// ErrBroken says that a key file is missing or not the one that the store names.
	ErrBroken = errors.New("a key file is missing or was changed")
	// ErrForged says that a part is not what was sealed; the error is a *PartError.
	ErrForged = crypto.ErrForged
	// ErrEpochClosed says that the epoch of a pack is being shredded: seal again,
	// commit again.
	ErrEpochClosed = errors.New("the epoch was closed meanwhile: seal anew")
	// ErrGone says that the key of a part was destroyed.
	ErrGone = errors.New("its key was destroyed")
)

// PartError says which part of which message could not be opened, and why.
// errors.Is(err, ErrForged) tells a forged or damaged one from one that is gone.
type PartError struct {
	Message message.ID
	Part    message.ID
	Err     error
}

func (e *PartError) Error() string {
	return fmt.Sprintf("part %s of message %s: %v", e.Part, e.Message, e.Err)
}

func (e *PartError) Unwrap() error { return e.Err }
