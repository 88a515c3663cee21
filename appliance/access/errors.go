package access

import (
	"errors"
	"fmt"
	"time"
)

// ErrRefused is the one answer to a name and password that do not go together,
// whether the name exists, is disabled, or never was.
var ErrRefused = errors.New("that name and password do not go together; check both and try again")

// ErrUnknownPerson and ErrUnknownDevice say that an id names nobody.
var (
	ErrUnknownPerson = errors.New("there is no such person")
	ErrUnknownDevice = errors.New("there is no such device")
)

// TooMany says that somebody tried too often; nothing was checked.
type TooMany struct{ After time.Duration }

func (e *TooMany) Error() string {
	return fmt.Sprintf("too many tries; wait %s and try again", e.wait())
}

func (e *TooMany) wait() string {
	if s := int((e.After + time.Second - 1) / time.Second); s > 1 {
		return fmt.Sprintf("%d seconds", s)
	}
	return "a second"
}

// Invalid says which field of what a person gave cannot be used, and what to do.
type Invalid struct{ Field, Why string }

func (e *Invalid) Error() string { return e.Field + ": " + e.Why }

var errNameTaken = &Invalid{Field: "name", Why: "somebody else signs in with this name"}

// Needed says that a change would leave the practice without its last admin or
// its last reader. Nothing was changed.
type Needed struct{ Why string }

func (e *Needed) Error() string { return e.Why }

var (
	errLastAdmin  = &Needed{Why: "this is the last person who manages the practice; make somebody else admin first"}
	errLastReader = &Needed{Why: "this is the last person who can open the messages; let somebody else get a key slot first (or, for a new password, use the recovery kit)"}
)

// Denied says that a session's roles, or the lock, do not allow something.
type Denied struct {
	Need   Permission
	Asleep bool // the role allows it; the password has to be given again first
}

func (e *Denied) Error() string {
	if e.Asleep {
		return "the appliance was locked since you signed in; give your password again"
	}
	return "your role does not allow this; ask whoever manages the practice"
}
