package web_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

func TestMailThatWaitsIsSentAgainOrDroppedByAPerson(t *testing.T) {
	p := appliancetest.Start(t) // without a smarthost: what is queued waits
	id, err := message.NewID()
	if err != nil {
		t.Fatal(err)
	}
	err = p.Store.Update(t.Context(), func(tx *store.Tx) error {
		return p.Queue.Enqueue(tx, notify.Mail{ID: id, Key: "test", To: "okafor@example.com", Subject: "Test", Text: "Test", At: p.Clock.Now().UTC()})
	})
	if err != nil {
		t.Fatal(err)
	}
	rosa := p.SignIn(t, appliancetest.Admin)
	if page := rosa.Get("/queue"); !strings.Contains(page.Body, "example.com") || strings.Contains(page.Body, "okafor@") {
		t.Errorf("the queue shows\n%s", page.Body)
	}
	if page := rosa.Post("/queue/"+string(id)+"/again", url.Values{}); page.Status != 200 || page.At.Path != "/queue" {
		t.Errorf("sending again answered %d at %s", page.Status, page.At)
	}
	for range 2 { // the second finds it gone, and that is no error
		if page := rosa.Post("/queue/"+string(id)+"/drop", url.Values{}); page.Status != 200 {
			t.Errorf("dropping answered %d", page.Status)
		}
	}
	waiting, err := p.Waiting()
	if err != nil || len(waiting) != 0 {
		t.Errorf("%d mails wait (%v)", len(waiting), err)
	}
	leaves, err := p.AuditLeaves(0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []audit.What{audit.MailRetried, audit.MailDropped} {
		if !slices.ContainsFunc(leaves, func(l audit.Leaf) bool { return l.What == what && slices.Contains(l.About, string(id)) }) {
			t.Errorf("%s left no record", what)
		}
	}
}
