package browser_test

import (
	"fmt"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
)

// aNewPracticeLooksRight looks at pages that have nothing to show yet, and at
// the door.
func aNewPracticeLooksRight(t *testing.T, c *chrome) {
	begin, _ := monday(t)
	from := c.bare.copy(t)
	p := appliancetest.Start(t, appliancetest.On(from.data, from.kit, begin))
	stranger := c.person(t, p)
	stranger.watch.expect("the server responded with a status of 4")
	c.look(t, stranger, []state{
		{"sign-in", "/sign-in", nil},
		{"sign-in-refused", "/sign-in", func(b *tab) {
			b.typeIn("rosa")
			b.press("Tab")
			b.typeIn("not the password of rosa")
			b.press("Enter")
			b.shows("That name and password do not go together.")
		}},
		{"nothing-there-signed-out", "/nothing-there", nil},
	})
	rosa := c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	c.look(t, rosa, []state{
		{"inbox-empty", "/inbox", nil},
		{"inbox-empty-filtered", "/inbox?view=mine", nil},
		{"on-call-empty", "/on-call", nil},
		{"devices-empty", "/devices", nil},
		{"backups-none", "/backups", nil},
		{"queue-empty", "/queue", nil},
		{"people-alone", "/people", nil},
		{"settings-empty", "/settings", nil},
		{"findings-many", "/findings", nil},
	})
}

// aBusyOfficeLooksRight looks at everything there is on a Tuesday morning; then
// an urgent call comes in, and then the office is locked.
func aBusyOfficeLooksRight(t *testing.T, c *chrome) {
	o := c.office(t)
	o.long = take(t, o.Practice, o.session(appliancetest.Admin).Who, longWinded()).ID
	if _, err := o.BackUp(t.Context(), "", nil); err != nil {
		t.Fatal(err)
	}
	rosa := c.person(t, o.Practice)
	rosa.signIn(appliancetest.Admin)
	rosa.watch.expect("the server responded with a status of 4")
	rosa.watch.expect("'beforeunload'") // the form asks before what was typed is left
	c.look(t, rosa, o.pages())
	c.look(t, rosa, takePages())
	c.look(t, rosa, bellPages())
	c.look(t, rosa, schedulePages())
	c.look(t, rosa, onCallPages())
	calls := c.person(t, o.Practice)
	calls.signIn(ana)
	calls.watch.expect("the server responded with a status of 4")
	c.look(t, calls, []state{
		{"inbox-call-taker", "/inbox", nil},
		{"message-of-others", "/messages/" + string(o.called), nil},
		{"not-allowed", "/settings", nil},
	})

	o.Smarthost.Do(smarthost.Temporary)
	take(t, o.Practice, idOf(t, o.Practice, ana), quintero)
	o.Until(t, "mail that waits", func() bool {
		waiting, err := o.Waiting()
		return err == nil && len(waiting) > 0 && waiting[0].Attempts > 0
	})
	c.look(t, rosa, o.ringingPages(t))
	phone := c.person(t, o.Practice)
	phone.watch.expect("the server responded with a status of 4")
	c.look(t, phone, answerPages(t, o.Practice, o.newest(t)))

	if err := o.Lock(t.Context(), "owner"); err != nil {
		t.Fatal(err)
	}
	c.look(t, rosa, []state{
		{"inbox-locked", "/inbox", nil},
		{"message-locked", "/messages/" + string(o.taken), nil},
		{"take-locked", "/take", nil},
		{"sign-in-again", "/sign-in?locked=1", nil},
	})
	c.look(t, c.person(t, o.Practice), []state{{"sign-in-locked", "/sign-in", nil}})
}

// pages are the pages of somebody at the front desk who manages the office.
func (o *office) pages() []state {
	message := func(id any) string { return fmt.Sprintf("/messages/%s", id) }
	opened := func(key, form string) func(*tab) {
		return func(b *tab) {
			b.press(key)
			b.until("the form", fmt.Sprintf(`!document.getElementById(%q).hidden`, form))
			if typed := ask[bool](b, fmt.Sprintf(`[...document.querySelectorAll('#%s textarea')].some(e => e.value)`, form)); typed {
				b.t.Errorf("the key %s is typed into what it opened", key)
			}
		}
	}
	return []state{
		{"inbox", "/inbox", nil},
		{"inbox-open", "/inbox?open=" + string(o.taken), nil},
		{"inbox-closed", "/inbox?view=closed", nil},
		{"inbox-refills", "/inbox?type=refill&urgency=same-day", nil},
		{"message-new", message(o.fresh), nil},
		{"message-taken", message(o.taken), nil},
		{"message-called-back", message(o.called), nil},
		{"message-closed", message(o.closed), nil},
		{"message-handed-off", message(o.handed), nil},
		{"message-urgent-worked", message(o.urgent), nil},
		{"message-voicemail", message(o.voicemail), nil},
		{"message-web-mail", message(o.page), nil},
		{"message-long", message(o.long), nil},
		{"message-call-back", message(o.taken), opened("C", "do-call-back")},
		{"message-hand-off", message(o.taken), opened("H", "do-hand-off")},
		{"message-note", message(o.taken), opened("M", "do-note")},
		{"message-close", message(o.called), opened("E", "do-close")},
		{"message-urgency", message(o.taken), opened("U", "do-urgency")},
		{"message-send", message(o.taken), opened("S", "do-send")},
		{"message-print", message(o.taken) + "/print", nil},
		{"message-chart", message(o.taken) + "/chart", nil},
		{"people", "/people", nil},
		{"people-change", "/people", func(b *tab) {
			b.click(".person summary")
			b.until("the form", `document.querySelector('.person[open]')`)
		}},
		{"people-refused", "/people", func(b *tab) {
			b.run(`document.getElementById('a-fn').value = 'Sam Reyes'; document.getElementById('a-n').value = 'sam'; document.getElementById('a-p').value = 'short';
				document.querySelector('form[action="/people"] [name=roles]').checked = true; document.querySelector('form[action="/people"]').requestSubmit()`)
			b.until("the refusal", `[...document.querySelectorAll('[role=alert]')].some(e => e.checkVisibility() && e.innerText)`)
		}},
		{"devices", "/devices", nil},
		{"devices-password", "/devices", func(b *tab) {
			b.run(`document.getElementById('dev-name').value = 'front-scanner'; document.querySelector('form[action="/devices"]').requestSubmit()`)
			b.until("the password", `document.getElementById('secret')`)
		}},
		{"on-call", "/on-call", nil},
		{"settings", "/settings", nil},
		{"backups", "/backups", nil},
		{"queue", "/queue", nil},
		{"audit", "/audit", nil},
		{"findings", "/findings", nil},
		{"desk", "/desk", nil},
		{"menu", "/menu", nil},
		{"keys", "/inbox", func(b *tab) { b.press("?"); b.until("the keys", `document.getElementById('keys').open`) }},
		{"nothing-there", "/messages/none", nil},
	}
}

