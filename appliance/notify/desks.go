package notify

import (
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/finding"
)

// deskGone is how long a desk counts after it was last heard of: twice the
// minute in which its page must have spoken, so that one lost word is no gap.
const deskGone = 2 * time.Minute

// Desk is one open page of a signed-in person that can ring.
type Desk struct {
	ID    string // of the page's event stream; no secret
	Name  string // whose it is, as the practice calls them
	Armed bool   // somebody clicked there, so that the browser lets it sound
	Since time.Time
	heard time.Time
}

// Desks is the registry of open desks, fed by the pages. It lives in memory: a
// desk that is not connected cannot ring. Safe for concurrent use.
type Desks struct {
	clock clockwork.Clock
	mu    sync.Mutex
	desks map[string]Desk
}

// NewDesks makes an empty registry; a nil clock is the real one.
func NewDesks(clock clockwork.Clock) *Desks {
	if clock == nil {
		clock = clockwork.NewRealClock()
	}
	return &Desks{clock: clock, desks: map[string]Desk{}}
}

// Join says that a desk is open. It is silent until Arm.
func (d *Desks) Join(id, name string) {
	now := d.clock.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.desks[id] = Desk{ID: id, Name: name, Since: now, heard: now}
}

// Leave says that a desk was closed or signed out.
func (d *Desks) Leave(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.desks, id)
}

// Arm says that somebody clicked at a desk, so that its browser lets it sound.
func (d *Desks) Arm(id string) { d.set(id, func(k *Desk) { k.Armed = true }) }

// Disarm says that a desk's browser keeps it quiet.
func (d *Desks) Disarm(id string) { d.set(id, func(k *Desk) { k.Armed = false }) }

// Heard says that a desk is still there. A page says so at least once a minute.
func (d *Desks) Heard(id string) { d.set(id, func(*Desk) {}) }

func (d *Desks) set(id string, change func(*Desk)) {
	now := d.clock.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	k, open := d.desks[id]
	if !open {
		return // it left, or the appliance was started anew: the page joins again
	}
	change(&k)
	k.heard = now
	d.desks[id] = k
}

// Open answers the desks that are there, by name.
func (d *Desks) Open() []Desk {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []Desk
	for id, k := range d.desks {
		// Since goes by elapsed time, so that a wall clock put back or forward
		// neither keeps a desk that left nor drops one that is there.
		if d.clock.Since(k.heard) > deskGone {
			delete(d.desks, id)
			continue
		}
		list = append(list, k)
	}
	slices.SortFunc(list, func(a, b Desk) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return list
}

// CanRing says whether at least one desk would be heard.
func (d *Desks) CanRing() bool {
	return slices.ContainsFunc(d.Open(), func(k Desk) bool { return k.Armed })
}

// Findings says which desks could not be heard.
func (d *Desks) Findings() []finding.Finding {
	open := d.Open()
	var list []finding.Finding
	if !slices.ContainsFunc(open, func(k Desk) bool { return k.Armed }) {
		list = append(list, noDeskRings(len(open)))
	}
	for _, k := range open {
		if !k.Armed {
			list = append(list, soundIsOff(k))
		}
	}
	return list
}
