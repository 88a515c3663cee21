package escalation

import (
	"context"
	"errors"
	"time"
)

const (
	// endAfter is how long the engine may stand still before the process is
	// ended, for the service manager to start it anew: what hangs so long (a
	// disk that does not answer, a bug) seldom comes back, a start loses nothing
	// and takes seconds.
	endAfter = 2 * time.Minute

	lookEvery   = time.Second
	remindEvery = 10 * time.Second
)

// ErrHung ends Watch. Whatever holds the engine may hold the store too, so that
// nothing more can be closed in good order: the process has to end.
var ErrHung = errors.New("the bell hangs")

// Watch looks whether the engine moves. When it does not, the desks ring from
// memory and Alive says so; when it still does not, Watch ends with ErrHung.
// Standing still is counted in looks, each a second apart at least: a machine
// that slept, or a clock that a test moves, is no engine that hangs.
func (e *Engine) Watch(ctx context.Context) error {
	var last time.Time
	var still time.Duration
	for {
		t := e.clock.NewTimer(lookEvery)
		select {
		case <-ctx.Done():
			t.Stop()
			return nil
		case <-t.Chan():
		}
		if tick := e.Tick(); !tick.Equal(last) {
			last, still = tick, 0
			if e.hung.Swap(false) {
				e.log.Warn("the bell moves again")
				e.tellHang()
			}
			continue
		}
		if still += lookEvery; still >= endAfter {
			e.log.Error("the bell hangs: the process ends, to be started anew", "for", still.String())
			return ErrHung
		}
		if still < lateAfter {
			continue
		}
		if !e.hung.Swap(true) {
			e.log.Error("the bell does not move: the desks ring from memory", "for", still.String())
			e.tellHang()
		} else if still%remindEvery == 0 {
			e.tellHang()
		}
	}
}

// Hung says whether the engine stands still and FromMemory is what rings.
func (e *Engine) Hung() bool { return e.hung.Load() }

// OnHang has f called when the engine begins to hang, every few seconds while it
// does, and when it moves again. f must not wait for the store.
func (e *Engine) OnHang(f func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.onHang = append(e.onHang, f)
}

func (e *Engine) tellHang() {
	e.mu.Lock()
	list := e.onHang
	e.mu.Unlock()
	for _, f := range list {
		f()
	}
}
