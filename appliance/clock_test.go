package appliance_test

import (
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func TestATimeServerEndsTheDoubtAboutTheClock(t *testing.T) {
	var synced atomic.Bool
	p := appliancetest.Start(t, func(o *appliancetest.Options) { o.Synced = synced.Load })
	err := p.Store.Update(t.Context(), func(tx *store.Tx) error {
		return oncall.DoubtClock(tx, oncall.Doubt{Kind: oncall.ClockJumped, By: time.Hour, At: p.Clock.Now()})
	})
	if err != nil {
		t.Fatal(err)
	}
	doubted := func() bool {
		now, err := p.OnCallNow()
		if err != nil {
			t.Fatal(err)
		}
		return now.Everybody
	}
	p.Advance(5 * time.Minute)
	if !doubted() {
		t.Error("a clock that nobody keeps is believed again by itself")
	}
	synced.Store(true)
	for spins, next := 1, 1; doubted(); spins++ {
		if runtime.Gosched(); spins == next { // whoever looks each minute may have begun to after the last
			p.Advance(time.Minute)
			next *= 2
		}
	}
}
