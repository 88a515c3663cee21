package browser_test

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"nightbell/appliance/appliancetest"
)

// aMessageIsWorkedToItsEnd takes a message, calls back, notes, copies it for the
// chart, closes it, thinks better of it, and closes it for good: all by key.
func aMessageIsWorkedToItsEnd(t *testing.T, c *chrome) {
	p := c.practice(t)
	id := idOf(t, p, appliancetest.Admin)
	take(t, p, id, sato)
	number := take(t, p, id, achterberg).Number.String()
	rosa := c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	rosa.press("J", "Enter")
	rosa.until("the message beside the list", `document.querySelector('#pane[data-id] h2')?.textContent === 'Tom Achterberg'`)

	rosa.nothingBehindTheKeys()
	rosa.press("T")
	rosa.did(number + " is yours.")
	rosa.stands("Taken", "Rosa Delgado took it")

	rosa.press("C")
	rosa.until("the form", `!document.getElementById('do-call-back').hidden`)
	rosa.press("1", "Tab")
	rosa.typeIn("He was charged twice; the second is taken back.")
	rosa.press("Ctrl+Enter")
	rosa.did(number + ": call saved.")
	rosa.stands("Rosa Delgado called back and reached them", "He was charged twice; the second is taken back.")

	rosa.changesMeanwhile()
	rosa.press("M")
	rosa.until("the form", `document.activeElement.id === 'note-text'`)
	rosa.typeIn("Billing sends a new statement.")
	rosa.press("Ctrl+Enter")
	rosa.did("Note saved with " + number + ".")
	rosa.stands("Note by Rosa Delgado", "Billing sends a new statement.")

	copied := rosa.copies("Y")
	for _, part := range []string{"Tom Achterberg", "(503) 555-0190", "Charged twice for the September visit", "the second is taken back", "Billing sends a new statement."} {
		if !strings.Contains(copied, part) {
			t.Errorf("what is copied for the chart lacks %q:\n%s", part, copied)
		}
	}

	rosa.closeWith(number, "1")
	rosa.until("the inbox without it", `document.querySelector('#rows .row') && !`+rosa.rowOf(number))
	rosa.press("Z")
	rosa.did(number + " is open again.")

	rosa.open("/inbox")
	rosa.press("J")
	rosa.until("the message under the hand", `document.activeElement === `+rosa.rowOf(number))
	rosa.press("Enter")
	rosa.until("the message beside the list", `document.querySelector('#pane[data-id] h2')?.textContent === 'Tom Achterberg'`)
	rosa.closeWith(number, "2")
	rosa.open("/inbox?view=closed")
	rosa.until("it among the closed ones, with how it ended", rosa.rowOf(number)+`.innerText.includes('Closed · Spoke with them')`)
}

// nothingBehindTheKeys presses a key while the list of keys lies over the page.
func (b *tab) nothingBehindTheKeys() {
	b.t.Helper()
	b.run(`addEventListener('submit', () => { window.sent = true; })`)
	b.press("?")
	b.until("the keys", `document.getElementById('keys').open`)
	b.press("T")
	if !ask[bool](b, `Boolean(document.getElementById('keys')?.open && !window.sent)`) {
		b.t.Error("a key worked behind the list of keys")
	}
	b.press("Escape")
	b.until("the page again", `!document.getElementById('keys').open`)
}

// changesMeanwhile has the open message change while a form is open: it says so,
// and shows the change when the form is shut, with the hand back on its button.
func (b *tab) changesMeanwhile() {
	b.t.Helper()
	b.press("H")
	b.until("the form", `document.activeElement.id === 'hand-off-to'`)
	b.run(`fetch('/messages/' + document.getElementById('pane').dataset.id + '/note', { method: 'POST', body: new URLSearchParams({ note: 'Noted from elsewhere.' }) })`)
	b.until("the word that it changed", `document.getElementById('changed').checkVisibility()`)
	b.press("Escape")
	b.stands("Noted from elsewhere.")
	b.until("the hand on the button", `document.activeElement.dataset.open === 'do-hand-off'`)
}

// did waits for the word about what was just done.
func (b *tab) did(words string) {
	b.t.Helper()
	b.until(words, `document.querySelector('.toast')?.innerText.includes(`+quoted(words)+`) && document.readyState === 'complete'`)
}

// stands fails the test when the message beside the list does not say the words.
func (b *tab) stands(words ...string) {
	b.t.Helper()
	for _, one := range words {
		b.until(one, `document.getElementById('pane').innerText.includes(`+quoted(one)+`)`)
	}
}

// closeWith closes the open message by key, with one of the outcomes.
func (b *tab) closeWith(number, outcome string) {
	b.t.Helper()
	b.press("E")
	b.until("the form", `!document.getElementById('do-close').hidden`)
	b.press(outcome)
	b.until("the outcome", `document.querySelector('#do-close input:checked')`)
	b.press("Ctrl+Enter")
	b.did(number + " is closed.")
}

// copies presses a key that copies, and answers what the clipboard holds then.
func (b *tab) copies(key string) string {
	b.t.Helper()
	_, err := chromedp.CallBrowser(b.ctx, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "clipboard-read"}, Setting: browser.PermissionSettingGranted,
		Origin: b.base, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	})
	if err != nil {
		b.fatalf("allowing to read the clipboard: %v", err)
	}
	b.press(key)
	b.until("the word that it was copied", `document.getElementById('said').textContent === 'Copied'`)
	return ask[string](b, `navigator.clipboard.readText()`)
}
