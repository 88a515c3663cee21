package oncall

import (
	"fmt"
	"time"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// Load reads the plan as it counts at present: it answers who is on call from
// this moment on. What is past was perhaps by an earlier edition; LoadSince knows
// those.
func Load(tx *store.Tx) (Plan, error) {
	p, err := load(tx)
	if err != nil {
		return Plan{}, fmt.Errorf("reading who is on call: %w", err)
	}
	return p, nil
}

func load(tx *store.Tx) (p Plan, err error) {
	if p.Zone, err = zone(tx); err != nil {
		return p, err
	}
	if p.List, err = Order(tx); err != nil {
		return p, err
	}
	if p.Uses, err = uses(tx); err != nil {
		return p, err
	}
	now, on, err := switches.Get(tx, keyNow)
	if err != nil {
		return p, err
	}
	if on {
		p.Now = &now
	}
	doubt, doubted, err := doubts.Get(tx, keyDoubt)
	if err != nil {
		return p, err
	}
	if doubted {
		p.Doubt = &doubt
	}
	if p.Schedules, err = all(tx, schedules); err != nil {
		return p, err
	}
	for i := range p.Schedules {
		// Of editions in force nothing is before: were the clock put back a second
		// after a change, nobody would be on call.
		p.Schedules[i].From = time.Time{}
	}
	if p.Overrides, err = all(tx, overrides); err != nil {
		return p, err
	}
	p.Holidays, err = all(tx, holidays)
	return p, err
}

// LoadSince reads the plan with all editions of the schedules that counted at a
// moment or later, to show what was.
func LoadSince(tx *store.Tx, since time.Time) (Plan, error) {
	p, err := Load(tx)
	if err != nil {
		return Plan{}, err
	}
	p.Past = true
	if p.Schedules, err = all(tx, schedules); err != nil {
		return Plan{}, fmt.Errorf("reading the schedules: %w", err)
	}
	past, err := all(tx, bygones)
	if err != nil {
		return Plan{}, fmt.Errorf("reading earlier exceptions: %w", err)
	}
	p.Overrides = append(past, p.Overrides...)
	shifts := map[string][]Shift{} // by layer, as they stand now
	for _, s := range p.Schedules {
		for _, l := range s.Layers {
			shifts[s.ID+"/"+l.ID] = l.Shifts
		}
	}
	err = editions.Each(tx, "", func(_ string, s Schedule) error {
		if !s.Until.After(since) {
			return nil
		}
		for i, l := range s.Layers {
			if now, stands := shifts[s.ID+"/"+l.ID]; stands {
				s.Layers[i].Shifts = now
			}
		}
		p.Schedules = append(p.Schedules, s)
		return nil
	})
	if err != nil {
		return Plan{}, fmt.Errorf("reading earlier schedules: %w", err)
	}
	return p, nil
}

// zone is the practice's time zone. One that cannot be read is damage: nobody
// knows then whose turn it is.
func zone(tx *store.Tx) (*time.Location, error) {
	zone, err := time.LoadLocation(settings.Get(tx, settings.PracticeTimezone))
	if err != nil {
		return nil, fmt.Errorf("the practice's time zone: %w", store.ErrDamaged)
	}
	return zone, nil
}

func all[V any](tx *store.Tx, table store.Table[V]) (list []V, err error) {
	err = table.Each(tx, "", func(_ string, v V) error {
		list = append(list, v)
		return nil
	})
	return list, err
}

// Now answers who takes urgent calls at a moment.
func Now(tx *store.Tx, at time.Time) (Answer, error) {
	p, err := Load(tx)
	if err != nil {
		return Answer{}, err
	}
	return Resolve(p, at), nil
}
