package appliance_test

import (
	"bytes"
	"slices"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// Every page shows the findings: a room that cannot read its own must not take
// the desk away with it.
func TestARoomThatCannotSayWhatItNeedsIsAFindingItself(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddDevice("pbx")
	before, err := p.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	err = p.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.Put("devices", "broken", []byte("{")) })
	if err != nil {
		t.Fatal(err)
	}
	after, err := p.Findings(t.Context())
	if err != nil || len(after) != len(before)+1 {
		t.Fatalf("%d findings before, %d after, %v", len(before), len(after), err)
	}
	if !slices.ContainsFunc(after, func(f finding.Finding) bool {
		return f.ID == "unread.people" && f.Severity == finding.Alarm && f.Text != "" && f.Do != ""
	}) {
		t.Errorf("the findings are %+v", after)
	}
	if !bytes.Contains(p.Logs.Bytes(), []byte("broken")) {
		t.Error("the log does not say which record it is")
	}
	rosa := p.SignIn(t, appliancetest.Admin)
	if page := rosa.Get("/inbox"); page.Status != 200 {
		t.Errorf("the inbox answers %d", page.Status)
	}
}
