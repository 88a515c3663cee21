package escalation_test

import (
	"slices"
	"testing"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
)

func TestWhoDeclinesIsPassedOverAtOnce(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.declines(id, "okafor")
		p.expectTold(id, "okafor@0", "lindqvist@1")
		p.after(2 * time.Minute)
		p.declines(id, "okafor") // again: nothing more happens
		p.expectTold(id, "okafor@0", "lindqvist@1")
		p.after(3 * time.Minute)
		p.expectTold(id, "okafor@0", "lindqvist@1", "okafor@6", "lindqvist@6", "hale@6") // everybody is everybody
	}, "okafor", "lindqvist", "hale")
}

func TestWhoDeclinesUnrungIsNotRung(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.declines(id, "lindqvist") // at a desk, say
		p.expectTold(id, "okafor@0")
		p.after(step)
		p.expectTold(id, "okafor@0", "hale@5")
		l, _ := p.live(id)
		i := slices.IndexFunc(l.Rung, func(r escalation.Rung) bool { return r.Person == "lindqvist" })
		if i < 0 || l.Rung[i].Said != escalation.SaidNo || l.Rung[i].Times != 0 {
			t.Errorf("shown as %+v", l.Rung)
		}
	}, "okafor", "lindqvist", "hale")
}

func TestOneWhoDeclinesDoesNotHurryThoseWhoAreStillRung(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(urgent(
			escalation.Step{Whom: person("okafor", "lindqvist")},
			escalation.Step{Whom: person("hale")},
		))
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.declines(id, "okafor")
		p.expectRings(id, 0)
		p.after(time.Minute)
		p.declines(id, "lindqvist")
		p.expectTold(id, "okafor@0", "lindqvist@0", "hale@2")
	}, "okafor", "lindqvist", "hale")
}

func TestWhenEverybodyDeclinesTheLastResortRingsOn(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(urgent(escalation.Step{Whom: whom(escalation.Everybody)}))
		id := p.call(message.Urgent)
		p.declines(id, "okafor")
		p.after(time.Second)
		if l, _ := p.live(id); !l.LastResort {
			t.Errorf("stands at %+v", l)
		}
		p.declines(id, "okafor") // said already, of the same bout
		p.after(time.Second)
		p.expectRings(id, 0, 0)
		p.after(step)
		p.expectRings(id, 0, 0, step)
		p.expectFindings() // they were reached, and said no
	}, "okafor")
}

func TestWhoTookItAndCannotGivesItBack(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.does(id, message.StepTake, "okafor")
		p.after(time.Minute)
		p.declines(id, "okafor")
		p.expectTold(id, "okafor@0", "lindqvist@1")
		l, _ := p.live(id)
		if l.State != escalation.Ringing || l.Assignee != "" {
			t.Errorf("stands at %+v", l)
		}
	}, "okafor", "lindqvist", "hale")
}

func TestSnoozedComesBackWhenItIsNotClosed(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.snoozes(id, "okafor", 10*time.Minute)
		l, _ := p.live(id)
		if l.State != escalation.Promised || !l.Snoozed || !l.NextAt.Equal(p.clock.Now().Add(10*time.Minute)) || len(p.alarms()) != 0 {
			t.Errorf("stands at %+v", l)
		}
		p.after(10*time.Minute - time.Second)
		p.expectRings(id, 0)
		p.restart(time.Second)
		p.expectTold(id, "okafor@0", "okafor@10")
		p.snoozes(id, "okafor", 20*time.Minute)
		p.does(id, message.StepClose, "")
		p.after(time.Hour)
		p.expectRings(id, 0, 10*time.Minute)
	}, "okafor", "lindqvist")
}

func TestPuttingItOffDoesNotMakeThePromiseLonger(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.snoozes(id, "okafor", time.Hour) // the practice promises half of it
		if l, _ := p.live(id); !l.NextAt.Equal(p.clock.Now().Add(promise)) {
			t.Errorf("it rings again at %v", l.NextAt)
		}
		for range 4 {
			p.after(9 * time.Minute)
			p.snoozes(id, "okafor", 10*time.Minute)
		}
		p.expectRings(id, 0, promise, promise+step) // before it was put off the fourth time
		p.after(10 * time.Minute)
		p.expectRings(id, 0, promise, promise+step, 46*time.Minute)
	}, "okafor", "lindqvist")
}

