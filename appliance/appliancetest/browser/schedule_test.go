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
	c.look(t, rosa, []state{
		{"week", "/on-call", nil}, {"month", "/on-call/month", nil}, {"schedules", "/on-call/schedules", nil}, {"covers", "/on-call/cover", nil},
	})
}
