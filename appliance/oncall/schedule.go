package oncall

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/message"
)

// Schedule is who covers one thing, the whole practice or one specialty or
// location of it, in layers. What the wall clock says in it is meant in the
// practice's zone. Ids are given by whoever makes it, and stay.
type Schedule struct {
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Topic       string           `json:"topic,omitempty"`        // a specialty or a location; empty: the whole practice
	Owner       message.PersonID `json:"owner,omitempty"`        // who looks after it
	ReviewEvery int              `json:"review_every,omitempty"` // months; 0: three
	Layers      []Layer          `json:"layers"`                 // in the order they are rung

	ReviewedAt time.Time          `json:"reviewed_at,omitzero"`  // UTC; see Reviewed
	ReviewedOf []message.PersonID `json:"reviewed_of,omitempty"` // who was in it then

	From  time.Time `json:"from,omitzero"`  // UTC: since when this edition counts; zero: always
	Until time.Time `json:"until,omitzero"` // UTC: since when it counts no more
}

// Layer is one place in a schedule: primary, backup, office manager. A holiday
// of a layer goes before its shifts, and a shift before its rotations.
type Layer struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Rotations []Rotation `json:"rotations,omitempty"`
	Shifts    []Shift    `json:"shifts,omitempty"`
}

// Rotation is people who take turns. Their places hang on the persons: First is
// who has the turn that begins at Start, and the others follow in the order of
// People. See SetSchedule for what a change of the people does.
type Rotation struct {
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	People   []message.PersonID `json:"people"`
	First    message.PersonID   `json:"first,omitempty"` // empty: the first of People
	Every    Every              `json:"every"`
	Days     int                `json:"days,omitempty"` // of Custom: how many days a turn lasts
	Handover Handover           `json:"handover"`
	Start    Date               `json:"start"`             // the first turn begins on this date, at the handover
	Windows  []Window           `json:"windows,omitempty"` // when it covers; none: always
}

// Every is how long a turn lasts.
type Every string

const (
	Daily   Every = "daily"
	Weekly  Every = "weekly"
	Monthly Every = "monthly"
	Custom  Every = "custom" // Days days
)

// Handover is when one turn ends and the next begins. Weekday is of Weekly, Day
// of Monthly; a month that is shorter hands over on its last day.
type Handover struct {
	At      Clock        `json:"at"`
	Weekday time.Weekday `json:"weekday,omitempty"`
	Day     int          `json:"day,omitempty"`
}

// Window is when a rotation covers: from a time on each of the days to a time
// that, where it is not later, is on the day after.
type Window struct {
	Days []time.Weekday `json:"days"` // on which it begins
	From Clock          `json:"from"`
	To   Clock          `json:"to"`
}

// Shift is one person from a point to another.
type Shift struct {
	ID     string           `json:"id"`
	Person message.PersonID `json:"person"`
	From   Point            `json:"from"`
	To     Point            `json:"to"`
	Source string           `json:"source,omitempty"` // the file it was imported from
}

// Holiday is a day that a layer is covered otherwise: by People, at once and in
// order, for the day that begins at From. Without people it is a name on the
// page, and the layer is covered as ever.
type Holiday struct {
	ID       string             `json:"id"`
	Name     string             `json:"name"`
	Date     Date               `json:"date"`
	From     Clock              `json:"from"`
	Schedule string             `json:"schedule,omitempty"` // empty: each
	Layer    string             `json:"layer,omitempty"`    // empty: each
	People   []message.PersonID `json:"people,omitempty"`
}

// Bounds of what is kept: a schedule is one value of the store, and every urgent
// call reads it.
const (
	maxLayers  = 20
	maxPeople  = 200
	maxShifts  = 4000 // ten years of days
	maxNameLen = 80
	maxDays    = 366
)

// Refused says what of what somebody typed cannot be kept, in words for them.
type Refused struct{ Why string }

func (e *Refused) Error() string { return e.Why }

// Todo says what they can do.
func (e *Refused) Todo() string { return "change that and save again" }

func refuse(format string, args ...any) error { return &Refused{fmt.Sprintf(format, args...)} }

// ReviewDue answers when somebody has to look the schedule through again.
func (s Schedule) ReviewDue() time.Time {
	return s.ReviewedAt.AddDate(0, cmp.Or(s.ReviewEvery, reviewEvery), 0)
}

const reviewEvery = 3 // months: people, numbers and habits change within a quarter

