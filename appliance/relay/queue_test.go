package relay_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

func TestTheWaitGrowsToItsLimit(t *testing.T) {
	for _, c := range []struct {
		name   string
		urgent bool
		limit  time.Duration
	}{
		{"half an hour", false, 30 * time.Minute},
		{"a minute for an urgent call", true, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			o, host := newOffice(t), startHost(t, smarthost.Options{})
			host.Do(smarthost.Drop)
			o.use(host)
			o.run()
			o.enqueue(o.notice(c.urgent))
			for n := 1; n <= 13; n++ {
				e := o.until("the next attempt", tried(n))[0]
				full := min(c.limit, time.Second<<(n-1))
				wait := e.NextAt.Sub(o.clock.Now())
				if wait > full || wait <= full/2-time.Millisecond {
					t.Errorf("after attempt %d it waits %s, want between %s and %s", n, wait, full/2, full)
				}
				o.turn(wait)
			}
		})
	}
}

func TestTheQueueSurvivesARestart(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	m := o.notice(true)
	o.enqueue(m)
	o.restart() // locked: notices go all the same
	o.run()
	got := receive(t, host, 1)[0]
	if !bytes.Contains(got.Data, []byte("Message-ID: <"+string(m.ID)+"@")) {
		t.Error("it went under another Message-ID")
	}
	o.until("an empty queue", empty)
}

func TestAMailThatCannotBeReadKeepsNoOtherAndIsSaid(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	early, late := newID(t), newID(t)
	o.update(func(tx *store.Tx) error { return tx.Put("outbox", string(early), []byte("{")) })
	o.run()
	o.update(func(tx *store.Tx) error { return tx.Put("outbox", string(late), []byte("{")) })
	o.enqueue(o.notice(true))
	receive(t, host, 1)
	list := o.until("the two that stay", func(list []relay.Entry) bool { return len(list) == 2 })
	for _, e := range list {
		if e.State != relay.StateRefused || e.Why == "" {
			t.Errorf("the queue has %+v", e)
		}
		o.update(func(tx *store.Tx) error { return o.queue.Drop(tx, e.ID) })
	}
	o.until("an empty queue", empty)
	host.Do(smarthost.Temporary)
	m := o.notice(true)
	o.enqueue(m)
	o.update(func(tx *store.Tx) error { return tx.Put("outbox", string(m.ID), []byte("{")) })
	m.ID = newID(t)
	o.enqueue(m)
	if list := o.entries(); len(list) != 1 || list[0].ID != m.ID {
		t.Errorf("the newer notice did not take its place: %+v", list)
	}
}

func TestAMailOfUnknownOutcomeGoesAgainUnderTheSameID(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	host.Do(smarthost.DropAtEnd)
	o.use(host)
	o.run()
	m := o.notice(true)
	o.enqueue(m)
	receive(t, host, 1)
	o.until("the first attempt", tried(1))
	host.Do(smarthost.Take)
	o.turn(time.Second)
	mails := receive(t, host, 2)
	if !bytes.Equal(mails[0].Data, mails[1].Data) {
		t.Error("the second is another mail")
	}
	o.until("an empty queue", empty)
}

func TestANewerNoticeTakesThePlaceOfTheOneBefore(t *testing.T) {
	o := newOffice(t)
	first := o.notice(true)
	second := first
	second.ID, second.Subject = newID(t), "call 2"
	o.enqueue(first)
	o.enqueue(second)
	if list := o.entries(); len(list) != 1 || list[0].ID != second.ID {
		t.Errorf("the queue has %+v", list)
	}
	o.update(func(tx *store.Tx) error { return o.queue.Withdraw(tx, first.Key) })
	if list := o.entries(); len(list) != 0 {
		t.Errorf("after withdrawing the queue has %+v", list)
	}
	o.update(func(tx *store.Tx) error { return o.queue.Withdraw(tx, first.Key) }) // nothing there is no error
	o.enqueue(first)
	o.update(func(tx *store.Tx) error { return o.queue.Drop(tx, first.ID) })
	err := o.store.Update(t.Context(), func(tx *store.Tx) error { return o.queue.Drop(tx, first.ID) })
	if !errors.Is(err, relay.ErrNotQueued) {
		t.Errorf("dropping it twice answers %v", err)
	}
}

