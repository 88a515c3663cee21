package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
)

const someDraft = "019ab000-0000-7000-8000-000000000007"

func lock(t *testing.T, p *appliancetest.Practice) {
	t.Helper()
	if err := p.Vault.Lock(t.Context(), "owner"); err != nil {
		t.Fatal(err)
	}
}

// keep keeps a call that is being typed, as the page does at each pause.
func keep(t *testing.T, c *appliancetest.Client, id string, form url.Values) {
	t.Helper()
	if got := c.Post("/drafts/"+id, form); got.Status != http.StatusOK || !strings.Contains(got.Body, "Kept, sealed, at") {
		t.Fatalf("answered %d: %s", got.Status, got.Body)
	}
}

func TestACallThatWasPutAsideGoesOnAfterALockAndASignOut(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	c := p.SignIn(t, ana)
	form := refill("Priya Raman")
	form.Set("script", `[{"s":"refill.greeting","t":1}]`)
	keep(t, c, someDraft, form)
	if page := c.Get("/take"); !strings.Contains(page.Body, "One call put aside") || strings.Contains(page.Body, "Priya") {
		t.Error("the next form does not offer it, or says whose it is")
	}
	lock(t, p)
	c.Post("/sign-out", nil)
	c.Post("/sign-in", url.Values{"name": {ana.Name}, "password": {ana.Password}})
	page := c.Get("/take?draft=" + someDraft)
	for _, want := range []string{"Priya Raman", "Lisinopril", "refill.greeting", `value="` + someDraft + `"`} {
		if !strings.Contains(page.Body, want) {
			t.Errorf("%q is lost", want)
		}
	}
	form.Set("key", someDraft)
	if saved := c.Post("/messages", form); !strings.HasPrefix(saved.At.Path, "/take/saved/") {
		t.Fatalf("not saved: %d at %s", saved.Status, saved.At)
	}
	if page := c.Get("/take"); strings.Contains(page.Body, "put aside") {
		t.Error("what was saved is still aside")
	}
}

func TestAnotherBrowserOpensNoDraft(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	keep(t, p.SignIn(t, ana), someDraft, refill("Priya Raman"))
	other := p.SignIn(t, ana)
	if page := other.Get("/take?draft=" + someDraft); strings.Contains(page.Body, "Priya") || !strings.Contains(page.Body, "not aside at this desk") {
		t.Error("another browser opens it, or does not say why not")
	}
	if page := other.Get("/take"); !strings.Contains(page.Body, "at the desk where it was typed") {
		t.Error("another browser does not say where it is")
	}
	other.Post("/drafts/"+someDraft+"/drop", nil)
	if page := other.Get("/take"); strings.Contains(page.Body, "put aside") {
		t.Error("its person cannot drop it")
	}
}

func TestACallerWhoHungUpLeavesAMessageToWork(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	page := c.Post("/messages", url.Values{"type": {"refill"}, "f.caller": {"Priya Raman"}, "hung_up": {"1"}})
	if !strings.HasPrefix(page.At.Path, "/take/saved/") {
		t.Fatalf("not saved: %d at %s", page.Status, page.At)
	}
	if list := c.Get("/inbox"); !strings.Contains(list.Body, "Caller hung up") {
		t.Error("the inbox does not say that the caller hung up")
	}
	if page := c.Post("/messages", url.Values{"type": {"refill"}, "hung_up": {"1"}}); page.Status != http.StatusUnprocessableEntity {
		t.Errorf("nothing at all is answered %d", page.Status)
	}
}

func TestTheNextCallIsTakenAtOnceWithTheNumberOfTheOneBefore(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	form := refill("Priya Raman")
	form.Set("another", "1")
	page := c.Post("/messages", form)
	if page.At.Path != "/take" || !strings.Contains(page.Body, "N-1001 is saved.") || strings.Contains(page.Body, "Priya") {
		t.Errorf("it leads to %s", page.At)
	}
}

func TestTheTakerReadsTheirOwnCopyWhileLocked(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	c := p.SignIn(t, ana)
	page := take(t, c, urgent("Marisol Quintero"))
	lock(t, p)
	if got := c.Get(page); !strings.Contains(got.Body, "(503) 555-0148") || !strings.Contains(got.Body, "Your own copy") {
		t.Error("the number is not shown at the desk where it was typed")
	}
	if got := p.SignIn(t, ana).Get(page); strings.Contains(got.Body, "555-0148") {
		t.Error("another browser shows it")
	}
}