func TestTakingAfterASnoozeIsThePromise(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.snoozes(id, "okafor", 5*time.Minute)
		p.does(id, message.StepTake, "okafor")
		if l, _ := p.live(id); l.Snoozed {
			t.Error("it still counts as snoozed")
		}
		p.after(promise)
		p.expectRings(id, 0, promise)
	}, "okafor")
}

// both is a policy whose first step two people must answer.
func both() escalation.Policy {
	return urgent(
		escalation.Step{Whom: person("okafor", "lindqvist"), All: true, Repeat: 1},
		escalation.Step{Whom: person("hale")},
	)
}

func TestWhereAllMustAnswerOneAnswerDoesNotSilenceTheOthers(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(both())
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.does(id, message.StepTake, "okafor")
		l, _ := p.live(id)
		if l.State != escalation.Ringing || !slices.Equal(l.Waiting, []message.PersonID{"lindqvist"}) || len(p.alarms()) != 1 {
			t.Errorf("stands at %+v", l)
		}
		p.after(4 * time.Minute)
		p.expectTold(id, "okafor@0", "lindqvist@0", "lindqvist@5") // pages to okafor ended with okafor's own answer
		p.hears(id, "lindqvist")
		l, _ = p.live(id)
		if l.State != escalation.Promised || l.Assignee != "okafor" || !l.NextAt.Equal(p.clock.Now().Add(promise)) || len(p.alarms()) != 0 {
			t.Errorf("stands at %+v", l)
		}
		p.after(promise)
		p.expectRings(id, 0, step, step+promise)
	}, "okafor", "lindqvist", "hale")
}

func TestWhereAllMustAnswerASayingNoIsAnAnswer(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(both())
		id := p.call(message.Urgent)
		p.does(id, message.StepTake, "okafor")
		p.declines(id, "lindqvist")
		if l, _ := p.live(id); l.State != escalation.Promised {
			t.Errorf("one took it and the other cannot: it stands at %+v", l)
		}
	}, "okafor", "lindqvist", "hale")
}

func TestWhereAllMustAnswerWhoeverDoesNotIsRungUntilTheLastResort(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(both())
		id := p.call(message.Urgent)
		p.snoozes(id, "okafor", 10*time.Minute)
		p.after(2 * step)
		p.expectTold(id, "okafor@0", "lindqvist@0", "lindqvist@5", "hale@10")
		p.does(id, message.StepTake, "hale") // the step that rings now is one that one answers
		if l, _ := p.live(id); l.State != escalation.Promised || l.Assignee != "hale" {
			t.Errorf("stands at %+v", l)
		}
	}, "okafor", "lindqvist", "hale")
}

func TestASnoozeOfOneEndsBeforeThePromiseOfAll(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(both())
		id := p.call(message.Urgent)
		p.snoozes(id, "okafor", 10*time.Minute)
		p.after(time.Minute)
		p.hears(id, "lindqvist")
		p.after(9 * time.Minute)
		p.expectRings(id, 0, 10*time.Minute)
	}, "okafor", "lindqvist", "hale")
}

// TestAnAnswerThatDecidesNothingMovesNoStep has the clock jump in the moment
// before an answer is noted: the step still comes when it was due.
func TestAnAnswerThatDecidesNothingMovesNoStep(t *testing.T) {
	for _, by := range []time.Duration{time.Hour, -time.Hour} {
		inPractice(t, func(p *practice) {
			p.policy(urgent(escalation.Step{Whom: person("okafor", "lindqvist")}))
			id := p.call(message.Urgent)
			p.after(90 * time.Second)
			p.clock.jump(by)
			p.declines(id, "okafor")
			p.after(step)
			p.expectRings(id, 0, step)
		}, "okafor", "lindqvist")
	}
}
