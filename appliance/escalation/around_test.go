package escalation_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// wallClock is the bubble's clock, whose wall time can be moved: elapsed time
// goes on as if nothing had happened, as on a machine.
type wallClock struct {
	clockwork.Clock
	mu    sync.Mutex
	skew  time.Duration
	shown map[time.Time]time.Time // what it showed, and when that was first
}

func newWallClock() *wallClock {
	return &wallClock{Clock: clockwork.NewRealClock(), shown: map[time.Time]time.Time{}}
}

func (c *wallClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.Clock.Now()
	shows := now.Round(0).Add(c.skew).UTC()
	if _, twice := c.shown[shows]; !twice { // a clock that went back shows a time again
		c.shown[shows] = now
	}
	return shows
}

func (c *wallClock) Since(t time.Time) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if then, ok := c.shown[t]; ok {
		return c.Clock.Since(then)
	}
	return c.Clock.Now().Add(c.skew).Sub(t)
}

func (c *wallClock) jump(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.skew += by
}

// staff are the people of the practice.
type staff struct {
	mu     sync.Mutex
	people map[message.PersonID]escalation.Person
	last   []message.PersonID
}

func (s *staff) Contact(_ *store.Tx, id message.PersonID) (escalation.Person, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, ok := s.people[id]
	return p, ok, nil
}

func (s *staff) Staff(*store.Tx) ([]message.PersonID, error) { return s.last, nil }

func (s *staff) add(id message.PersonID, mail string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people[id] = escalation.Person{Name: "Dr. " + string(id), Address: notify.Address{Person: id, Ways: []notify.Way{{Kind: notify.KindMail, To: mail}}}}
}

// phone gives somebody a number for texts, beside their mail.
func (s *staff) phone(id message.PersonID, number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.people[id]
	p.Address.Ways = append(p.Address.Ways, notify.Way{Kind: notify.KindSMS, To: number})
	s.people[id] = p
}

// texts is a channel beside mail. What it was given lies in the store; a number
// that is "dead" is doubtful.
type texts struct{}

func (texts) Kind() notify.Kind { return notify.KindSMS }
func (texts) Leaves() bool      { return true }
func (texts) Check(_ *store.Tx, to notify.Address) (notify.Condition, string, error) {
	switch numbers := to.To(notify.KindSMS); {
	case len(numbers) == 0:
		return notify.Absent, "no number is on file", nil
	case numbers[0] == "dead":
		return notify.Doubtful, "the last text failed", nil
	}
	return notify.Working, "", nil
}

func (texts) Begin(tx *store.Tx, n notify.Notice, to notify.Address, at time.Time) error {
	return tx.Put("test-texts", fmt.Sprintf("%s/%s/%s", n.Message, to.Person, at.Format(time.RFC3339Nano)), fmt.Appendf(nil, "%d", n.Others))
}

func (texts) End(*store.Tx, message.ID, notify.Address) error { return nil }

// spoiler is a channel that can spoil the change that it is used in, as one that
// writes what the store refuses, or that panics.
type spoiler struct {
	leaves bool
	spoils atomic.Bool
	panics atomic.Bool
}

func (s *spoiler) Kind() notify.Kind { return "spoiler" }
func (s *spoiler) Leaves() bool      { return s.leaves }
func (s *spoiler) Check(*store.Tx, notify.Address) (notify.Condition, string, error) {
	if s.spoils.Load() || s.panics.Load() {
		return notify.Doubtful, "it only spoils", nil
	}
	return notify.Absent, "it is switched off", nil
}

func (s *spoiler) Begin(tx *store.Tx, _ notify.Notice, _ notify.Address, _ time.Time) error {
	if s.panics.Load() {
		panic("a broken channel")
	}
	if s.spoils.Load() {
		return tx.Put("no such/bucket", "k", nil)
	}
	return nil
}

func (s *spoiler) End(*store.Tx, message.ID, notify.Address) error {
	if s.panics.Load() {
		panic("a broken channel")
	}
	return nil
}
