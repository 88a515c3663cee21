package browser_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"nightbell/appliance/appliancetest"
)

// keepAudio lets the test see what the page makes of the browser's sound.
const keepAudio = `(() => {
	window.sounds = { contexts: [], tones: 0 };
	const Real = window.AudioContext;
	window.AudioContext = class extends Real {
		constructor(...a) { super(...a); window.sounds.contexts.push(this); }
		createOscillator() { window.sounds.tones++; return super.createOscillator(); }
	};
})()`

// everyPage is where a person at the front desk who manages the office can go.
var everyPage = []string{"/inbox", "/inbox?view=closed", "/take", "/on-call", "/findings", "/backups", "/people", "/devices", "/queue", "/settings", "/audit", "/desk", "/menu"}

// anUrgentCallRingsUntilItIsTaken has two people signed in, each with a browser:
// both desks ring, one takes it, both are quiet.
func anUrgentCallRingsUntilItIsTaken(t *testing.T, c *chrome) {
	p := c.practice(t, appliancetest.WithSmarthost)
	user, password := p.AddDevice("phone-system")
	doctor, rosa := c.person(t, p), c.person(t, p)
	doctor.signIn(okafor)
	rosa.signIn(appliancetest.Admin)
	if _, there := rosa.clockOf(); there {
		t.Error("the red bar stands there while nothing is urgent")
	}

	if err := p.SendMail(t.Context(), user, password, []string{"urgent@nightbell.local"}, mail("Fever", "Marisol Quintero, the little one has a fever. (503) 555-0148")); err != nil {
		t.Fatal(err)
	}
	for _, desk := range []*person{doctor, rosa} {
		desk.until("the red bar by itself", `document.querySelector('#alarms .alarm .clock')`)
		desk.shows("urgent call: nobody has taken it.")
		desk.shows("Rung: Dr. Okafor. Next: Dr. Lindqvist, in")
		desk.until("the tab's title to say it", `/^Urgent \d+:\d\d · Inbox · Nightbell$/.test(document.title)`)
	}
	before, _ := rosa.clockOf()
	rosa.until("the clock to run", `document.querySelector('.alarm .clock').textContent !== `+quoted(before))
	if _, err := p.Smarthost.Wait(t.Context(), 1); err != nil {
		t.Errorf("the doctor's notice did not leave: %v", err)
	}

	fresh := rosa.soundIsArmedByAClick(p)
	fresh.click(`[data-quiet]`)
	fresh.until("quiet", `document.querySelector('[data-quiet]').textContent.startsWith('Quiet for 1:')`)
	if err := p.SendMail(t.Context(), user, password, []string{"urgent@nightbell.local"}, mail("Rash", "Kenji Sato, a rash that spreads. (503) 555-0162")); err != nil {
		t.Fatal(err)
	}
	p.Received(t, 2)
	fresh.until("it to ring for the new call", `document.querySelectorAll('.alarm').length === 2 && document.querySelector('[data-quiet]').textContent === 'Quiet for 2 minutes'`)
	for _, path := range everyPage {
		rosa.open(path)
		if clock, there := rosa.clockOf(); !there {
			t.Errorf("%s shows no red bar", path)
		} else if !strings.Contains(clock, ":") {
			t.Errorf("the clock on %s says %q", path, clock)
		}
		ofPatients(t, "the title of "+path, ask[string](rosa.tab, `document.title`))
	}

	doctor.press("T")
	doctor.until("the second call alone", `document.querySelectorAll('.alarm').length === 1 && document.querySelector('.toast') && document.documentElement.dataset.ready === '1'`)
	doctor.press("T")
	doctor.until("the doctor's page without the bar", `!document.querySelector('.alarm') && document.readyState === 'complete'`)
	rosa.until("the front desk's page without the bar", `!document.querySelector('.alarm')`)
	rosa.until("its title as before", `document.title === 'Menu · Nightbell'`)
	rosa.open("/inbox")
	rosa.until("who has it", `document.querySelector('#rows .row').innerText.includes('Dr. Okafor')`)
}

// clockOf answers what the clock in the red bar says.
func (b *tab) clockOf() (words string, there bool) {
	b.t.Helper()
	words = ask[string](b, `document.querySelector('#alarms .alarm .clock')?.textContent ?? ''`)
	return words, words != ""
}

// soundIsArmedByAClick opens the inbox in a tab that nobody has touched: it says
// that it cannot ring, and rings from the first click on.
func (b *person) soundIsArmedByAClick(p *appliancetest.Practice) *tab {
	b.t.Helper()
	fresh := b.anotherTab()
	fresh.do("listening to the sound", func(ctx context.Context, _ *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Call(ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: keepAudio})
		return chromedp.Void{}, err
	})
	fresh.open("/inbox")
	const arm = `#alarms [data-arm]`
	fresh.until("that sound is off, in words", fmt.Sprintf(`document.querySelector(%q).checkVisibility() && document.querySelector(%q).innerText === 'Sound is off. Click to arm this desk'`, arm, arm))
	fresh.until("a sound device that waits", `window.sounds.contexts.length === 1 && window.sounds.contexts[0].state === 'suspended'`)
	if n := ask[float64](fresh, `window.sounds.tones`); n != 0 {
		b.t.Errorf("%g tones were made before anybody clicked", n)
	}
	fresh.click(arm)
	fresh.until("a sound device that plays", `window.sounds.contexts[0].state === 'running'`)
	fresh.until("tones", `window.sounds.tones >= 3`)
	fresh.until("no word about sound any more", fmt.Sprintf(`!document.querySelector(%q).checkVisibility()`, arm))
	fresh.until("a way to have quiet for two minutes", `document.querySelector('[data-quiet]').checkVisibility()`)
	return fresh
}
