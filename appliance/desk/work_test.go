package desk_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestWorkingAMessageToItsEnd(t *testing.T) {
	o := open(t)
	hale := o.staff(okafor, "Dr. Hale")
	id := o.take("p-ana")
	o.bell.heard()
	any := desk.Seen{}
	for i, c := range []struct {
		do       func() (message.Envelope, error)
		status   message.Status
		assignee message.PersonID
		event    message.EventKind
		detail   string
		leaf     audit.What
		bell     string
		part     bool
	}{
		{func() (message.Envelope, error) { return o.desk.HandOff(t.Context(), rosa, id, any, hale.Who) }, message.New, hale.Who, message.EventHandedOff, "", audit.HandedOff, "handed-off", false},
		{func() (message.Envelope, error) { return o.desk.Take(t.Context(), hale, id, any) }, message.Taken, hale.Who, message.EventAccepted, "", audit.Taken, "taken", false},
		{func() (message.Envelope, error) { return o.desk.Note(t.Context(), rosa, id, " mother rang again ") }, message.Taken, hale.Who, message.EventNoted, "", audit.Noted, "", true},
		{func() (message.Envelope, error) { return o.desk.CallBack(t.Context(), hale, id, false, "") }, message.Taken, hale.Who, message.EventCalledBack, "not-reached", audit.CalledBack, "called-back:false", false},
		{func() (message.Envelope, error) {
			return o.desk.CallBack(t.Context(), rosa, id, true, "going to the ER")
		}, message.CalledBack, hale.Who, message.EventCalledBack, "reached", audit.CalledBack, "called-back:true", true},
		{func() (message.Envelope, error) {
			return o.desk.Close(t.Context(), hale, id, any, message.OutcomeReferred, "seen there")
		}, message.Closed, hale.Who, message.EventClosed, "referred", audit.Closed, "closed", true},
		{func() (message.Envelope, error) { return o.desk.Reopen(t.Context(), rosa, id, any) }, message.Taken, "p-rosa", message.EventReopened, "", audit.Reopened, "reopened", false},
	} {
		o.clock.Advance(time.Minute)
		at := o.clock.Now().UTC()
		parts := len(o.envelope(id).Parts)
		e, err := c.do()
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		kept := o.envelope(id)
		if e.Status != c.status || e.Assignee != c.assignee || fmt.Sprint(kept) != fmt.Sprint(e) {
			t.Errorf("step %d: %s, %s's", i, e.Status, e.Assignee)
		}
		events := o.look(rosa, id).Events
		last := events[len(events)-1]
		if last.What != c.event || last.Detail != c.detail || !last.At.Equal(at) || (last.Part != "") != c.part {
			t.Errorf("step %d: the timeline ends with %+v", i, last)
		}
		leaves := o.leaves(c.leaf)
		leaf := leaves[len(leaves)-1]
		if leaf.Who != string(last.Who) || leaf.About[0] != string(id) || !leaf.At.Equal(at) {
			t.Errorf("step %d: the log ends with %+v", i, leaf)
		}
		if c.part {
			p := kept.Parts[len(kept.Parts)-1]
			if len(kept.Parts) != parts+1 || p.Kind != message.PartNote || p.ID != last.Part || leaf.Data[string(p.ID)] != p.Commitment {
				t.Errorf("step %d: the note is part %+v, the leaf %+v", i, p, leaf)
			}
		}
		told := o.bell.heard()
		if c.bell == "" && len(told) > 0 || c.bell != "" && !slices.Equal(told, []string{fmt.Sprintf("%s %s %s", c.bell, c.status, c.assignee)}) {
			t.Errorf("step %d: the bell was told %q", i, told)
		}
	}
	e := o.envelope(id)
	if !e.TakenAt.Equal(night.Add(2*time.Minute)) || !e.ClosedAt.IsZero() || e.Outcome != "" {
		t.Errorf("taken at %s, closed at %s with %q", e.TakenAt, e.ClosedAt, e.Outcome)
	}
	var words []string
	for _, n := range o.look(rosa, id).Notes {
		words = append(words, n.Text.Reveal())
	}
	if !slices.Equal(words, []string{"mother rang again", "going to the ER", "seen there"}) {
		t.Errorf("the notes are %q", words)
	}
}

func TestWhoeverCallsBackAMessageThatIsNobodysHasIt(t *testing.T) {
	o := open(t)
	for reached, status := range map[bool]message.Status{true: message.CalledBack, false: message.Taken} {
		e, err := o.desk.CallBack(t.Context(), okafor, o.take("p-ana"), reached, "")
		if err != nil || e.Status != status || e.Assignee != "p-okafor" || e.TakenAt.IsZero() {
			t.Errorf("reached %v: %s, %s's (%v)", reached, e.Status, e.Assignee, err)
		}
	}
}

