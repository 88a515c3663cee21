package web_test

import (
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestTheWeekIsPrintedForTheWall(t *testing.T) {
	p := appliancetest.Start(t)
	shifts(t, p, okafor)
	c := p.SignIn(t, okafor)
	page := c.Get("/on-call/print")
	if !strings.Contains(page.Body, `<table class="week`) || strings.Contains(page.Body, "<nav") || strings.Contains(page.Body, "If nobody answers") {
		t.Errorf("the page for the wall answers %d:\n%s", page.Status, page.Body)
	}
	var policy escalation.Policy
	if err := p.Store.View(func(tx *store.Tx) error { policy, _ = escalation.PolicyFor(tx, "", message.Urgent); return nil }); err != nil {
		t.Fatal(err)
	}
	policy.LastResort = escalation.LastResort{Phone: "+1 503 555 0199", PhoneName: "Answering service"}
	if err := p.SetPolicy(t.Context(), "owner", policy); err != nil {
		t.Fatal(err)
	}
	if main := c.Get("/on-call/print").Main(); !strings.Contains(main, "Answering service +1 503 555 0199") && !strings.Contains(main, "Answering service &#43;1 503 555 0199") {
		t.Errorf("the last phone is missing:\n%s", main)
	}
}

func TestTheListIsPrintedWhereItCounts(t *testing.T) {
	p := ring(t)
	main := p.rosa.Get("/on-call/print").Main()
	if first, second := strings.Index(main, "<li>okafor"), strings.Index(main, "<li>lindqvist"); first < 0 || second < first {
		t.Errorf("the list is not printed in its order:\n%s", main)
	}
}
