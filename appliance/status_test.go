package appliance_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

func TestAnEpochThatCannotBeMadeIsToldToTheDeskAndToWhoWatches(t *testing.T) {
	p := appliancetest.Start(t)
	_, password := p.AddDevice("website")
	folder := filepath.Join(p.Dir, "epochs")
	if err := os.Rename(folder, folder+"-aside"); err != nil {
		t.Fatal(err)
	}
	body := map[string]any{"call_type": "billing", "form": map[string]any{"caller": "Tom", "callback": "503 555 0177", "question": "charged twice"}}
	if got := p.PostMessage(t, password, "", body); got.Status < 500 {
		t.Fatalf("a message was taken (%d)", got.Status)
	}
	found, err := p.Findings(t.Context())
	if err != nil || !slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == "store.refuses" }) {
		t.Errorf("the desk is not told: %v, %v", found, err)
	}
	if p.Ready(t.Context()) == nil {
		t.Error("it says that it is ready")
	}
	if err := os.Rename(folder+"-aside", folder); err != nil {
		t.Fatal(err)
	}
	if got := p.PostMessage(t, password, "", body); got.Status != 201 {
		t.Errorf("with the folder in its place: %d", got.Status)
	}
	if err := p.Ready(t.Context()); err != nil {
		t.Error(err)
	}
}

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