func TestOfTwoWhoTakeAtOnceTheSecondIsToldWhoHasIt(t *testing.T) {
	o := open(t)
	first, second := o.staff(okafor, "Dr. Okafor"), o.staff(rosa, "Rosa Delgado")
	names := map[message.PersonID]string{first.Who: "Dr. Okafor", second.Who: "Rosa Delgado"}
	for range 20 {
		id := o.take("p-ana")
		saw := desk.SeenOf(o.envelope(id))
		errs := make([]error, 2)
		var wg sync.WaitGroup
		wg.Go(func() { _, errs[0] = o.desk.Take(t.Context(), first, id, saw) })
		wg.Go(func() { _, errs[1] = o.desk.Take(t.Context(), second, id, saw) })
		wg.Wait()
		has := o.envelope(id).Assignee
		late := errs[0]
		if has == first.Who {
			late = errs[1]
		}
		var conflict *desk.Conflict
		if (errs[0] == nil) == (errs[1] == nil) || !errors.As(late, &conflict) || conflict.Who != has || conflict.Name != names[has] || !strings.Contains(late.Error(), names[has]) {
			t.Fatalf("%s has it; the answers are %v", has, errs)
		}
	}
}

func TestWhatChangedMeanwhileIsNotOverwritten(t *testing.T) {
	o := open(t)
	rosa, okafor := o.staff(rosa, "Rosa"), o.staff(okafor, "Dr. Okafor")
	id := o.take("p-ana")
	saw := o.look(rosa, id).Seen()
	_, err := o.desk.Take(t.Context(), okafor, id, saw)
	o.must(err)
	before := fmt.Sprint(o.envelope(id))
	for name, do := range map[string]func() error{
		"handing off": func() error { _, err := o.desk.HandOff(t.Context(), rosa, id, saw, rosa.Who); return err },
		"closing": func() error {
			_, err := o.desk.Close(t.Context(), rosa, id, saw, message.OutcomeDone, "done")
			return err
		},
		"taking":              func() error { _, err := o.desk.Take(t.Context(), rosa, id, saw); return err },
		"taking without look": func() error { _, err := o.desk.Take(t.Context(), rosa, id, desk.Seen{}); return err },
	} {
		var conflict *desk.Conflict
		if err := do(); !errors.As(err, &conflict) || conflict.Who != okafor.Who || conflict.Status != message.Taken {
			t.Errorf("%s: %v", name, err)
		}
	}
	if after := fmt.Sprint(o.envelope(id)); after != before {
		t.Error("a conflict changed the message")
	}
	if _, err := o.desk.Take(t.Context(), rosa, id, o.look(rosa, id).Seen()); err != nil {
		t.Errorf("taking over what was seen: %v", err)
	}
	saw = o.look(okafor, id).Seen()
	_, err = o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, "")
	o.must(err)
	if _, err := o.desk.HandOff(t.Context(), okafor, id, saw, okafor.Who); !errors.As(err, new(*desk.Conflict)) || !strings.Contains(err.Error(), "closed") {
		t.Errorf("handing off what was closed meanwhile: %v", err)
	}
	if _, err := o.desk.Take(t.Context(), okafor, id, o.look(okafor, id).Seen()); !errors.As(err, new(*message.StepError)) {
		t.Errorf("taking what is closed: %v", err)
	}
}

func TestAnUrgentMessageHandedToSomebodyWhoSleepsCanStillBeTaken(t *testing.T) {
	o := open(t)
	hale := o.staff(okafor, "Dr. Hale")
	id := o.take("p-ana")
	_, err := o.desk.HandOff(t.Context(), rosa, id, desk.Seen{}, hale.Who)
	o.must(err)
	if e, err := o.desk.Take(t.Context(), okafor, id, desk.Seen{Status: message.New}); err != nil || e.Assignee != "p-okafor" {
		t.Errorf("%s's (%v)", e.Assignee, err)
	}
}

