package appliance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/appliancetest"
	"nightbell/appliance/message"
	"nightbell/appliance/settings"
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

// Who puts an older store back takes what came since out of the log, which is
// sound in itself. This machine, and the backups, know that it went on.
func TestAnOlderStorePutBackIsSeen(t *testing.T) {
	for name, forget := range map[string]func(*testing.T, *appliancetest.Practice){
		"by this machine": func(t *testing.T, p *appliancetest.Practice) {
			if err := p.SetSetting(t.Context(), "owner", settings.BackupFolder, t.TempDir()); err != nil {
				t.Fatal(err)
			}
		},
		"by the backups": func(t *testing.T, p *appliancetest.Practice) {
			if _, err := p.BackUp(t.Context(), "", nil); err != nil {
				t.Fatal(err)
			}
			p.Stop()
			if err := os.Remove(filepath.Join(p.Dir, "node.db")); err != nil {
				t.Fatal(err)
			}
			p.Run()
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := appliancetest.Start(t)
			if err := p.SetSetting(t.Context(), "owner", settings.BackupFolder, t.TempDir()); err != nil {
				t.Fatal(err)
			}
			if _, err := p.BackUp(t.Context(), "", nil); err != nil {
				t.Fatal(err)
			}
			p.Stop()
			file := filepath.Join(p.Dir, "store.db")
			older, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p.Run()
			refill(t, p)
			forget(t, p)
			if report, err := p.VerifyAudit(t.Context()); err != nil || report.FirstBad != nil {
				t.Fatalf("before anything was put back: %+v (%v)", report, err)
			}
			p.Stop()
			if err := os.WriteFile(file, older, 0o600); err != nil {
				t.Fatal(err)
			}
			p.Run()
			if report, err := p.VerifyAudit(t.Context()); err != nil || report.FirstBad == nil {
				t.Errorf("the log says all is well: %+v, %v", report, err)
			}
		})
	}
}
