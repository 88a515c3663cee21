package browser_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/protocol"
)

// aCallIsTakenByKeyboardOnly signs in, takes a refill call and reads its number
// back. There is no click in it.
func aCallIsTakenByKeyboardOnly(t *testing.T, c *chrome) {
	rosa := c.person(t, c.practice(t))
	rosa.signIn(appliancetest.Admin)
	rosa.press("N")
	rosa.lands("take")
	rosa.press("3")
	rosa.until("the fields of a refill", `document.querySelector('input[name=type]:checked').value === 'refill' && document.activeElement.name === 'type'`)

	rosa.fill("Caller", "Priya Raman")
	rosa.fill("Caller is", "the patient")
	rosa.fill("Call back number", "503 555 0148")
	rosa.fill("Number read back", "Space")
	rosa.fill("May we leave word?", "")
	rosa.fill("Needs", "")
	rosa.fill("Patient", "")
	rosa.fill("Born", "4/12/61")
	rosa.fill("Provider", "Dr. Okafor")
	rosa.fill("Medication", "Lisinopril")
	rosa.fill("Dose", "10 mg")
	rosa.fill("Pharmacy", "Elm Street Pharmacy")
	rosa.fill("Days left", "none")
	rosa.fill("Allergies to medicines", "")
	rosa.fill("Pregnant or breastfeeding", "")
	rosa.fill("Anything else", "leaves on Thursday")
	rosa.press("Ctrl+Enter")

	rosa.until("the number to read back", `document.querySelector('.readback') && document.readyState === 'complete'`)
	number := ask[string](rosa.tab, `document.querySelector('.readback').textContent`)
	if !regexp.MustCompile(`^N-\d+$`).MatchString(number) {
		t.Errorf("the number to read back is %q", number)
	}
	rosa.press("Escape")
	rosa.lands("inbox")
	row := rosa.rowOf(number)
	rosa.until("the row to say who called about what", row+`.innerText.includes('Priya Raman') && `+row+`.innerText.includes('Lisinopril 10 mg, Elm Street Pharmacy')`)
	rosa.until("the row to say that it is for today, since none are left", row+`.innerText.includes('Same day')`)
}

// aRedFlagAsksWhileTyping types dangerous words into an ordinary call: the page asks
// the taker, whose answer makes it urgent.
func aRedFlagAsksWhileTyping(t *testing.T, c *chrome) {
	rosa := c.person(t, c.practice(t))
	rosa.signIn(appliancetest.Admin)
	rosa.open("/take")
	rosa.press("0")
	rosa.until("the fields of any other call", `document.querySelector('input[name=type]:checked').value === 'other'`)
	rosa.fill("Caller", "Ines Holm")
	rosa.fill("Caller is", "")
	rosa.fill("Call back number", "503 555 0155")
	rosa.until("the number as it is read aloud", `[...document.querySelectorAll('[data-read]')].some(e => e.checkVisibility() && e.textContent === '(503) 555-0155')`)
	rosa.run(`document.querySelector('[data-for~="other"]:not([hidden]) textarea[name="f.reason"]').focus()`)
	rosa.typeIn("Wants her records, and has had chest pain since noon")
	rosa.until("the red flag", `document.getElementById('red-flags').innerText.includes('Red flag: Chest pain')`)
	if raised := ask[bool](rosa.tab, `document.querySelector('input[name=urgency]:checked').value === 'urgent'`); raised {
		t.Error("the words alone made it urgent")
	}
	rosa.press("Alt+Y")
	rosa.until("an urgent call", `document.querySelector('input[name=urgency]:checked').value === 'urgent' && document.getElementById('red-flags').hidden`)
	rosa.typeIn(", SSN 078-05-1120")
	rosa.until("the word that it is not needed", `[...document.querySelectorAll('.hint--warn')].some(e => e.checkVisibility() && e.textContent.includes('a Social Security number'))`)
	rosa.press("Ctrl+Enter")
	rosa.until("the number to read back", `document.querySelector('.readback') && document.readyState === 'complete'`)
	rosa.open("/inbox")
	rosa.until("the red bar", `document.querySelector('#alarms .alarm')`)
}

