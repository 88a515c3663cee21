package appliancetest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/store"
)

func TestAMessageGoesAllTheWayThroughThePractice(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	okafor := p.AddPerson(appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"}, "okafor@example.com", access.Provider)
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"okafor"}); err != nil {
		t.Fatal(err)
	}
	_, bearer := p.AddDevice("partner")

	answer := p.PostMessage(t, bearer, "k1", map[string]any{"call_type": "urgent", "form": map[string]string{
		"caller": "Marisol Quintero", "callback": "503 555 0148", "symptoms": "Fever, hard to wake"}})
	if answer.Status != http.StatusCreated || !strings.Contains(answer.Body, "N-1001") {
		t.Fatalf("the API answered %d %s", answer.Status, answer.Body)
	}
	mails, err := p.Smarthost.Wait(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(mails[0].To, ","); !strings.Contains(got, "okafor@example.com") || strings.Contains(string(mails[0].Data), "Quintero") {
		t.Errorf("the notice went to %s, or says who called", got)
	}

	rosa := p.SignIn(t, appliancetest.Admin)
	if page := rosa.Get("/inbox"); !strings.Contains(page.Body, "Marisol Quintero") {
		t.Errorf("the inbox shows no caller:\n%s", page.Body)
	}
	doctor := p.SignIn(t, appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"})
	all, err := p.Envelopes(1)
	if err != nil {
		t.Fatal(err)
	}
	doctor.Post("/messages/"+string(all[0].ID)+"/take", url.Values{})
	err = p.Store.View(func(tx *store.Tx) error {
		e, _, err := store.GetEnvelope(tx, all[0].ID)
		if e.Assignee != okafor {
			t.Errorf("the doctor took it, and it is %q's", e.Assignee)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Advance(time.Minute)
	p.Restart()
	if !p.Vault.Locked() {
		t.Error("after a restart the appliance reads")
	}
}
