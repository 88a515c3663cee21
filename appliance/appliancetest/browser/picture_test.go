package browser_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"

	"nightbell/appliance/appliancetest"
)

// thePictureOfTheReadme takes docs/inbox.png: an urgent call rings and is open
// beside the list. It writes only when asked to, so that tests leave no change.
func thePictureOfTheReadme(t *testing.T, c *chrome) {
	if !*update {
		return
	}
	o := c.office(t)
	ringing := take(t, o.Practice, o.session(ana).Who, quintero)
	if _, err := o.Smarthost.Wait(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	o.Advance(3*time.Minute + 12*time.Second)
	rosa := c.person(t, o.Practice)
	rosa.signIn(appliancetest.Admin)
	rosa.on(screen{1280, 800, false}, "light")
	rosa.do("hiding scrollbars", rosa.call(emulation.SetScrollbarsHidden.Method, emulation.SetScrollbarsHiddenParams{Hidden: true}))
	rosa.open("/inbox?open=" + string(ringing.ID))
	rosa.until("the ringing call", `document.querySelector('.alarm') && document.querySelector('#pane[data-id]')`)
	rosa.keep(filepath.Join(root, "docs", "inbox.png"), page.CaptureScreenshotParams{})
}
