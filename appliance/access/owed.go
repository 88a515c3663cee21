package access

import (
	"sync"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

// maxOwed bounds the sign-ins remembered while nothing can be recorded.
const maxOwed = 256

// owed are the leaves of people who signed in while the store could not be
// written. They are let in all the same, since somebody on call must read; the
// next sign-in that commits brings what is owed with it, and until then it is a
// finding. A restart forgets them: the log of the process has them then.
type owed struct {
	mu     sync.Mutex
	leaves []audit.Leaf
	lost   int // that did not fit
}

func (o *owed) add(l audit.Leaf) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.leaves) >= maxOwed {
		o.lost++
		return
	}
	o.leaves = append(o.leaves, l)
}

func (o *owed) all() (leaves []audit.Leaf, lost int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.leaves[:len(o.leaves):len(o.leaves)], o.lost
}

// paid forgets the first n, which are committed now.
func (o *owed) paid(n int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.leaves = o.leaves[n:]
}

// pay writes what was owed within a change.
func pay(tx *store.Tx, leaves []audit.Leaf) error {
	for _, l := range leaves {
		if err := leaf(tx, l); err != nil {
			return err
		}
	}
	return nil
}
