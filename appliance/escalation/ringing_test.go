package escalation_test

import (
	"slices"
	"testing"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

func TestFirstAtOnceThenTheNextThenEverybodyOverAndOver(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.expectTold(id, "okafor@0")
		p.after(step - time.Second)
		p.expectTold(id, "okafor@0")
		p.after(time.Second)
		p.expectTold(id, "okafor@0", "lindqvist@5")
		p.after(3 * step)
		p.expectTold(id, "okafor@0", "lindqvist@5",
			"okafor@10", "lindqvist@10", "hale@10", "okafor@15", "lindqvist@15", "hale@15", "okafor@20", "lindqvist@20", "hale@20")
		p.expectRings(id, 0, step, 2*step, 3*step, 4*step)
		if !slices.Equal(p.alarms(), []message.ID{id}) {
			t.Error("the desks do not ring")
		}
		p.after(10 * time.Hour)
		if n := len(p.ringsOf(id)); n != 5+10*12 {
			t.Errorf("rang %d times in the night", n)
		}
		p.expectFindings()
	}, "okafor", "lindqvist", "hale")
}

func TestStepsTakeAsLongAsTheSettingSays(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.set(settings.BellStep, "90s")
		id := p.call(message.Urgent)
		p.after(5 * time.Minute)
		p.expectRings(id, 0, 90*time.Second, 180*time.Second, 270*time.Second)
	}, "okafor", "lindqvist")
}

func TestOnlyUrgentMessagesRing(t *testing.T) {
	inPractice(t, func(p *practice) {
		for _, u := range []message.Urgency{message.Routine, message.SameDay} {
			id := p.call(u)
			p.does(id, message.StepTake, "okafor")
			p.after(2 * time.Hour)
			p.does(id, message.StepHandOff, "lindqvist")
			p.does(id, message.StepClose, "")
			p.does(id, message.StepReopen, "")
			p.expectTold(id)
			p.expectRings(id)
		}
	}, "okafor", "lindqvist")
}

func TestARefusedIntakeRingsNobody(t *testing.T) {
	inPractice(t, func(p *practice) {
		env := p.newMessage(message.Urgent)
		err := p.store.Update(p.t.Context(), func(tx *store.Tx) error {
			if err := store.PutEnvelope(tx, env); err != nil {
				return err
			}
			if err := p.bell.Begin(tx, env, env.ReceivedAt); err != nil {
				return err
			}
			return errRefused
		})
		if err != errRefused {
			t.Fatal(err)
		}
		p.after(time.Hour)
		p.expectTold(env.ID)
		p.expectRings(env.ID)
	}, "okafor")
}

func TestOnCallNowIsRungFirst(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.must(func(tx *store.Tx) error {
			return oncall.SetNow(tx, "dana", "hale", p.clock.Now().Add(time.Minute), p.clock.Now())
		})
		one := p.call(message.Urgent)
		p.expectTold(one, "hale@0")
		p.after(2 * time.Minute)
		two := p.call(message.Urgent)
		p.expectTold(two, "okafor@2")
	}, "okafor", "lindqvist", "hale")
}

func TestAListThatIsChangedMeanwhileSkipsNobody(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error {
			return oncall.Set(tx, "dana", []message.PersonID{"hale", "okafor", "lindqvist"}, p.clock.Now())
		})
		p.after(step)
		p.expectTold(id, "okafor@0", "hale@5") // by index it would have been okafor again
	}, "okafor", "lindqvist", "hale")
}

