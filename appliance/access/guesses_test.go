package access

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var day = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)

func TestAGuesserGetsTheBurstAndThenOneTryAnInterval(t *testing.T) {
	g := newGuesses()
	c := charge{"a", allowance{burst: 3, every: time.Minute}}
	for i := range 3 {
		if _, ok := g.take(day, c); !ok {
			t.Fatalf("try %d of the burst was refused", i+1)
		}
	}
	wait, ok := g.take(day, c)
	if ok || wait != time.Minute {
		t.Fatalf("the fourth try: %v, wait %v", ok, wait)
	}
	if _, ok := g.take(day.Add(59*time.Second), c); ok {
		t.Error("a try before the interval was over was allowed")
	}
	if _, ok := g.take(day.Add(time.Minute), c); !ok {
		t.Error("a try after the interval was refused")
	}
}

func TestARefusedTryIsChargedToNobody(t *testing.T) {
	g := newGuesses()
	once, often := allowance{1, time.Hour}, allowance{3, time.Hour}
	g.take(day, charge{"account", once}, charge{"address", often})
	for range 10 {
		if _, ok := g.take(day, charge{"account", once}, charge{"address", often}); ok {
			t.Fatal("the account's allowance was exceeded")
		}
	}
	for i := range 2 {
		if _, ok := g.take(day, charge{"another account" + fmt.Sprint(i), once}, charge{"address", often}); !ok {
			t.Fatalf("the address was charged for tries that were refused (%d)", i)
		}
	}
}

func TestNoMoreThanTheAllowanceInAnyWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allowance{burst: rapid.IntRange(1, 5).Draw(t, "burst"), every: time.Duration(rapid.IntRange(1, 60).Draw(t, "every")) * time.Second}
		g, now := newGuesses(), day
		var taken []time.Time
		for range rapid.IntRange(1, 100).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40).Draw(t, "later")) * time.Second)
			if _, ok := g.take(now, charge{"k", a}); ok {
				if rapid.Bool().Draw(t, "right") {
					g.giveBack(now, charge{"k", a})
				} else {
					taken = append(taken, now)
				}
			}
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				if most := a.burst + int(taken[j].Sub(taken[i])/a.every); j-i+1 > most {
					t.Fatalf("%d tries within %v, %d allowed", j-i+1, taken[j].Sub(taken[i]), most)
				}
			}
		}
	})
}

func TestManyAddressesTakeNoMoreMemoryThanTheTable(t *testing.T) {
	g := newGuesses()
	guesser := charge{"guesser", perAccount}
	for range perAccount.burst {
		g.take(day, guesser)
	}
	for i := range 3 * maxGuessKeys {
		g.take(day, charge{fmt.Sprint("fresh ", i), perAccount})
	}
	if len(g.until) > maxGuessKeys {
		t.Errorf("%d keys are kept, %d at most", len(g.until), maxGuessKeys)
	}
	if _, ok := g.take(day, guesser); ok {
		t.Error("filling the table gave a guesser new tries")
	}
}

func TestAnAddressIsCountedAsItsMachineCanChooseIt(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"10.0.0.1", "10.0.0.1", true},
		{"10.0.0.1", "::ffff:10.0.0.1", true},
		{"10.0.0.1", "10.0.0.2", false},
		{"2001:db8::1", "2001:db8::ffff:2", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
	} {
		if got := origin(netip.MustParseAddr(c.a)) == origin(netip.MustParseAddr(c.b)); got != c.same {
			t.Errorf("%s and %s counted as one: %v, want %v", c.a, c.b, got, c.same)
		}
	}
	if origin(netip.Addr{}) == "" {
		t.Error("an address that is not known has no key")
	}
}
