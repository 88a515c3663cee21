package desk_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

func (o *office) list(s access.Session, q store.Query) desk.Page {
	o.Helper()
	p, err := o.desk.List(o.Context(), s, q)
	o.must(err)
	return p
}

// seen writes a page as "N-1001 Marisol Quintero" or "N-1001 (locked)".
func seen(p desk.Page) (list []string) {
	for _, r := range p.Rows {
		line := r.Envelope.Number.String() + " " + r.Who.Reveal()
		if r.Seal != desk.Opened {
			line = r.Envelope.Number.String() + " (" + string(r.Seal) + ")"
			if r.Who != "" || r.What != "" {
				line += " but shown"
			}
		}
		list = append(list, line)
	}
	return list
}

func TestWhoSeesWhatInTheList(t *testing.T) {
	o := open(t)
	o.take("p-ana")
	o.take("p-bo")
	asleep := rosa
	asleep.Asleep = true
	waits := rosa
	waits.WantsSlot = true
	both := access.Session{Who: "p-dana", Roles: []access.Role{access.FrontDesk, access.Admin}}
	open, sealed, locked := []string{"N-1002 Marisol Quintero", "N-1001 Marisol Quintero"}, []string{"N-1002 (not-yours)", "N-1001 (not-yours)"}, []string{"N-1002 (locked)", "N-1001 (locked)"}
	for name, c := range map[string]struct {
		s              access.Session
		whenOpen, shut []string
	}{
		"a call taker what they typed":      {ana, []string{"N-1001 Marisol Quintero"}, []string{"N-1001 (locked)"}},
		"another call taker theirs":         {bo, []string{"N-1002 Marisol Quintero"}, []string{"N-1002 (locked)"}},
		"the front desk all":                {rosa, open, locked},
		"a provider all":                    {okafor, open, locked},
		"an admin who works the desk":       {both, open, locked},
		"an admin alone no contents":        {dana, sealed, sealed},
		"the privacy officer no contents":   {paul, sealed, sealed},
		"the owner of the folder envelopes": {access.Owner(), sealed, sealed},
		"a session asleep none":             {asleep, locked, locked},
		"who waits for a slot none":         {waits, sealed, sealed},
	} {
		if got := seen(o.list(c.s, store.Query{})); !slices.Equal(got, c.whenOpen) {
			t.Errorf("%s: open, %q", name, got)
		}
		o.lock()
		page := o.list(c.s, store.Query{})
		if got := seen(page); !slices.Equal(got, c.shut) || !page.Locked {
			t.Errorf("%s: locked, %q", name, got)
		}
		o.unlock()
	}
	if _, err := o.desk.List(t.Context(), access.Session{Who: "p-x"}, store.Query{}); !errors.As(err, new(*access.Denied)) {
		t.Errorf("somebody without a role is answered %v", err)
	}
}

func TestAListShownIsOneRecordWithTheIDsShown(t *testing.T) {
	o := open(t)
	a, b := o.take("p-ana"), o.take("p-bo")
	o.list(ana, store.Query{})
	o.list(rosa, store.Query{})
	o.list(dana, store.Query{})
	if rows, err := o.desk.Rows(t.Context(), rosa, b, "019abcde-0000-7000-8000-000000000000"); err != nil || len(rows) != 1 || rows[0].Who != "Marisol Quintero" {
		t.Errorf("Rows answers %d (%v)", len(rows), err)
	}
	if rows, err := o.desk.Rows(t.Context(), ana, a, b); err != nil || len(rows) != 1 || rows[0].Envelope.ID != a {
		t.Errorf("a call taker's Rows are %d (%v)", len(rows), err)
	}
	want := []string{
		fmt.Sprint("p-ana ", []message.ID{a}), fmt.Sprint("p-rosa ", []message.ID{b, a}), fmt.Sprint("p-rosa ", []message.ID{b}), fmt.Sprint("p-ana ", []message.ID{a}),
	}
	var got []string
	for _, l := range o.leaves(audit.ReadList) {
		got = append(got, fmt.Sprint(l.Who, " ", l.About))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log says\n%q, not\n%q", got, want)
	}
	if n := o.list(ana, store.Query{}).Counts.Total; n != 0 {
		t.Errorf("a call taker sees that the practice has %d messages", n)
	}
	if n := o.list(rosa, store.Query{}).Counts.Total; n != 2 {
		t.Errorf("the front desk counts %d messages", n)
	}
}