func TestAStepThatReachesNobodyIsSkippedAtOnce(t *testing.T) {
	t.Run("no address", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			p.staff.add("okafor", "")
			id := p.call(message.Urgent)
			p.expectTold(id, "lindqvist@0")
			p.expectFindings("bell.person/okafor")
			want := []string{"failed okafor no-channel", "rung lindqvist mail"}
			if got := p.events(id); !slices.Equal(got, want) {
				t.Errorf("timeline %q, want %q", got, want)
			}
			p.after(step)
			p.expectTold(id, "lindqvist@0", "lindqvist@5", "hale@5")
		}, "okafor", "lindqvist", "hale")
	})
	t.Run("a channel whose last try failed is used, and not waited for", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			p.must(func(tx *store.Tx) error { return channeltest.Outbox{}.Spoil(tx, "okafor@example.com", true) })
			id := p.call(message.Urgent)
			p.expectTold(id, "okafor@0", "lindqvist@0")
		}, "okafor", "lindqvist", "hale")
	})
	t.Run("no account any more", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			p.must(func(tx *store.Tx) error {
				return oncall.Set(tx, "dana", []message.PersonID{"left", "okafor"}, p.clock.Now())
			})
			id := p.call(message.Urgent)
			p.expectTold(id, "okafor@0")
			p.expectFindings("bell.gone/left")
		}, "okafor")
	})
	t.Run("a notice that could not be delivered", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.after(10 * time.Second)
			p.fails(id, "okafor")
			p.after(0)
			p.expectRings(id, 0, 10*time.Second)
			if got := p.told(id); len(got) != 2 || got[0] != "okafor@0" {
				t.Errorf("told %v", got)
			}
			p.fails(id, "okafor") // told again: late and repeated reports decide nothing
			p.after(step - time.Second)
			p.expectRings(id, 0, 10*time.Second)
			p.after(time.Second)
			p.expectRings(id, 0, 10*time.Second, 10*time.Second+step)
		}, "okafor", "lindqvist", "hale")
	})
	t.Run("when everybody failed the desks ring and the step goes its time", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.fails(id, "okafor")
			p.after(time.Second)
			p.fails(id, "okafor")
			p.after(time.Second)
			p.expectRings(id, 0, 0, time.Second) // each step at once, the last resort too, and that not over and over
			p.fails(id, "okafor")
			p.after(time.Second)
			p.expectRings(id, 0, 0, time.Second)
			p.expectFindings("bell.nobody/N-1001")
			p.after(step)
			p.expectRings(id, 0, 0, time.Second, time.Second+step)
		}, "okafor")
	})
}

// fails reports that the newest notice to somebody could not be delivered.
func (p *practice) fails(id message.ID, who message.PersonID) {
	p.t.Helper()
	p.must(func(tx *store.Tx) error {
		mails, err := channeltest.Outbox{}.Waiting(tx)
		for _, m := range mails {
			if m.Message == id && m.Person == who {
				return p.bell.Failed(tx, m.Page(), p.clock.Now())
			}
		}
		return err
	})
}

func TestADeliveredNoticeIsNoAcknowledgement(t *testing.T) {
	inPractice(t, func(p *practice) {
		id := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error {
			mails, err := channeltest.Outbox{}.Waiting(tx)
			if err != nil {
				return err
			}
			return p.bell.Delivered(tx, mails[0].Page(), p.clock.Now())
		})
		p.after(step)
		p.expectRings(id, 0, step)
		if got := p.events(id); !slices.Contains(got, "delivered okafor mail") {
			t.Errorf("timeline %q", got)
		}
	}, "okafor", "lindqvist")
}

func TestNobodyOnTheList(t *testing.T) {
	t.Run("the desks ring and a finding says so", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			id := p.call(message.Urgent)
			p.expectRings(id, 0)
			p.expectFindings("bell.no-way-out", "bell.nobody/N-1001", "oncall.nobody")
			if got := p.events(id); !slices.Contains(got, "rung-nobody  ") {
				t.Errorf("timeline %q", got)
			}
			p.after(step)
			p.expectRings(id, 0, step)
			p.does(id, message.StepTake, "rosa")
			p.expectFindings("bell.no-way-out", "oncall.nobody")
			if len(p.alarms()) != 0 {
				t.Error("the desks still ring")
			}
		})
	})
	t.Run("the staff is the last resort", func(t *testing.T) {
		inPractice(t, func(p *practice) {
			p.staff.add("rosa", "rosa@example.com")
			p.staff.last = []message.PersonID{"rosa"}
			id := p.call(message.Urgent)
			p.expectTold(id, "rosa@0")
			p.after(step)
			p.expectTold(id, "rosa@0", "rosa@5")
		})
	})
}

