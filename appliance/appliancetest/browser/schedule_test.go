package browser_test

import (
	"testing"

	"nightbell/appliance/appliancetest"
)

// aScheduleIsMadeAndCovered makes a schedule by its form, looks at the week, and
// puts somebody in another's place by keyboard, then by dragging.
func aScheduleIsMadeAndCovered(t *testing.T, c *chrome) {
	p := c.practice(t)
	rosa := c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	rosa.open("/on-call/schedule")
	rosa.run(`document.querySelector('[name=do][value^=rotation]').click()`)
	rosa.until("the rotation", `document.querySelector('[name="l1.r1.every"]')`)
	rosa.run(`const set = (n, v) => { document.querySelector('[name="' + n + '"]').value = v };
		set('name', 'Practice'); set('l1.name', 'First'); set('l1.r1.start', '2026-10-05');
		const who = document.querySelector('[name="l1.r1.people"]'); who.selectedIndex = 1;
		document.querySelector('[value=save]:not(.vh)').click()`)
	rosa.shows("Saved.")
	rosa.open("/on-call")
	rosa.run(`[...document.querySelectorAll('[data-piece]')].at(-1).focus()`)
	rosa.press("Enter")
	rosa.until("the form for cover", `document.getElementById('c-from')?.value`)
	rosa.run(`document.getElementById('c-by').selectedIndex = document.getElementById('c-by').options.length - 1; document.querySelector('form[action="/on-call/cover"] .btn--go').focus()`)
	rosa.press("Enter")
	rosa.shows("Saved.")
	rosa.open("/on-call")
	rosa.drag("[data-piece]", "[data-who]")
	rosa.until("the form with both", `document.getElementById('c-from')?.value && document.getElementById('c-by').value`)
	doctor := c.person(t, p)
	doctor.signIn(okafor)
	doctor.open("/on-call/mine")
	doctor.run(`const form = document.querySelector('form[action="/on-call/mine/ways"]:has([name=address]:not([type=hidden]))');
		form.elements.kind.value = 'sms'; form.elements.address.value = '(503) 555-0123'; form.querySelector('button').click()`)
	doctor.shows("Saved.")
	doctor.open("/on-call/cover")
	doctor.run(`const set = (n, v) => { document.querySelector('[name="' + n + '"]').value = v };
		document.querySelector('[name=kind][value=swap]').click();
		const day = d => { const t = new Date(Date.now() + d * 864e5); return t.toISOString().slice(0, 10) + 'T07:00' };
		set('from', day(2)); set('to', day(3));
		const by = document.querySelector('[name=by]'); by.value = [...by.options].find(o => o.text.includes('indqvist')).value;
		document.querySelector('form[action="/on-call/cover"] .btn--go').click()`)
	doctor.shows("Saved.")
	c.look(t, doctor, []state{{"my-shifts", "/on-call/mine", nil}, {"my-swaps", "/on-call/cover", nil}})
	c.look(t, rosa, []state{
		{"week", "/on-call", nil}, {"month", "/on-call/month", nil}, {"schedules", "/on-call/schedules", nil}, {"covers", "/on-call/cover", nil},
		{"wall", "/on-call/print", nil},
		{"schedule", "/on-call/schedules", func(b *tab) {
			b.run(`document.querySelector('main a[href^="/on-call/schedule?id"]').click()`)
			b.until("the schedule", `document.querySelector('[name="l1.r1.every"]')`)
		}},
	})
}