// fill tabs to the next field, which must be the one with this label, and
// answers it: text is typed, a choice is picked by its first letters, a tick set.
func (b *tab) fill(label, answer string) {
	b.t.Helper()
	b.press("Tab")
	at := ask[struct{ Label, Kind, Outline string }](b, `(e => ({
		Label: e.labels?.[0]?.innerText.trim().split('\n')[0] ?? e.outerHTML,
		Kind: e.type,
		Outline: getComputedStyle(e).outlineStyle,
	}))(document.activeElement)`)
	if at.Label != label {
		b.fatalf("Tab leads to %q, not to %q", at.Label, label)
	}
	if at.Outline == "none" {
		b.t.Errorf("%s does not show that it has the focus", label)
	}
	if answer == "Space" {
		b.press("Space")
	} else if answer != "" {
		b.typeIn(answer)
	}
	want := map[string]string{"checkbox": `document.activeElement.checked`, "select-one": `document.activeElement.selectedOptions[0].textContent === ` + quoted(answer)}[at.Kind]
	if want == "" {
		want = `document.activeElement.value === ` + quoted(answer)
	}
	if answer != "" {
		b.until(label+" to hold what was typed", want)
	}
}

// rowOf is the script for the row of a message in the list.
func (b *tab) rowOf(number string) string {
	return `[...document.querySelectorAll('#rows .row')].find(r => r.innerText.includes(` + quoted(number) + `))`
}

// eachKindOfCallIsTakenInOnePass takes a call of every kind by keyboard alone, as a
// new call taker would: its key, its script from step to step by the first answer,
// its fields one after the other, and Ctrl+Enter.
func eachKindOfCallIsTakenInOnePass(t *testing.T, c *chrome) {
	rosa := c.person(t, c.practice(t))
	rosa.signIn(appliancetest.Admin)
	for i, kind := range protocol.BuiltIn().Types {
		rosa.open("/take")
		rosa.press(kind.Key)
		rosa.until("the fields of "+kind.Name, `document.querySelector('input[name=type]:checked').value === `+quoted(string(kind.ID)))
		rosa.followsTheScript(kind)
		for range 60 {
			rosa.press("Tab")
			if rosa.fillsIn() {
				break
			}
		}
		rosa.press("Ctrl+Enter")
		rosa.until("the number of a call of "+kind.Name, `document.querySelector('.readback') && document.readyState === 'complete'`)
		number := ask[string](rosa.tab, `document.querySelector('.readback').textContent`)
		if want := fmt.Sprintf("N-%d", 1001+i); number != want {
			t.Errorf("%s is %s, not %s", kind.Name, number, want)
		}
		rosa.run(`document.querySelector('section.card a[href^="/messages/"]').click()`) // alarms that arrive move what a mouse would hit
		rosa.until("the message", `document.querySelector('main details')`)
		rosa.run(`for (const d of document.querySelectorAll('main details')) d.open = true`)
		if said := ask[string](rosa.tab, `document.querySelector('main').innerText`); !strings.Contains(said, kind.Script[0].Title) {
			t.Errorf("%s does not say how its script was followed:\n%s", kind.Name, said)
		}
	}
}

// followsTheScript goes through a script by the first answer of each step.
func (b *tab) followsTheScript(kind protocol.Type) {
	b.t.Helper()
	for range len(kind.Script) {
		at := ask[struct {
			Step    string
			Answers bool
		}](b, `(li => ({ Step: li?.dataset.step ?? '', Answers: Boolean(li?.querySelector('[data-answer]')) }))(document.querySelector('.script ol:not([hidden]) li.now'))`)
		if at.Step == "" {
			return
		}
		if at.Answers {
			b.press("Alt+A")
		} else {
			b.press("Alt+Down")
		}
		b.until("the step after "+at.Step, `document.querySelector('.script ol:not([hidden]) li.now')?.dataset.step !== `+quoted(at.Step))
	}
}

// fillsIn fills the field that has the focus, where it has to be filled; it answers
// whether the fields are over.
func (b *tab) fillsIn() (over bool) {
	b.t.Helper()
	at := ask[struct {
		Over, Required bool
		Kind, Name     string
	}](b, `(e => ({ Over: Boolean(e.closest('aside, .bar')), Required: Boolean(e.required) && !e.value, Kind: e.type ?? '', Name: e.name ?? '' }))(document.activeElement)`)
	switch {
	case at.Over:
		return true
	case at.Name == "f.read_back":
		b.press("Space")
	case !at.Required:
	case at.Kind == "select-one":
		b.press("Down")
	case at.Name == "f.callback":
		b.typeIn("503 555 0155")
	default:
		b.typeIn("as told")
	}
	return false
}
