package oncall

import (
	"cmp"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

var (
	overrides = store.NewTable[Override]("oncall-overrides")      // by id
	bygones   = store.NewTable[Override]("oncall-overrides-past") // by id, those that ended long ago
)

// bygone is how long after its end an override is kept among those that each
// urgent call reads.
const bygone = 35 * 24 * time.Hour

// Ask keeps an override that waits for the other person's word. Whoever edits
// the schedule asks nobody: theirs counts at once.
func Ask(tx *store.Tx, by string, o Override, edits bool, at time.Time) error {
	o.State, o.AskedBy, o.AskedAt = Asked, by, at.UTC()
	o.AgreedBy, o.AgreedAt, o.EndedBy, o.EndedAt = "", time.Time{}, "", time.Time{}
	o.From, o.To = o.From.UTC(), o.To.UTC()
	if err := o.Check(); err != nil {
		return err
	}
	if !edits && (!o.concerns(by) || o.Kind == Remove || o.Replaced == "") {
		return ErrNotYours
	}
	if !o.To.After(at) {
		return ErrOver
	}
	if _, known, err := overrides.Get(tx, o.ID); err != nil || known {
		return fmt.Errorf("asking for override %s: %w", o.ID, cmp.Or(err, ErrOverride))
	}
	if err := putAside(tx, at); err != nil {
		return err
	}
	if err := keep(tx, audit.OverrideAsked, by, o, at); err != nil || !edits {
		return err
	}
	return Act(tx, by, o.ID, Agree, true, at)
}

// Act does something with an override: the two people by themselves as the table
// of moves says, whoever edits the schedule in their place.
func Act(tx *store.Tx, by, id string, act OverrideAct, edits bool, at time.Time) error {
	o, known, err := overrides.Get(tx, id)
	switch {
	case err != nil:
		return fmt.Errorf("reading override %s: %w", id, err)
	case !known:
		return ErrNoOverride
	}
	if o, err = o.move(by, act, edits, at); err != nil {
		return err
	}
	what := map[OverrideState]audit.What{Agreed: audit.OverrideAgreed, Declined: audit.OverrideDeclined, Undone: audit.OverrideUndone}[o.State]
	return keep(tx, what, by, o, at)
}

func keep(tx *store.Tx, what audit.What, by string, o Override, at time.Time) error {
	if err := overrides.Put(tx, o.ID, o); err != nil {
		return fmt.Errorf("keeping override %s: %w", o.ID, err)
	}
	return traceID(tx, what, by, o.ID, []message.PersonID{o.Replaced, o.By}, at)
}

// putAside moves what ended long ago to where only those look who show what was.
func putAside(tx *store.Tx, at time.Time) error {
	list, err := all(tx, overrides)
	if err != nil {
		return fmt.Errorf("reading the exceptions: %w", err)
	}
	for _, o := range list {
		end := o.To
		if o.Back != nil {
			end = later(end, o.Back.To)
		}
		if at.Sub(end) < bygone {
			continue
		}
		if err := bygones.Put(tx, o.ID, o); err != nil {
			return fmt.Errorf("keeping override %s: %w", o.ID, err)
		}
		if err := overrides.Delete(tx, o.ID); err != nil {
			return fmt.Errorf("putting override %s aside: %w", o.ID, err)
		}
	}
	return nil
}

// Overrides answers the overrides, but those that ended long ago, that somebody
// is one of the two of, or all where nobody is named.
func Overrides(tx *store.Tx, who message.PersonID) ([]Override, error) {
	list, err := all(tx, overrides)
	if err != nil {
		return nil, fmt.Errorf("reading the exceptions: %w", err)
	}
	if who == "" {
		return list, nil
	}
	var theirs []Override
	for _, o := range list {
		if o.concerns(string(who)) {
			theirs = append(theirs, o)
		}
	}
	return theirs, nil
}
