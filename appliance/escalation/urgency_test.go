package escalation_test

import (
	"testing"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// sets changes how urgent a message is.
func (p *practice) sets(id message.ID, to message.Urgency, who message.PersonID) {
	p.t.Helper()
	if err := p.tryUrgency(id, to, who); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) expectState(id message.ID, want escalation.State, next ...message.PersonID) {
	p.t.Helper()
	l, _ := p.live(id)
	if l.State != want {
		p.t.Errorf("it stands at %q, want %q", l.State, want)
	}
	var rung []message.PersonID
	for _, r := range l.Rung {
		rung = append(rung, r.Person)
	}
	if len(next) > 0 && (len(rung) == 0 || rung[0] != next[0]) {
		p.t.Errorf("%v were rung, want %v first", rung, next)
	}
}

func TestARaisedMessageRingsAsANewOneDoes(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Routine)
		p.after(time.Hour)
		p.expectRings(id)
		p.sets(id, message.Urgent, "rosa")
		p.expectState(id, escalation.Ringing, "okafor")
		p.after(step)
		p.expectRings(id, time.Hour, time.Hour+step)
	}, "okafor", "lindqvist")
}

func TestALoweredMessageRingsNoMore(t *testing.T) {
	inPractice(t, func(p *practice) {
		rings, taken := p.call(message.Urgent), p.call(message.Urgent)
		p.does(taken, message.StepTake, "okafor")
		for _, id := range []message.ID{rings, taken} {
			p.sets(id, message.SameDay, "lindqvist")
			p.expectState(id, escalation.Silent)
		}
		p.after(2 * time.Hour)
		p.expectRings(rings, 0)
		p.expectRings(taken, 0)
		if len(p.alarms()) > 0 {
			t.Error("a desk rings")
		}
	}, "okafor", "lindqvist")
}

func TestALoweredMessageThatItsPolicyRingsGoesOn(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.must(func(tx *store.Tx) error {
			return escalation.SetPolicy(tx, "dana", escalation.Policy{Urgency: message.SameDay, Steps: []escalation.Step{{Whom: []escalation.Target{{Kind: escalation.Next}}}}}, p.clock.Now())
		})
		id := p.call(message.Urgent)
		p.sets(id, message.SameDay, "lindqvist")
		p.expectState(id, escalation.Ringing)
		if l, _ := p.live(id); l.Urgency != message.SameDay {
			t.Errorf("it rings as %s", l.Urgency)
		}
		p.after(step)
		p.expectRings(id, 0, step)
		p.sets(id, message.Routine, "lindqvist")
		p.expectState(id, escalation.Silent)
	}, "okafor", "lindqvist")
}

func TestWhoHasARaisedMessageHearsOfIt(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Routine)
		p.does(id, message.StepTake, "lindqvist")
		p.after(time.Minute)
		p.sets(id, message.Urgent, "rosa")
		p.expectState(id, escalation.Ringing, "lindqvist")
		p.does(id, message.StepTake, "lindqvist")
		p.expectState(id, escalation.Promised)
	}, "okafor", "lindqvist")
}

func TestWhoRaisesWhatTheyHavePromisesToWorkIt(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Routine)
		p.does(id, message.StepTake, "okafor")
		p.sets(id, message.Urgent, "okafor")
		p.expectState(id, escalation.Promised)
		p.after(promise)
		p.expectRings(id, promise)
	}, "okafor")
}

func TestAPromiseIsHastenedAndNeverPutOff(t *testing.T) {
	for name, c := range map[string]struct {
		calm, urgent time.Duration // what is promised
		after        time.Duration
		want         time.Duration
	}{
		"an urgent promise is shorter":  {4 * time.Hour, 30 * time.Minute, time.Hour, 90 * time.Minute},
		"the first one is broken first": {time.Hour, 4 * time.Hour, 50 * time.Minute, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			inPractice(t, func(p *practice) {
				steps := []escalation.Step{{Whom: []escalation.Target{{Kind: escalation.Next}}}}
				p.must(func(tx *store.Tx) error {
					if err := escalation.SetPolicy(tx, "dana", escalation.Policy{Urgency: message.SameDay, Steps: steps, Promise: c.calm}, p.clock.Now()); err != nil {
						return err
					}
					return escalation.SetPolicy(tx, "dana", escalation.Policy{Urgency: message.Urgent, Steps: steps, Promise: c.urgent}, p.clock.Now())
				})
				id := p.call(message.SameDay)
				p.does(id, message.StepTake, "okafor")
				p.after(c.after)
				p.sets(id, message.Urgent, "okafor")
				p.after(c.want - c.after)
				p.expectRings(id, 0, c.want)
			}, "okafor")
		})
	}
}

func TestARaisedMessageThatWasCalledBackIsOneToDoAgain(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.does(id, message.StepCallBack, "okafor")
		p.sets(id, message.Routine, "okafor")
		p.expectState(id, escalation.Silent)
		p.sets(id, message.Urgent, "rosa")
		p.expectState(id, escalation.Ringing, "okafor")
	}, "lindqvist", "okafor")
}

func TestAClosedMessageKeepsItsUrgency(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.does(id, message.StepClose, "okafor")
		if p.tryUrgency(id, message.Routine, "okafor") == nil {
			t.Error("it is lowered")
		}
	}, "okafor")
}