func TestWhatADeskRefusesAndInWhichWords(t *testing.T) {
	o := open(t)
	contact := o.contact("Dr. Elsewhere", "")
	taker := o.staff(ana, "Ana")
	id := o.take("p-ana")
	before := fmt.Sprint(o.envelope(id))
	for name, c := range map[string]struct {
		field string
		do    func() error
	}{
		"to nobody":       {"to", func() error { _, err := o.desk.HandOff(t.Context(), rosa, id, desk.Seen{}, "p-nobody"); return err }},
		"to a contact":    {"to", func() error { _, err := o.desk.HandOff(t.Context(), rosa, id, desk.Seen{}, contact.ID); return err }},
		"to a call taker": {"to", func() error { _, err := o.desk.HandOff(t.Context(), rosa, id, desk.Seen{}, taker.Who); return err }},
		"no note":         {"note", func() error { _, err := o.desk.Note(t.Context(), rosa, id, " \n\x00"); return err }},
		"a long note": {"note", func() error {
			_, err := o.desk.Note(t.Context(), rosa, id, message.Clear(strings.Repeat("é", 10_001)))
			return err
		}},
		"no outcome":      {"outcome", func() error { _, err := o.desk.Close(t.Context(), rosa, id, desk.Seen{}, "", ""); return err }},
		"another outcome": {"outcome", func() error { _, err := o.desk.Close(t.Context(), rosa, id, desk.Seen{}, "cured", ""); return err }},
	} {
		var invalid *desk.Invalid
		if err := c.do(); !errors.As(err, &invalid) || invalid.Field != c.field {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := o.desk.Reopen(t.Context(), rosa, id, desk.Seen{}); !errors.As(err, new(*message.StepError)) {
		t.Errorf("reopening what is open: %v", err)
	}
	if after := fmt.Sprint(o.envelope(id)); after != before || len(o.look(rosa, id).Events) != 1 {
		t.Error("what was refused left something")
	}
}

func TestWhenTheBellCannotBeToldNothingHappened(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	packs := o.count(store.PackBucket)
	o.bell.fail = errors.New("no timer")
	for name, do := range map[string]func() error{
		"taking":  func() error { _, err := o.desk.Take(t.Context(), rosa, id, desk.Seen{}); return err },
		"calling": func() error { _, err := o.desk.CallBack(t.Context(), rosa, id, true, "note"); return err },
		"closing": func() error {
			_, err := o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, "note")
			return err
		},
	} {
		if err := do(); !errors.Is(err, o.bell.fail) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if e := o.envelope(id); e.Status != message.New || len(e.Parts) != 1 || o.count(store.PackBucket) != packs || len(o.look(rosa, id).Events) != 1 {
		t.Errorf("the message is %s with %d parts", e.Status, len(e.Parts))
	}
}

func (o *office) count(bucket string) (n int) {
	o.Helper()
	o.must(o.store.View(func(tx *store.Tx) error {
		tx.Ascend(bucket, "", func(string, []byte) bool { n++; return true })
		return nil
	}))
	return n
}

func TestItIsWorkedWhileLocked(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	o.lock()
	_, err := o.desk.Note(t.Context(), ana, id, "she rang again")
	o.must(err)
	_, err = o.desk.Take(t.Context(), okafor, id, desk.Seen{})
	o.must(err)
	_, err = o.desk.CallBack(t.Context(), okafor, id, true, "better now")
	o.must(err)
	o.unlock()
	v := o.look(okafor, id)
	if len(v.Notes) != 2 || v.Notes[0].Text != "she rang again" || v.Notes[1].Text != "better now" || v.Envelope.Status != message.CalledBack {
		t.Errorf("%d notes, %s", len(v.Notes), v.Envelope.Status)
	}
}

func TestManyWorkersAtOnceLoseNothing(t *testing.T) {
	o := open(t)
	var ids []message.ID
	for range 4 {
		ids = append(ids, o.take("p-ana"))
	}
	const workers, each = 8, 10
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				if _, err := o.desk.Note(t.Context(), rosa, ids[(w+i)%len(ids)], message.Clear(fmt.Sprintf("worker %d note %d", w, i))); err != nil {
					t.Error(err)
				}
				if _, err := o.desk.List(t.Context(), okafor, store.Query{}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	words := map[string]bool{}
	for _, id := range ids {
		v := o.look(rosa, id)
		if len(v.Events) != 1+len(v.Notes) {
			t.Errorf("%d notes and %d events", len(v.Notes), len(v.Events))
		}
		for _, n := range v.Notes {
			words[n.Text.Reveal()] = true
		}
	}
	if len(words) != workers*each {
		t.Errorf("%d notes are kept", len(words))
	}
	if report, err := audit.Verify(t.Context(), o.store); err != nil || report.FirstBad != nil {
		t.Errorf("the log does not verify: %+v, %v", report, err)
	}
}

func TestAMessageHasOnlySoManyNotes(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	e := o.envelope(id)
	for len(e.Parts) < 400 {
		e.Parts = append(e.Parts, message.Part{ID: e.Parts[0].ID, Kind: message.PartBlob})
	}
	o.must(o.store.Update(t.Context(), func(tx *store.Tx) error { return store.PutEnvelope(tx, e) }))
	if _, err := o.desk.Note(t.Context(), rosa, id, "one more"); !errors.As(err, new(*desk.Invalid)) {
		t.Errorf("a note too many: %v", err)
	}
	if _, err := o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, ""); err != nil {
		t.Errorf("closing without a note: %v", err)
	}
}
