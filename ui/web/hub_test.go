package web

import (
	"fmt"
	"testing"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/notify"
)

func TestOneBrowserCannotKeepTheBellFromOthers(t *testing.T) {
	clock := clockwork.NewRealClock()
	h := newHub(clock, notify.NewDesks(clock))
	for range maxStreams {
		h.join("greedy")
	}
	if h.join("a desk") == nil {
		t.Fatal("another desk has no stream left")
	}
	for i := range maxStreams {
		h.join(fmt.Sprint("desk ", i))
	}
	if n := h.open(); n != maxStreams {
		t.Errorf("%d streams are open, want at most %d", n, maxStreams)
	}
}
