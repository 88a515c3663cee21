package desk

import (
	"sync"

	"nightbell/appliance/message"
)

// line is what the inbox shows of an opened record, and the number to call back in
// E.164.
type line struct{ who, what, number message.Clear }

// lineKey names a line by its message too: an envelope that was made to name
// another message's record must not be shown what was opened for that one.
type lineKey struct {
	of         message.ID
	commitment string
}

func keyOf(e message.Envelope, record message.Part) lineKey {
	return lineKey{e.ID, record.Commitment}
}

// maxLines bounds the lines that are kept opened: the inboxes of a year, some 10
// MB. When there are more, the older half goes.
const maxLines = 20_000

// lines keeps opened inbox lines while the appliance is open, so that a page
// costs one opening a message and not one a look. A line never changes, since
// its record does not.
type lines struct {
	mu         sync.Mutex
	era        int // of the lock; what was opened before the last one is not kept
	young, old map[lineKey]line
}

func newLines() *lines { return &lines{young: map[lineKey]line{}} }

func (l *lines) get(key lineKey) (line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if have, ok := l.young[key]; ok {
		return have, true
	}
	have, ok := l.old[key]
	if ok {
		l.keep(key, have)
	}
	return have, ok
}

// now answers the era to give to put with what is opened from here on.
func (l *lines) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.era
}

func (l *lines) put(era int, key lineKey, opened line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if era == l.era {
		l.keep(key, opened)
	}
}

func (l *lines) keep(key lineKey, opened line) {
	if len(l.young) >= maxLines/2 {
		l.old, l.young = l.young, make(map[lineKey]line, maxLines/2)
	}
	l.young[key] = opened
}

func (l *lines) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.era++
	l.young, l.old = map[lineKey]line{}, nil
}
