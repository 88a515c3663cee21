package watch_test

import (
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/watch"
)

// setBack is a clock whose wall time somebody sets back; what waits on it goes
// on as before.
type setBack struct {
	clockwork.Clock
	by atomic.Int64
}

func (c *setBack) Now() time.Time { return c.Clock.Now().Add(-time.Duration(c.by.Load())) }

func TestAClockThatIsSetBackHoldsBackNoAlarm(t *testing.T) {
	p := newPractice(t)
	clock := &setBack{Clock: p.clock}
	r := p.run(func(o *watch.Options) { o.Clock = clock })
	p.expect("note |")
	p.answers(http.StatusBadGateway, "")
	clock.by.Store(int64(365 * 24 * time.Hour))
	r.pass(3 * time.Minute)
	p.expect("alarm not-ready|")
	clock.by.Add(int64(24 * time.Hour))
	r.pass(30 * time.Second)
	p.expect("alarm not-ready|")
	r.pass(14*time.Minute + 30*time.Second)
	p.expect("")
	r.pass(30 * time.Second)
	p.expect("alarm not-ready|")
}

func TestAClockThatWasSetBackSaysNotHowLongItWas(t *testing.T) {
	p := newPractice(t)
	clock := &setBack{Clock: p.clock}
	r := p.run(func(o *watch.Options) { o.Clock = clock })
	p.expect("note |")
	p.answers(http.StatusBadGateway, "")
	r.pass(3 * time.Minute)
	p.expect("alarm not-ready|")
	clock.by.Store(int64(365 * 24 * time.Hour))
	p.answers(http.StatusOK, well)
	r.pass(30 * time.Second)
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.heard) != 1 || !strings.HasSuffix(p.heard[0].Text, "is well again.") {
		t.Errorf("it says %+v", p.heard)
	}
}

func TestAClockThatWasSetBackWhileTheWatchWasOffHoldsBackNoAlarm(t *testing.T) {
	p := newPractice(t)
	p.answers(http.StatusBadGateway, "")
	r := p.run(nil)
	r.pass(3 * time.Minute)
	p.expect("note |alarm not-ready|")
	r.stop()
	clock := &setBack{Clock: p.clock}
	clock.by.Store(int64(365 * 24 * time.Hour))
	r = p.run(func(o *watch.Options) { o.Clock = clock })
	r.pass(30 * time.Second)
	p.expect("alarm not-ready|")
}
