package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// queueUp lets the visitors come one after the other while somebody is inside,
// and answers in which order they were let in.
func queueUp(t *testing.T, visitors []visitor) (order []string, refused []string) {
	synctest.Test(t, func(t *testing.T) {
		var l line
		leave, err := l.enter(t.Context(), "first", true)
		if err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		for _, v := range visitors {
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				leave, err := l.enter(ctx, v.origin, v.known)
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					refused = append(refused, v.origin)
					return
				}
				order = append(order, v.origin)
				go leave()
			}()
			synctest.Wait()
			if v.leaves {
				cancel()
				synctest.Wait()
			}
			defer cancel()
		}
		leave()
		synctest.Wait()
		if len(l.waiting) > 0 || l.busy {
			t.Errorf("%d still wait, busy %v", len(l.waiting), l.busy)
		}
	})
	return order, refused
}

type visitor struct {
	origin string
	known  bool
	leaves bool // gives up before its turn
}

func TestAddressesThatSignedInBeforeGoFirst(t *testing.T) {
	order, _ := queueUp(t, []visitor{{origin: "s1"}, {origin: "s2"}, {origin: "k1", known: true}, {origin: "s3"}, {origin: "k2", known: true}})
	if want := []string{"k1", "k2", "s1", "s2", "s3"}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestWhoGivesUpHoldsNobodyUp(t *testing.T) {
	order, refused := queueUp(t, []visitor{{origin: "a"}, {origin: "b", leaves: true}, {origin: "c"}})
	if want := []string{"a", "c"}; !slices.Equal(order, want) || !slices.Equal(refused, []string{"b"}) {
		t.Errorf("let in %v, gave up %v", order, refused)
	}
}

func TestAFullLineMakesRoomForAKnownAddressAlone(t *testing.T) {
	var crowd []visitor
	for i := range maxWaiting {
		crowd = append(crowd, visitor{origin: fmt.Sprint("s", i)})
	}
	order, refused := queueUp(t, append(crowd, visitor{origin: "late"}, visitor{origin: "known", known: true}))
	if len(order) != maxWaiting || order[0] != "known" {
		t.Errorf("%d let in, first %s", len(order), order[0])
	}
	if want := []string{"late", fmt.Sprint("s", maxWaiting-1)}; !slices.Equal(refused, want) {
		t.Errorf("refused %v, want %v", refused, want)
	}
}

func TestOneAddressFillsNoMoreThanItsPlaces(t *testing.T) {
	crowd := make([]visitor, maxWaitingFrom+3)
	for i := range crowd {
		crowd[i].origin = "one"
	}
	order, refused := queueUp(t, append(crowd, visitor{origin: "other"}))
	if len(order) != maxWaitingFrom+1 || len(refused) != 3 {
		t.Errorf("%d let in, %d refused", len(order), len(refused))
	}
}

func TestTheRefusalSaysToWait(t *testing.T) {
	var too *TooMany
	if !errors.As(error(tooManyWait), &too) || too.After <= 0 {
		t.Error("a full line does not say how long to wait")
	}
}
