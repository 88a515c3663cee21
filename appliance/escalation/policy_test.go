package escalation_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

func whom(list ...escalation.Whom) (targets []escalation.Target) {
	for _, w := range list {
		targets = append(targets, escalation.Target{Kind: w})
	}
	return targets
}

func person(ids ...message.PersonID) (targets []escalation.Target) {
	for _, id := range ids {
		targets = append(targets, escalation.Target{Kind: escalation.OnePerson, Person: id})
	}
	return targets
}

// urgent is a policy for urgent calls of these steps.
func urgent(steps ...escalation.Step) escalation.Policy {
	return escalation.Policy{Urgency: message.Urgent, Steps: steps}
}

func TestAPolicySaysWhomByWhatHowLongAndHowOften(t *testing.T) {
	inPractice(t, func(p *practice) {
		for _, id := range []message.PersonID{"okafor", "lindqvist", "hale"} {
			p.staff.phone(id, "555")
		}
		p.policy(urgent(
			escalation.Step{Whom: whom(escalation.Next), Channels: []notify.Kind{notify.KindSMS}, Wait: time.Minute, Repeat: 2},
			escalation.Step{Whom: person("hale"), Channels: []notify.Kind{notify.KindMail}, Wait: 2 * time.Minute},
			escalation.Step{Whom: whom(escalation.Next, escalation.Next)},
		))
		id := p.call(message.Urgent)
		p.after(9 * time.Minute)
		p.expectTexted(id, "okafor@0", "okafor@1", "okafor@2", "lindqvist@5")
		p.expectTold(id, "hale@3", "lindqvist@5")
		p.after(time.Minute) // used up: they start over, everybody beside them
		p.expectTexted(id, "okafor@0", "okafor@1", "okafor@2", "lindqvist@5", "okafor@10", "lindqvist@10", "hale@10")
		p.after(time.Minute)
		if got := p.ringsOf(id); got[len(got)-1] != 11*time.Minute {
			t.Errorf("rang last at %s: the first step waits a minute in the second round too", got[len(got)-1])
		}
	}, "okafor", "lindqvist", "hale")
}

func TestThePolicyOfATypeGoesBeforeThatOfAll(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(urgent(escalation.Step{Whom: person("lindqvist")}))
		y := urgent(escalation.Step{Whom: person("hale")})
		y.Type = message.TypeUrgent
		p.policy(y)
		one := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error {
			return escalation.RemovePolicy(tx, "dana", message.TypeUrgent, message.Urgent, p.clock.Now())
		})
		two := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error {
			return escalation.RemovePolicy(tx, "dana", "", message.Urgent, p.clock.Now())
		})
		three := p.call(message.Urgent)
		p.expectTold(one, "hale@0")
		p.expectTold(two, "lindqvist@0")
		p.expectTold(three, "okafor@0")
		p.read(func(tx *store.Tx) error {
			list, err := escalation.Policies(tx)
			if err != nil || len(list) != 1 || len(list[0].Steps) != 3 || list[0].Promise != promise {
				t.Errorf("without policies there is %+v, %v", list, err)
			}
			leaves, err := audit.Range(tx, 0, 100)
			var kinds []audit.What
			for _, l := range leaves {
				if slices.Contains([]audit.What{audit.PolicySet, audit.PolicyRemoved}, l.What) {
					kinds = append(kinds, l.What)
				}
			}
			if !slices.Equal(kinds, []audit.What{audit.PolicySet, audit.PolicySet, audit.PolicyRemoved, audit.PolicyRemoved}) {
				t.Errorf("the log says %v", kinds)
			}
			return err
		})
	}, "okafor", "lindqvist", "hale")
}

