package escalation_test

import (
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func TestAClockThatWentBackWhileTheMachineWasOff(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.stop()
		p.clock.jump(-11 * 365 * 24 * time.Hour) // a dead battery
		p.after(time.Minute)
		p.open()
		p.run()
		p.expectFindings("oncall.clock")
		p.expectRings(id, 0)
		two := p.call(message.Urgent)
		p.after(0)
		if n := len(p.told(two)); n != 3 {
			t.Errorf("%d people were told of a new call, want everybody", n)
		}
		p.after(step)
		if n := len(p.ringsOf(id)); n != 2 {
			t.Errorf("rang %d times, want twice: the step waits its time, not eleven years", n)
		}
		p.must(func(tx *store.Tx) error { return oncall.BelieveClock(tx, "dana", p.clock.Now()) })
		three := p.call(message.Urgent)
		if n := len(p.told(three)); n != 1 {
			t.Errorf("%d people were told once the clock is believed again", n)
		}
	}, "okafor", "lindqvist", "hale")
}

func TestAClockThatJumpsWhileRunning(t *testing.T) {
	for name, by := range map[string]time.Duration{
		"forward by an hour": time.Hour, "back by an hour": -time.Hour, "forward by years": 20 * 365 * 24 * time.Hour, "back by three minutes": -3 * time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			inPractice(t, func(p *practice) {
				id := p.call(message.Urgent)
				taken := p.call(message.Urgent)
				p.does(taken, message.StepTake, "okafor")
				p.after(time.Minute)
				p.clock.jump(by)
				p.after(2 * time.Second)
				p.expectFindings("oncall.clock")
				p.expectRings(id, 0)
				l, _ := p.live(id)
				if waited := p.clock.Now().Sub(l.Since); waited != p.elapsed() {
					t.Errorf("the running clock shows %s after %s", waited, p.elapsed())
				}
				p.restart(time.Second) // what lies in the store fits the new time
				p.after(step - time.Minute - 3*time.Second)
				p.expectRings(id, 0, step)
				p.after(promise - step)
				p.expectRings(id, 0, step, 2*step, 3*step, 4*step, 5*step, 6*step)
				p.expectRings(taken, 0, promise)
				if n := len(p.told(id)); n != 1+6*3 {
					t.Errorf("told %d times, want everybody from the jump on", n)
				}
			}, "okafor", "lindqvist", "hale")
		})
	}
}

func TestASmallStepOfATimeServerIsBelieved(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.clock.jump(-20 * time.Second)
		p.after(2 * time.Second)
		p.expectFindings()
		p.restart(time.Second)
		p.expectFindings()
		p.after(step - time.Minute - 3*time.Second)
		p.expectRings(id, 0, step)
	}, "okafor", "lindqvist")
}

func TestAMessageTakenInRightAfterAJump(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		inPractice(t, func(p *practice) {
			p.after(1500 * time.Millisecond)
			p.clock.jump(by)
			id := p.call(message.Urgent) // before the engine's next tick
			p.after(step)
			p.expectRings(id, 1500*time.Millisecond, 1500*time.Millisecond+step)
		}, "okafor", "lindqvist")
	}
}
