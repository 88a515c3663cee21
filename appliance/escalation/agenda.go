package escalation

import (
	"container/heap"
	"time"

	"nightbell/appliance/message"
)

// entry is one timer as the goroutine waits for it. It waits in elapsed time,
// which no setting of the wall clock changes.
type entry struct {
	id       message.ID
	rev      int64         // of the timer it stands for
	due      time.Duration // on the stopwatch
	attempts int           // of this step that could not be committed
	away     bool          // it rang while the process was away, and nothing says so yet
	index    int
}

// agenda holds the entries, the one that is due first on top.
type agenda struct {
	list []*entry
	byID map[message.ID]*entry
}

func newAgenda() *agenda { return &agenda{byID: map[message.ID]*entry{}} }

// set puts a timer, in place of whatever stood there for its message.
func (a *agenda) set(id message.ID, rev int64, due time.Duration) {
	if e, ok := a.byID[id]; ok {
		e.rev, e.due, e.attempts = rev, due, 0
		heap.Fix((*byDue)(a), e.index)
		return
	}
	e := &entry{id: id, rev: rev, due: due}
	a.byID[id] = e
	heap.Push((*byDue)(a), e)
}

// note takes a timer that was written anew and is due as before.
func (a *agenda) note(id message.ID, rev int64) {
	if e, ok := a.byID[id]; ok {
		e.rev = rev
	}
}

// drop forgets the timer of a message.
func (a *agenda) drop(id message.ID) {
	if e, ok := a.byID[id]; ok {
		delete(a.byID, id)
		heap.Remove((*byDue)(a), e.index)
	}
}

// later puts an entry off.
func (a *agenda) later(e *entry, due time.Duration) {
	e.due = due
	heap.Fix((*byDue)(a), e.index)
}

// next answers the entry that is due first, or nil.
func (a *agenda) next() *entry {
	if len(a.list) == 0 {
		return nil
	}
	return a.list[0]
}

// due answers at most limit entries that are due, the earliest first.
func (a *agenda) due(now time.Duration, limit int) []*entry {
	var list []*entry
	for len(list) < limit {
		e := a.next()
		if e == nil || e.due > now {
			break
		}
		heap.Pop((*byDue)(a))
		list = append(list, e)
	}
	for _, e := range list {
		heap.Push((*byDue)(a), e)
	}
	return list
}

// byDue is the agenda for container/heap.
type byDue agenda

func (a *byDue) Len() int           { return len(a.list) }
func (a *byDue) Less(i, j int) bool { return a.list[i].due < a.list[j].due }
func (a *byDue) Swap(i, j int) {
	a.list[i], a.list[j] = a.list[j], a.list[i]
	a.list[i].index, a.list[j].index = i, j
}

func (a *byDue) Push(x any) {
	e := x.(*entry)
	e.index = len(a.list)
	a.list = append(a.list, e)
}

func (a *byDue) Pop() any {
	last := len(a.list) - 1
	e := a.list[last]
	a.list[last] = nil
	a.list = a.list[:last]
	return e
}