func TestWhatIsNotUrgentRingsByAPolicyOnly(t *testing.T) {
	inPractice(t, func(p *practice) {
		before := p.call(message.SameDay)
		p.policy(escalation.Policy{Urgency: message.SameDay, Promise: 2 * time.Hour, Steps: []escalation.Step{{Whom: whom(escalation.Next), Wait: time.Hour}}})
		id := p.call(message.SameDay)
		p.expectTold(id, "okafor@0")
		p.does(id, message.StepTake, "okafor")
		p.must(func(tx *store.Tx) error {
			return escalation.RemovePolicy(tx, "dana", "", message.SameDay, p.clock.Now())
		})
		p.after(2 * time.Hour)
		p.expectTold(id, "okafor@0", "okafor@120") // what began goes on, though the policy is gone
		p.restart(time.Second)
		p.after(time.Hour)
		p.expectRings(before)
	}, "okafor")
}

func TestQuietHoursSilenceWhatCanWaitAndNothingUrgent(t *testing.T) {
	inPractice(t, func(p *practice) {
		asleep := p.staff.people["okafor"]
		asleep.Quiet = func(time.Time) bool { return true }
		p.staff.people["okafor"] = asleep
		p.policy(escalation.Policy{Urgency: message.SameDay, Promise: 2 * time.Hour,
			Steps: []escalation.Step{{Whom: whom(escalation.Next)}, {Whom: whom(escalation.Next)}}})
		p.expectTold(p.call(message.SameDay), "lindqvist@0")
		p.expectTold(p.call(message.Urgent), "okafor@0")
	}, "okafor", "lindqvist")
}

func TestAChangedPolicyLosesNoStepOfWhatRings(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.policy(urgent(escalation.Step{Whom: person("hale"), Wait: time.Hour}))
		p.after(step)
		p.expectTold(id, "okafor@0", "lindqvist@5")
		p.does(id, message.StepHandOff, "lindqvist") // another bout goes by the new one
		p.after(step)
		p.expectTold(id, "okafor@0", "lindqvist@5", "lindqvist@5", "hale@10")
		p.after(50 * time.Minute)
		p.expectRings(id, 0, step, step, 2*step)
	}, "okafor", "lindqvist", "hale")
}

func TestAPolicyThatCannotBeReadRingsAsUsual(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.must(func(tx *store.Tx) error { return tx.Put("policies", "/urgent", []byte("{")) })
		id := p.call(message.Urgent)
		p.after(step)
		p.expectTold(id, "okafor@0", "lindqvist@5")
		p.expectFindings("bell.policies")
	}, "okafor", "lindqvist")
}

func TestALayerIsRungBehindWhoeverIsSwitchedOn(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("hale", "hale@example.com")
		p.policy(urgent(escalation.Step{Whom: []escalation.Target{{Kind: escalation.Layer, Layer: oncall.LayerList}}}))
		p.must(func(tx *store.Tx) error {
			return oncall.SetNow(tx, "dana", "hale", p.clock.Now().Add(time.Minute), p.clock.Now())
		})
		one := p.call(message.Urgent)
		p.expectTold(one, "hale@0", "okafor@0")
	}, "okafor")
}

