package backup

import (
	"errors"
	"fmt"
)

// BadObject is one thing of a backup that is not what it should be. Name is its
// path inside the target ("snapshots/20261124T213005.123Z.tar.age"), with what
// lies inside it after a colon; What says in plain words what is wrong and, when
// somebody can do something about it, what. Neither holds anything of a patient.
type BadObject struct {
	Name string
	What string
	Err  error // what was found underneath; may be nil
}

func (b *BadObject) Error() string { return b.Name + ": " + b.What }

func (b *BadObject) Unwrap() error { return b.Err }

// bad makes a *BadObject without a cause.
func bad(name, what string, args ...any) error {
	return &BadObject{Name: name, What: fmt.Sprintf(what, args...)}
}

// badBy makes a *BadObject around what was found underneath, unless that names
// an object already: the innermost name is the one a person needs.
func badBy(err error, name, what string, args ...any) error {
	var inner *BadObject
	if errors.As(err, &inner) {
		return err
	}
	return &BadObject{Name: name, What: fmt.Sprintf(what, args...), Err: err}
}

// within puts the snapshot's name before the name of something inside it.
func within(snapshot, inner string) string { return snapshot + ": " + inner }
