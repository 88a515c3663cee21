package watch_test

import (
	"net/http"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/watch"
)

func TestARealApplianceIsLookedAt(t *testing.T) {
	p := appliancetest.Start(t)
	w, err := watch.New(watch.Options{URL: "https://" + p.HTTPS, Client: watch.NewClient(p.Trust().RootCAs)})
	if err != nil {
		t.Fatal(err)
	}
	if trouble, text := w.Look(t.Context()); trouble != "" {
		t.Fatalf("an appliance that is well: %s", text)
	}
	_, password := p.AddDevice("pbx")
	form := map[string]string{"caller": "Zyxcanary Quintero", "callback": "5035550148", "read_back": "yes", "symptoms": "fever"}
	if got := p.PostMessage(t, password, "a", map[string]any{"call_type": "urgent", "form": form}); got.Status != http.StatusCreated {
		t.Fatalf("not taken: %d %s", got.Status, got.Body)
	}
	p.Until(t, "the bell has nobody to ring", func() bool {
		trouble, _ := w.Look(t.Context())
		return trouble == watch.LastResort
	})
	p.Stop()
	if trouble, _ := w.Look(t.Context()); trouble != watch.NoAnswer {
		t.Errorf("an appliance that is stopped: %q", trouble)
	}
}