func TestAPolicyThatCouldLeaveACallUnheardIsRefused(t *testing.T) {
	inPractice(t, func(p *practice) {
		good := escalation.Step{Whom: whom(escalation.Next)}
		with := func(change func(*escalation.Policy)) escalation.Policy {
			y := urgent(good)
			change(&y)
			return y
		}
		for name, bad := range map[string]escalation.Policy{
			"no steps":                urgent(),
			"a step for nobody":       urgent(good, escalation.Step{}),
			"a person without a name": urgent(escalation.Step{Whom: person("")}),
			"no such target":          urgent(escalation.Step{Whom: whom("neighbour")}),
			"the desks alone":         urgent(escalation.Step{Whom: whom(escalation.Next), Channels: []notify.Kind{notify.KindDesk}}),
			"too short a wait":        urgent(escalation.Step{Whom: whom(escalation.Next), Wait: time.Second}),
			"too long a wait":         urgent(escalation.Step{Whom: whom(escalation.Next), Wait: 2 * time.Hour}),
			"everybody after 3 hours": urgent(escalation.Step{Whom: whom(escalation.Next), Wait: time.Hour, Repeat: 2}),
			"repeats for ever":        urgent(escalation.Step{Whom: whom(escalation.Next), Repeat: 1000}),
			"repeats less than once":  urgent(escalation.Step{Whom: whom(escalation.Next), Repeat: -1}),
			"too many steps":          urgent(slices.Repeat([]escalation.Step{good}, 21)...),
			"a bad step again":        with(func(y *escalation.Policy) { y.Again = []escalation.Step{{}} }),
			"a promise of a week":     with(func(y *escalation.Policy) { y.Promise = 7 * 24 * time.Hour }),
			"no urgency":              with(func(y *escalation.Policy) { y.Urgency = 9 }),
			"words for a number":      with(func(y *escalation.Policy) { y.LastResort.Phone = "call Dr. Hale" }),
			"two lines for a name":    with(func(y *escalation.Policy) { y.LastResort.PhoneName = "a\nb" }),
		} {
			err := p.store.Update(p.t.Context(), func(tx *store.Tx) error { return escalation.SetPolicy(tx, "dana", bad, p.clock.Now()) })
			var unfit *escalation.Unfit
			if !errors.As(err, &unfit) || unfit.Words == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
		p.read(func(tx *store.Tx) error {
			if list, _ := escalation.Policies(tx); len(list) != 1 {
				t.Errorf("%d policies are there", len(list))
			}
			return nil
		})
	})
}

func TestTheSimulationIsWhatRings(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.phone("okafor", "555")
		p.staff.add("gone", "")
		p.staff.add("rosa", "rosa@example.com")
		p.staff.last = []message.PersonID{"rosa", "okafor"}
		y := urgent(
			escalation.Step{Whom: whom(escalation.Next), Channels: []notify.Kind{notify.KindSMS}, Wait: time.Minute, Repeat: 1},
			escalation.Step{Whom: person("gone")},
			escalation.Step{Whom: whom(escalation.Next), Wait: 2 * time.Minute},
			escalation.Step{Whom: whom(escalation.Everybody), All: true},
		)
		y.LastResort = escalation.LastResort{Phone: "+1 503 555 0100", PhoneName: "Answering service"}
		var steps []escalation.SimulatedStep
		p.read(func(tx *store.Tx) (err error) {
			steps, err = p.bell.Simulate(tx, y, p.clock.Now())
			return err
		})
		var said []string
		for _, s := range steps {
			line := fmt.Sprintf("%s %d/%d", s.After, s.Step, s.Of)
			for _, who := range s.People {
				line += fmt.Sprintf(" %s%v", who.Person, who.Channels)
			}
			if s.Skipped {
				line += " skipped"
			}
			if s.LastResort {
				line += " last resort, call " + s.Phone
			}
			said = append(said, line)
		}
		want := []string{
			"0s 1/4 okafor[sms]", "1m0s 1/4 okafor[sms]", "2m0s 2/4 gone[] skipped", "2m0s 3/4 lindqvist[mail]",
			"4m0s 4/4 okafor[mail sms] lindqvist[mail]",
			"9m0s 1/4 okafor[mail sms] lindqvist[mail] rosa[mail] last resort, call +1 503 555 0100",
		}
		if !slices.Equal(said, want) {
			t.Errorf("simulated\n%q\nwant\n%q", said, want)
		}
		p.policy(y)
		id := p.call(message.Urgent)
		p.after(9 * time.Minute)
		p.expectTexted(id, "okafor@0", "okafor@1", "okafor@4", "okafor@9")
		p.expectTold(id, "lindqvist@2", "okafor@4", "lindqvist@4", "okafor@9", "lindqvist@9", "rosa@9")
		l, _ := p.live(id)
		if !l.LastResort || l.Phone != "+1 503 555 0100" || l.PhoneName != "Answering service" || l.Step != 1 || l.Of != 4 || !p.bell.LastResort() {
			t.Errorf("it stands at %+v", l)
		}
	}, "okafor", "lindqvist")
}
