package appliance

import (
	"context"
	"errors"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func newID() (string, error) {
	id, err := message.NewID()
	return string(id), err
}

// SaveSchedule keeps a schedule and makes schedules what counts. It gives what
// is new in it ids, and answers it with them.
func (a *Appliance) SaveSchedule(ctx context.Context, by string, s oncall.Schedule) (oncall.Schedule, error) {
	if err := s.NameNew(newID); err != nil {
		return s, err
	}
	at := a.Clock.Now().UTC()
	err := a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.SetSchedule(tx, by, s, at) })
	return s, err
}

// RemoveSchedule ends a schedule; without any left the plain list counts again.
func (a *Appliance) RemoveSchedule(ctx context.Context, by, id string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.RemoveSchedule(tx, by, id, at) })
}

// ReviewSchedule says that somebody looked a schedule through and found it right.
func (a *Appliance) ReviewSchedule(ctx context.Context, by, id string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.Reviewed(tx, by, id, at) })
}

// UseForOnCall makes the plain list, or the schedules, what counts.
func (a *Appliance) UseForOnCall(ctx context.Context, by string, u oncall.Uses) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.Use(tx, by, u, at) })
}

// AskOverride keeps an exception from the schedule. Whoever edits the schedule
// asks nobody: theirs counts at once.
func (a *Appliance) AskOverride(ctx context.Context, by string, edits bool, o oncall.Override) (oncall.Override, error) {
	var err error
	if o.ID, err = newID(); err != nil {
		return o, err
	}
	at := a.Clock.Now().UTC()
	err = a.Store.Update(ctx, func(tx *store.Tx) error {
		if o.By != "" {
			if err := a.canBeRung(tx, o.By); err != nil {
				return err
			}
		}
		return oncall.Ask(tx, by, o, edits, at)
	})
	return o, overrideAdvice(err)
}

// ActOnOverride agrees to an exception, declines or undoes it: the two people by
// themselves, whoever edits the schedule in their place.
func (a *Appliance) ActOnOverride(ctx context.Context, by string, edits bool, id string, act oncall.OverrideAct) error {
	at := a.Clock.Now().UTC()
	return overrideAdvice(a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.Act(tx, by, id, act, edits, at) }))
}

func overrideAdvice(err error) error {
	for known, do := range map[error]string{
		oncall.ErrOverride:   "look at the on-call page again: it shows what it is now",
		oncall.ErrNotYours:   "ask one of the two, or somebody who edits the schedule",
		oncall.ErrNoOverride: "look at the on-call page again: it shows those that there are",
		oncall.ErrOver:       "choose a time that ends later than now",
	} {
		if errors.Is(err, known) {
			return &Advice{What: known.Error(), Do: do, Err: err}
		}
	}
	return err
}

// SaveHoliday keeps a holiday; one without an id is new.
func (a *Appliance) SaveHoliday(ctx context.Context, by string, h oncall.Holiday) (oncall.Holiday, error) {
	var err error
	if h.ID == "" {
		if h.ID, err = newID(); err != nil {
			return h, err
		}
	}
	at := a.Clock.Now().UTC()
	err = a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.SetHoliday(tx, by, h, at) })
	return h, err
}

// RemoveHoliday drops a holiday.
func (a *Appliance) RemoveHoliday(ctx context.Context, by, id string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return oncall.RemoveHoliday(tx, by, id, at) })
}

// SetReach keeps how somebody is called and reached.
func (a *Appliance) SetReach(ctx context.Context, by string, who message.PersonID, r oncall.Reach) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		full, err := withAddresses(tx, r)
		if err != nil {
			return err
		}
		return oncall.SetReach(tx, by, who, full, at)
	})
}
