package escalation_test

import (
	"testing"

	"nightbell/appliance/message"
)

func TestACallThatIsRoutedToWhoeverIsOnCallRingsWhateverItsUrgency(t *testing.T) {
	inPractice(t, func(p *practice) {
		env := p.newMessage(message.SameDay)
		env.OnCall = true
		id, err := p.tryMessage(env)
		if err != nil {
			t.Fatal(err)
		}
		p.expectTold(id, "okafor@0")
		p.after(step)
		p.expectTold(id, "okafor@0", "lindqvist@5")
		p.does(id, message.StepTake, "lindqvist")
		p.after(2 * step)
		p.expectTold(id, "okafor@0", "lindqvist@5")
	}, "okafor", "lindqvist")
}

func TestAnUrgentCallForOnePersonRingsThemFirstAndThenByThePolicy(t *testing.T) {
	inPractice(t, func(p *practice) {
		env := p.newMessage(message.Urgent)
		env.Assignee = "hale"
		id, err := p.tryMessage(env)
		if err != nil {
			t.Fatal(err)
		}
		p.expectTold(id, "hale@0")
		p.after(2 * step)
		p.expectTold(id, "hale@0", "okafor@5", "lindqvist@10")
		p.after(step)
		p.does(id, message.StepTake, "hale")
		p.expectRings(id, 0, step, 2*step, 3*step)
	}, "okafor", "lindqvist", "hale")
}

func TestACallForSomebodyWhoCannotBeReachedIsNotWaitedOut(t *testing.T) {
	inPractice(t, func(p *practice) {
		env := p.newMessage(message.Urgent)
		env.Assignee = "nobody-any-more"
		id, err := p.tryMessage(env)
		if err != nil {
			t.Fatal(err)
		}
		p.expectTold(id, "okafor@0")
	}, "okafor", "lindqvist")
}