func TestRunEndsThoughTheSmarthostIsSilent(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	host.Do(smarthost.Silent)
	o.use(host)
	end := o.run()
	o.enqueue(o.notice(true))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := host.WaitAttempts(ctx, 1); err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	end()
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took %s", took)
	}
	if list := o.entries(); len(list) != 1 || list[0].Attempts != 0 {
		t.Errorf("being stopped was counted: %+v", list)
	}
}

func TestASilentSmarthostDoesNotHoldUpTheQueueForEver(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	host.Do(smarthost.Silent)
	o.use(host)
	o.queue = relay.NewQueue(relay.OutOptions{Store: o.store, Vault: o.vault, Clock: o.clock, Patience: 50 * time.Millisecond})
	o.run()
	o.enqueue(o.notice(true))
	if e := o.until("an attempt", tried(1))[0]; !strings.Contains(e.Why, "does not answer") {
		t.Errorf("why is %q", e.Why)
	}
}

func TestATestMailSaysWhatHappened(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	var unsent *relay.Unsent
	if _, err := o.queue.Test(t.Context(), "doctor@hospital.example"); !errors.As(err, &unsent) || !strings.HasPrefix(unsent.Why, "No smarthost is set.") {
		t.Errorf("without a smarthost the answer is %v", err)
	}
	o.use(host)
	said, err := o.queue.Test(t.Context(), "doctor@hospital.example")
	if err != nil || !strings.Contains(said, "was taken by 127.0.0.1 over TLS 1.3") {
		t.Errorf("it says %q, %v", said, err)
	}
	host.Do(smarthost.RefuseAuth)
	if _, err := o.queue.Test(t.Context(), "doctor@hospital.example"); !errors.As(err, &unsent) || !strings.Contains(unsent.Why, "refused the sign-in") {
		t.Errorf("with a wrong password the answer is %v", err)
	}
	if len(host.Mails()) != 1 || len(o.entries()) != 0 {
		t.Errorf("%d mails arrived, %d are queued", len(host.Mails()), len(o.entries()))
	}
}

