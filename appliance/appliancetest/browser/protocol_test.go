package browser_test

import (
	"strings"
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
		{"protocol-practice", "/protocol/practice", nil},
		{"protocol-route-rest", "/protocol/routes/everything-else", nil},
		{"protocol-route-remove", "/protocol/routes", func(b *tab) {
			b.click("#closed-today summary")
			b.until("the question", `document.querySelector('#closed-today details[open]')`)
		}},
		{"protocol-coverage", "/protocol/coverage", nil},
		{"protocol-window", "/protocol/coverage/after-hours", nil},
		{"protocol-season", "/protocol/coverage/new", func(b *tab) {
			b.click("input[value=yearly]")
			b.until("the days of every year", `document.getElementById('yf-m').checkVisibility()`)
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
	c.look(t, rosa, []state{{"protocol-practised", "/protocol/practice", func(b *tab) {
		b.run(`for (const e of document.querySelectorAll('#take [required]:not([disabled])')) if (!e.value) e.value = e.tagName === 'SELECT' ? e.options[1].value : e.inputMode === 'tel' ? '503 555 0144' : '3/4/1961'`)
		b.press("Ctrl+Enter")
		b.shows("Nothing was saved, and nobody was rung.")
	}}})
	err = p.EditProtocol(t.Context(), string(idOf(t, p, appliancetest.Admin)), 0, func(p *protocol.Protocol) error {
		w, _ := p.Window("lunch")
		w.Weekly = []protocol.Hours{{Days: []protocol.Weekday{"mon", "tue"}, From: "11:00", To: "14:00"}}
		p.SetWindow(w)
		p.SetWindow(protocol.Window{Name: "Flu season", Answers: "overflow desk", From: "--10-01", To: "--03-31"})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.look(t, rosa, []state{{"protocol-coverage-gaps", "/protocol/coverage", nil}})
}

// newWords says that the script shown has the words that were typed.
const newWords = `[...document.querySelectorAll('.script ol:not([hidden]) .say')].some(e => e.textContent === '“Which medicine, please, and what does the label say?”')`

// anOfficeManagerChangesTheScript changes the words of a step, reviews what that
// changes, tries it, publishes it, and takes the next call by it.
func anOfficeManagerChangesTheScript(t *testing.T, c *chrome) {
	p := c.practice(t)
	rosa := c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	rosa.open("/protocol/types/refill/script")
	rosa.click("#step-medicine summary")
	rosa.run(`document.querySelector('#step-medicine textarea[name=say]').select()`)
	rosa.run(`document.querySelector('#step-medicine textarea[name=say]').focus()`)
	rosa.typeIn("Which medicine, please, and what does the label say?")
	rosa.click("#step-medicine button[value=save]")
	rosa.shows("“Which medicine, please, and what does the label say?”")
	rosa.shows("This is a draft. Calls are taken by what was published.")

	rosa.open("/protocol/practice")
	rosa.press("3")
	rosa.until("the draft's words", newWords)
	rosa.press("Alt+A") // nobody is in danger
	rosa.press("Alt+Down")
	rosa.run(`for (const [name, value] of [['f.caller', 'Nobody'], ['f.callback', '503 555 0144'], ['f.medication', 'none'], ['f.pharmacy', 'none']]) for (const e of document.getElementsByName(name)) if (!e.disabled) e.value = value`)
	rosa.press("Ctrl+Enter")
	rosa.shows("Nothing was saved, and nobody was rung.")
	if said := ask[string](rosa.tab, `document.querySelector('#main').innerText`); !strings.Contains(said, "Is anybody in danger?: No") || !strings.Contains(said, "passed over") {
		t.Errorf("the practice call says\n%s", said)
	}

	rosa.open("/protocol/review")
	rosa.shows("The words to say of “Which medicine?” changed.")
	rosa.run(`document.getElementById('note').focus()`)
	rosa.typeIn("a clearer question")
	rosa.press("Enter")
	rosa.shows("Version 2 counts from now on.")

	rosa.open("/take")
	rosa.press("3")
	rosa.until("the script with the new words", newWords)
}
