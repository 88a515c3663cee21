package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

var okafor = appliancetest.Login{Name: "okafor", Password: "green staircase under the moon"}

var seenField = regexp.MustCompile(`name="seen" value="([^"]*)"`)

func seen(page appliancetest.Page) string {
	if m := seenField.FindStringSubmatch(page.Main()); m != nil {
		return m[1]
	}
	return ""
}

func TestAMessageIsWorkedToItsEnd(t *testing.T) {
	p := appliancetest.Start(t)
	doctor := p.AddPerson(okafor, "okafor@cedar.example", access.Provider)
	c := p.SignIn(t, appliancetest.Admin)
	at := take(t, c, urgent("Marisol Quintero"))

	page := c.Get(at)
	for _, want := range []string{"Marisol Quintero", "(503) 555-0148", "tel:5035550148", "read back", "nobody has taken it"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	page = c.Post(at+"/take", url.Values{"seen": {seen(page)}})
	if !strings.Contains(page.Body, "is yours") || strings.Contains(page.Body, "nobody has taken it") {
		t.Error("it is taken, and the red bar stands or nothing says so")
	}
	page = c.Post(at+"/note", url.Values{"note": {"asked for her weight"}})
	if !strings.Contains(page.Body, "asked for her weight") {
		t.Error("the note is not shown")
	}
	page = c.Post(at+"/call-back", url.Values{"note": {"lukewarm bath"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "lukewarm bath") {
		t.Errorf("without saying who was reached it answers %d, or loses the note", page.Status)
	}
	page = c.Post(at+"/call-back", url.Values{"note": {"lukewarm bath"}, "reached": {"yes"}})
	if !strings.Contains(page.Body, "called back and reached them") {
		t.Error("the call back is not told")
	}
	page = c.Post(at+"/hand-off", url.Values{"seen": {seen(page)}, "to": {string(doctor)}})
	if !strings.Contains(page.Body, "handed it to okafor") {
		t.Error("the hand off is not told")
	}
	page = c.Post(at+"/close", url.Values{"seen": {seen(page)}, "outcome": {string(message.OutcomeDone)}})
	if page.At.Path != "/inbox" || !strings.Contains(page.Body, "is closed") || !strings.Contains(page.Body, `data-key="z"`) {
		t.Errorf("closing led to %s, or cannot be undone", page.At)
	}
	undo := regexp.MustCompile(`action="(/messages/[^"]+/reopen)"><input type="hidden" name="seen" value="([^"]*)"`).FindStringSubmatch(page.Body)
	if undo == nil {
		t.Fatal("there is no way to undo")
	}
	page = c.Post(undo[1], url.Values{"seen": {undo[2]}})
	if !strings.Contains(page.Body, "is open again") {
		t.Error("it is not open again")
	}
}

func undoGoesAfterTenSeconds(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	at := take(t, c, refill("Priya Raman"))
	page := c.Post(at+"/close", url.Values{"seen": {seen(c.Get(at))}, "outcome": {"done"}})
	p.Advance(15 * time.Second)
	if again := c.Get(page.At.RequestURI()); strings.Contains(again.Body, `data-key="z"`) {
		t.Error("an old address still offers to undo")
	}
}

func TestWhoWasQuickerIsTold(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "okafor@cedar.example", access.Provider)
	rosa, doctor := p.SignIn(t, appliancetest.Admin), p.SignIn(t, okafor)
	at := take(t, rosa, refill("Priya Raman"))
	before := seen(rosa.Get(at))
	doctor.Post(at+"/take", url.Values{"seen": {before}})
	page := rosa.Post(at+"/close", url.Values{"seen": {before}, "outcome": {"done"}, "note": {"called the pharmacy"}})
	if page.Status != http.StatusConflict || !strings.Contains(page.Body, "okafor has this message now") {
		t.Errorf("answered %d and does not say who has it", page.Status)
	}
	if !strings.Contains(page.Body, "called the pharmacy") {
		t.Error("what was typed is lost")
	}
}

func TestCallTakersSeeTheirOwnAlone(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	taker, reader := p.SignIn(t, ana), p.SignIn(t, appliancetest.Admin)
	mine, other := take(t, taker, refill("Priya Raman")), take(t, reader, refill("Harold Beck"))
	list := taker.Get("/inbox")
	if !strings.Contains(list.Body, "Priya Raman") || strings.Contains(list.Body, "Harold") {
		t.Error("a call taker's inbox is not their own messages")
	}
	if page := taker.Get(mine); !strings.Contains(page.Body, "Lisinopril") || strings.Contains(page.Main(), "/take\"><") {
		t.Error("a call taker cannot read what they typed, or may work it")
	}
	if page := taker.Get(other); page.Status != http.StatusForbidden || strings.Contains(page.Body, "Harold") {
		t.Errorf("somebody else's message answers %d", page.Status)
	}
}

// Each of these works a message of its own.
func TestOneMessageEach(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	t.Run("the chart is plain text", func(t *testing.T) { theChartIsPlainText(t, p, c) })
	t.Run("print has no buttons and who printed", func(t *testing.T) { printHasNoButtonsAndWhoPrinted(t, p, c) })
	t.Run("undo goes after ten seconds", func(t *testing.T) { undoGoesAfterTenSeconds(t, p, c) })
}

func theChartIsPlainText(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	at := take(t, c, refill("Priya Raman"))
	plain := c.Get(at + "/chart?plain=1")
	if !strings.HasPrefix(plain.Header.Get("Content-Type"), "text/plain") || !strings.Contains(plain.Body, "Medication: Lisinopril") {
		t.Errorf("the chart is %s:\n%s", plain.Header.Get("Content-Type"), plain.Body)
	}
}

func printHasNoButtonsAndWhoPrinted(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	at := take(t, c, refill("Priya Raman"))
	page := c.Get(at + "/print")
	if !strings.Contains(page.Main(), "Printed by rosa") || strings.Contains(page.Main(), "<form") {
		t.Error("paper has a form, or does not say who printed")
	}
}

func TestAMailsSenderIsReadable(t *testing.T) {
	p := appliancetest.Start(t)
	dev, _ := p.AddDevice("phone-system")
	receipt, err := p.Intake.Take(t.Context(), intake.Taking{
		Type: message.TypeOther, Channel: message.ChannelMail, Device: message.DeviceID(dev), Text: "Results are in.",
		Form: map[string]message.Clear{protocol.FieldMailFrom: `"Northside Lab" <results@lab.example>`, protocol.FieldMailSubject: "Results"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := p.SignIn(t, appliancetest.Admin)
	for _, path := range []string{"/inbox", "/messages/" + string(receipt.ID)} {
		main := c.Get(path).Main()
		if strings.Contains(main, "&lt;results@") || !regexp.MustCompile(`Northside Lab <span class="[^"]*small[^"]*">results@lab.example</span>`).MatchString(main) {
			t.Errorf("%s does not show the name with the address beside it", path)
		}
	}
}

func TestAnOpenMessageSaysUntilWhenItIsDue(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	at := take(t, c, refill("Priya Raman"))
	due := regexp.MustCompile(`due (\w+ )?\d+:\d+ [ap]m`)
	row, page := due.FindString(c.Get("/inbox").Main()), due.FindString(c.Get(at).Main())
	if row == "" || page != row {
		t.Errorf("the list says %q and the message %q", row, page)
	}
}
