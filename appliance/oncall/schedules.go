package oncall

import (
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

var (
	schedules = store.NewTable[Schedule]("oncall-schedules") // by id, those in force
	editions  = store.NewTable[Schedule]("oncall-editions")  // by id and end, those before
	holidays  = store.NewTable[Holiday]("oncall-holidays")   // by id
)

// SetSchedule keeps a schedule and makes schedules what counts. Where its rules
// change, the one in force before ends as an earlier edition, so that what was
// stays to be seen. Shifts have no editions: each has its own time, and one that
// is entered or corrected later says of the past what it says.
//
// A change of the people of a rotation does not move who is on now: places are
// held by person. Whoever is on stays for the rest of the turn and the order
// goes on behind them; somebody who is removed stops at once, and whoever came
// next takes over. Only giving another First or Start moves it; none given keeps it.
func SetSchedule(tx *store.Tx, by string, s Schedule, at time.Time) error {
	if err := s.Check(); err != nil {
		return err
	}
	zone, err := zone(tx)
	if err != nil {
		return err
	}
	before, known, err := schedules.Get(tx, s.ID)
	if err != nil {
		return fmt.Errorf("reading schedule %s: %w", s.ID, err)
	}
	s.From, s.Until = time.Time{}, time.Time{} // before the first edition was none: it answers for then too
	if known {
		s.From = at.UTC()
		if err := end(tx, before, at); err != nil {
			return err
		}
		s = s.follow(before, zone, at)
	}
	if s.ReviewedAt, s.ReviewedOf = before.ReviewedAt, before.ReviewedOf; !known || (s.Owner != "" && by == string(s.Owner)) {
		s = s.reviewed(at) // whoever made it, or looks after it, looked at it
	}
	if err := schedules.Put(tx, s.ID, s); err != nil {
		return fmt.Errorf("keeping schedule %s: %w", s.ID, err)
	}
	if err := counting.Put(tx, keyUses, UsesSchedule); err != nil {
		return fmt.Errorf("counting the schedules: %w", err)
	}
	return traceID(tx, audit.ScheduleSet, by, s.ID, s.people(), at)
}

// RemoveSchedule ends a schedule. Without any left, the plain list counts again.
func RemoveSchedule(tx *store.Tx, by, id string, at time.Time) error {
	s, known, err := schedules.Get(tx, id)
	if err != nil || !known {
		return err
	}
	if err := end(tx, s, at); err != nil {
		return err
	}
	if err := schedules.Delete(tx, id); err != nil {
		return fmt.Errorf("removing schedule %s: %w", id, err)
	}
	left, err := all(tx, schedules)
	if err != nil {
		return fmt.Errorf("reading the schedules: %w", err)
	}
	if len(left) == 0 {
		if err := counting.Put(tx, keyUses, UsesList); err != nil {
			return fmt.Errorf("counting the on-call list: %w", err)
		}
	}
	return traceID(tx, audit.ScheduleRemoved, by, id, s.people(), at)
}

// end keeps an edition that counts no more.
func end(tx *store.Tx, s Schedule, at time.Time) error {
	if s.Until = at.UTC(); !s.From.Before(s.Until) {
		return nil // it never counted
	}
	if err := editions.Put(tx, s.ID+"/"+s.Until.Format(time.RFC3339Nano), s); err != nil {
		return fmt.Errorf("keeping what schedule %s was: %w", s.ID, err)
	}
	return nil
}

// Reviewed says that somebody looked a schedule through and found it right. It
// is due again after its months, and as soon as other people are in it.
func Reviewed(tx *store.Tx, by, id string, at time.Time) error {
	s, known, err := schedules.Get(tx, id)
	if err != nil || !known {
		return err
	}
	if err := schedules.Put(tx, id, s.reviewed(at)); err != nil {
		return fmt.Errorf("keeping the review of schedule %s: %w", id, err)
	}
	return traceID(tx, audit.ScheduleReviewed, by, id, nil, at)
}

func (s Schedule) reviewed(at time.Time) Schedule {
	s.ReviewedAt, s.ReviewedOf = at.UTC(), s.people()
	return s
}

// Use makes the plain list, or the schedules, what counts.
func Use(tx *store.Tx, by string, u Uses, at time.Time) error {
	if u != UsesSchedule {
		u = UsesList
	}
	if err := counting.Put(tx, keyUses, u); err != nil {
		return fmt.Errorf("choosing what counts: %w", err)
	}
	what := audit.OnCallSet
	if u == UsesSchedule {
		what = audit.SchedulesCount
	}
	return traceID(tx, what, by, "", nil, at)
}

func uses(tx *store.Tx) (Uses, error) {
	u, known, err := counting.Get(tx, keyUses)
	if err != nil || !known {
		return UsesList, err
	}
	return u, nil
}

// SetHoliday keeps a holiday.
func SetHoliday(tx *store.Tx, by string, h Holiday, at time.Time) error {
	if err := h.Check(); err != nil {
		return err
	}
	if err := holidays.Put(tx, h.ID, h); err != nil {
		return fmt.Errorf("keeping a holiday: %w", err)
	}
	return traceID(tx, audit.HolidaySet, by, h.ID, h.People, at)
}

// RemoveHoliday drops a holiday; one that is not there is no error.
func RemoveHoliday(tx *store.Tx, by, id string, at time.Time) error {
	h, known, err := holidays.Get(tx, id)
	if err != nil || !known {
		return err
	}
	if err := holidays.Delete(tx, id); err != nil {
		return fmt.Errorf("removing a holiday: %w", err)
	}
	return traceID(tx, audit.HolidayRemoved, by, id, h.People, at)
}

// follow moves the rotations of an edition so that whoever is on by the one
// before stays on.
func (s Schedule) follow(before Schedule, zone *time.Location, at time.Time) Schedule {
	old := map[string]Rotation{}
	for _, l := range before.Layers {
		for _, r := range l.Rotations {
			old[r.ID] = r
		}
	}
	layers := slices.Clone(s.Layers)
	for i := range layers {
		layers[i].Rotations = slices.Clone(layers[i].Rotations)
		for j, r := range layers[i].Rotations {
			if was, ok := old[r.ID]; ok {
				layers[i].Rotations[j] = r.follow(was, zone, at)
			}
		}
	}
	s.Layers = layers
	return s
}

func (r Rotation) follow(was Rotation, zone *time.Location, at time.Time) Rotation {
	begins := func(r Rotation) message.PersonID { return r.holder(0) }
	if len(r.People) == 0 || r.Start != was.Start || (r.First != "" && r.First != was.First && begins(r) != begins(was)) {
		return r
	}
	now, begun := was.turn(zone, at)
	if !begun || len(was.People) == 0 {
		return r
	}
	stays := was.holder(now)
	for i := 1; i < len(was.People) && !slices.Contains(r.People, stays); i++ {
		stays = was.holder(now + i)
	}
	place := max(slices.Index(r.People, stays), 0)
	turn, _ := r.turn(zone, at)
	n := len(r.People)
	r.First = r.People[((place-turn)%n+n)%n]
	return r
}

func (s Schedule) people() []message.PersonID {
	var list []message.PersonID
	s.each(func(people ...message.PersonID) {
		for _, p := range people {
			if !slices.Contains(list, p) {
				list = append(list, p)
			}
		}
	})
	return list
}

// traceID leaves a leaf about a thing of ours and the people it concerns.
func traceID(tx *store.Tx, what audit.What, by, id string, people []message.PersonID, at time.Time) error {
	leaf := audit.Leaf{At: at.UTC(), Who: by, What: what}
	if id != "" {
		leaf.Data = map[string]string{"id": id}
	}
	for _, p := range people {
		if p != "" {
			leaf.About = append(leaf.About, string(p))
		}
	}
	_, err := audit.Append(tx, leaf)
	return err
}

// Holidays answers the days of the whole practice's holidays, as 2026-11-26.
func Holidays(tx *store.Tx) (map[string]bool, error) {
	days := map[string]bool{}
	err := holidays.Each(tx, "", func(_ string, h Holiday) error {
		if h.Schedule == "" {
			days[h.Date.String()] = true
		}
		return nil
	})
	return days, err
}