func TestACallTakersOwnMessageStaysReadableForHalfAnHour(t *testing.T) {
	o := open(t)
	for name, work := range map[string]func(id message.ID) error{
		"after it was taken": func(id message.ID) error { _, err := o.desk.Take(t.Context(), okafor, id, desk.Seen{}); return err },
		"after it was closed by whoever did not take it": func(id message.ID) error {
			_, err := o.desk.Close(t.Context(), rosa, id, desk.Seen{}, message.OutcomeDone, "")
			return err
		},
	} {
		id := o.take("p-ana")
		o.clock.Advance(48 * time.Hour)
		if v := o.look(ana, id); v.Seal != desk.Opened || v.Record.Field("callback") != "503 555 0148" {
			t.Errorf("before: %s", v.Seal)
		}
		o.must(work(id))
		o.clock.Advance(30*time.Minute - time.Second)
		if v := o.look(ana, id); v.Seal != desk.Opened {
			t.Errorf("just before half an hour %s: %s", name, v.Seal)
		}
		o.clock.Advance(time.Second)
		v := o.look(ana, id)
		if v.Seal != desk.NotYours || v.Record.Form != nil || v.May.Note || v.May.Read {
			t.Errorf("half an hour %s: %s", name, v.Seal)
		}
		if _, err := o.desk.Note(t.Context(), ana, id, "x"); !errors.As(err, new(*access.Denied)) {
			t.Errorf("a note half an hour %s: %v", name, err)
		}
		if got := seen(o.list(ana, store.Query{State: store.ShowAll, Limit: 1})); !strings.HasSuffix(got[0], "(not-yours)") {
			t.Errorf("the list half an hour %s: %q", name, got)
		}
	}
}

func TestOpeningAMessageIsOneRecord(t *testing.T) {
	o := open(t)
	id := o.take("p-ana")
	_, err := o.desk.Note(t.Context(), rosa, id, "rang twice")
	o.must(err)
	v := o.look(okafor, id)
	if v.Seal != desk.Opened || v.Record.Field("caller") != "Marisol Quintero" || len(v.Notes) != 1 || v.Notes[0].Text != "rang twice" ||
		v.Notes[0].Event.Who != "p-rosa" || len(v.Events) != 2 || v.Type.ID != message.TypeUrgent || v.Names["p-ana"] != "p-ana" {
		t.Errorf("the view is %s with %d notes and %d events", v.Seal, len(v.Notes), len(v.Events))
	}
	leaves := o.leaves(audit.ReadMessage)
	if len(leaves) != 1 || leaves[0].Who != "p-okafor" || !slices.Equal(leaves[0].About, []string{string(id)}) {
		t.Errorf("the log says %+v", leaves)
	}
	for name, s := range map[string]access.Session{"an admin": dana, "the privacy officer": paul} {
		v := o.look(s, id)
		if v.Seal != desk.NotYours || v.Record.Form != nil || v.Text != "" || v.Notes[0].Text != "" || v.May != (desk.May{}) {
			t.Errorf("%s sees %s", name, v.Seal)
		}
	}
	o.lock()
	if v := o.look(okafor, id); v.Seal != desk.Locked || v.Record.Form != nil || !v.May.Take || v.May.Send {
		t.Errorf("locked, a provider sees %s and may %+v", v.Seal, v.May)
	}
	if n := len(o.leaves(audit.ReadMessage)); n != 1 {
		t.Errorf("%d reads are recorded, of 1 that showed something", n)
	}
}

