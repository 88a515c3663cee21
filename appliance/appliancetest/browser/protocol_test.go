package browser_test

import (
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/protocol"
)

// theProtocolIsWrittenOnPagesThatLookRight looks at the pages of whoever writes the
// protocol: as it counts, and with a draft.
func theProtocolIsWrittenOnPagesThatLookRight(t *testing.T, c *chrome) {
	p := c.practice(t)
	rosa := c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	c.look(t, rosa, []state{
		{"protocol", "/protocol", nil},
		{"protocol-version", "/protocol/versions/1", nil},
		{"protocol-explain", "/protocol/explain?type=urgent&at=2026-11-01T01:30", nil},
	})
	c.look(t, rosa, []state{
		{"protocol-types", "/protocol/types", nil},
		{"protocol-type", "/protocol/types/refill", func(b *tab) {
			b.click("#field-days_left summary")
			b.until("the form of a field", `document.querySelector('#field-days_left[open]')`)
		}},
		{"protocol-script", "/protocol/types/urgent/script", func(b *tab) {
			b.click("#step-danger summary")
			b.until("the form of a step", `document.querySelector('#step-danger details[open]')`)
		}},
		{"protocol-flags", "/protocol/flags", func(b *tab) {
			b.run(`document.getElementById('sentence').value = 'no chest pain, but he cannot breathe'; document.querySelector('button[value=try]').click()`)
			b.until("what it raises", `document.body.innerText.includes('“cannot breathe”') && document.readyState === 'complete'`)
		}},
		{"protocol-flag", "/protocol/flags/chest-pain", nil},
		{"protocol-routes", "/protocol/routes", nil},
		{"protocol-route", "/protocol/routes/closed-today", nil},
		{"protocol-coverage", "/protocol/coverage", func(b *tab) {
			b.click("#lunch summary")
			b.until("the form of a time", `document.querySelector('#lunch[open]')`)
		}},
	})
	dental, err := protocol.Shipped("dental")
	if err != nil {
		t.Fatal(err)
	}
	file, err := protocol.Encode(dental)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.ImportProtocol(t.Context(), string(idOf(t, p, appliancetest.Admin)), file); err != nil {
		t.Fatal(err)
	}
	c.look(t, rosa, []state{
		{"protocol-draft", "/protocol", nil},
		{"protocol-review", "/protocol/review", nil},
	})
}
