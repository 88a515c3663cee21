package appliance_test

import (
	"testing"
	"time"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/store"
)

func TestAnIdempotencyKeyIsForgottenOnlyWhenNobodyTriesAgainUnderIt(t *testing.T) {
	p := appliancetest.Start(t)
	user, bearer := p.AddDevice("partner")
	call := map[string]any{"call_type": "other", "form": map[string]string{"caller": "Ines Holm", "callback": "none", "reason": "Records"}}
	first := p.PostMessage(t, bearer, "k1", call)
	known := func() (known bool) {
		err := p.Store.View(func(tx *store.Tx) error { _, known = store.LookupKey(tx, "device/"+user, "k1"); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	if !known() {
		t.Fatal("the key was never remembered")
	}
	p.Advance(13 * 24 * time.Hour)
	if again := p.PostMessage(t, bearer, "k1", call); again.Body != first.Body {
		t.Errorf("after 13 days the same key answered %s, first %s", again.Body, first.Body)
	}
	p.Advance(2 * 24 * time.Hour)
	p.Until(t, "the key is forgotten", func() bool { return !known() })
}
