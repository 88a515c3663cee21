package oncall

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

const bucket = "oncall"

const (
	keyOrder = "order"
	keyNow   = "now"
	keyDoubt = "clock"
	keyUses  = "uses"
)

var (
	orders   = store.NewTable[[]message.PersonID](bucket)
	switches = store.NewTable[Switch](bucket)
	doubts   = store.NewTable[Doubt](bucket)
	counting = store.NewTable[Uses](bucket)
)

// ErrTwice says that a list names somebody twice.
var ErrTwice = errors.New("the on-call list names somebody twice")

// ErrOver says that an "on call now" would end before it begins.
var ErrOver = errors.New("that time is over already")

// Set keeps who is rung, in order, and makes the list what counts. An empty list
// is allowed, and a finding.
func Set(tx *store.Tx, by string, order []message.PersonID, at time.Time) error {
	for i, p := range order {
		if p == "" || slices.Contains(order[:i], p) {
			return ErrTwice
		}
	}
	if order == nil {
		order = []message.PersonID{}
	}
	if err := orders.Put(tx, keyOrder, order); err != nil {
		return fmt.Errorf("keeping the on-call list: %w", err)
	}
	if err := counting.Put(tx, keyUses, UsesList); err != nil {
		return fmt.Errorf("counting the on-call list: %w", err)
	}
	return trace(tx, audit.OnCallSet, by, order, at)
}

// Order answers the list as it was set.
func Order(tx *store.Tx) ([]message.PersonID, error) {
	order, _, err := orders.Get(tx, keyOrder)
	if err != nil {
		return nil, fmt.Errorf("reading the on-call list: %w", err)
	}
	return order, nil
}

// SetNow puts one person in front of the list, until a moment or, where until
// is zero, until somebody switches again. The person need not be on the list.
func SetNow(tx *store.Tx, by string, person message.PersonID, until, at time.Time) error {
	if !until.IsZero() && !until.After(at) {
		return ErrOver
	}
	s := Switch{Person: person, Since: at.UTC()}
	if !until.IsZero() {
		s.Until = until.UTC()
	}
	if err := switches.Put(tx, keyNow, s); err != nil {
		return fmt.Errorf("switching who is on call: %w", err)
	}
	return trace(tx, audit.OnCallNow, by, []message.PersonID{person}, at)
}

// ClearNow ends "on call now": the list counts alone.
func ClearNow(tx *store.Tx, by string, at time.Time) error {
	if _, on, err := switches.Get(tx, keyNow); err != nil || !on {
		return err
	}
	if err := switches.Delete(tx, keyNow); err != nil {
		return fmt.Errorf("switching who is on call: %w", err)
	}
	return trace(tx, audit.OnCallNow, by, nil, at)
}

func trace(tx *store.Tx, what audit.What, by string, about []message.PersonID, at time.Time) error {
	leaf := audit.Leaf{At: at.UTC(), Who: by, What: what}
	for _, p := range about {
		leaf.About = append(leaf.About, string(p))
	}
	_, err := audit.Append(tx, leaf)
	return err
}