func TestWhatIsRefusedLeavesATrace(t *testing.T) {
	o := open(t)
	id := o.take("p-bo")
	refused := map[string]func() error{
		"opening":     func() error { _, err := o.desk.Open(t.Context(), ana, id); return err },
		"a file":      func() error { _, _, err := o.desk.File(t.Context(), ana, id, 0); return err },
		"the chart":   func() error { _, err := o.desk.Chart(t.Context(), dana, id); return err },
		"taking":      func() error { _, err := o.desk.Take(t.Context(), ana, id, desk.Seen{}); return err },
		"handing off": func() error { _, err := o.desk.HandOff(t.Context(), dana, id, desk.Seen{}, "p-rosa"); return err },
		"a note":      func() error { _, err := o.desk.Note(t.Context(), ana, id, "x"); return err },
		"calling":     func() error { _, err := o.desk.CallBack(t.Context(), paul, id, true, ""); return err },
		"closing": func() error {
			_, err := o.desk.Close(t.Context(), bo, id, desk.Seen{}, message.OutcomeDone, "")
			return err
		},
		"reopening": func() error { _, err := o.desk.Reopen(t.Context(), ana, id, desk.Seen{}); return err },
		"sending":   func() error { _, err := o.desk.SendSecurely(t.Context(), bo, id, "p-x"); return err },
	}
	for name, do := range refused {
		if err := do(); !errors.As(err, new(*access.Denied)) {
			t.Errorf("%s is answered %v", name, err)
		}
	}
	for _, l := range o.leaves(audit.Refused) {
		if !slices.Equal(l.About, []string{string(id)}) {
			t.Errorf("a refusal is recorded as %+v", l)
		}
	}
	if len(o.leaves(audit.Refused)) == 0 {
		t.Error("no refusal is recorded")
	}
	for name, do := range map[string]func() error{
		"opening": func() error {
			_, err := o.desk.Open(t.Context(), rosa, "019abcde-0000-7000-8000-000000000000")
			return err
		},
		"taking": func() error {
			_, err := o.desk.Take(t.Context(), rosa, "019abcde-0000-7000-8000-000000000000", desk.Seen{})
			return err
		},
		"a file that is not there": func() error { _, _, err := o.desk.File(t.Context(), rosa, id, 0); return err },
	} {
		if err := do(); !errors.Is(err, desk.ErrNotFound) {
			t.Errorf("%s of what is not there: %v", name, err)
		}
	}
}

func TestNothingIsShownAfterALock(t *testing.T) {
	o := open(t)
	id := o.takeIn(intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: "d-pbx", Files: []intake.Attachment{
		{Name: "v.wav", Type: "audio/wav", Role: message.RoleAttachment, Data: make([]byte, 1<<20)}}})
	o.list(rosa, store.Query{}) // its line is kept open
	_, r, err := o.desk.File(t.Context(), rosa, id, 0)
	o.must(err)
	defer r.Close()
	o.lock()
	if _, err := r.Read(make([]byte, 10)); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a file goes on after the lock: %v", err)
	}
	if _, _, err := o.desk.File(t.Context(), rosa, id, 0); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a file is opened after the lock: %v", err)
	}
	if _, err := o.desk.Chart(t.Context(), rosa, id); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("the chart is written after the lock: %v", err)
	}
	if got := seen(o.list(rosa, store.Query{})); got[0] != "N-1001 (locked)" {
		t.Errorf("the list shows %q", got)
	}
	o.unlock()
	asleep := rosa
	asleep.Asleep = true
	var denied *access.Denied
	if _, err := o.desk.Chart(t.Context(), asleep, id); !errors.As(err, &denied) || !denied.Asleep {
		t.Errorf("a session from before the lock is answered %v", err)
	}
	if p := o.list(rosa, store.Query{}); p.Rows[0].What != "Voicemail" {
		t.Errorf("after unlocking it shows %q", p.Rows[0].What.Reveal())
	}
}

