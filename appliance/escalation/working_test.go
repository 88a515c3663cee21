package escalation_test

import (
	"slices"
	"testing"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
)

func TestTakenAndNotWorkedRingsAgainFromTheAssignee(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.does(id, message.StepTake, "hale")
		p.after(promise - time.Second)
		p.expectRings(id, 0)
		p.after(time.Second)
		p.expectTold(id, "okafor@0", "hale@31")
		p.after(step)
		p.expectTold(id, "okafor@0", "hale@31", "okafor@36")
		p.after(step)
		p.expectTold(id, "okafor@0", "hale@31", "okafor@36", "okafor@41", "lindqvist@41", "hale@41")
		if got := p.events(id); !slices.Contains(got, "overdue hale ") {
			t.Errorf("timeline %q", got)
		}
		l, _ := p.live(id)
		if l.State != escalation.Ringing || l.Assignee != "hale" {
			t.Errorf("stands at %+v", l)
		}
		p.does(id, message.StepTake, "lindqvist") // it is promised anew
		p.after(promise - time.Second)
		if n := len(p.ringsOf(id)); n != 4 {
			t.Errorf("rang %d times", n)
		}
	}, "okafor", "lindqvist", "hale")
}

func TestCalledBackEndsTheBellWhenTheCallerWasReached(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.does(id, message.StepTake, "okafor")
		p.does(id, message.StepCallBack, "")
		p.does(id, message.StepTake, "rosa") // who goes on with it promised nothing to the caller
		p.after(5 * time.Hour)
		p.expectRings(id, 0)
		if _, found := p.live(id); found {
			t.Error("it has a bell")
		}
	}, "okafor")
}

func TestCalledBackAndNotReachedRenewsThePromise(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.does(id, message.StepTake, "okafor")
		p.after(20 * time.Minute)
		if err := p.try(id, message.StepCallBack, "", false); err != nil {
			t.Fatal(err)
		}
		p.after(promise - time.Second)
		p.expectRings(id, 0)
		p.after(time.Second)
		p.expectTold(id, "okafor@0", "okafor@50")
	}, "okafor", "lindqvist")
}

func TestAPromiseThatSomebodyTakesOverIsTheirs(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("hale", "hale@example.com")
		id := p.call(message.Urgent)
		p.does(id, message.StepTake, "okafor")
		p.does(id, message.StepCallBack, "")
		if err := p.try(id, message.StepCallBack, "", false); err != nil { // the caller was to be rung once more
			t.Fatal(err)
		}
		p.after(10 * time.Minute)
		p.does(id, message.StepTake, "hale")
		p.after(promise)
		p.expectTold(id, "okafor@0", "hale@40")
	}, "okafor", "lindqvist")
}

func TestHandedOffRingsUntilSomebodyTakesIt(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("hale", "hale@example.com") // not on the list
		id := p.call(message.Urgent)
		p.does(id, message.StepTake, "okafor")
		p.after(time.Minute)
		p.does(id, message.StepHandOff, "hale")
		p.expectTold(id, "okafor@0", "hale@1")
		p.after(step)
		p.expectTold(id, "okafor@0", "hale@1", "okafor@6")
		p.does(id, message.StepTake, "hale")
		p.after(step)
		p.expectRings(id, 0, time.Minute, time.Minute+step)
	}, "okafor", "lindqvist")
}

func TestHandedToNobodyStartsAtTheList(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("hale", "hale@example.com")
		id := p.call(message.Urgent)
		p.after(time.Minute)
		p.does(id, message.StepHandOff, "")
		p.expectTold(id, "okafor@0", "okafor@1")
	}, "okafor", "lindqvist")
}

func TestClosingEndsTheBellAndReopeningPromisesAgain(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.does(id, message.StepClose, "okafor")
		p.after(time.Hour)
		p.expectRings(id, 0)
		if len(p.alarms()) != 0 {
			t.Error("the desks still ring")
		}
		p.does(id, message.StepReopen, "okafor")
		p.after(promise)
		p.expectTold(id, "okafor@0", "okafor@90")
	}, "okafor", "lindqvist")
}

func TestADoorMayBeCalledAgain(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.after(time.Minute)
		for range 3 {
			p.does(id, message.StepTake, "okafor")
		}
		p.after(promise)
		p.expectTold(id, "okafor@0", "okafor@31")
		for range 2 {
			p.must(p.beginAgain(id))
		}
		p.expectTold(id, "okafor@0", "okafor@31")
	}, "okafor", "lindqvist")
}
