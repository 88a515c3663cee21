package escalation_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// watched runs the bell's watchdog beside it.
func (p *practice) watched() (ended chan error, told *atomic.Int64, stop func()) {
	told = new(atomic.Int64)
	p.bell.OnHang(func() { told.Add(1) })
	ctx, cancel := context.WithCancel(context.Background())
	ended = make(chan error, 1)
	go func() { ended <- p.bell.Watch(ctx) }()
	synctest.Wait()
	return ended, told, cancel
}

// hangs has the committer stand still until free is called, as on a disk that
// does not answer; the engine stands still with the next step that is due.
func (p *practice) hangs() (free func()) {
	gate, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- p.store.Update(context.Background(), func(*store.Tx) error { <-gate; return nil }) }()
	synctest.Wait()
	return func() {
		close(gate)
		if err := <-done; err != nil {
			p.t.Error(err)
		}
		synctest.Wait()
	}
}

func TestABellThatHangsRingsTheDesksFromMemory(t *testing.T) {
	inPractice(t, func(p *practice) {
		ended, told, stop := p.watched()
		rings := p.call(message.Urgent)
		taken := p.call(message.Urgent)
		later := p.call(message.Urgent)
		p.does(taken, message.StepTake, "okafor")
		p.snoozes(taken, "okafor", step+40*time.Second)
		p.does(later, message.StepTake, "okafor")
		p.after(step - time.Second)
		free := p.hangs()
		p.after(25 * time.Second)
		if p.bell.Hung() || told.Load() != 0 {
			t.Error("a commit that takes its time counts as a bell that hangs")
		}
		p.after(10 * time.Second)
		if err := p.bell.Alive(); err == nil || !p.bell.Hung() || told.Load() != 1 {
			t.Errorf("nobody is told that the bell hangs: %v, %d", err, told.Load())
		}
		if list := p.bell.FromMemory(); len(list) != 1 || list[0].Message != rings {
			t.Errorf("from memory %+v rings", list)
		}
		p.after(20 * time.Second)
		list := p.bell.FromMemory()
		if len(list) != 2 || list[0].Message != rings || list[1].Message != taken || list[1].State != escalation.Ringing || told.Load() < 3 {
			t.Errorf("from memory %+v rings, told %d", list, told.Load())
		}
		free()
		p.after(2 * time.Second)
		if err := p.bell.Alive(); err != nil || p.bell.Hung() {
			t.Errorf("it moves again: %v", err)
		}
		if n := len(p.ringsOf(rings)); n != 2 {
			t.Errorf("rang %d times", n)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}, "okafor", "lindqvist")
}

func TestABellThatHangsForGoodEndsTheProcess(t *testing.T) {
	inPractice(t, func(p *practice) {
		ended, _, stop := p.watched()
		defer stop()
		p.call(message.Urgent)
		p.after(step - time.Second)
		free := p.hangs()
		p.after(3 * time.Minute)
		select {
		case err := <-ended:
			if !errors.Is(err, escalation.ErrHung) {
				t.Errorf("ended with %v", err)
			}
		default:
			t.Error("it goes on for ever")
		}
		free()
	}, "okafor")
}

func TestAMachineThatSleptIsNoBellThatHangs(t *testing.T) {
	inPractice(t, func(p *practice) {
		ended, told, stop := p.watched()
		p.call(message.Urgent)
		for range 5 {
			p.after(time.Minute)
			p.clock.jump(8 * time.Hour)
		}
		p.after(time.Minute)
		if p.bell.Hung() || told.Load() != 0 {
			t.Error("it counts as hanging")
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}, "okafor")
}