func TestTheStateOfTheWayOutIsWhatTheLastTrySaid(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	want := func(when, address string, condition notify.Condition, why string) {
		t.Helper()
		err := o.store.View(func(tx *store.Tx) error {
			if have, words := o.queue.Mail(tx, address); have != condition || !strings.Contains(words, why) || (why == "") != (words == "") {
				t.Errorf("%s: condition %d, %q; want %d, %q", when, have, words, condition, why)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	test := func(does smarthost.Behaviour, to string) {
		host.Do(does)
		o.queue.Test(t.Context(), to)
	}
	want("before anything is set", "a@x.example", notify.Absent, "No smarthost")
	o.use(host)
	want("before the first try", "a@x.example", notify.Working, "")
	test(smarthost.WrongName, "a@x.example")
	want("after a bad certificate", "b@x.example", notify.Doubtful, "another name")
	test(smarthost.Take, "a@x.example")
	want("after a good one", "b@x.example", notify.Working, "")
	test(smarthost.Permanent, "b@x.example")
	want("after an address was refused, for it", "b@x.example", notify.Doubtful, "does not know the address")
	want("after an address was refused, for others", "a@x.example", notify.Working, "")
	test(smarthost.Take, "b@x.example")
	want("after it was taken", "b@x.example", notify.Working, "")
}

func TestTheQueueShowsNoPerson(t *testing.T) {
	o := newOffice(t)
	o.enqueue(o.notice(true))
	shown, err := json.Marshal(o.entries())
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"doctor@", "N-1042", "hurry"} {
		if bytes.Contains(shown, []byte(secret)) {
			t.Errorf("the queue shows %q: %s", secret, shown)
		}
	}
	for _, key := range []string{"id", "to_domain", "kind", "state", "attempts", "next_at", "why"} {
		if !bytes.Contains(shown, []byte(`"`+key+`":`)) {
			t.Errorf("the queue lacks %q: %s", key, shown)
		}
	}
}

func TestASmarthostThatIsNotThereIsSaidSo(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	host.Close()
	o.run()
	o.enqueue(o.notice(false))
	if e := o.until("an attempt", tried(1))[0]; !strings.Contains(e.Why, "127.0.0.1 cannot be reached") {
		t.Errorf("why is %q", e.Why)
	}
}

func TestUrgentNoticesGoFirst(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.queue = relay.NewQueue(relay.OutOptions{Store: o.store, Vault: o.vault, Clock: o.clock, Patience: time.Second})
	host.Do(smarthost.Silent) // what goes first is held, so that nothing overtakes it
	o.use(host)
	for range 8 { // more than go at once
		o.enqueue(o.notice(false))
	}
	o.clock.Advance(time.Second) // the youngest
	urgent := o.notice(true)
	o.enqueue(urgent)
	o.run()
	first := func(list []relay.Entry) (ids []message.ID) {
		for _, e := range list {
			if e.Attempts > 0 {
				ids = append(ids, e.ID)
			}
		}
		return ids
	}
	list := o.until("the first to be given up", func(list []relay.Entry) bool { return len(first(list)) >= 5 }) // four go at once, and the urgent one beside them
	if !slices.Contains(first(list), urgent.ID) {
		t.Errorf("%v went first, and the urgent one not", first(list))
	}
}

func TestMailsThatASilentServerHoldsDoNotHoldBackAnUrgentNotice(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	host.Do(smarthost.Silent)
	o.use(host)
	for range 8 {
		o.enqueue(o.notice(false))
	}
	o.run()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := host.WaitAttempts(ctx, 4); err != nil {
		t.Fatal(err)
	}
	host.Do(smarthost.Take) // for whoever comes from now on
	urgent := o.notice(true)
	o.enqueue(urgent)
	mails, err := host.Wait(ctx, 1)
	if err != nil || !bytes.Contains(mails[0].Data, []byte(urgent.ID)) {
		t.Errorf("%d mails went out, %v", len(mails), err)
	}
}

func TestARepeatOfAnUrgentNoticeDoesNotWaitForTheBackoffOfTheOneBefore(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	host.Do(smarthost.Temporary)
	o.use(host)
	o.run()
	first := o.notice(true)
	o.enqueue(first)
	for n := 1; n <= 6; n++ { // the clock stands still: its next try is half a minute away
		o.until("an attempt", tried(n))
		if n < 6 {
			o.queue.LookAnew()
		}
	}
	host.Do(smarthost.Take)
	repeat := first
	repeat.ID, repeat.Subject = newID(t), "call 2"
	o.enqueue(repeat)
	if mails := receive(t, host, 1); !bytes.Contains(mails[0].Data, []byte(repeat.ID)) {
		t.Error("another mail went out")
	}
}

func TestATimeFarAheadIsNotBelieved(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	o.use(host)
	m := o.notice(true)
	m.At = o.clock.Now().AddDate(3, 0, 0) // the clock was wrong when it was queued
	o.enqueue(m)
	o.restart() // nothing but time makes it due
	o.run()
	o.turn(time.Minute)
	receive(t, host, 1)
	o.until("an empty queue", empty)
}

func TestAPersonIsToldOfMailThatDoesNotGo(t *testing.T) {
	o, host := newOffice(t), startHost(t, smarthost.Options{})
	want := func(when string, ids ...string) {
		t.Helper()
		err := o.store.View(func(tx *store.Tx) error {
			list, err := o.queue.Findings(tx, o.clock.Now())
			var have []string
			for _, f := range list {
				have = append(have, f.ID)
				if f.Text == "" || f.Do == "" || strings.Contains(f.Text, "@") {
					t.Errorf("%s: %+v", when, f)
				}
			}
			if !slices.Equal(have, ids) {
				t.Errorf("%s: findings are %q, want %q", when, have, ids)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	o.use(host)
	want("when all is well")
	host.Do(smarthost.Permanent)
	end := o.run()
	o.enqueue(o.notice(true))
	o.until("a refusal", tried(1))
	want("after a refusal", "mail.refused")
	end()
	host.Do(smarthost.WrongName)
	o.run()
	o.enqueue(o.notice(true))
	o.until("two attempts", func(list []relay.Entry) bool { return len(list) == 2 && list[1].Attempts == 1 })
	want("after a failure", "mail.way", "mail.refused")
	o.clock.Advance(16 * time.Minute)
	want("a quarter of an hour later", "mail.way", "mail.refused", "mail.waiting")
}
