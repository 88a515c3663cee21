package appliance_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/finding"
	"nightbell/appliance/vault"
)

// A certificate that is due and cannot be issued anew is no reason not to ring:
// the one that is there serves on, and somebody is told before it ends.
func TestTheOldCertificateServesOnWhereNoNewOneCanBeMade(t *testing.T) {
	p := appliancetest.Start(t)
	p.Stop()
	s, err := vault.LoadSecrets(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s.CAKey = []byte("no key")
	if err := vault.SaveSecrets(p.Dir, s); err != nil {
		t.Fatal(err)
	}
	for days, told := range map[int]bool{300: false, 361: true} {
		clock := clockwork.NewFakeClockAt(appliancetest.Noon.AddDate(0, 0, days))
		a, err := appliance.Open(t.Context(), appliance.Options{Dir: p.Dir, Clock: clock})
		if err != nil {
			t.Fatalf("after %d days: %v", days, err)
		}
		if c, err := a.TLS().GetCertificate(nil); err != nil || !clock.Now().Before(c.Leaf.NotAfter.Add(24*time.Hour)) {
			t.Errorf("after %d days it serves with %v, %v", days, c, err)
		}
		found, err := a.Findings(t.Context())
		if err != nil || slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == "certificate.ends" }) != told {
			t.Errorf("after %d days: %v, %v", days, found, err)
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
}
