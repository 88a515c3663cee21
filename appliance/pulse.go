package appliance

import (
	"time"

	"nightbell/appliance/store"
)

// Pulse is what a watch on another machine is told of the bell: ages and yes or
// no, nothing of a message or a person.
type Pulse struct {
	Beat       time.Duration // since the bell last went round
	Beats      bool          // it has gone round at all
	LastResort bool          // an urgent call has used up everybody
}

// Pulse answers how the bell is. A bell whose records cannot be read counts as
// one at its last resort: in doubt, louder.
func (a *Appliance) Pulse() Pulse {
	var p Pulse
	if t := a.Bell.Tick(); !t.IsZero() {
		p.Beat, p.Beats = a.Clock.Since(t), true
	}
	err := a.Store.View(func(tx *store.Tx) (err error) {
		p.LastResort, err = a.Bell.OnLastResort(tx)
		return err
	})
	p.LastResort = p.LastResort || err != nil
	return p
}
