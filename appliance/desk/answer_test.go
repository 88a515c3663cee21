package desk_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// stands says how the bell stands towards people; all others see it silent.
func (o *office) stands(as map[message.PersonID]message.Standing) {
	o.bell.mu.Lock()
	defer o.bell.mu.Unlock()
	o.bell.standing = as
}

func (o *office) expectTold(want ...string) {
	o.Helper()
	if got := o.bell.heard(); !slices.Equal(got, want) {
		o.Errorf("the bell was told %q, not %q", got, want)
	}
}

// timeline are the events of a message from the n-th on: "declined p-rosa ntfy".
func (o *office) timeline(id message.ID, n int) (list []string) {
	o.Helper()
	o.must(o.store.View(func(tx *store.Tx) error {
		events, err := store.Events(tx, id)
		for _, e := range events[min(n, len(events)):] {
			list = append(list, string(e.What)+" "+string(e.Who)+" "+e.Detail)
		}
		return err
	}))
	return list
}

var rings = message.Standing{Rings: true}

func TestDecliningIsWrittenDownOnceAndLeavesTheMessageOpen(t *testing.T) {
	o := open(t)
	id := o.take(ana.Who)
	o.bell.heard()
	o.stands(map[message.PersonID]message.Standing{rosa.Who: rings})
	e, err := o.desk.Decline(t.Context(), rosa, id)
	o.must(err)
	if e.Status != message.New || e.Assignee != "" {
		t.Errorf("declined, it is %s of %q", e.Status, e.Assignee)
	}
	o.expectTold("declined:p-rosa new ")
	o.stands(map[message.PersonID]message.Standing{rosa.Who: {Rings: true, Declined: true}})
	_, err = o.desk.Decline(t.Context(), rosa, id)
	o.must(err)
	o.expectTold()
	if got := o.timeline(id, 1); !slices.Equal(got, []string{"declined p-rosa "}) {
		t.Errorf("the timeline says %q", got)
	}
	if n := len(o.leaves(audit.Declined)); n != 1 {
		t.Errorf("%d leaves", n)
	}
}

func TestWhoHasAMessageAndCannotGivesItBack(t *testing.T) {
	o := open(t)
	id := o.take(ana.Who)
	_, err := o.desk.Take(t.Context(), okafor, id, desk.Seen{})
	o.must(err)
	o.bell.heard()
	e, err := o.desk.Decline(t.Context(), okafor, id)
	o.must(err)
	if e.Status != message.New || e.Assignee != "" || e.TakenAt.IsZero() {
		t.Errorf("given back, it is %s of %q, first taken at %s", e.Status, e.Assignee, e.TakenAt)
	}
	o.expectTold("declined:p-okafor new ")
}

func TestSnoozingTakesAMessageWithAPromiseOfOnesOwn(t *testing.T) {
	o := open(t)
	id := o.take(ana.Who)
	o.bell.heard()
	o.stands(map[message.PersonID]message.Standing{okafor.Who: rings})
	for _, wait := range []time.Duration{0, 59 * time.Second, 61 * time.Minute} {
		var bad *desk.Invalid
		if _, err := o.desk.Snooze(t.Context(), okafor, id, wait); !errors.As(err, &bad) {
			t.Errorf("%s: %v", wait, err)
		}
	}
	e, err := o.desk.Snooze(t.Context(), okafor, id, 15*time.Minute)
	o.must(err)
	if e.Status != message.Taken || e.Assignee != okafor.Who || e.TakenAt.IsZero() {
		t.Errorf("snoozed, it is %s of %q", e.Status, e.Assignee)
	}
	o.expectTold("snoozed:15m0s taken p-okafor")
	o.stands(map[message.PersonID]message.Standing{okafor.Who: {Until: o.clock.Now().Add(15 * time.Minute)}})
	o.clock.Advance(20 * time.Second)
	_, err = o.desk.Snooze(t.Context(), okafor, id, 15*time.Minute)
	o.must(err)
	o.expectTold() // a repeated tap
	o.clock.Advance(10 * time.Minute)
	_, err = o.desk.Snooze(t.Context(), okafor, id, 15*time.Minute)
	o.must(err)
	o.expectTold("snoozed:15m0s taken p-okafor") // another promise
	if got := o.timeline(id, 1); !slices.Equal(got, []string{"snoozed p-okafor 15m", "snoozed p-okafor 15m"}) {
		t.Errorf("the timeline says %q", got)
	}
}

