package escalation_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// What others got wrong, each by its name; what is tested elsewhere in this
// package is named there.

func TestNobodyOnAnyLevelIsNeverDropped(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("rosa", "rosa@example.com")
		p.staff.last = []message.PersonID{"rosa"}
		y := urgent(escalation.Step{Whom: person("left")}, escalation.Step{Whom: []escalation.Target{{Kind: escalation.Layer, Schedule: "s", Layer: "primary"}}})
		y.LastResort = escalation.LastResort{Phone: "911"}
		p.policy(y)
		id := p.call(message.Urgent)
		p.after(time.Hour)
		if n := len(p.ringsOf(id)); n != 13 {
			t.Errorf("rang %d times in an hour", n)
		}
		if told := p.told(id); len(told) != 13 || told[0] != "rosa@0" {
			t.Errorf("told %v", told)
		}
		if l, _ := p.live(id); !l.LastResort || l.Phone != "911" || !p.bell.LastResort() {
			t.Errorf("stands at %+v", l)
		}
		p.does(id, message.StepTake, "rosa")
		if p.bell.LastResort() {
			t.Error("a person took it, and the outside is still alarmed")
		}
	})
}

func TestTheLastResortIsAddedAndTheStepsGoOn(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.add("rosa", "rosa@example.com")
		p.staff.add("guest", "guest@example.com")
		p.staff.last = []message.PersonID{"rosa"}
		p.policy(urgent(escalation.Step{Whom: person("guest")})) // neither on call nor of the staff
		id := p.call(message.Urgent)
		p.after(2 * step)
		p.expectTold(id, "guest@0", "guest@5", "okafor@5", "rosa@5", "guest@10", "okafor@10", "rosa@10")
		if got := p.events(id); !slices.Contains(got, "rung-all  last-resort") {
			t.Errorf("timeline %q", got)
		}
		p.restart(time.Minute)
		if !p.bell.LastResort() {
			t.Error("after a restart the outside is told that all is well")
		}
	}, "okafor")
}

// A text that was sent and a 4xx of a provider: neither is an acknowledgement.
func TestSomebodyIsUnreachedOnlyWhenAllTheirChannelsFailed(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.phone("okafor", "555")
		id := p.call(message.Urgent)
		at := p.clock.Now()
		report := func(failed bool, kind notify.Kind) {
			p.t.Helper()
			page := notify.Page{Message: id, Person: "okafor", Kind: kind, At: at}
			p.must(func(tx *store.Tx) error {
				if failed {
					return p.bell.Failed(tx, page, p.clock.Now())
				}
				return p.bell.Delivered(tx, page, p.clock.Now())
			})
			p.after(time.Second)
		}
		report(true, notify.KindSMS)
		report(true, notify.KindSMS) // repeated
		report(false, notify.KindMail)
		p.expectRings(id, 0)
		report(true, notify.KindMail)
		p.expectRings(id, 0, 3*time.Second)
		report(false, notify.KindMail) // late: it does not turn the failure into a success
		if l, _ := p.live(id); !l.Rung[0].Failed {
			t.Errorf("shown as %+v", l.Rung)
		}
		p.after(2 * time.Second)
		p.expectRings(id, 0, 3*time.Second)
		p.after(step)
		p.expectRings(id, 0, 3*time.Second, 3*time.Second+step)
	}, "okafor", "lindqvist", "hale")
}

func TestADoubtfulChannelBesideAWorkingOneDecidesNothing(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.phone("okafor", "dead")
		id := p.call(message.Urgent)
		p.must(func(tx *store.Tx) error {
			return p.bell.Failed(tx, notify.Page{Message: id, Person: "okafor", Kind: notify.KindSMS, At: p.clock.Now()}, p.clock.Now())
		})
		p.after(step)
		p.expectRings(id, 0, step)
		p.expectTexted(id, "okafor@0")
	}, "okafor", "lindqvist")
}

