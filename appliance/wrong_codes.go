package appliance

import (
	"sync"
	"time"
)

// Codes that are typed are short (30 bits), so that whoever sends in somebody's
// name could go on trying. A person mistypes one or two.
const (
	maxWrongCodes = 5
	wrongCodesFor = 15 * time.Minute // how long none is taken then
)

// wrongCodes counts the codes that were none, by the number on file that they came
// from: there are no more of those than ways to reach people. Whoever is kept out
// still answers by link, by push, at a desk or by phone, and rings on.
type wrongCodes struct {
	mu sync.Mutex
	by map[string]wrongCode
}

type wrongCode struct {
	n    int
	last time.Time
}

// tooMany says whether a number sent so many wrong codes that none of its codes is
// taken at this time.
func (w *wrongCodes) tooMany(from string, at time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.by[from]
	return c.n >= maxWrongCodes && at.Sub(c.last) < wrongCodesFor
}

// wrong counts a code that was none.
func (w *wrongCodes) wrong(from string, at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := w.by[from]
	if at.Sub(c.last) >= wrongCodesFor {
		c.n = 0
	}
	if w.by == nil {
		w.by = map[string]wrongCode{}
	}
	w.by[from] = wrongCode{c.n + 1, at}
}

// right forgets what was wrong before.
func (w *wrongCodes) right(from string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.by, from)
}