// Check says what about a schedule cannot be kept; nil is a good one.
func (s Schedule) Check() error {
	switch {
	case s.ID == "":
		return errors.New("a schedule without an id")
	case !named(s.Name):
		return refuse("a schedule needs a name of at most %d characters", maxNameLen)
	case len([]rune(s.Topic)) > maxNameLen:
		return refuse("a specialty or location has at most %d characters", maxNameLen)
	case s.ReviewEvery < 0 || s.ReviewEvery > 12:
		return refuse("a schedule is reviewed every 1 to 12 months")
	case len(s.Layers) > maxLayers:
		return refuse("a schedule has at most %d layers", maxLayers)
	}
	seen := map[string]bool{}
	for _, l := range s.Layers {
		if err := l.check(seen); err != nil {
			return err
		}
	}
	return nil
}

func named(name string) bool { return name != "" && len([]rune(name)) <= maxNameLen }

// fresh says that an id is one and new.
func fresh(seen map[string]bool, id string) error {
	if id == "" || seen[id] {
		return errors.New("a part of a schedule without an id of its own")
	}
	seen[id] = true
	return nil
}

func (l Layer) check(seen map[string]bool) error {
	if err := fresh(seen, l.ID); err != nil {
		return err
	}
	if !named(l.Name) {
		return refuse("a layer needs a name of at most %d characters", maxNameLen)
	}
	if len(l.Shifts) > maxShifts {
		return refuse("a layer has at most %d shifts", maxShifts)
	}
	for _, r := range l.Rotations {
		if err := fresh(seen, r.ID); err != nil {
			return err
		}
		if err := r.check(); err != nil {
			return err
		}
	}
	for _, s := range l.Shifts {
		if err := fresh(seen, s.ID); err != nil {
			return err
		}
		if s.Person == "" || s.From.IsZero() || s.To.IsZero() {
			return refuse("a shift needs a person, a beginning and an end")
		}
		if !s.From.In(time.UTC).Before(s.To.In(time.UTC)) && s.From.fixed.IsZero() == s.To.fixed.IsZero() {
			return refuse("a shift ends after it begins")
		}
	}
	return nil
}

func (r Rotation) check() error {
	switch {
	case len([]rune(r.Name)) > maxNameLen:
		return refuse("a rotation's name has at most %d characters", maxNameLen)
	case len(r.People) > maxPeople:
		return refuse("a rotation has at most %d people", maxPeople)
	case twice(r.People):
		return refuse("a rotation names somebody twice")
	case r.First != "" && !slices.Contains(r.People, r.First):
		return refuse("who begins a rotation has to be one of its people")
	case r.Start.IsZero():
		return refuse("a rotation needs the date it begins on")
	case !r.Handover.At.valid():
		return refuse("a handover is at a time of the day")
	}
	for _, w := range r.Windows {
		if !w.From.valid() || !w.To.valid() || len(w.Days) == 0 {
			return refuse("when a rotation covers is given by days, and by two times of the day")
		}
	}
	switch r.Every {
	case Daily:
	case Weekly:
		if r.Handover.Weekday < time.Sunday || r.Handover.Weekday > time.Saturday {
			return refuse("a weekly rotation hands over on a day of the week")
		}
	case Monthly:
		if r.Handover.Day < 1 || r.Handover.Day > 31 {
			return refuse("a monthly rotation hands over on a day from 1 to 31")
		}
	case Custom:
		if r.Days < 1 || r.Days > maxDays {
			return refuse("a turn lasts 1 to %d days", maxDays)
		}
	default:
		return refuse("a rotation is daily, weekly, monthly or of so many days")
	}
	return nil
}

// Check says what about a holiday cannot be kept; nil is a good one.
func (h Holiday) Check() error {
	switch {
	case h.ID == "":
		return errors.New("a holiday without an id")
	case !named(h.Name):
		return refuse("a holiday needs a name of at most %d characters", maxNameLen)
	case h.Date.IsZero() || !h.From.valid():
		return refuse("a holiday needs its date, and the time of the day it begins at")
	case len(h.People) > maxPeople || twice(h.People):
		return refuse("a holiday names somebody twice")
	case h.Layer != "" && h.Schedule == "":
		return errors.New("a holiday of a layer without its schedule")
	}
	return nil
}

func twice(list []message.PersonID) bool {
	for i, p := range list {
		if p == "" || slices.Contains(list[:i], p) {
			return true
		}
	}
	return false
}

// NameNew gives what has no id yet one.
func (s *Schedule) NameNew(id func() (string, error)) (err error) {
	name := func(at *string) {
		if *at == "" && err == nil {
			*at, err = id()
		}
	}
	name(&s.ID)
	s.Layers = slices.Clone(s.Layers)
	for i := range s.Layers {
		l := &s.Layers[i]
		name(&l.ID)
		l.Rotations, l.Shifts = slices.Clone(l.Rotations), slices.Clone(l.Shifts)
		for j := range l.Rotations {
			name(&l.Rotations[j].ID)
		}
		for j := range l.Shifts {
			name(&l.Shifts[j].ID)
		}
	}
	return err
}
