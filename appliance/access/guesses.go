package access

import (
	"maps"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// allowance is how often something may be tried: burst times at once, and once
// more each time the interval has passed.
type allowance struct {
	burst int
	every time.Duration
}

// What a guesser gets. A success costs nothing, so an office behind one address
// is not held up by its own shift change. There is no allowance for an account
// alone: it would let a guesser keep its owner out. What bounds all guessing
// together is that derivations run one at a time.
var (
	perAccount = allowance{burst: 5, every: time.Minute}       // one account from one address
	perAddress = allowance{burst: 30, every: 10 * time.Second} // one address, whatever the account
	perMachine = allowance{burst: 20, every: 30 * time.Second} // one address, credentials of machines
)

// maxGuessKeys bounds the memory that guessers can take: about half a MiB.
const maxGuessKeys = 4096

// guesses counts tries by key. Each key holds one time: when all its tries
// will be forgotten.
type guesses struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func newGuesses() *guesses { return &guesses{until: map[string]time.Time{}} }

// charge is one key to be counted by one allowance.
type charge struct {
	key string
	allowance
}

// take counts one try against every charge, or against none and answers how
// long to wait when one of them is used up.
func (g *guesses) take(now time.Time, charges ...charge) (wait time.Duration, ok bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range charges {
		if until, used := g.until[c.key]; used {
			wait = max(wait, until.Sub(now)-time.Duration(c.burst-1)*c.every)
		}
	}
	if wait > 0 {
		return wait, false
	}
	for _, c := range charges {
		g.set(now, c.key, later(g.until[c.key], now).Add(c.every))
	}
	return 0, true
}

// giveBack undoes a take whose try was right.
func (g *guesses) giveBack(now time.Time, charges ...charge) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range charges {
		if until, ok := g.until[c.key]; ok {
			g.set(now, c.key, until.Add(-c.every))
		}
	}
}

func (g *guesses) set(now time.Time, key string, until time.Time) {
	if !until.After(now) {
		delete(g.until, key)
		return
	}
	if _, have := g.until[key]; !have && len(g.until) >= maxGuessKeys {
		g.makeRoom()
	}
	g.until[key] = until
}

// makeRoom drops the eighth of the keys that would be forgotten first: whoever
// fills the table with fresh addresses drops their own.
func (g *guesses) makeRoom() {
	keys := slices.SortedFunc(maps.Keys(g.until), func(a, b string) int { return g.until[a].Compare(g.until[b]) })
	for _, key := range keys[:len(keys)/8] {
		delete(g.until, key)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// origin is the address by which tries are counted. An IPv6 network hands out
// 2^64 addresses to one machine, so there it is the network.
func origin(from netip.Addr) string {
	from = from.Unmap().WithZone("")
	if !from.IsValid() {
		return "unknown"
	}
	if from.Is6() {
		return netip.PrefixFrom(from, 64).Masked().String()
	}
	return from.String()
}
