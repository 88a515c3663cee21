package appliance

import (
	"time"

	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// OnCallSpan is a time during which the same people are on call.
type OnCallSpan struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	OnCallNow
}

// OnCallSpans answers who is on call from one moment to another, without a hole:
// as a call at each moment of it would be answered.
func (a *Appliance) OnCallSpans(from, to time.Time) (list []OnCallSpan, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		plan, err := oncall.LoadSince(tx, from)
		if err != nil {
			return err
		}
		for _, s := range oncall.Spans(plan, from, to) {
			now, err := a.onCallAt(tx, plan, oncall.At(plan.Zone, s.From))
			if err != nil {
				return err
			}
			list = append(list, OnCallSpan{From: s.From, To: s.To, OnCallNow: now})
		}
		return nil
	})
	return list, err
}