func TestTwoUrgentCallsForOnePerson(t *testing.T) {
	inPractice(t, func(p *practice) {
		one := p.call(message.Urgent)
		p.after(time.Minute)
		two := p.call(message.Urgent)
		p.expectTold(one, "okafor@0")
		p.expectTold(two, "okafor@1")
		p.after(step)
		p.expectRings(one, 0, step)
		p.expectRings(two, time.Minute, time.Minute+step)
		var waiting []notify.Mail
		p.read(func(tx *store.Tx) (err error) {
			waiting, err = channeltest.Outbox{}.Waiting(tx)
			return err
		})
		if len(waiting) != 4 {
			t.Errorf("%d notices wait, want one a message and person", len(waiting))
		}
	}, "okafor", "lindqvist")
}

func TestTakingStopsOnlyThatMessage(t *testing.T) {
	inPractice(t, func(p *practice) {
		one, two := p.call(message.Urgent), p.call(message.Urgent)
		p.after(time.Minute)
		p.does(one, message.StepTake, "okafor")
		p.after(step)
		p.expectRings(one, 0)
		p.expectRings(two, 0, step)
		if got := p.alarms(); !slices.Equal(got, []message.ID{two}) {
			t.Errorf("the desks ring for %v", got)
		}
		p.read(func(tx *store.Tx) error {
			mails, err := channeltest.Outbox{}.Waiting(tx)
			for _, m := range mails {
				if m.Message == one {
					t.Errorf("a notice to %s still waits", m.Person)
				}
			}
			return err
		})
	}, "okafor", "lindqvist")
}

func TestWhoIsNextIsWhoIsRungNext(t *testing.T) {
	inPractice(t, func(p *practice) {
		next := func(id message.ID, everybody bool, want ...message.PersonID) {
			t.Helper()
			l, _ := p.live(id)
			if !slices.Equal(l.Next, want) || l.Everybody != everybody || !l.NextAt.Equal(p.clock.Now().Add(step)) {
				t.Errorf("next are %v at %v, want %v", l.Next, l.NextAt, want)
			}
		}
		id := p.call(message.Urgent)
		next(id, false, "lindqvist")
		p.staff.add("lindqvist", "") // the step of whoever cannot be reached is skipped
		next(id, true, "okafor", "lindqvist", "hale")
		p.after(step)
		next(id, true, "okafor", "lindqvist", "hale")
		p.expectTold(id, "okafor@0", "okafor@5", "hale@5")
		p.does(id, message.StepHandOff, "hale")
		next(id, false, "okafor")
		p.after(step)
		p.expectTold(id, "okafor@0", "okafor@5", "hale@5", "hale@5", "okafor@10")
	}, "okafor", "lindqvist", "hale")
}

func TestWhatRingsIsShownFirstAndOldestOnTop(t *testing.T) {
	inPractice(t, func(p *practice) {
		taken := p.call(message.Urgent)
		p.does(taken, message.StepTake, "okafor")
		p.after(time.Second)
		older := p.call(message.Urgent)
		p.after(time.Second)
		newer := p.call(message.Urgent)
		var got []message.ID
		p.read(func(tx *store.Tx) error {
			list, err := p.bell.Live(tx, p.clock.Now())
			for _, l := range list {
				got = append(got, l.Message)
			}
			if list[0].Times != 1 || len(list[0].Rung) != 1 || list[0].State != escalation.Ringing || list[2].State != escalation.Promised {
				t.Errorf("shown as %+v", list)
			}
			return err
		})
		if !slices.Equal(got, []message.ID{older, newer, taken}) {
			t.Errorf("shown %v", got)
		}
	}, "okafor", "lindqvist")
}
