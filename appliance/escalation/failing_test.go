package escalation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestAFailingCommitIsTriedAgainAndStopsNothing(t *testing.T) {
	inPractice(t, func(p *practice) {
		one := p.call(message.Urgent)
		p.after(time.Minute)
		p.inside.spoils.Store(true) // a change with any ringing in it is refused
		if _, err := p.tryCall(message.Urgent); err == nil {
			t.Error("a message was taken in without its bell")
		}
		p.after(step)
		p.expectRings(one, 0)
		p.expectFindings("bell.stuck")
		if err := p.bell.Alive(); err != nil {
			t.Error(err)
		}
		p.inside.spoils.Store(false)
		p.after(30 * time.Second)
		if got := p.ringsOf(one); len(got) != 2 || got[1] > step+2*time.Minute {
			t.Errorf("rang at %v", got)
		}
		p.expectFindings()
		two := p.call(message.Urgent)
		p.does(one, message.StepTake, "okafor")
		p.after(step)
		if n := len(p.ringsOf(two)); n != 2 {
			t.Errorf("a later message rang %d times", n)
		}
	}, "okafor", "lindqvist")
}

func TestOneStepThatFailsDoesNotHoldUpTheOthers(t *testing.T) {
	inPractice(t, func(p *practice) {
		bad, good := p.call(message.Urgent), p.call(message.Urgent)
		p.must(func(tx *store.Tx) error { return tx.Put("events", string(bad)+"/x", []byte("{}")) })
		p.after(step)
		p.expectRings(good, 0, step)
		p.expectRings(bad, 0)
		p.after(10 * time.Second) // three attempts with a timeline that cannot be written, then without
		if n := len(p.ringsOf(bad)); n != 2 {
			t.Errorf("the message with the broken timeline rang %d times", n)
		}
		p.expectFindings("bell.untraced")
	}, "okafor", "lindqvist")
}

func TestABrokenAuditLogSilencesNothing(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error { return tx.Put("audit", "size", []byte("many")) })
		p.after(step + 10*time.Second)
		if n := len(p.ringsOf(id)); n != 2 {
			t.Errorf("rang %d times", n)
		}
		p.expectFindings("bell.untraced")
		p.clock.jump(time.Hour)
		p.after(10 * time.Second)
		if got := p.findings(); !slices.Contains(got, "oncall.clock") {
			t.Errorf("findings %v: the clock is believed", got)
		}
	}, "okafor", "lindqvist")
}

func TestABrokenOnCallListRingsEverybody(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("hale", "hale@example.com")
		p.staff.last = []message.PersonID{"okafor", "hale"}
		id := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error { return tx.Put("oncall", "order", []byte("{")) })
		p.after(step + 10*time.Second)
		if n := len(p.ringsOf(id)); n != 2 {
			t.Errorf("rang %d times", n)
		}
		if got := p.told(id); len(got) != 3 {
			t.Errorf("told %v: not everybody of the staff", got)
		}
	}, "okafor", "lindqvist")
}

func TestABellThatCannotBeReadBeginsAnew(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.must(func(tx *store.Tx) error { return tx.Put("escalations", string(id), []byte("{")) })
		p.after(time.Second)
		if n := len(p.ringsOf(id)); n != 2 {
			t.Errorf("rang %d times", n)
		}
		p.expectFindings()
	}, "okafor", "lindqvist")
}

func TestABellThatCannotBeReadHidesNoOther(t *testing.T) {
	inPractice(t, func(p *practice) {
		broken, good := p.call(message.Urgent), p.call(message.Urgent)
		p.cancel() // nothing mends it
		p.must(func(tx *store.Tx) error { return tx.Put("escalations", string(broken), []byte("{")) })
		p.read(func(tx *store.Tx) error {
			list, err := p.bell.Live(tx, p.clock.Now())
			if err != nil || len(list) != 1 || list[0].Message != good {
				t.Errorf("what rings is %+v, %v", list, err)
			}
			return nil
		})
		p.expectFindings("bell.unreadable/" + string(broken))
	}, "okafor", "lindqvist")
}

func TestAMessageThatCannotBeReadKeepsNoLostBellFromRinging(t *testing.T) {
	inPractice(t, func(p *practice) {
		var lost []message.ID
		for range 8 {
			lost = append(lost, p.call(message.Urgent))
		}
		p.after(time.Minute)
		p.must(func(tx *store.Tx) error {
			for _, id := range lost {
				if err := tx.Put("escalations", string(id), []byte("{")); err != nil {
					return err
				}
			}
			return tx.Put(store.EnvelopeBucket, string(lost[0]), []byte("{"))
		})
		p.after(time.Second)
		for _, id := range lost[1:] {
			if n := len(p.ringsOf(id)); n != 2 {
				t.Errorf("a bell that was lost beside it rang %d times", n)
			}
		}
	}, "okafor", "lindqvist")
}

func TestABrokenChannelSilencesNoOther(t *testing.T) {
	t.Run("it panics", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			p.spoiler.panics.Store(true)
			p.inside.panics.Store(true)
			id := p.call(message.Urgent)
			p.after(step)
			p.expectTold(id, "okafor@0", "lindqvist@5")
			p.does(id, message.StepTake, "okafor")
			p.expectFindings()
			if got := p.events(id); !slices.ContainsFunc(got, func(e string) bool { return strings.HasSuffix(e, "spoiler-refused") }) {
				t.Errorf("timeline %q", got)
			}
		}, "okafor", "lindqvist")
	})
	t.Run("it spoils the change: the desks ring", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.spoiler.spoils.Store(true)
			p.after(step + 2*time.Minute)
			if n := len(p.ringsOf(id)); n < 2 {
				t.Error("the desks did not ring")
			}
			p.does(id, message.StepClose, "okafor")
		}, "okafor", "lindqvist")
	})
}

func TestTheHeartbeatTellsWhetherTheEngineMoves(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.after(time.Hour)
		if err := p.bell.Alive(); err != nil {
			t.Error(err)
		}
		if age := p.clock.Since(p.bell.Tick()); age > time.Second {
			t.Errorf("the last tick is %s old", age)
		}
		p.cancel()
		p.after(29 * time.Second)
		if err := p.bell.Alive(); err != nil {
			t.Error(err)
		}
		p.after(time.Minute)
		if p.bell.Alive() == nil {
			t.Error("an engine that stopped counts as alive")
		}
		p.expectFindings("bell.stopped")
	}, "okafor")
}

func TestAStoreThatIsGoneDoesNotEndTheEngine(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.call(message.Urgent)
		p.store.Close()
		p.after(time.Hour)
		select {
		case err := <-p.ended:
			t.Errorf("ended with %v", err)
		default:
		}
		if err := p.store.Update(context.Background(), func(*store.Tx) error { return nil }); err == nil {
			t.Error("the store is still open")
		}
	}, "okafor")
}
