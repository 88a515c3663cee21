package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
)

func mailed(t *testing.T, p *appliancetest.Practice, text string) string {
	t.Helper()
	device, _ := p.AddDevice("pbx")
	r, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeOther, Channel: message.ChannelMail, Device: message.DeviceID(device), Text: message.Clear(text)})
	if err != nil {
		t.Fatal(err)
	}
	return "/messages/" + string(r.ID)
}

func TestWhatItsWordsRaisedIsLoweredWithAReason(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	c := p.SignIn(t, appliancetest.Admin)
	at := mailed(t, p, "He has <b>chest pain</b> since noon.")
	if list := c.Get("/inbox"); !strings.Contains(list.Body, "Raised by its words") || strings.Contains(list.Body, "Raised by words in the text") {
		t.Error("the inbox does not say that the words raised it, or says which")
	}
	page := c.Get(at)
	for _, want := range []string{"Raised by words in the text: Chest pain", "&lt;b&gt;<mark>chest pain</mark>&lt;/b&gt;", `data-open="do-urgency"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	page = c.Post(at+"/urgency", url.Values{"seen": {seen(page)}, "urgency": {"routine"}})
	if page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "Say why") || !strings.Contains(page.Body, `value="routine" required data-key="2" checked`) {
		t.Errorf("without a reason it answers %d, or forgets what was chosen", page.Status)
	}
	if page = c.Post(at+"/urgency", url.Values{"seen": {seen(page)}, "note": {"a song"}}); page.Status != http.StatusUnprocessableEntity || !strings.Contains(page.Body, "a song") {
		t.Errorf("without an urgency it answers %d, or loses the reason", page.Status)
	}
	page = c.Post(at+"/urgency", url.Values{"seen": {seen(page)}, "urgency": {"routine"}, "note": {"it is the title of a song"}})
	for _, want := range []string{"urgency changed", "changed the urgency: Urgent, now Routine", "it is the title of a song", "Words of danger in the text: Chest pain"} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("lowered, the page does not say %q", want)
		}
	}
	if strings.Contains(page.Body, "Raised by its words") || strings.Contains(page.Body, "nobody has taken it") {
		t.Error("it is lowered, and is still said to be raised, or rings")
	}
	if page = p.SignIn(t, ana).Post(at+"/urgency", url.Values{"urgency": {"urgent"}}); page.Status != http.StatusForbidden {
		t.Errorf("a call taker is answered %d", page.Status)
	}
	if page = c.Post(at+"/urgency", url.Values{"urgency": {"urgent"}}); !strings.Contains(page.Body, "nobody has taken it") {
		t.Error("it is raised, and nothing rings")
	}
}

func TestALockedMessageSaysOnlyThatItsWordsRaisedIt(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	at := mailed(t, p, "chest pain since noon")
	if err := p.Lock(t.Context(), "owner"); err != nil {
		t.Fatal(err)
	}
	page := c.Get(at)
	if !strings.Contains(page.Body, "Raised by its words") || strings.Contains(strings.ToLower(page.Body), "chest pain") {
		t.Error("the sealed page does not say that its words raised it, or says which")
	}
}
