package appliance

import "time"

// Pulse is what a watch on another machine is told of the bell: ages and yes or
// no, nothing of a message or a person.
type Pulse struct {
	Beat       time.Duration // since the bell last went round
	Beats      bool          // it has gone round at all
	LastResort bool          // an urgent call has used up everybody
}

// Pulse answers how the bell is, from memory: whatever keeps the store from being
// read keeps nobody from being told.
func (a *Appliance) Pulse() Pulse {
	p := Pulse{LastResort: a.Bell.LastResort()}
	if t := a.Bell.Tick(); !t.IsZero() {
		p.Beat, p.Beats = a.Clock.Since(t), true
	}
	return p
}