// takePages are the form of each call type, one that could not be saved, and the
// page after saving.
func takePages() []state {
	var pages []state
	for i, kind := range []string{"new", "change", "refill", "urgent", "results", "billing", "practice", "complaint", "wrong", "other"} {
		key := fmt.Sprint((i + 1) % 10)
		pages = append(pages, state{"take-" + kind, "/take", func(b *tab) {
			b.press(key)
			b.until("its fields", fmt.Sprintf(`document.querySelector('input[name=type]:checked').value === %q`, kind))
		}})
	}
	const filled = `for (const [name, value] of Object.entries({ 'f.caller': 'Nadia Nowak', 'f.callback': %q, 'f.born': %q, 'f.reason': 'Yearly check-up' }))
		for (const e of document.getElementsByName(name)) if (!e.disabled) e.value = value;
		document.getElementById('take').requestSubmit()`
	return append(pages,
		state{"take-refused", "/take", func(b *tab) {
			b.run(fmt.Sprintf(filled, "12", "45/99/20"))
			b.until("what is wrong", `document.querySelector('.hint--bad')`)
		}},
		state{"take-red-flag", "/take", func(b *tab) {
			b.press("4")
			b.run(`const e = [...document.getElementsByName('f.symptoms')].find(e => !e.disabled); e.value = 'chest pain, SSN 078-05-1120'; e.dispatchEvent(new Event('input', { bubbles: true }))`)
			b.until("the red flag", `document.getElementById('red-flags').innerText.includes('Chest pain')`)
		}},
		state{"saved", "/take", func(b *tab) {
			b.run(fmt.Sprintf(filled, "503 555 0144", "3/3/88"))
			b.until("the number", `document.querySelector('.readback') && document.readyState === 'complete'`)
		}})
}

// newest is the message that came in last.
func (o *office) newest(t *testing.T) message.ID {
	t.Helper()
	list, err := o.Envelopes(1)
	if err != nil {
		t.Fatal(err)
	}
	return list[0].ID
}

// bellPages are the pages around the bell while nothing rings.
func bellPages() []state {
	return []state{
		{"board-empty", "/bell", nil},
		{"policies", "/bell/policies", nil},
		{"policies-tried", "/bell/policies?type=urgent&urgency=urgent&at=2026-11-29T02:10", nil},
		{"policy", "/bell/policies/edit?type=urgent&urgency=urgent", nil},
		{"policy-refused", "/bell/policies/edit?type=urgent&urgency=urgent", func(b *tab) {
			b.run(`document.getElementById('wait-1').value = 'soon'; document.querySelector('[value=save]:not(.vh)').click()`)
			b.shows("Give a time as 30s, 5m or 1h.")
		}},
		{"channels", "/channels", nil},
		{"notice-words", "/channels/words?kind=mail", nil},
	}
}

// onCallPages are the pages that the one of on call leads to.
func onCallPages() []state {
	return []state{
		{"my-on-call", "/on-call/mine", nil},
		{"on-call-print", "/on-call/print", nil},
		{"on-call-import", "/on-call/import", nil},
		{"subscribe", "/on-call/subscribe", nil},
		{"subscribed", "/on-call/subscribe", func(b *tab) {
			b.run(`document.querySelector('form[action="/on-call/subscribe"]').requestSubmit()`)
			b.until("the address", `document.getElementById('secret')`)
		}},
	}
}

// ringingPages are pages while an urgent call waits.
func (o *office) ringingPages(t *testing.T) []state {
	t.Helper()
	ringing := string(o.newest(t))
	return []state{
		{"ringing-board", "/bell", nil},
		{"ringing-inbox", "/inbox", nil},
		{"ringing-inbox-open", "/inbox?open=" + ringing, nil},
		{"ringing-message", "/messages/" + ringing, nil},
		{"ringing-take", "/take", nil},
		{"ringing-on-call", "/on-call", nil},
		{"ringing-queue", "/queue", nil},
		{"ringing-people", "/people", nil},
	}
}

// schedulePages are the pages that make a schedule, before there is one.
func schedulePages() []state {
	return []state{
		{"schedules-none", "/on-call/schedules", nil},
		{"schedule-new", "/on-call/schedule", func(b *tab) {
			b.run(`document.querySelector('[name=do][value^=rotation]').click()`)
			b.until("the rotation", `document.querySelector('[name="l1.r1.every"]')`)
		}},
		{"cover", "/on-call/cover", nil},
	}
}
