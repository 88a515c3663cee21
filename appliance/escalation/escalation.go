// Package escalation is the bell: from the commit of an urgent message on it
// rings people, one after the other and then all of them, until a person takes
// or closes it, and again when what was promised is not done in time.
//
// It is a durable timer a message and one goroutine. What a step does (notices,
// timeline, audit leaf, the next timer) is one transaction, so that a restart
// runs overdue steps at once, none twice and none skipped. Rooms that work
// messages call its doors (doors.go) inside their own changes; pages read Live.
// machine.go holds the states, policy.go and plan.go whom a step rings, bell.go and
// ring.go what it does, run.go when; watchdog.go looks whether all that moves.
//
// It decides who is rung and when, never how (notify) nor who is on call (oncall).
package escalation

import (
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// Person is what the bell needs to know of somebody.
type Person struct {
	Name    string // as the practice calls them; for findings
	Address notify.Address
	Quiet   func(at time.Time) bool // when they want to hear of nothing that can wait; nil: never
}

// People answers who can be rung; appliance hands it in.
type People interface {
	// Contact answers how somebody is reached; false when there is no such
	// person, or they are disabled.
	Contact(tx *store.Tx, id message.PersonID) (Person, bool, error)
	// Staff answers everybody who may take an urgent message: they are rung
	// when nobody who is on call can be.
	Staff(tx *store.Tx) ([]message.PersonID, error)
}

// Options are what an Engine needs. Clock and Log may be nil.
type Options struct {
	// LastCommit is the store's LastCommit right after it was opened, before
	// this start wrote anything: a wall clock behind it went back while the
	// machine was off. Zero: the store is asked when the engine is made.
	LastCommit time.Time

	Store    *store.Store
	Node     *store.Store // of this machine alone; nil: how long it was away is told by LastCommit
	People   People
	Channels []notify.Channel
	Clock    clockwork.Clock
	Log      *slog.Logger
}

// Engine is the bell of the practice. Its doors and reads may be used as soon as
// it is made; steps come due while Run runs.
type Engine struct {
	store    *store.Store
	node     *store.Store
	people   People
	channels []notify.Channel
	clock    clockwork.Clock
	log      *slog.Logger
	watch    *stopwatch
	last     time.Time // newest commit before this start
	gone     away      // before this start
	made     time.Time

	mu      sync.Mutex
	arrived map[message.ID]arrival // what commits did to timers and Run has not seen
	known   map[message.ID]known   // timers as Run saw them last
	onHang  []func()
	trouble trouble
	hung    atomic.Bool
	missed  atomic.Bool // something rang, or should have, while the process was away
	wake    chan struct{}
	ticked  atomic.Pointer[time.Time]
}

// New makes the bell.
func New(o Options) *Engine {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.LastCommit.IsZero() {
		o.LastCommit = o.Store.LastCommit()
	}
	e := &Engine{
		store: o.Store, node: o.Node, people: o.People, channels: o.Channels, clock: o.Clock,
		log: o.Log.With("job", "bell"), watch: newStopwatch(o.Clock), last: o.LastCommit,
		arrived: map[message.ID]arrival{}, known: map[message.ID]known{}, wake: make(chan struct{}, 1), made: o.Clock.Now(),
	}
	e.gone = away{from: lastSign(o.Node, o.LastCommit), to: e.made}
	o.Store.Watch(e.committed)
	return e
}

// heartbeat is how often Run ticks when nothing is due. It is also how soon a
// jump of the wall clock is seen.
const heartbeat = time.Second

// lateAfter is how old the last tick may be before the bell counts as stopped:
// above the longest commit of a busy disk, below what a caller would notice.
const lateAfter = 30 * time.Second

// Tick answers when the engine last went round, or the zero time before Run.
func (e *Engine) Tick() time.Time {
	if t := e.ticked.Load(); t != nil {
		return *t
	}
	return time.Time{}
}

// Alive is nil while the engine goes round; /readyz and the findings ask it.
func (e *Engine) Alive() error {
	t := e.Tick()
	if e.Hung() {
		return fmt.Errorf("the bell hangs")
	}
	if t.IsZero() {
		return fmt.Errorf("the bell has not started")
	}
	if age := e.clock.Since(t); age > lateAfter {
		return fmt.Errorf("the bell has not moved for %s", age.Round(time.Second))
	}
	return nil
}

func (e *Engine) tick() {
	now := e.clock.Now()
	e.ticked.Store(&now)
}
