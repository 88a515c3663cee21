package notify_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/notify"
)

func findingIDs(d *notify.Desks) (ids []string) {
	for _, f := range d.Findings() {
		if f.Text == "" || f.Do == "" {
			ids = append(ids, "without words: "+f.ID)
		}
		ids = append(ids, f.ID)
	}
	return ids
}

func TestWhichDesksCanRing(t *testing.T) {
	clock := clockwork.NewFakeClock()
	d := notify.NewDesks(clock)
	expect := func(when string, can bool, want ...string) {
		t.Helper()
		if got := findingIDs(d); d.CanRing() != can || !slices.Equal(got, want) {
			t.Errorf("%s: can ring %v, findings %v, want %v, %v", when, d.CanRing(), got, can, want)
		}
	}
	expect("nobody is signed in", false, "desk.none")
	d.Join("a", "Rosa")
	expect("a desk that nobody clicked on", false, "desk.none", "desk.silent/a")
	d.Arm("a")
	expect("armed", true)
	d.Join("b", "Ana")
	expect("a second, silent one", true, "desk.silent/b")
	d.Disarm("a")
	expect("the browser took the sound away", false, "desk.none", "desk.silent/b", "desk.silent/a")
	d.Arm("b")
	d.Leave("b")
	d.Arm("a")
	expect("one left", true)
	d.Arm("nobody")
	expect("a desk that never joined does not count", true)
}

func TestADeskThatFellSilentDoesNotCount(t *testing.T) {
	clock := clockwork.NewFakeClock()
	d := notify.NewDesks(clock)
	d.Join("a", "Rosa")
	d.Arm("a")
	for range 10 {
		clock.Advance(time.Minute)
		d.Heard("a")
	}
	if !d.CanRing() {
		t.Error("a desk that was heard each minute is gone")
	}
	clock.Advance(3 * time.Minute)
	if d.CanRing() || len(d.Open()) != 0 {
		t.Error("a desk that was not heard for three minutes still counts")
	}
	d.Heard("a")
	if len(d.Open()) != 0 {
		t.Error("a desk came back without joining")
	}
}
