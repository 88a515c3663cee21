package escalation

import (
	"slices"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
)

// known is one timer as the engine's goroutine saw it last, for whoever asks
// while the store cannot be read.
type known struct {
	timer timer
	due   time.Duration // on the stopwatch
}

func (e *Engine) know(t timer, due time.Duration) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.known[t.Message] = known{timer: t, due: due}
}

func (e *Engine) forget(id message.ID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.known, id)
}

// LastResort says whether a call rings whose steps are used up: whatever watches
// from outside raises its own alarm too. It is answered from memory.
func (e *Engine) LastResort() bool {
	return e.any(func(k known) bool { return k.timer.State == Ringing && k.timer.Last })
}

// rings says whether anything rings.
func (e *Engine) rings() bool {
	return e.any(func(k known) bool { return k.timer.State == Ringing })
}

func (e *Engine) any(is func(known) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, k := range e.known {
		if is(k) {
			return true
		}
	}
	return false
}

// FromMemory answers what the desks ring for while the engine hangs: what rang
// when it moved last, and every promise whose time has passed since. Who is next
// it cannot say.
func (e *Engine) FromMemory() []Live {
	elapsed := e.watch.elapsed()
	var list []Live
	e.mu.Lock()
	for _, k := range e.known {
		t := k.timer
		if t.State == Promised && k.due > elapsed {
			continue
		}
		if t.State == Promised {
			t.State, t.Reason = Ringing, notify.Overdue
		}
		list = append(list, t.live())
	}
	e.mu.Unlock()
	slices.SortFunc(list, byWaiting)
	return list
}
