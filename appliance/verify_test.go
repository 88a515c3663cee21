package appliance_test

import (
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

func TestAnEnvelopeAndItsPartReplacedTogetherAreSeenByTheLog(t *testing.T) {
	p := appliancetest.Start(t)
	r := refill(t, p)
	if report, err := p.VerifyAudit(t.Context()); err != nil || report.FirstBad != nil {
		t.Fatalf("before anything was changed: %+v (%v)", report, err)
	}

	// Whoever holds a key seals another record of the same ids, and puts it and
	// an envelope that names it in the places of the true ones.
	var e message.Envelope
	err := p.Store.View(func(tx *store.Tx) (err error) { e, _, err = store.GetEnvelope(tx, r.ID); return err })
	if err != nil {
		t.Fatal(err)
	}
	forged, err := p.Vault.SealRecord(t.Context(), message.Record{Message: e.ID, Part: e.Parts[0].ID, Kind: message.PartRecord, Text: "another story"})
	if err != nil {
		t.Fatal(err)
	}
	e.Parts = []message.Part{forged.Part}
	err = p.Store.Update(t.Context(), func(tx *store.Tx) error {
		if err := vault.PutPack(tx, forged); err != nil {
			return err
		}
		return store.PutEnvelope(tx, e)
	})
	if err != nil {
		t.Fatal(err)
	}
	report, err := p.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if report.FirstBad == nil || !strings.Contains(report.Why, string(r.ID)) {
		t.Errorf("the log says all is well: %+v", report)
	}
}
