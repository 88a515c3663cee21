package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// urgentPolicy is the form of a policy for urgent clinical calls.
func urgentPolicy(do string, over url.Values) url.Values {
	form := url.Values{"type": {"urgent"}, "urgency": {"urgent"}, "steps": {"2"}, "promise": {"20m"}, "phone": {"+1 503 555 0100"}, "phone_name": {"Dr. Hale at home"}, "do": {do}, "at": {"2026-11-29T02:10"},
		"s1.whom": {"next///"}, "s1.wait": {"1m"}, "s1.by": {"mail"}, "s2.whom": {"everybody///"}, "s2.wait": {"2m"}, "s2.repeat": {"1"}}
	for key, value := range over {
		form[key] = value
	}
	return form
}

func TestAPolicyIsTriedAndKept(t *testing.T) {
	p := ring(t)
	p.tap(t, p.link, "take")
	page := p.rosa.Get("/bell/policies/edit?type=urgent&urgency=urgent")
	for _, want := range []string{"Urgent clinical call, Urgent", "Next on call", "Everybody on call", `value="30m"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the form does not show %q", want)
		}
	}
	if page = p.rosa.Post("/bell/policies", urgentPolicy("add", nil)); !strings.Contains(page.Main(), "Step 3") || !strings.Contains(page.Main(), "Dr. Hale at home") {
		t.Error("a further step is not there, or what was typed is lost")
	}
	if page = p.rosa.Post("/bell/policies", urgentPolicy("drop-1", nil)); strings.Contains(page.Main(), "Step 2") {
		t.Error("the step is still there")
	}
	page = p.rosa.Post("/bell/policies", urgentPolicy("try", nil))
	for _, want := range []string{"A call that comes at 2:10 am on Sunday, November 29", "okafor by mail", "+60 s", "lindqvist by mail", "+5 min", "Call now: Dr. Hale at home +1 503 555 0100"} {
		if !strings.Contains(html.UnescapeString(page.Main()), want) {
			t.Errorf("the try does not say %q:\n%s", want, page.Main())
		}
	}
	if !strings.Contains(page.Main(), "Tried, and not kept yet") || !strings.Contains(page.Main(), `name="do" value="try" tabindex="-1"`) {
		t.Error("it is not said that a try keeps nothing, or Enter in a field keeps the policy")
	}
	gone := url.Values{"s1.whom": {"next///", "layer/gone/gone/"}}
	if page = p.rosa.Post("/bell/policies", urgentPolicy("add", gone)); !strings.Contains(page.Main(), `value="layer/gone/gone/" checked`) {
		t.Error("somebody whom a step rings is dropped, since the form has no box for them")
	}
	page = p.rosa.Post("/bell/policies", urgentPolicy("save", nil))
	if page.Status != http.StatusOK || page.At.Path != "/bell/policies" || !strings.Contains(page.Main(), "within 20 min") {
		t.Fatalf("keeping it answers %d", page.Status)
	}
	page = p.rosa.Get("/bell/policies?type=urgent&urgency=urgent&at=2026-11-01T01:30")
	if n := strings.Count(page.Main(), "A call that comes at 1:30 am on Sunday, November 1"); n != 2 {
		t.Errorf("a time that occurs twice is answered %d times", n)
	}
	if page = p.rosa.Get("/bell/policies?type=refill&urgency=routine&at=2026-11-24T12:00"); !strings.Contains(page.Main(), "Such calls ring nobody") {
		t.Error("a routine call is said to ring somebody")
	}
	p.lastResortStandsInTheBar(t)
	p.rosa.Post("/bell/policies", urgentPolicy("remove", nil))
	if strings.Contains(p.rosa.Get("/bell/policies").Main(), "Dr. Hale") {
		t.Error("it was not removed")
	}
}

// lastResortStandsInTheBar lets a call ring to the end of its steps.
func (p *rung) lastResortStandsInTheBar(t *testing.T) {
	t.Helper()
	take(t, p.rosa, urgent("Harold Beck"))
	bar := func() string { return html.UnescapeString(p.rosa.Get("/alarm").Body) }
	for i, wait := range []time.Duration{61 * time.Second, 2 * time.Minute, 2 * time.Minute} {
		if strings.Contains(bar(), "Dr. Hale at home") {
			t.Error("the last resort stands there before the steps are used up")
		}
		p.Received(t, []int{2, 4, 6}[i])
		p.Advance(wait)
	}
	p.Until(t, "the last resort", func() bool {
		return strings.Contains(bar(), `Call now: Dr. Hale at home <a href="tel:+15035550100">+1 503 555 0100</a>`)
	})
	p.Received(t, 8)
	if board := html.UnescapeString(p.rosa.Get("/bell/rows").Body); !strings.Contains(board, "All steps are used up") || !strings.Contains(board, "+1 503 555 0100") {
		t.Error("the board does not say so")
	}
}

func TestAPolicyThatWouldRingNobodyIsRefusedInPlace(t *testing.T) {
	p := ring(t)
	for words, over := range map[string]url.Values{
		"Choose whom it rings.":                                     {"s1.whom": nil},
		"It waits between 5s and 1h.":                               {"s2.wait": {"2h"}},
		"Give a time as 30s, 5m or 1h.":                             {"s1.wait": {"soon"}},
		"Give a phone number of digits":                             {"phone": {"ask Rosa"}},
		"The promise to call back is between 1 minute and 24 hours": {"promise": {"5s"}},
	} {
		page := p.rosa.Post("/bell/policies", urgentPolicy("save", over))
		if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Main(), words) || !strings.Contains(page.Main(), typedIn(over)) {
			t.Errorf("answers %d, does not say %q, or loses what was typed", page.Status, words)
		}
	}
	if strings.Contains(p.rosa.Get("/bell/policies").Main(), "Dr. Hale") {
		t.Error("what was refused is kept")
	}
	if page := p.rosa.Get("/bell/policies/edit?type=none&urgency=urgent"); page.Status != http.StatusNotFound {
		t.Errorf("a type that is not there answers %d", page.Status)
	}
	if page := p.rosa.Post("/bell/policies", url.Values{"urgency": {"soon"}}); page.Status != http.StatusNotFound {
		t.Errorf("an urgency that is not there answers %d", page.Status)
	}
}

// typedIn is what of a form has to stand there again: what was typed, or else
// the rest.
func typedIn(over url.Values) string {
	for _, values := range over {
		if len(values) > 0 {
			return `value="` + values[0] + `"`
		}
	}
	return "Dr. Hale at home"
}