func TestAnAnswerWithoutASessionSaysHowItCame(t *testing.T) {
	o := open(t)
	doctor := o.staff(okafor, "Dr. Okafor")
	one, two, three := o.take(ana.Who), o.take(ana.Who), o.take(ana.Who)
	o.bell.heard()
	o.stands(map[message.PersonID]message.Standing{doctor.Who: rings})
	for id, what := range map[message.ID]message.Answer{one: message.AnswerTake, two: message.AnswerDecline, three: message.AnswerSnooze} {
		if _, err := o.desk.Answer(t.Context(), doctor.Who, id, what, "ntfy"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	for id, want := range map[message.ID]string{one: "taken %s ntfy", two: "declined %s ntfy", three: "snoozed %s 10m,ntfy"} {
		want = fmt.Sprintf(want, doctor.Who)
		if got := o.timeline(id, 1); !slices.Equal(got, []string{want}) {
			t.Errorf("the timeline says %q, not %q", got, want)
		}
	}
	for _, l := range o.leaves(audit.Taken, audit.Declined, audit.Snoozed) {
		if l.From != "ntfy" || l.Who != string(doctor.Who) {
			t.Errorf("the leaf is %+v", l)
		}
	}
	if _, err := o.desk.Answer(t.Context(), doctor.Who, one, "perhaps", "ntfy"); err == nil {
		t.Error("any word is an answer")
	}
}

func TestAnAnswerOfSomebodyWhoMayNotAnyMoreIsRefused(t *testing.T) {
	o := open(t)
	taker := o.staff(ana, "Ana") // takes messages, and works none
	id := o.take(ana.Who)
	o.bell.heard()
	o.stands(map[message.PersonID]message.Standing{taker.Who: rings, "nobody": rings})
	for _, who := range []message.PersonID{taker.Who, "nobody"} {
		var denied *access.Denied
		if _, err := o.desk.Answer(t.Context(), who, id, message.AnswerTake, "sms"); !errors.As(err, &denied) {
			t.Errorf("%s: %v", who, err)
		}
	}
	o.expectTold()
	if l := o.leaves(audit.Refused); len(l) == 0 || l[0].From != "sms" {
		t.Errorf("the refusals left %+v", l)
	}
}

func TestAnAnswerThatComesTooLateSaysWhoWasBefore(t *testing.T) {
	o := open(t)
	doctor, other := o.staff(okafor, "Dr. Okafor"), o.staff(rosa, "Rosa Vega")
	id := o.take(ana.Who)
	_, err := o.desk.Take(t.Context(), other, id, desk.Seen{})
	o.must(err)
	o.bell.heard()
	o.clock.Advance(5 * time.Minute)
	for _, what := range []message.Answer{message.AnswerTake, message.AnswerDecline, message.AnswerSnooze} {
		_, err := o.desk.Answer(t.Context(), doctor.Who, id, what, "mail")
		var late *desk.TooLate
		if !errors.As(err, &late) || late.Who != other.Who || !late.At.Equal(night) {
			t.Fatalf("%s: %v", what, err)
		}
		if got := err.Error(); got != "N-1001 was taken by Rosa Vega at 2:07 am." {
			t.Errorf("it says %q", got)
		}
	}
	if _, err := o.desk.Answer(t.Context(), other.Who, id, message.AnswerTake, "mail"); err != nil {
		t.Errorf("who has it is told %v", err)
	}
	_, err = o.desk.Close(t.Context(), other, id, desk.Seen{}, message.OutcomeDone, "")
	o.must(err)
	if _, err = o.desk.Decline(t.Context(), doctor, id); err == nil || err.Error() != "N-1001 was closed by Rosa Vega at 2:12 am." {
		t.Errorf("it says %v", err)
	}
	o.expectTold("closed closed " + string(other.Who))
}

func TestWhoIsRungForABrokenPromiseTakesTheMessageOver(t *testing.T) {
	o := open(t)
	doctor, other := o.staff(okafor, "Dr. Okafor"), o.staff(rosa, "Rosa Vega")
	id := o.take(ana.Who)
	_, err := o.desk.Take(t.Context(), other, id, desk.Seen{})
	o.must(err)
	o.bell.heard()
	o.stands(map[message.PersonID]message.Standing{doctor.Who: rings, other.Who: rings})
	e, err := o.desk.Answer(t.Context(), doctor.Who, id, message.AnswerTake, "mail")
	o.must(err)
	if e.Assignee != doctor.Who {
		t.Errorf("it is %q's", e.Assignee)
	}
	o.expectTold("taken taken " + string(doctor.Who))
}

func TestWhereAllMustAnswerTheFirstKeepsTheMessage(t *testing.T) {
	o := open(t)
	doctor, other := o.staff(okafor, "Dr. Okafor"), o.staff(rosa, "Rosa Vega")
	id := o.take(ana.Who)
	_, err := o.desk.Take(t.Context(), other, id, desk.Seen{})
	o.must(err)
	asked := message.Standing{Rings: true, Asked: true}
	heard := "heard:" + string(doctor.Who) + " taken " + string(other.Who)
	for name, answer := range map[string]func() (message.Envelope, error){
		"at a desk": func() (message.Envelope, error) { return o.desk.Take(t.Context(), doctor, id, desk.Seen{}) },
		"by a notice": func() (message.Envelope, error) {
			return o.desk.Answer(t.Context(), doctor.Who, id, message.AnswerTake, "sms")
		},
		"by a snooze": func() (message.Envelope, error) { return o.desk.Snooze(t.Context(), doctor, id, time.Minute) },
	} {
		o.bell.heard()
		o.stands(map[message.PersonID]message.Standing{doctor.Who: asked})
		e, err := answer()
		if err != nil || e.Assignee != other.Who {
			t.Errorf("%s: it is %q's, %v", name, e.Assignee, err)
		}
		o.expectTold(heard)
	}
	o.stands(map[message.PersonID]message.Standing{doctor.Who: {Rings: true, Heard: true}})
	if _, err := o.desk.Answer(t.Context(), doctor.Who, id, message.AnswerTake, "sms"); err != nil {
		t.Error(err)
	}
	o.expectTold()
	if n := len(o.leaves(audit.BellAnswered)); n != 3 {
		t.Errorf("%d leaves", n)
	}
}
