package escalation_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// beginAgain calls Begin for a message that has a bell.
func (p *practice) beginAgain(id message.ID) func(*store.Tx) error {
	return func(tx *store.Tx) error {
		env, _, err := store.GetEnvelope(tx, id)
		if err != nil {
			return err
		}
		return p.bell.Begin(tx, env, p.clock.Now())
	}
}

func TestRestartInTheMiddle(t *testing.T) {
	t.Run("before the next step", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.after(2 * time.Minute)
			p.restart(time.Minute)
			p.expectTold(id, "okafor@0")
			p.after(2*time.Minute - time.Second)
			p.expectRings(id, 0)
			p.after(time.Second)
			p.expectTold(id, "okafor@0", "lindqvist@5")
		}, "okafor", "lindqvist")
	})
	t.Run("over several steps: the overdue one runs at once, and no burst follows", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.after(time.Minute)
			p.restart(time.Hour)
			p.expectTold(id, "okafor@0", "lindqvist@61")
			p.after(step - time.Second)
			p.expectRings(id, 0, 61*time.Minute)
			p.after(time.Second)
			p.expectRings(id, 0, 61*time.Minute, 61*time.Minute+step)
		}, "okafor", "lindqvist", "hale")
	})
	t.Run("over a promise", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.does(id, message.StepTake, "okafor")
			p.restart(time.Hour)
			p.expectTold(id, "okafor@0", "okafor@60")
		}, "okafor", "lindqvist")
	})
	t.Run("again and again, each step runs once", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			for range 40 {
				p.restart(20 * time.Second)
				p.after(10 * time.Second)
			}
			p.expectRings(id, 0, step, 2*step, 3*step, 4*step)
		}, "okafor", "lindqvist")
	})
	t.Run("many that are due at once", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			var ids []message.ID
			for range 100 {
				ids = append(ids, p.call(message.Urgent))
			}
			p.restart(time.Hour)
			for _, id := range ids {
				p.expectRings(id, 0, time.Hour)
			}
		}, "okafor", "lindqvist")
	})
	t.Run("taken while the engine was not there yet", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.stop()
			p.after(time.Hour)
			p.open()
			p.does(id, message.StepTake, "okafor") // by the bell of before, on the new store
			p.run()
			p.expectRings(id, 0)
		}, "okafor", "lindqvist")
	})
}

func TestAMessageWithoutItsBellRingsAfterTheNextStart(t *testing.T) {
	inPractice(t, func(p *practice) {
		broken, lost, taken, reached := p.call(message.Urgent), p.call(message.Urgent), p.call(message.Urgent), p.call(message.Urgent)
		p.does(taken, message.StepTake, "okafor")
		p.does(reached, message.StepCallBack, "okafor")
		p.cancel() // the engine that runs would see it
		p.must(func(tx *store.Tx) error {
			if err := tx.Delete("escalations", string(lost)); err != nil {
				return err
			}
			if err := tx.Delete("escalations", string(taken)); err != nil {
				return err
			}
			return tx.Put("escalations", string(broken), []byte("{"))
		})
		p.restart(time.Minute)
		p.expectRings(broken, 0, time.Minute)
		p.expectRings(lost, 0, time.Minute)
		p.after(promise)
		p.expectRings(taken, 0, time.Minute+promise)
		p.expectRings(reached, 0)
	}, "okafor", "lindqvist")
}

func TestATimerThatCannotBeReadKeepsNobodyFromTakingTheMessage(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error { return tx.Put("escalations", string(id), []byte("{")) })
		p.does(id, message.StepTake, "okafor")
		p.after(promise)
		p.expectTold(id, "okafor@0", "okafor@30")
	}, "okafor", "lindqvist")
}

func TestWhatTheEngineWritesIsReplayed(t *testing.T) {
	inPractice(t, func(p *practice) {
		var sets []store.WriteSet
		p.store.Watch(func(ws store.WriteSet) { sets = append(sets, ws) })
		id := p.call(message.Urgent)
		p.after(2 * step)
		p.does(id, message.StepTake, "okafor")
		touched := slices.ContainsFunc(sets, func(ws store.WriteSet) bool {
			return ws.Touches("escalations") && ws.Touches("events") && ws.Touches("audit-leaves") && ws.Touches("test-outbox")
		})
		if len(sets) != 4 || !touched {
			t.Errorf("%d transactions: a step is one, with its notices, timeline, leaf and the next timer", len(sets))
		}
	}, "okafor", "lindqvist")
}

// TestAStepThatAPersonCameBeforeDoesNotRun has the step wait for the committer
// behind the change in which somebody takes the message.
func TestAStepThatAPersonCameBeforeDoesNotRun(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(step - time.Second)
		gate, done := make(chan struct{}), make(chan error, 2)
		go func() {
			done <- p.store.Update(context.Background(), func(*store.Tx) error { <-gate; return nil })
		}()
		synctest.Wait()
		go func() { done <- p.try(id, message.StepTake, "okafor", false) }()
		<-time.After(2 * time.Second) // the step is due, and waits its turn
		close(gate)
		for range 2 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		p.after(promise - 3*time.Second)
		p.expectRings(id, 0)
		p.after(time.Second)
		p.expectRings(id, 0, step-time.Second+promise)
	}, "okafor", "lindqvist")
}
