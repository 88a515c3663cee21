package browser_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// aProviderAcknowledgesByATap follows the link in a notice on a phone where
// nobody is signed in: a tap ends the ringing on the desk, and the timeline says
// how it was taken.
func aProviderAcknowledgesByATap(t *testing.T, c *chrome) {
	p := c.practice(t, appliancetest.WithSmarthost)
	user, password := p.AddDevice("phone-system")
	rosa, phone := c.person(t, p), c.person(t, p)
	rosa.signIn(appliancetest.Admin)
	if err := p.SendMail(t.Context(), user, password, []string{"urgent@nightbell.local"}, mail("Fever", "Marisol Quintero, the little one has a fever. (503) 555-0148")); err != nil {
		t.Fatal(err)
	}
	rosa.until("the red bar", `document.querySelector('#alarms .alarm .clock')`)

	phone.on(screens[0], "dark")
	phone.open(appliancetest.AnswerLink(t, p.Received(t, 1)[0]))
	phone.shows("I am taking it")
	phone.until("the clock to run", `/^\d+:\d\d$/.test(document.querySelector('.since').textContent)`)
	for what, wrong := range map[string]string{
		"something of the patient": `/Quintero|fever|555.?0148/i.test(document.documentElement.outerHTML) || document.body.innerText.includes("555")`,
		"a small button":           `[...document.querySelectorAll('.phone .btn')].some(e => e.getBoundingClientRect().height < 48)`,
		"a sideways scroll":        `document.scrollingElement.scrollWidth > 390`,
		"the choice out of sight":  `document.querySelector('[value=take]').getBoundingClientRect().bottom > innerHeight`,
	} {
		if ask[bool](phone.tab, wrong) {
			t.Errorf("the phone shows %s", what)
		}
	}
	if !ask[bool](rosa.tab, `Boolean(document.querySelector('.alarm'))`) {
		t.Error("looking at the link silenced the desk")
	}
	phone.tap(`[value=take]`)
	phone.shows("It is yours.")
	rosa.until("the desk without the bar", `!document.querySelector('.alarm')`)
	rosa.until("the row to say who has it", `document.querySelector('#rows .row').innerText.includes('Dr. Okafor')`) // it is drawn anew for that
	rosa.click("#rows .row")
	rosa.shows("Dr. Okafor took it, by the link in the notice")
}

// tap touches the middle of an element, as a thumb does.
func (b *tab) tap(selector string) {
	b.t.Helper()
	at := ask[[2]float64](b, fmt.Sprintf(`(() => { const r = document.querySelector(%q).getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`, selector))
	b.do("tapping "+selector,
		b.call(input.DispatchTouchEvent.Method, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchStart, TouchPoints: []*input.TouchPoint{{X: at[0], Y: at[1]}}}),
		b.call(input.DispatchTouchEvent.Method, input.DispatchTouchEventParams{Type: input.DispatchTouchEventTypeTouchEnd, TouchPoints: []*input.TouchPoint{}}))
}

// keepNotifications lets the test see what the page would show on the computer.
const keepNotifications = `(() => {
	window.notes = [];
	window.Notification = class {
		static permission = 'default';
		static async requestPermission() { return this.permission = 'granted'; }
		constructor(words, options) { this.words = words; this.options = options; window.notes.push(this); }
		close() { this.closed = true; }
	};
	Object.defineProperty(document, 'hidden', { get: () => true });
})()`

// aDeskThatNobodyLooksAtShowsANotification allows it by a click, and is shown
// the number and the kind of a call as long as it rings.
func aDeskThatNobodyLooksAtShowsANotification(t *testing.T, c *chrome) {
	p := c.practice(t, appliancetest.WithSmarthost)
	rosa := c.person(t, p)
	rosa.do("watching notifications", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: keepNotifications})
		return chromedp.Void{}, err
	})
	rosa.signIn(appliancetest.Admin)
	rosa.open("/desk")
	rosa.click("[data-notify]")
	rosa.until("the offer to go", `![...document.querySelectorAll('[data-notify]')].some(e => e.checkVisibility())`)
	id := take(t, p, idOf(t, p, ana), quintero).ID
	rosa.until("the notification", `window.notes.length === 1 && window.notes[0].words === 'N-1001 urgent call: nobody has taken it.'`)
	p.Received(t, 1)
	ofPatients(t, "the notification", ask[string](rosa.tab, `JSON.stringify(window.notes)`))
	if _, err := p.Desk.Answer(t.Context(), idOf(t, p, okafor), id, message.AnswerTake, "link"); err != nil {
		t.Fatal(err)
	}
	rosa.until("it to be taken back", `window.notes[0].closed`)
}

// answerPages are the page of a notice's link, as it stands while a call rings,
// and of one that stands for nothing.
func answerPages(t *testing.T, p *appliancetest.Practice, id message.ID) []state {
	t.Helper()
	return []state{
		{"answer", answerLink(t, p, id, okafor), nil},
		{"answer-declined", answerLink(t, p, id, lindqvist), func(b *tab) {
			if ask[bool](b, `Boolean(document.querySelector('[value=decline]'))`) {
				b.run(`document.querySelector('[value=decline]').click()`)
				b.shows("You said that you cannot take it.")
			}
		}},
		{"answer-over", "/answer/none", nil},
	}
}

// answerLink is the link that a notice to somebody carries now.
func answerLink(t *testing.T, p *appliancetest.Practice, id message.ID, who appliancetest.Login) string {
	t.Helper()
	var live escalation.Live
	err := p.Store.View(func(tx *store.Tx) (err error) { live, _, err = p.Bell.Of(tx, id, p.Clock.Now()); return err })
	if err != nil {
		t.Fatal(err)
	}
	return "/answer/" + p.Tokens.For(id, live.Number, idOf(t, p, who), live.Bout).Reveal()
}
