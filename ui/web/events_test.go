package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
)

// stream opens the events of a page and answers them one by one.
func stream(t *testing.T, c *appliancetest.Client) <-chan string {
	t.Helper()
	events, _ := open(t, c)
	return events
}

// helloOf answers how the stream of a page begins.
func helloOf(t *testing.T, c *appliancetest.Client) string {
	t.Helper()
	_, hello := open(t, c)
	return hello
}

func open(t *testing.T, c *appliancetest.Client) (_ <-chan string, hello string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Base+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("the stream answers %d", answer.StatusCode)
	}
	events := make(chan string, 100)
	go func() {
		defer close(events)
		defer answer.Body.Close()
		name := ""
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
				name = n
			}
			if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
				events <- name + " " + data
			}
		}
	}()
	if hello = <-events; !strings.HasPrefix(hello, "hello ") {
		t.Fatalf("the stream begins with %q", hello)
	}
	return events, hello
}

// next answers the next event of a name. The clock is moved until it comes:
// a stream gathers for a moment before it speaks.
func next(t *testing.T, p *appliancetest.Practice, events <-chan string, name string) string {
	t.Helper()
	late := time.NewTimer(time.Minute)
	defer late.Stop()
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := p.Fake.BlockUntilContext(ctx, 1)
		cancel()
		if err == nil {
			p.Advance(100 * time.Millisecond)
		}
		select {
		case e, open := <-events:
			if !open {
				t.Fatalf("the stream ended before %q", name)
			}
			if strings.HasPrefix(e, name+" ") {
				return e
			}
		case <-late.C:
			t.Fatalf("%q does not come", name)
		default:
		}
	}
}

func TestAnOpenPageIsToldOfANewMessage(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	events := stream(t, c)
	at := take(t, c, urgent("Marisol Quintero"))
	id := strings.TrimPrefix(at, "/messages/")
	e := next(t, p, events, "change")
	if !strings.Contains(e, id) || !strings.Contains(e, `"alarm":true`) || strings.Contains(e, "Marisol") {
		t.Errorf("told %s", e)
	}
	rows := c.Get("/inbox/rows?ids=" + id)
	if !strings.Contains(rows.Body, "Marisol Quintero") || !strings.Contains(rows.Body, `data-top="1"`) || !strings.Contains(rows.Body, `id="tabs"`) {
		t.Errorf("the row is\n%s", rows.Body)
	}
	if elsewhere := c.Get("/inbox/rows?view=closed&ids=" + id); !strings.Contains(elsewhere.Body, "data-elsewhere") {
		t.Error("an open message counts among the closed ones")
	}
	if bar := c.Get("/alarm"); !strings.Contains(bar.Body, "nobody has taken it") || !strings.Contains(bar.Body, "Take it now") {
		t.Errorf("the bar is\n%s", bar.Body)
	}
}

func TestALockIsToldAndASessionsEndClosesItsStream(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	events := stream(t, c)
	c.Post("/lock", nil)
	next(t, p, events, "locked")
	c.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}})
	next(t, p, events, "unlocked")
	c.Post("/sign-out", nil)
	next(t, p, events, "bye")
	for range events { // it ends by itself
	}
}

func TestADeskThatCannotSoundIsAFinding(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	stream(t, c)
	if page := c.Get("/findings"); !strings.Contains(page.Main(), "sound") {
		t.Error("a silent desk is not told")
	}
	desks := p.Desks.Open()
	if len(desks) != 1 {
		t.Fatalf("%d desks are open", len(desks))
	}
	c.Post("/desk/sound", url.Values{"desk": {desks[0].ID}, "state": {"armed"}})
	if !p.Desks.CanRing() {
		t.Error("an armed desk cannot ring")
	}
}

func TestStoppingDoesNotWaitForOpenStreams(t *testing.T) {
	p := appliancetest.Start(t)
	events := stream(t, p.SignIn(t, appliancetest.Admin))
	began := time.Now()
	p.Stop()
	for range events {
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("stopping took %s", took)
	}
}

// A desk that nobody sits at signs itself out, however much happens on its page.
func TestWhatAPageAsksByItselfKeepsNoSessionAlive(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	at := take(t, c, refill("Priya Raman"))
	p.Advance(40 * time.Minute)
	for _, path := range []string{"/inbox", at + "?pane=1"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.Base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Nightbell-By-Itself", "1")
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			t.Errorf("%s answers %d", path, answer.StatusCode)
		}
	}
	p.Advance(40 * time.Minute)
	if page := c.Get("/inbox"); page.At.Path != "/sign-in" {
		t.Errorf("after 80 minutes without a hand on it the desk still shows %s", page.At)
	}
}

var (
	toldInPage  = regexp.MustCompile(`data-told="([0-9]+)"`)
	toldAtHello = regexp.MustCompile(`"told":([0-9]+)`)
)

// TestAPageKnowsWhatItMissedBeforeItsLineWasOpen: an urgent call between the two
// would else show on no bar until the next change.
func TestAPageKnowsWhatItMissedBeforeItsLineWasOpen(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	told := func() string { return toldInPage.FindStringSubmatch(c.Get("/inbox").Body)[1] }
	hello := func() string { return toldAtHello.FindStringSubmatch(helloOf(t, c))[1] }
	if page, line := told(), hello(); page != line {
		t.Errorf("nothing happened, and the page says %s, its line %s", page, line)
	}
	page := told()
	take(t, c, urgent("Marisol Quintero"))
	if line := hello(); line == page {
		t.Errorf("a call came, and both say %s", line)
	}
}
