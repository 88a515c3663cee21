package desk

import (
	"sync"

	"nightbell/appliance/message"
)

// line is what the inbox shows of an opened record.
type line struct{ who, what message.Clear }

// maxLines bounds the lines that are kept opened: the inboxes of a year, some 10
// MB. When there are more, the older half goes.
const maxLines = 20_000

// lines keeps opened inbox lines while the appliance is open, so that a page
// costs one opening a message and not one a look. A line never changes, since
// its record does not: the key is the record's commitment.
type lines struct {
	mu         sync.Mutex
	era        int // of the lock; what was opened before the last one is not kept
	young, old map[string]line
}

func newLines() *lines { return &lines{young: map[string]line{}} }

func (l *lines) get(commitment string) (line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if have, ok := l.young[commitment]; ok {
		return have, true
	}
	have, ok := l.old[commitment]
	if ok {
		l.keep(commitment, have)
	}
	return have, ok
}

// now answers the era to give to put with what is opened from here on.
func (l *lines) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.era
}

func (l *lines) put(era int, commitment string, opened line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if era == l.era {
		l.keep(commitment, opened)
	}
}

func (l *lines) keep(commitment string, opened line) {
	if len(l.young) >= maxLines/2 {
		l.old, l.young = l.young, make(map[string]line, maxLines/2)
	}
	l.young[commitment] = opened
}

func (l *lines) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.era++
	l.young, l.old = map[string]line{}, nil
}
