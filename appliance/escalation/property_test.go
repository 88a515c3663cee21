package escalation_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// TestEveryUrgentMessageRingsOrIsTaken lets anything happen in any order, and
// checks after each thing: every urgent message that is open rings, or was taken
// by a person whose promise is not yet broken, or its caller was reached; no
// step came before its time; and none was skipped.
func TestEveryUrgentMessageRingsOrIsTaken(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		all := drawDeeds(rt)
		stepTime := time.Duration(rapid.IntRange(30, 3600).Draw(rt, "step")) * time.Second
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = playOut(t, all, stepTime) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

// playOut does all deeds and answers the first broken promise.
func playOut(t *testing.T, all []deed, stepTime time.Duration) error {
	people := []message.PersonID{"okafor", "lindqvist", "hale", "ames"}
	m := &model{practice: newPractice(t, people...), people: people, step: stepTime, bells: map[message.ID]*bell{}}
	defer m.stop()
	m.staff.last = []message.PersonID{"rosa"}
	m.staff.add("rosa", "rosa@example.com")
	m.set(settings.BellStep, stepTime.String())
	for i, d := range all {
		err := m.do(d)
		if err == nil {
			err = m.check()
		}
		if err != nil {
			return fmt.Errorf("deed %d (%s) at %s: %w", i, d.What, m.elapsed(), err)
		}
	}
	m.commitsFail(false)
	m.after(2 * time.Hour) // whatever happened, it goes on by itself
	return m.check()
}

// bell is what the model knows of one message: it rings next between two
// moments of elapsed time.
type bell struct {
	status   message.Status
	taken    bool          // and so it is silent until then
	reached  bool          // the caller was
	lowered  bool          // it is not urgent any more
	wait     time.Duration // what was promised
	by       time.Duration // when the promise is broken, however often it is put off
	earliest time.Duration
	latest   time.Duration
	seen     int // rings that were looked at
}

func (b *bell) due(at time.Duration) { b.earliest, b.latest = at, at }

// model knows what must happen, by rules of its own.
type model struct {
	*practice
	people []message.PersonID
	step   time.Duration
	ids    []message.ID
	bells  map[message.ID]*bell
	stuck  bool // commits with a ringing in them fail
}

func (m *model) do(d deed) error {
	switch d.What {
	case "wait":
		m.after(d.For)
	case "call":
		m.comesIn()
	case "take", "hand off", "call back", "close", "reopen":
		m.works(d)
	case "restart":
		if err := m.settle(); err != nil {
			return err
		}
		m.restart(d.For)
		m.overdueBy(m.elapsed())
	case "restart after the clock went back":
		if err := m.settle(); err != nil {
			return err
		}
		m.stop()
		m.clock.jump(-3*time.Minute - d.By.Abs() - d.For)
		m.after(d.For)
		m.open()
		m.run()
		m.waitsAnew()
	case "clock jumps":
		m.clock.jump(d.By)
		synctest.Wait()
	case "list":
		var order []message.PersonID
		for _, i := range d.Order {
			order = append(order, m.people[i])
		}
		m.must(func(tx *store.Tx) error { return oncall.Set(tx, "dana", order, m.clock.Now()) })
	case "switch":
		m.must(func(tx *store.Tx) error {
			return oncall.SetNow(tx, "dana", m.people[d.Who], m.clock.Now().Add(d.For+time.Second), m.clock.Now())
		})
	case "spoil":
		m.must(func(tx *store.Tx) error {
			return channeltest.Outbox{}.Spoil(tx, string(m.people[d.Who])+"@example.com", d.Yes)
		})
	case "fail":
		m.undelivered(d)
	case "commits fail":
		m.commitsFail(d.Yes)
	case "decline":
		m.saysNo(d)
	case "snooze":
		m.putsOff(d)
	case "policy":
		m.tryPolicy(escalation.Policy{Urgency: message.Urgent, Steps: d.Policy, Promise: promise})
	case "urgency":
		m.changesUrgency(d)
	case "no policy":
		m.must(func(tx *store.Tx) error {
			return escalation.RemovePolicy(tx, "dana", "", message.Urgent, m.clock.Now())
		})
	}
	return nil
}

// tryPolicy keeps a policy, if its steps do not take too long together.
func (m *model) tryPolicy(y escalation.Policy) {
	err := m.store.Update(m.t.Context(), func(tx *store.Tx) error { return escalation.SetPolicy(tx, "dana", y, m.clock.Now()) })
	var unfit *escalation.Unfit
	if err != nil && !errors.As(err, &unfit) {
		m.t.Error(err)
	}
	synctest.Wait()
}

// saysNo has somebody decline. Whoever it was may have been the last of a step,
// and so the next one comes at once, or in its time.
func (m *model) saysNo(d deed) {
	if len(m.ids) == 0 {
		return
	}
	id, who := m.ids[d.Which%len(m.ids)], m.people[d.Who]
	b := m.bells[id]
	env := m.envelope(id)
	if b.silent() || b.status == message.CalledBack || b.taken && env.Assignee != who {
		return // the desk says that it is too late
	}
	if m.tryDecline(id, who) != nil {
		return
	}
	now := m.elapsed()
	if env.Assignee == who {
		b.status = message.New
	}
	if b.taken { // given back: it rings at once
		b.taken = false
		b.due(now)
		return
	}
	if l, _ := m.live(id); l.State == escalation.Promised { // all others had answered
		m.oneOfAll(id, who)
		return
	}
	b.earliest = min(b.earliest, now)
}

// oneOfAll looks at what an answer did to a step that several must answer: it
// rings on for the others, in its time, or the last of them answered.
func (m *model) oneOfAll(id message.ID, who message.PersonID) {
	b := m.bells[id]
	l, _ := m.live(id)
	if l.State == escalation.Promised {
		wait := l.NextAt.Sub(m.clock.Now())
		if wait > time.Hour {
			m.t.Errorf("nothing rings for %s", wait)
		}
		b.taken, b.wait, b.by = true, wait, m.elapsed()+promise
		b.due(m.elapsed() + wait)
		return
	}
	if len(l.Waiting) == 0 || slices.Contains(l.Waiting, who) {
		m.t.Errorf("%s answered, and it waits for %v", who, l.Waiting)
	}
}

func (m *model) putsOff(d deed) {
	if len(m.ids) == 0 {
		return
	}
	id, who := m.ids[d.Which%len(m.ids)], m.people[d.Who]
	b := m.bells[id]
	wait := min(max(d.For, time.Minute), time.Hour)
	before, _ := m.live(id)
	if b.silent() || b.status == message.CalledBack || m.trySnooze(id, who, wait) != nil {
		return
	}
	if b.status = message.Taken; len(before.Waiting) > 0 {
		m.oneOfAll(id, who)
		return
	}
	if before.State != escalation.Promised {
		b.by = m.elapsed() + promise
	}
	b.taken, b.wait = true, min(wait, b.by-m.elapsed())
	b.due(m.elapsed() + b.wait)
}

// changesUrgency lowers an urgent message, or raises one that was lowered.
func (m *model) changesUrgency(d deed) {
	if len(m.ids) == 0 {
		return
	}
	id, who := m.ids[d.Which%len(m.ids)], m.people[d.Who]
	b := m.bells[id]
	to := message.Routine
	if b.lowered {
		to = message.Urgent
	}
	if m.tryUrgency(id, to, who) != nil {
		return
	}
	env := m.envelope(id)
	b.status = env.Status
	if b.lowered = to != message.Urgent; b.lowered {
		return
	}
	b.reached = false
	b.taken = env.Status == message.Taken && env.Assignee == who
	b.due(m.elapsed())
	if b.taken {
		b.wait, b.by = promise, m.elapsed()+promise
		b.due(b.by)
	}
}

func (m *model) envelope(id message.ID) (env message.Envelope) {
	m.read(func(tx *store.Tx) (err error) {
		env, _, err = store.GetEnvelope(tx, id)
		return err
	})
	return env
}

// settle lets the engine see a jump of the clock: nobody sees one that comes
// just before the end. What rang meanwhile is looked at.
func (m *model) settle() error {
	m.after(2 * time.Second)
	return m.check()
}

func (m *model) comesIn() {
	id, err := m.tryCall(message.Urgent)
	if err != nil {
		return // refused, and so not acknowledged: nothing is owed
	}
	m.ids = append(m.ids, id)
	m.bells[id] = &bell{status: message.New}
	m.bells[id].due(m.elapsed())
}

// works moves one message, as far as its status lets it.
func (m *model) works(d deed) {
	if len(m.ids) == 0 {
		return
	}
	id := m.ids[d.Which%len(m.ids)]
	b := m.bells[id]
	s := map[string]message.Step{
		"take": message.StepTake, "hand off": message.StepHandOff, "call back": message.StepCallBack,
		"close": message.StepClose, "reopen": message.StepReopen,
	}[d.What]
	before, _ := m.live(id)
	if m.try(id, s, m.people[d.Who], d.Yes) != nil {
		return // refused: by the status, or since nothing that rings can be committed
	}
	was := b.status
	b.status, _ = was.Next(s)
	now := m.elapsed()
	if s == message.StepTake && b.reached || s == message.StepClose {
		return
	}
	if s == message.StepTake && len(before.Waiting) > 0 {
		m.oneOfAll(id, m.people[d.Who])
		return
	}
	b.taken = s != message.StepHandOff
	b.reached = s == message.StepCallBack && d.Yes
	b.due(now)
	if b.taken {
		b.wait, b.by = promise, now+promise
		b.due(b.by)
	}
}

// silent says that nothing rings for a message, and nothing is promised.
func (b *bell) silent() bool { return b.status == message.Closed || b.reached || b.lowered }

// overdueBy allows for what could not happen until now.
func (m *model) overdueBy(now time.Duration) {
	for _, b := range m.bells {
		b.latest = max(b.latest, now)
	}
}

// waitsAnew is what a start with a clock that went back knows: how long each
// timer had to wait at most.
func (m *model) waitsAnew() {
	now := m.elapsed()
	for _, b := range m.bells {
		wait := m.step
		if b.taken {
			wait = b.wait
		}
		b.latest = max(b.latest, now+wait)
	}
}

func (m *model) undelivered(d deed) {
	if len(m.ids) == 0 {
		return
	}
	id, who := m.ids[d.Which%len(m.ids)], m.people[d.Who]
	m.practice.fails(id, who)
	b := m.bells[id]
	if !b.taken {
		b.earliest = min(b.earliest, m.elapsed())
	}
}

func (m *model) commitsFail(yes bool) {
	m.inside.spoils.Store(yes)
	if m.stuck && !yes { // the longest pause between two attempts
		m.overdueBy(m.elapsed() + 31*time.Second)
	}
	m.stuck = yes
}

// check compares what is with what must be.
func (m *model) check() error {
	for _, id := range m.ids {
		if err := m.checkRings(id, m.bells[id]); err != nil {
			return fmt.Errorf("message %s: %w", id[len(id)-4:], err)
		}
		if err := m.checkState(id, m.bells[id]); err != nil {
			return fmt.Errorf("message %s: %w", id[len(id)-4:], err)
		}
	}
	return nil
}

// checkRings looks at each ring since the last look.
func (m *model) checkRings(id message.ID, b *bell) error {
	rings := m.ringsOf(id)
	for _, at := range rings[b.seen:] {
		switch {
		case b.silent():
			return fmt.Errorf("rang at %s, and is done (%s)", at, b.status)
		case at < b.earliest:
			return fmt.Errorf("rang at %s, before its time at %s", at, b.earliest)
		case at > b.latest && !m.stuck:
			return fmt.Errorf("rang at %s, after its time at %s", at, b.latest)
		}
		b.taken = false
		b.due(at + m.step)
	}
	b.seen = len(rings)
	return nil
}

// checkState looks at what rings now, and at what should have rung.
func (m *model) checkState(id message.ID, b *bell) error {
	l, found := m.live(id)
	alarm := slices.Contains(m.alarms(), id)
	now := m.elapsed()
	switch {
	case b.silent():
		if found || alarm {
			return fmt.Errorf("it is done (%s) and has a bell: %+v", b.status, l)
		}
	case !found:
		return fmt.Errorf("it is %s and has no bell", b.status)
	case b.taken && (l.State != escalation.Promised || alarm):
		return fmt.Errorf("it was taken and stands at %s", l.State)
	case !b.taken && (l.State != escalation.Ringing || !alarm):
		return fmt.Errorf("it should ring and stands at %s", l.State)
	case now > b.latest && !m.stuck:
		return fmt.Errorf("it should have rung at %s", b.latest)
	}
	return nil
}
