package browser_test

import (
	"testing"

	"github.com/chromedp/chromedp"

	"nightbell/appliance/appliancetest"
)

// aDraftOutlivesAKill types half a call, kills the program as a power cut would,
// starts it again and goes on where the caller stopped.
func aDraftOutlivesAKill(t *testing.T, c *chrome) {
	at := c.staffed.copy(t)
	server := appliancetest.Serve(t, at.data)
	rosa := c.visitor(t, "https://"+server.HTTPS)
	rosa.watch.expect("net::ERR_") // the program is gone under the page
	rosa.signIn(appliancetest.Admin)
	rosa.press("N")
	rosa.lands("take")
	rosa.press("3")
	rosa.fill("Caller", "Priya Raman")
	rosa.fill("Caller is", "the patient")
	rosa.until("the word that it is kept", `document.getElementById('kept').textContent.startsWith('Kept')`)
	rosa.fill("Call back number", "503 555 0148")
	rosa.run(`document.getElementById('kept').textContent = ''`)
	rosa.until("the word that the number is kept", `document.getElementById('kept').textContent.startsWith('Kept')`)

	server.Kill()
	server = appliancetest.Serve(t, at.data)

	rosa = rosa.moved("https://" + server.HTTPS)
	rosa.signIn(appliancetest.Admin)
	rosa.press("N")
	rosa.lands("take")
	rosa.press("4") // another call came first
	rosa.click(".aside summary")
	rosa.click(".aside a")
	rosa.until("what was typed", `document.querySelector('[name="f.callback"]')?.value === '503 555 0148' && document.querySelector('input[name=type]:checked').value === 'refill'`)
	rosa.until("who called", `document.querySelector('[name="f.caller"]').value === 'Priya Raman'`)
	rosa.run(`document.querySelector('[name="f.pharmacy"]').focus()`)
	rosa.typeIn("Elm Street Pharmacy")
	rosa.run(`document.querySelector('[name="f.medication"]').focus()`)
	rosa.typeIn("Lisinopril")
	rosa.press("Ctrl+Enter")
	rosa.until("the number to read back", `document.querySelector('.readback') && document.readyState === 'complete'`)
}

// visitor opens a browser at an address; nobody is signed in yet.
func (c *chrome) visitor(t *testing.T, base string) *person {
	t.Helper()
	ctx, end := chromedp.NewContext(c.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(end)
	b := &person{tab: &tab{t: t, ctx: ctx, base: base, watch: &watch{base: base}}}
	b.begin()
	t.Cleanup(b.tab.leftNothing)
	return b
}

// moved is the same browser at another address, in a new tab.
func (b *person) moved(base string) *person {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	b.t.Cleanup(end)
	there := &person{tab: &tab{t: b.t, ctx: ctx, base: base, watch: &watch{base: base}}}
	there.begin()
	b.t.Cleanup(there.tab.leftNothing)
	return there
}
