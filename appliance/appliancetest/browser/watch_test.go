package browser_test

import (
	"fmt"
	"net/url"
	"strings"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// watch gathers what the tabs of one person do.
type watch struct {
	base string

	mu        sync.Mutex
	addresses []string // of requests and pages
	faults    []string // what pages logged, or broke
	expected  []string // parts of faults that the scenario brings about
}

// event is called for each event of a tab, in order; it must be quick.
func (w *watch) event(ev any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		w.addresses = append(w.addresses, ev.Request.URL)
	case *network.EventWebSocketCreated:
		w.addresses = append(w.addresses, ev.URL)
	case *page.EventFrameNavigated:
		w.addresses = append(w.addresses, ev.Frame.URL)
	case *page.EventNavigatedWithinDocument:
		w.addresses = append(w.addresses, ev.URL)
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if e := ev.ExceptionDetails.Exception; e != nil {
			text += " " + e.Description
		}
		w.faults = append(w.faults, "exception: "+text)
	case *runtime.EventConsoleAPICalled:
		var words []string
		for _, a := range ev.Args {
			words = append(words, string(a.Value)+a.Description)
		}
		w.faults = append(w.faults, fmt.Sprintf("console.%s: %s", ev.Type, strings.Join(words, " ")))
	case *log.EventEntryAdded:
		if ev.Entry.Level != log.EntryLevelVerbose { // advice
			w.faults = append(w.faults, fmt.Sprintf("%s %s: %s (%s)", ev.Entry.Source, ev.Entry.Level, ev.Entry.Text, ev.Entry.URL))
		}
	}
}

// expect names a part of what pages may log in this scenario.
func (w *watch) expect(part string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.expected = append(w.expected, part)
}

// stored answers all that the browser keeps for the practice's pages.
const stored = `(async () => JSON.stringify({
	title: document.title, location: location.href, name: window.name, state: history.state, cookie: document.cookie,
	local: { ...localStorage }, session: { ...sessionStorage },
	databases: await indexedDB.databases(), caches: await caches.keys(),
	workers: (await navigator.serviceWorker.getRegistrations()).map(r => r.scope),
}))()`

// leftNothing fails the test when the person's pages logged a fault, asked
// another host for anything, or left something of a patient behind.
func (b *tab) leftNothing() {
	b.t.Helper()
	if b.t.Failed() {
		return
	}
	if at, err := chromedp.Run(b.ctx, chromedp.Location()); err == nil && at == "about:blank" {
		b.open("/sign-in") // only other tabs were used
	}
	keeps, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](stored, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Errorf("asking what the browser keeps: %v", err)
	}
	ofPatients(b.t, "the browser's storage", keeps)
	b.watch.mu.Lock()
	defer b.watch.mu.Unlock()
	for _, fault := range b.watch.faults {
		if !containsAny(fault, b.watch.expected) {
			b.t.Errorf("a page logged: %s", fault)
		}
	}
	for _, address := range b.watch.addresses {
		if !strings.HasPrefix(address, b.base+"/") && address != "about:blank" && !strings.HasPrefix(address, "data:") {
			b.t.Errorf("a page asked somebody else: %s", address)
		}
		clear, err := url.QueryUnescape(address)
		if err != nil {
			b.t.Errorf("an address cannot be read: %v", err)
		}
		ofPatients(b.t, "an address", clear)
	}
}

func containsAny(s string, parts []string) bool {
	for _, part := range parts {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}
