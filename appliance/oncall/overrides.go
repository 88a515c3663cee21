package oncall

import (
	"cmp"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

var overrides = store.NewTable[Override]("oncall-overrides") // by id

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

// Overrides answers all overrides that somebody is one of the two of, or all
// where nobody is named.
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
