package oncall

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Import is what a file says, its people known.
type Import struct {
	Source string
	Shifts []ImportShift
}

// ImportShift is one shift of it. Schedule and Layer are names.
type ImportShift struct {
	Schedule, Layer string
	Person          message.PersonID
	From, To        time.Time
}

// Into puts the shifts of a file in the place of those that it brought before,
// wherever they are, and answers the schedules that it changes. A shift that
// another file brought into the same layer is taken over, not doubled. New
// schedules and layers are made with ids from newID.
func (im Import) Into(all []Schedule, zone *time.Location, newID func() string) (changed []Schedule, replaced int) {
	w := &importing{Import: im, zone: location(zone), newID: newID, changed: map[int]bool{}, seen: map[string]bool{}}
	for _, s := range all {
		w.all = append(w.all, s.clone())
	}
	for i := range w.all {
		if n := w.takeOut(i, func(s Shift) bool { return s.Source == im.Source }); n > 0 {
			replaced += n
		}
	}
	for _, s := range im.Shifts {
		w.add(s)
	}
	w.takeOver()
	for i, s := range w.all {
		if w.changed[i] {
			changed = append(changed, s)
		}
	}
	return changed, replaced
}

// clone is a copy whose layers and shifts may be changed.
func (s Schedule) clone() Schedule {
	s.Layers = slices.Clone(s.Layers)
	for i := range s.Layers {
		s.Layers[i].Shifts = slices.Clone(s.Layers[i].Shifts)
	}
	return s
}

type importing struct {
	Import
	zone    *time.Location
	newID   func() string
	all     []Schedule
	changed map[int]bool    // by place in all
	seen    map[string]bool // ids of the shifts added
}

// takeOut removes shifts from a schedule and answers how many.
func (w *importing) takeOut(i int, which func(Shift) bool) (n int) {
	for j := range w.all[i].Layers {
		l := &w.all[i].Layers[j]
		before := len(l.Shifts)
		l.Shifts = slices.DeleteFunc(l.Shifts, which)
		n += before - len(l.Shifts)
	}
	w.changed[i] = w.changed[i] || n > 0
	return n
}

func (w *importing) add(s ImportShift) {
	i := slices.IndexFunc(w.all, func(have Schedule) bool { return strings.EqualFold(have.Name, s.Schedule) })
	if i < 0 {
		i = len(w.all)
		w.all = append(w.all, Schedule{ID: w.newID(), Name: s.Schedule})
	}
	layers := &w.all[i].Layers
	j := slices.IndexFunc(*layers, func(have Layer) bool { return strings.EqualFold(have.Name, s.Layer) })
	if j < 0 {
		j = len(*layers)
		*layers = append(*layers, Layer{ID: w.newID(), Name: s.Layer})
	}
	l := &(*layers)[j]
	from, to := PointOf(s.From, w.zone), PointOf(s.To, w.zone)
	// An id made of what the shift is: the same at each import, and short, since
	// a schedule is one value of the store.
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%s|%s", w.Source, l.ID, s.Person, from, to))
	id := "i" + hex.EncodeToString(sum[:8])
	if w.seen[id] {
		return
	}
	w.seen[id] = true
	l.Shifts = append(l.Shifts, Shift{ID: id, Person: s.Person, From: from, To: to, Source: w.Source})
	w.changed[i] = true
}

// takeOver removes what other files brought where this one says the same.
func (w *importing) takeOver() {
	type held struct {
		person   message.PersonID
		from, to int64
	}
	for i := range w.all {
		for j := range w.all[i].Layers {
			l := &w.all[i].Layers[j]
			is := func(s Shift) held { return held{s.Person, s.From.In(w.zone).Unix(), s.To.In(w.zone).Unix()} }
			ours := map[held]bool{}
			for _, s := range l.Shifts {
				if s.Source == w.Source {
					ours[is(s)] = true
				}
			}
			before := len(l.Shifts)
			l.Shifts = slices.DeleteFunc(l.Shifts, func(s Shift) bool { return s.Source != "" && s.Source != w.Source && ours[is(s)] })
			w.changed[i] = w.changed[i] || len(l.Shifts) < before
		}
	}
}

// PointOf is the point of an instant: what the wall clock shows then, where that
// alone says which instant is meant, and else the instant itself.
func PointOf(at time.Time, zone *time.Location) Point {
	local := at.In(location(zone))
	if p := DateOf(local).At(NewClock(local.Hour(), local.Minute())); p.In(location(zone)).Equal(at) {
		return p
	}
	return Fixed(at)
}
