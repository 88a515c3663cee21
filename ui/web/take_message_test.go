package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func refill(patient string) url.Values {
	return url.Values{"type": {"refill"}, "urgency": {"routine"}, "f.caller": {patient}, "f.callback": {"503 555 0199"}, "f.medication": {"Lisinopril"}, "f.pharmacy": {"Elm Street"}, "f.reason": {"<b>none left</b>"}}
}

func urgent(caller string) url.Values {
	return url.Values{"type": {"urgent"}, "urgency": {"urgent"}, "f.caller": {caller}, "f.callback": {"5035550148"}, "f.read_back": {"yes"}, "f.symptoms": {"fever 104, hard to wake"}}
}

var keyField = regexp.MustCompile(`name="key" value="([0-9a-f-]+)"`)

// take fills in the form, saves it, and answers the message's page.
func take(t *testing.T, c *appliancetest.Client, form url.Values) string {
	t.Helper()
	form.Set("key", keyField.FindStringSubmatch(c.Get("/take").Body)[1])
	page := c.Post("/messages", form)
	id, ok := strings.CutPrefix(page.At.Path, "/take/saved/")
	if !ok {
		t.Fatalf("not saved: %d at %s\n%s", page.Status, page.At, page.Main())
	}
	return "/messages/" + id
}

func total(t *testing.T, p *appliancetest.Practice) (n int64) {
	t.Helper()
	err := p.Store.View(func(tx *store.Tx) error {
		counts, err := store.CountEnvelopes(tx)
		n = int64(counts.Total)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTakingShowsTheNumberToReadBack(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	c := p.SignIn(t, ana)
	form := refill("Priya Raman")
	form.Set("key", keyField.FindStringSubmatch(c.Get("/take").Body)[1])
	page := c.Post("/messages", form)
	if !strings.Contains(page.Body, message.FirstNumber.String()) {
		t.Error("the number is not shown")
	}
	if strings.Contains(page.Body, "Priya") {
		t.Error("a name stands on the page of the number")
	}
	again := c.Post("/messages", form)
	if again.At.Path != page.At.Path || total(t, p) != 1 {
		t.Errorf("saving twice led to %s and keeps %d messages", again.At, total(t, p))
	}
}

// These need no practice of their own.
func TestTheForm(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	t.Run("an incomplete form keeps what was typed", func(t *testing.T) { anIncompleteFormKeepsWhatWasTyped(t, p, c) })
	t.Run("changing the call type by the server", func(t *testing.T) { changingTheCallTypeByTheServer(t, p, c) })
	t.Run("what is typed stands in no address, title or log", func(t *testing.T) { whatIsTypedStandsInNoAddressTitleOrLog(t, p, c) })
}

func anIncompleteFormKeepsWhatWasTyped(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	form := refill("Priya Raman")
	form.Del("f.medication")
	form.Set("key", "019ab000-0000-7000-8000-000000000001")
	page := c.Post("/messages", form)
	if page.Status != http.StatusUnprocessableEntity {
		t.Errorf("answered %d", page.Status)
	}
	for _, want := range []string{"Priya Raman", "503 555 0199", "Elm Street", "&lt;b&gt;none left&lt;/b&gt;", "019ab000-0000-7000-8000-000000000001", `aria-invalid="true"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("%q is lost", want)
		}
	}
	if total(t, p) != 0 {
		t.Error("it was kept all the same")
	}
}

// Without its module, the page shows the fields of another call type when asked.
func changingTheCallTypeByTheServer(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	page := c.Post("/messages", url.Values{"type": {"urgent"}, "f.caller": {"Marisol Quintero"}, "show": {"1"}})
	if page.Status != http.StatusOK || !strings.Contains(page.Body, "Marisol Quintero") || !strings.Contains(page.Body, "Save and ring") {
		t.Errorf("answered %d", page.Status)
	}
	shown := regexp.MustCompile(`<div class="field[^"]*" data-for="[^"]*urgent[^"]*">`).FindAllString(page.Body, -1)
	if len(shown) == 0 || regexp.MustCompile(`<div class="field[^"]*" data-for="billing">`).MatchString(page.Body) {
		t.Error("the fields are not those of an urgent call")
	}
}

func whatIsTypedStandsInNoAddressTitleOrLog(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	page := take(t, c, urgent("Zyxcanary Quintero"))
	for _, path := range []string{"/inbox", "/inbox?open=" + strings.TrimPrefix(page, "/messages/"), page, page + "/print", page + "/chart", page + "?do=note"} {
		got := c.Get(path)
		if !strings.Contains(got.Body, "Zyxcanary") {
			t.Errorf("%s does not show the message", path)
		}
		head, _, _ := strings.Cut(got.Body, "</head>")
		if strings.Contains(head, "Zyxcanary") || strings.Contains(got.At.String(), "Zyxcanary") {
			t.Errorf("%s names the caller in its title or address", path)
		}
	}
	c.Post("/find", url.Values{"number": {"Zyxcanary"}})
	for _, deed := range []string{"note", "call-back"} {
		c.Post(page+"/"+deed, url.Values{"note": {"Zyxcanary was sleepy"}, "reached": {"no"}})
	}
	if strings.Contains(string(p.Logs.Bytes()), "Zyxcanary") {
		t.Error("the log names the caller")
	}
}

func TestTheOpenFormTurnsWithTheClock(t *testing.T) {
	p := appliancetest.Start(t) // at noon: it is lunch
	p.AddPerson(okafor, "", access.Provider)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Get("/take")
	for _, want := range []string{`id="window">Lunch</span>`, "“Thank you for calling. The office is at lunch; I take your message.”", `list="providers"`, `<option value="okafor">`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the form does not show %q", want)
		}
	}
	turns := regexp.MustCompile(`data-turns="(\d+)"`)
	one := p.Fake.Now().Truncate(time.Hour).Add(time.Hour)
	asked := url.Values{"type": {"refill"}, "urgency": {"routine"}}
	if at := turns.FindStringSubmatch(page.Body); at == nil || at[1] != strconv.FormatInt(one.UnixMilli(), 10) {
		t.Errorf("lunch is said to end at %v", at)
	}
	p.Advance(one.Sub(p.Fake.Now()) - time.Second)
	if page = c.Post("/take/next", asked); !strings.Contains(page.Body, `data-window="Lunch"`) {
		t.Error("lunch is over a second early")
	}
	c.Get("/take") // somebody is there: the session goes on
	p.Advance(time.Second)
	if page = c.Post("/take/next", asked); !strings.Contains(page.Body, `data-window="Open" data-hello="Thank you for calling. How can I help you?"`) {
		t.Errorf("the form does not turn at the minute\n%s", page.Body)
	}
}
