package access

import (
	"fmt"
	"sync"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

const (
	maxStrangers    = 64             // addresses shown; more are an attack, and the log counts those
	strangersForget = 24 * time.Hour // a stranger who came once is nobody's concern a day later
)

// strangers are the addresses from which something tried to send with a
// credential of no device: a machine set up wrongly, whose messages are lost
// until somebody looks at it, or a guesser. Kept in memory: whatever goes on
// trying is seen again after a restart.
type strangers struct {
	mu   sync.Mutex
	last map[string]time.Time
}

func (s *strangers) saw(origin string, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	oldest := ""
	for o, last := range s.last {
		if oldest == "" || last.Before(s.last[oldest]) {
			oldest = o
		}
	}
	if _, have := s.last[origin]; !have && len(s.last) >= maxStrangers {
		delete(s.last, oldest)
	}
	s.last[origin] = now
}

func (s *strangers) since(t time.Time) (origins []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for o, last := range s.last {
		if last.After(t) {
			origins = append(origins, o)
		}
	}
	return origins
}

// Findings says what about people and machines needs a person.
func (a *Access) Findings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	var list []finding.Finding
	if owed, lost := a.owed.all(); len(owed) > 0 {
		list = append(list, finding.Finding{ID: "access.unrecorded", Severity: finding.Alarm,
			Text: fmt.Sprintf("%d sign-ins could not be recorded, because nothing could be written.", len(owed)+lost),
			Do:   "Make room on the disk; they are recorded with the next sign-in after that."})
	}
	all, err := a.People(tx)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		if f, ok := waiting(p); ok {
			list = append(list, f)
		}
	}
	machines, err := a.Devices(tx)
	if err != nil {
		return nil, err
	}
	for _, d := range machines {
		if !d.RefusedAt.IsZero() {
			list = append(list, finding.Finding{ID: "access.device/" + string(d.ID), Severity: finding.Alarm,
				Text: fmt.Sprintf("The device %s was refused and has not been let in since: what it had to say may be lost.", d.Name),
				Do:   "Type its password anew, or take the machine off the network if it was disabled on purpose."})
		}
	}
	for _, origin := range a.strangers.since(at.Add(-strangersForget)) {
		list = append(list, finding.Finding{ID: "access.stranger/" + origin, Severity: finding.Warning,
			Text: fmt.Sprintf("Something at %s tried to send messages with a password that no device has.", origin),
			Do:   "If it is a machine of the practice, add it as a device; if it is not, find out what it is."})
	}
	finding.Sort(list)
	return list, nil
}

// waiting says what a person who has a role that reads still waits for.
func waiting(p Person) (finding.Finding, bool) {
	f := finding.Finding{ID: "access.slot/" + string(p.ID), Severity: finding.Note}
	switch {
	case !p.WantsSlot || p.Disabled:
		return f, false
	case p.SlotBy == "":
		f.Text = fmt.Sprintf("%s has a role that reads messages, and cannot open them yet.", p.Call())
		f.Do = "Somebody who reads opens People and says yes to it."
	case p.ShortPassword:
		f.Text = fmt.Sprintf("%s may read messages, but their password is too short to open them.", p.Call())
		f.Do = "They choose a longer one on their own page, or are given one under People."
	default:
		f.Text = fmt.Sprintf("%s may read messages from their next sign-in on.", p.Call())
		f.Do = "They sign out and in again while the appliance is open."
	}
	return f, true
}
