package appliance_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/finding"
)

func TestAServiceThatCannotSeeTheKitsFolderGoesOnAskingForItUntilACommandSaysItIsGone(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	p := appliancetest.Start(t)
	asks := func() bool {
		found, err := p.Findings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == appliance.KitFinding })
	}
	if !asks() {
		t.Fatal("nobody asks for the kit to be printed and removed")
	}
	away := filepath.Join(t.TempDir(), "printed")
	if err := os.Rename(p.Kit, away); err != nil {
		t.Fatal(err)
	}
	if asks() {
		t.Error("the kit is gone, which this process can see, and it is asked for")
	}
	t.Setenv("INVOCATION_ID", "a service of systemd")
	if !asks() {
		t.Error("a service with a temporary folder of its own takes what it cannot see for gone")
	}
	if err := p.KitIsGone(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asks() {
		t.Error("it is asked for though a command said that it is gone")
	}
}
