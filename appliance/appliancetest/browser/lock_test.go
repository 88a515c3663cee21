package browser_test

import (
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
)

// aLockClearsEveryDesk locks by the button: what was shown is gone from all
// pages of all people, also behind the back button, until somebody who reads
// gives their password again.
func aLockClearsEveryDesk(t *testing.T, c *chrome) {
	p := c.practice(t)
	take(t, p, idOf(t, p, appliancetest.Admin), raman)
	rosa, doctor := c.person(t, p), c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	doctor.signIn(okafor)
	rosa.press("J", "Enter")
	rosa.until("the message", `document.querySelector('#pane h2')?.textContent === 'Priya Raman'`)
	second := rosa.anotherTab()
	second.open("/inbox")
	second.shows("Priya Raman")
	second.run(`location.assign('/desk')`) // the list waits behind the back button
	second.lands("desk")
	doctor.shows("Priya Raman")

	rosa.click(`form[action="/lock"] button`)
	rosa.lands("sign-in")
	rosa.shows("Locked. What was shown is gone from every desk.")
	doctor.lands("sign-in")
	second.lands("sign-in")

	for name, desk := range map[string]*tab{"who locked": rosa.tab, "another person": doctor.tab, "another tab": second} {
		desk.run(`history.back()`)
		desk.until("the page before", `document.readyState === 'complete'`)
		desk.clear(name + ", one page back")
		desk.run(`history.forward()`)
	}
	for _, path := range []string{"/inbox", rosa.messagePath()} {
		rosa.open(path)
		rosa.shows("Sealed")
		rosa.clear("who locked, at " + path)
	}
	rosa.open("/sign-in")
	rosa.typeIn(appliancetest.Admin.Password)
	rosa.press("Enter")
	rosa.lands("inbox")
	rosa.shows("Priya Raman")
}

// messagePath is where the first message of the list leads to.
func (b *tab) messagePath() string {
	b.t.Helper()
	b.open("/inbox")
	return ask[string](b, `document.querySelector('#rows .row').getAttribute('href')`)
}

// clear fails the test when the page holds anything of a patient, seen or not.
func (b *tab) clear(who string) {
	b.t.Helper()
	all := ask[string](b, `document.documentElement.outerHTML`)
	if strings.Contains(all, "Raman") || strings.Contains(all, "Lisinopril") {
		b.t.Errorf("%s still holds the patient's name after the lock", who)
	}
}
