package escalation

import (
	"time"

	"github.com/jonboulle/clockwork"
)

const (
	// believable is how far a wall clock may be off before it is not believed:
	// a few minutes, which no time server takes away in one step on a machine
	// that it has looked after.
	believable = 2 * time.Minute

	// negligible is how far it may be off before the times in the store are
	// written anew: below it a restart would be early or late by less than
	// anybody notices.
	negligible = 5 * time.Second
)

// stopwatch tells elapsed time, which only goes on, beside the wall clock,
// which people, time servers and dead batteries move.
type stopwatch struct {
	clock clockwork.Clock
	start time.Time     // keeps its monotonic reading, where the clock has one
	wall  time.Time     // what the wall clock showed when the two last agreed
	at    time.Duration // and the elapsed time then
}

func newStopwatch(clock clockwork.Clock) *stopwatch {
	now := clock.Now()
	return &stopwatch{clock: clock, start: now, wall: now.Round(0)}
}

// elapsed is the time since the stopwatch was started.
func (s *stopwatch) elapsed() time.Duration { return s.clock.Since(s.start) }

// drift is how far the wall clock moved otherwise than time passed.
func (s *stopwatch) drift() time.Duration {
	return s.clock.Now().Round(0).Sub(s.wall) - (s.elapsed() - s.at)
}

// agree takes the wall clock as it is from now on.
func (s *stopwatch) agree() {
	s.wall, s.at = s.clock.Now().Round(0), s.elapsed()
}
