package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

// mailed takes a mail whose words raise its urgency.
func (o *office) mailed() message.ID {
	o.Helper()
	return o.takeIn(intake.Taking{Type: message.TypeBilling, Channel: message.ChannelMail, Device: "d-pbx", Text: "Bill of May. He has chest pain, chest pain at night."})
}

func TestLoweringNeedsAReasonAndIsTraced(t *testing.T) {
	o := open(t)
	id := o.mailed()
	o.bell.heard()
	o.clock.Advance(time.Hour)
	var bad *desk.Invalid
	if _, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.Routine, "  "); !errors.As(err, &bad) || bad.Field != "note" {
		t.Fatalf("without a reason: %v", err)
	}
	if e := o.envelope(id); e.Urgency != message.Urgent || len(o.leaves(audit.UrgencySet)) > 0 || len(o.bell.heard()) > 0 {
		t.Error("what was refused changed something")
	}
	e, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.Routine, "the song is called Chest Pain")
	if err != nil {
		t.Fatal(err)
	}
	at := night.Add(time.Hour)
	if e.Urgency != message.Routine || e.Status != message.New || e.Has(message.FlagRedFlag) || !e.Due.After(at.Add(4*time.Hour)) {
		t.Errorf("it is %s, %s, due %s with %v", e.Urgency, e.Status, e.Due, e.Flags)
	}
	v := o.look(rosa, id)
	last := v.Events[len(v.Events)-1]
	leaf := o.leaves(audit.UrgencySet)[0]
	if last.What != message.EventUrgency || last.Who != rosa.Who || last.Detail != "urgent/routine" || leaf.Why != last.Detail || leaf.Data[string(last.Part)] == "" {
		t.Errorf("the timeline ends with %+v, the log with %+v", last, leaf)
	}
	if len(v.Notes) != 1 || v.Notes[0].Text.Reveal() != "the song is called Chest Pain" {
		t.Error("the reason is not kept")
	}
	if told := o.bell.heard(); !slices.Equal(told, []string{"urgency:urgent-routine:p-rosa new "}) {
		t.Errorf("the bell was told %q", told)
	}
	if chart := o.desk.ChartText(v).Reveal(); !strings.Contains(chart, "made it routine, which was urgent: the song") || !strings.Contains(chart, "Red flag in the words, nobody asked: Chest pain") {
		t.Errorf("the chart says\n%s", chart)
	}
}

func TestRaisingIsFreeAndMakesItDueSooner(t *testing.T) {
	o := open(t)
	id := o.takeIn(intake.Taking{Type: message.TypeBilling, Channel: message.ChannelMail, Device: "d-pbx", Text: "the bill of May"})
	o.clock.Advance(time.Minute)
	e, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.SeenOf(o.envelope(id)), message.Urgent, "")
	if err != nil || e.Urgency != message.Urgent || !e.Clinical || !e.Due.Equal(night.Add(31*time.Minute)) || len(e.Parts) != 1 {
		t.Fatalf("it is %+v (%v)", e, err)
	}
	o.clock.Advance(time.Hour)
	if e, err = o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.SameDay, "spoken with"); err != nil || !e.Due.Equal(night.Add(time.Hour+time.Minute+4*time.Hour)) || !e.Clinical {
		t.Errorf("lowered it is due %s, clinical %v (%v)", e.Due, e.Clinical, err)
	}
}

func TestWhoMayChangeAnUrgencyAndWhenNot(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	for name, s := range map[string]access.Session{"who typed it": ana, "another call taker": bo, "an admin": dana, "a privacy officer": paul} {
		var denied *access.Denied
		if _, err := o.desk.ChangeUrgency(t.Context(), s, id, desk.Seen{}, message.Routine, "why"); !errors.As(err, &denied) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var bad *desk.Invalid
	if _, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.Urgent, "why"); !errors.As(err, &bad) {
		t.Errorf("to what it is: %v", err)
	}
	if _, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.Urgency(7), "why"); !errors.As(err, &bad) {
		t.Errorf("to what there is not: %v", err)
	}
	saw := desk.SeenOf(o.envelope(id))
	if _, err := o.desk.Take(t.Context(), okafor, id, desk.Seen{}); err != nil {
		t.Fatal(err)
	}
	var conflict *desk.Conflict
	if _, err := o.desk.ChangeUrgency(t.Context(), rosa, id, saw, message.Routine, "why"); !errors.As(err, &conflict) {
		t.Errorf("after somebody took it: %v", err)
	}
	if _, err := o.desk.Close(t.Context(), okafor, id, desk.Seen{}, message.OutcomeDone, ""); err != nil {
		t.Fatal(err)
	}
	var refused *message.StepError
	if _, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.Routine, "why"); !errors.As(err, &refused) {
		t.Errorf("when it is closed: %v", err)
	}
	if v := o.look(rosa, id); v.May.Urgency {
		t.Error("a closed message offers to change it")
	}
}

func TestAReasonIsKeptWhileLocked(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	o.lock()
	if _, err := o.desk.ChangeUrgency(t.Context(), rosa, id, desk.Seen{}, message.SameDay, "seen at the door"); err != nil {
		t.Fatal(err)
	}
	o.unlock()
	if v := o.look(rosa, id); len(v.Notes) != 1 || v.Notes[0].Text.Reveal() != "seen at the door" {
		t.Error("the reason is not kept")
	}
}

func TestAnOpenedMessageShowsItsRedFlags(t *testing.T) {
	o := open(t)
	v := o.look(rosa, o.mailed())
	if len(v.Flags) != 1 || v.Flags[0].Name.Reveal() != "Chest pain" || v.Flags[0].Said != message.FlagUnasked {
		t.Fatalf("%d flags", len(v.Flags))
	}
	for i, p := range v.Flags[0].Places {
		if got := v.Text.Reveal()[p.Start:p.End]; got != "chest pain" || p.Field != "" {
			t.Errorf("place %d is %q of %q", i, got, p.Field)
		}
	}
	if len(v.Flags[0].Places) != 2 {
		t.Errorf("it stands in %d places", len(v.Flags[0].Places))
	}
	asked := o.takeIn(intake.Taking{Type: message.TypeUrgent, Channel: message.ChannelDesk, TypedBy: "p-ana",
		Asked: []message.AskedFlag{{ID: "chest-pain"}, {ID: "breathing", Raised: true}},
		Form:  map[string]message.Clear{"caller": "Ana", "relation": "parent", "callback": "503 555 0148", "read_back": "yes", "patient": "Bo", "born": "9/9/25", "symptoms": "chest pain? no. cannot breathe", "since": "noon"}})
	v = o.look(rosa, asked)
	var said []message.FlagWord
	for _, f := range v.Flags {
		said = append(said, f.Said)
		if len(f.Places) > 0 {
			t.Error("what was asked is marked")
		}
	}
	if !slices.Equal(said, []message.FlagWord{message.FlagNo, message.FlagYes}) || v.Envelope.Has(message.FlagRedFlag) {
		t.Errorf("it says %v with %v", said, v.Envelope.Flags)
	}
	chart := o.desk.ChartText(v).Reveal()
	for _, want := range []string{"Red flag asked: Chest pain, the caller said no", "Red flag asked: Trouble breathing, raised"} {
		if !strings.Contains(chart, want) {
			t.Errorf("the chart does not say %q", want)
		}
	}
	if v := o.look(dana, asked); len(v.Flags) > 0 {
		t.Error("flags are shown to who may not read")
	}
}
