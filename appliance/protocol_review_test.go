package appliance_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

func TestWhoLooksAfterTheProtocolIsToldWhatItNeeds(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	office := p.AddPerson(appliancetest.Login{Name: "dana", Password: "marble stairs and an open door"}, "dana@example.com", access.Admin)
	nurse := staffed(p, "bo", "bo@example.com")
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"bo"}); err != nil {
		t.Fatal(err)
	}
	err := p.EditProtocol(t.Context(), string(office), 0, func(d *protocol.Protocol) error {
		d.Routes = slices.Insert(d.Routes, 1, protocol.Route{ID: "bo", When: protocol.Match{Providers: []string{"Bo"}}, To: protocol.Target{Person: nurse}})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.PublishProtocol(t.Context(), string(office), "", 0); err != nil {
		t.Fatal(err)
	}
	found := func(id string) bool {
		all, err := p.Findings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range all {
			if f.ID == id {
				return true
			}
		}
		return false
	}
	const gone = "protocol.gone/routes.bo.to"
	if found(gone) {
		t.Error("bo works messages, and the rule is a finding")
	}
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"rosa"}); err != nil {
		t.Fatal(err)
	}
	if err := p.Access.Disable(t.Context(), "owner", nurse); err != nil {
		t.Fatal(err)
	}
	if !found(gone) {
		t.Error("a rule for somebody who works here no more is no finding")
	}

	// A file that cannot be read is an alarm, and told at once.
	if err := p.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.Put("protocol-files", "000002", []byte("title: [")) }); err != nil {
		t.Fatal(err)
	}
	p.Restart()
	if !found("protocol.unread") {
		t.Error("a protocol that cannot be read is no finding")
	}
	mails := p.Received(t, 1)
	if text := string(mails[0].Data); !slices.Equal(mails[0].To, []string{"dana@example.com"}) || !strings.Contains(text, "Protocol: one thing") || !strings.Contains(text, "cannot be read") || !strings.Contains(text, "/protocol") {
		t.Errorf("to %v:\n%s", mails[0].To, text)
	}
}

func TestAReviewIsDueAndDone(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	due := func() bool {
		s, err := p.Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range s.Findings {
			if f.ID == "protocol.review" {
				return true
			}
		}
		return false
	}
	if err := p.EditProtocol(t.Context(), "owner", 0, func(d *protocol.Protocol) error { d.Title, d.ReviewEvery = "Ours", 7; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := p.SetOnCallByName(t.Context(), "owner", []string{"rosa"}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.PublishProtocol(t.Context(), "owner", "", 0); err != nil {
		t.Fatal(err)
	}
	if due() {
		t.Error("what was published now is due for review")
	}
	p.Advance(8 * 24 * time.Hour)
	if !due() {
		t.Error("after eight days it is not due for review")
	}
	if err := p.ReviewProtocol(t.Context(), "owner"); err != nil || due() {
		t.Errorf("reviewed (%v), it is due still", err)
	}
	p.Advance(8 * 24 * time.Hour)
	if !due() {
		t.Error("a review is good for ever")
	}
}
