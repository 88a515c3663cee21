package browser_test

import (
	"fmt"
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
)

// shownWithin is how soon an open inbox shows what was taken.
const shownWithin = time.Second

// noteArrivals makes the page note, by its own clock, when something in the list
// first said each of the words: a row that came in, or the button that holds it.
const noteArrivals = `(() => {
	window.arrivals = {};
	const note = () => {
		for (const e of document.querySelectorAll('#rows .row, #held:not([hidden])')) {
			for (const word of [...e.innerText.matchAll(/mailbox \d+|Show \d+ new/g)].map(m => m[0])) window.arrivals[word] ??= Date.now();
		}
	};
	new MutationObserver(note).observe(document.getElementById('list'), { childList: true, subtree: true, attributes: true, characterData: true });
})()`

// aMailArrivesLive looks at an open inbox while mails come in by SMTP: with a
// message open and the hand on nothing, and while somebody moves through the list.
func aMailArrivesLive(t *testing.T, c *chrome) {
	p := c.practice(t)
	user, password := p.AddDevice("phone-system")
	id := idOf(t, p, appliancetest.Admin)
	take(t, p, id, sato)
	take(t, p, id, raman)
	rosa := c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	rosa.press("J", "J", "Enter")
	rosa.until("the message beside the list", `document.querySelector('.row[aria-current]') && document.getElementById('pane').dataset.id === document.querySelector('.row[aria-current]').dataset.id`)
	rosa.run(noteArrivals)

	const selection = `JSON.stringify([document.querySelector('.row[aria-current]').dataset.id, document.getElementById('pane').dataset.id, document.activeElement.dataset.id ?? '', location.href])`

	// The hand is in the list: what is new waits behind a button, and nothing moves.
	const place = `JSON.stringify(document.activeElement.getBoundingClientRect())`
	before, where := ask[string](rosa.tab, selection), ask[string](rosa.tab, place)
	taken := send(t, p, user, password, mail("Message in mailbox 1", "Please call me back."))
	rosa.arrived("Show 1 new", taken)
	if now := ask[string](rosa.tab, selection); now != before {
		t.Errorf("the selection moved from %s to %s", before, now)
	}
	if now := ask[string](rosa.tab, place); now != where {
		t.Errorf("the row under the hand moved from %s to %s", where, now)
	}

	// The hand goes elsewhere: it comes in, and the next ones at once.
	rosa.run(`document.activeElement.blur()`)
	rosa.until("the row that was held", rosa.rowOf("mailbox 1"))
	before = ask[string](rosa.tab, selection)
	taken = send(t, p, user, password, mail("Message in mailbox 2", "Please call me back."))
	rosa.arrived("mailbox 2", taken)
	if now := ask[string](rosa.tab, selection); now != before {
		t.Errorf("the selection moved from %s to %s", before, now)
	}
	rosa.until("the newest on top", `document.querySelector('#rows .row').innerText.includes('mailbox 2')`)
}

// send sends a mail and answers when it was taken: when the server said 250.
func send(t *testing.T, p *appliancetest.Practice, user, password, text string) time.Time {
	t.Helper()
	if err := p.SendMail(t.Context(), user, password, []string{"other@nightbell.local"}, text); err != nil {
		t.Fatalf("sending a mail: %v", err)
	}
	return time.Now()
}

// arrived waits for words in the list and fails the test when they came late.
func (b *tab) arrived(words string, taken time.Time) {
	b.t.Helper()
	b.until(words, fmt.Sprintf(`window.arrivals[%q]`, words))
	took := time.UnixMilli(int64(ask[float64](b, fmt.Sprintf(`window.arrivals[%q]`, words)))).Sub(taken)
	b.t.Logf("%q stood in the inbox %d ms after the mail was taken", words, took.Milliseconds())
	if took > shownWithin {
		b.t.Errorf("%q stood in the inbox only after %s", words, took)
	}
}
