// Package browser_test drives the practice's pages with a real Chromium, as the
// people at the desks do: by keys, clicks and what they can see. One browser
// process serves the package; each scenario has a practice of its own, and each
// person a browser context of their own, with own cookies and own storage.
//
// Whatever a scenario is about, it fails when a page logged an error, broke its
// own content policy, asked another host for anything, or left something of a
// patient in an address, a title or the browser's storage (see watch_test.go).
//
// Pictures of each page go to shots/ at the root of the checkout, which git
// ignores. What the tests need beside Go is installed by testing/setup.sh.
package browser_test

import (
	"flag"
	"testing"

	"nightbell/appliance/appliancetest"
)

func TestMain(m *testing.M) { appliancetest.Main(m) }

var update = flag.Bool("update", false, "take the picture of the README anew")

func TestInARealBrowser(t *testing.T) {
	c := launch(t)
	for _, s := range []struct {
		name string
		play func(*testing.T, *chrome)
	}{
		{"a call is taken by keyboard only", aCallIsTakenByKeyboardOnly},
		{"each kind of call is taken in one pass", eachKindOfCallIsTakenInOnePass},
		{"a red flag asks while typing", aRedFlagAsksWhileTyping},
		{"an office manager changes the script", anOfficeManagerChangesTheScript},
		{"a draft outlives a kill", aDraftOutlivesAKill},
		{"a mail arrives live without moving the selection", aMailArrivesLive},
		{"a message is worked to its end by keyboard only", aMessageIsWorkedToItsEnd},
		{"an urgent call rings until it is taken", anUrgentCallRingsUntilItIsTaken},
		{"a provider acknowledges at 390 px by a tap", aProviderAcknowledgesByATap},
		{"a desk that nobody looks at shows a notification", aDeskThatNobodyLooksAtShowsANotification},
		{"a schedule is made and covered by keyboard", aScheduleIsMadeAndCovered},
		{"a lock clears every desk", aLockClearsEveryDesk},
		{"a new practice looks right", aNewPracticeLooksRight},
		{"a busy office looks right", aBusyOfficeLooksRight},
		{"the protocol is written on pages that look right", theProtocolIsWrittenOnPagesThatLookRight},
		{"the picture of the README", thePictureOfTheReadme},
	} {
		t.Run(s.name, func(t *testing.T) { s.play(t, c) })
	}
	c.spent.log(t)
}
