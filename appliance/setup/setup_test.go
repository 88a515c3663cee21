package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nightbell/appliance/setup"
)

func practice(dir, kit string) setup.Practice {
	return setup.Practice{Dir: dir, Kit: kit, Name: "Cedar Street", Zone: "America/New_York", Host: "nightbell.local",
		Admin: "rosa", AdminPassword: "paper lantern over a quiet harbour"}
}

// A thief who takes the data folder must not find the kit in it, whichever way
// the two are named.
func TestTheRecoveryKitNeverLiesInTheDataFolder(t *testing.T) {
	root := t.TempDir()
	real := filepath.Join(root, "disk")
	if err := os.MkdirAll(filepath.Join(real, "made"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	at := func(parts ...string) string { return filepath.Join(append([]string{root}, parts...)...) }
	for name, c := range map[string][2]string{
		"plainly":                            {at("disk", "made"), at("disk", "made", "kit.txt")},
		"deep inside":                        {at("disk", "made"), at("disk", "made", "a", "b", "kit.txt")},
		"the folder by a link":               {at("link", "made"), at("disk", "made", "kit.txt")},
		"the kit by a link":                  {at("disk", "made"), at("link", "made", "kit.txt")},
		"a folder to be made, by a link":     {at("link", "data"), at("disk", "data", "kit.txt")},
		"a folder to be made, the kit by it": {at("disk", "data"), at("link", "data", "kit.txt")},
		"the folder itself":                  {at("disk", "data"), at("disk", "data")},
	} {
		_, err := setup.Make(t.Context(), practice(c[0], c[1]))
		if err == nil || !strings.Contains(err.Error(), "must not lie in the data folder") {
			t.Errorf("%s: answers %v", name, err)
		}
	}
	if entries, err := os.ReadDir(at("disk", "made")); err != nil || len(entries) > 0 {
		t.Errorf("a refused practice left %v (%v)", entries, err)
	}
}

func TestAFirstRunThatFailsLeavesAnEmptyFolder(t *testing.T) {
	root := t.TempDir()
	data, kit := filepath.Join(root, "data"), filepath.Join(root, "usb", "kit.txt")
	if _, err := setup.Make(t.Context(), practice(data, kit)); err == nil { // no stick is plugged in
		t.Fatal("a practice was made without its kit")
	}
	if entries, err := os.ReadDir(data); err != nil || len(entries) > 0 {
		t.Fatalf("it left %v (%v)", entries, err)
	}
	if err := os.Mkdir(filepath.Dir(kit), 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := setup.Make(t.Context(), practice(data, kit)); err != nil {
		t.Errorf("the second try answers %v", err)
	}
	if info, err := os.Stat(kit); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the kit is %v (%v)", info, err)
	}
}
