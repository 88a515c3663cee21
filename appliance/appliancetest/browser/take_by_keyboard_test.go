package browser_test

import (
	"regexp"
	"testing"

	"nightbell/appliance/appliancetest"
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
