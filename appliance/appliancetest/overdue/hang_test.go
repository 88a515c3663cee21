package overdue_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/escalation"
	"nightbell/appliance/store"
)

// TestAMachineWhoseDiskStandsStillRingsFromMemoryAndStartsAnew has the committer
// wait for ever, as on a disk that does not answer: a desk that is open rings all
// the same, then everything ends, so that a service manager starts it again, and
// after that start the call rings on.
func TestAMachineWhoseDiskStandsStillRingsFromMemoryAndStartsAnew(t *testing.T) {
	p := appliancetest.Start(t)
	desk := p.SignIn(t, appliancetest.Admin)
	id := urgentCall(t, p)
	gate, freed := make(chan struct{}), make(chan error, 1)
	go func() {
		freed <- p.Store.Update(context.Background(), func(*store.Tx) error { <-gate; return nil })
	}()

	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for rings := false; !rings || !p.Bell.Hung(); rings = strings.Contains(desk.Get("/alarm").Body, "N-1001") {
		if ctx.Err() != nil {
			t.Fatal("it never says that the bell hangs")
		}
		p.Advance(time.Second)
	}
	ends := make(chan error, 1)
	ended := p.Ended
	go func() { ends <- ended() }()
	var err error
	for err == nil && ctx.Err() == nil {
		p.Advance(time.Second)
		select {
		case err = <-ends:
		default:
			runtime.Gosched()
		}
	}
	if !errors.Is(err, escalation.ErrHung) {
		t.Fatalf("it ended with %v", err)
	}
	close(gate)
	if err := errors.Join(<-freed, p.Vault.Close(), p.Node.Close(), p.Store.Close()); err != nil { // as the end of the process does
		t.Fatal(err)
	}
	p.Run()
	if l := bell(t, p, id); l.State != escalation.Ringing {
		t.Errorf("after the start the bell is %s", l.State)
	}
}