func TestFiltersOfTheList(t *testing.T) {
	o := open(t)
	first, second := o.take("p-ana"), o.take("p-ana")
	refill := o.takeIn(intake.Taking{Type: message.TypeRefill, Channel: message.ChannelDesk, TypedBy: "p-ana", Form: map[string]message.Clear{
		"caller": "A", "callback": "1234", "medication": "m", "pharmacy": "p"}})
	_, err := o.desk.Take(t.Context(), rosa, first, desk.Seen{})
	o.must(err)
	_, err = o.desk.Close(t.Context(), rosa, second, desk.Seen{}, message.OutcomeDone, "")
	o.must(err)
	routine := message.Routine
	for name, c := range map[string]struct {
		q    store.Query
		want []message.ID
	}{
		"open":    {store.Query{}, []message.ID{first, refill}},
		"closed":  {store.Query{State: store.ShowClosed}, []message.ID{second}},
		"type":    {store.Query{Type: message.TypeRefill}, []message.ID{refill}},
		"status":  {store.Query{Status: message.Taken}, []message.ID{first}},
		"urgency": {store.Query{Urgency: &routine}, []message.ID{refill}},
		"mine":    {store.Query{Assignee: "p-rosa"}, []message.ID{first}},
	} {
		var got []message.ID
		for _, r := range o.list(rosa, c.q).Rows {
			got = append(got, r.Envelope.ID)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, not %v", name, got, c.want)
		}
	}
	// Pages follow each other, and each is opened.
	page := o.list(rosa, store.Query{Limit: 1})
	rest := o.list(rosa, store.Query{Limit: 5, Before: page.Next})
	if len(page.Rows) != 1 || len(rest.Rows) != 1 || rest.Rows[0].Envelope.ID != refill || rest.Rows[0].Who != "A" || rest.Rows[0].What != "m, p" || rest.Rows[0].TypeShort != "Refill" {
		t.Errorf("the pages have %d and %d rows", len(page.Rows), len(rest.Rows))
	}
}

func TestAMessageIsReadByTheTeamItWasGivenTo(t *testing.T) {
	o := open(t)
	give := func(change func(e *message.Envelope)) message.ID {
		id := o.take("p-ana")
		o.must(o.store.Update(t.Context(), func(tx *store.Tx) error {
			e, _, err := store.GetEnvelope(tx, id)
			if err != nil {
				return err
			}
			e.Team, e.Urgency, e.Clinical = "billing", message.Routine, false
			change(&e)
			return store.PutEnvelope(tx, e)
		}))
		return id
	}
	of := give(func(*message.Envelope) {})
	clinical := give(func(e *message.Envelope) { e.Clinical = true })
	given := give(func(e *message.Envelope) { e.Assignee = rosa.Who })
	urgent := give(func(e *message.Envelope) { e.Urgency, e.Clinical = message.Urgent, true })
	biller := access.Session{Who: "p-bill", Roles: []access.Role{access.FrontDesk}, Teams: []message.TeamID{"billing"}}
	for name, c := range map[string]struct {
		s       access.Session
		id      message.ID
		read    desk.Seal
		mayTake bool
	}{
		"the team":                         {biller, of, desk.Opened, true},
		"another team":                     {rosa, of, desk.NotYours, false},
		"a provider":                       {okafor, of, desk.NotYours, false},
		"a provider, a clinical one":       {okafor, clinical, desk.Opened, true},
		"the front desk, a clinical one":   {rosa, clinical, desk.NotYours, false},
		"who was given it":                 {rosa, given, desk.Opened, true},
		"whoever helps with an urgent one": {rosa, urgent, desk.NotYours, true},
	} {
		v := o.look(c.s, c.id)
		if v.Seal != c.read || v.May.Take != c.mayTake {
			t.Errorf("%s: sealed %q, may take it %v", name, v.Seal, v.May.Take)
		}
		if _, err := o.desk.Take(t.Context(), c.s, c.id, desk.Seen{}); (err == nil) != c.mayTake {
			t.Errorf("%s: taking it is answered %v", name, err)
		}
	}
}