func TestAStepByAChannelThatNobodyHasIsSkippedAtOnce(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.policy(urgent(
			escalation.Step{Whom: person("okafor"), Channels: []notify.Kind{notify.KindSMS}, Repeat: 3},
			escalation.Step{Whom: person("okafor"), Channels: []notify.Kind{notify.KindMail}},
		))
		id := p.call(message.Urgent)
		p.expectTold(id, "okafor@0")
		p.expectRings(id, 0)
		if l, _ := p.live(id); l.Step != 2 || l.Of != 2 || l.Rung[0].Times != 1 || l.Rung[0].Failed {
			t.Errorf("stands at %+v", l)
		}
	}, "okafor")
}

func TestASecondUrgentCallForOnePersonSaysThatItIsNotTheOnlyOne(t *testing.T) {
	inPractice(t, func(p *practice) {
		p.staff.phone("okafor", "555")
		others := func(id message.ID) (list []string) {
			p.read(func(tx *store.Tx) error {
				tx.AscendPrefix("test-texts", string(id)+"/", func(_ string, v []byte) bool {
					list = append(list, string(v))
					return true
				})
				return nil
			})
			return list
		}
		one, two, three := p.call(message.Urgent), p.call(message.Urgent), p.call(message.Urgent)
		if got := fmt.Sprint(others(one), others(two), others(three)); got != "[0] [1] [2]" {
			t.Errorf("others: %s", got)
		}
		p.does(one, message.StepTake, "okafor")
		p.does(three, message.StepClose, "okafor")
		p.declines(two, "okafor")
		four := p.call(message.Urgent)
		if got := fmt.Sprint(others(four)); got != "[0]" {
			t.Errorf("what is taken, closed and declined is counted: %s", got)
		}
	}, "okafor", "lindqvist")
}

func TestTheTimelineSaysWhenTheProcessWasAway(t *testing.T) {
	inPractice(t, func(p *practice) {
		node, err := store.Open(p.t.Context(), store.Options{Dir: p.t.TempDir(), Clock: p.clock, ReserveBytes: 64 << 10})
		if err != nil {
			t.Fatal(err)
		}
		defer node.Close()
		p.node = node
		p.restart(time.Second)
		waits := p.call(message.Urgent)
		overdue := p.call(message.Urgent)
		taken := p.call(message.Urgent)
		done := p.call(message.Urgent)
		p.does(taken, message.StepTake, "okafor")
		p.does(done, message.StepClose, "okafor")
		p.after(4*time.Minute + 5*time.Second)
		p.does(waits, message.StepHandOff, "hale") // its step is due later
		p.after(10 * time.Second)
		was := p.clock.Now()
		p.restart(3 * time.Minute)
		back := p.clock.Now()
		for id, want := range map[message.ID]int{waits: 1, overdue: 1, taken: 0, done: 0} {
			var said []string
			for _, e := range p.events(id) {
				if rest, ok := strings.CutPrefix(e, "restarted  "); ok {
					said = append(said, rest)
				}
			}
			if len(said) != want {
				t.Errorf("%s says %q", id, said)
				continue
			}
			if want == 0 {
				continue
			}
			from, to, _ := strings.Cut(said[0], "/")
			began, err1 := time.Parse(time.RFC3339, from)
			ended, err2 := time.Parse(time.RFC3339, to)
			if err1 != nil || err2 != nil || was.Sub(began) > 11*time.Second || began.After(was) || back.Sub(ended) > time.Second {
				t.Errorf("it was away from %s to %s, and says %q", was, back, said[0])
			}
		}
		events := p.events(overdue)
		if i := slices.IndexFunc(events, func(e string) bool { return strings.HasPrefix(e, "restarted") }); i < 0 || i == len(events)-1 || events[i+1] != "rung lindqvist mail" {
			t.Errorf("timeline %q", events)
		}
		if got := p.findings(); !slices.Contains(got, "bell.restarted") {
			t.Errorf("findings %v", got)
		}
		p.after(16 * time.Minute)
		if got := p.findings(); slices.Contains(got, "bell.restarted") {
			t.Errorf("findings %v", got)
		}
	}, "okafor", "lindqvist", "hale")
}
