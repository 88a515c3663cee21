package appliance_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/finding"
)

func TestWhatTheMachineKnewOfItselfIsBegunAnewWhenDamaged(t *testing.T) {
	p := appliancetest.Start(t)
	p.Stop()
	if err := os.WriteFile(filepath.Join(p.Dir, "node.db"), slices.Repeat([]byte("junk"), 50_000), 0o600); err != nil {
		t.Fatal(err)
	}
	p.Run()
	p.SignIn(t, appliancetest.Admin)
	found, err := p.Findings(t.Context())
	if err != nil || !slices.ContainsFunc(found, func(f finding.Finding) bool { return f.ID == "store.node" }) {
		t.Errorf("nobody is told: %v, %v", found, err)
	}
}

// A service that cannot start says why and what to do, in one line.
func TestAFolderThatCannotBeServedSaysWhatToDo(t *testing.T) {
	for name, c := range map[string]struct{ file, with string }{
		"a damaged store":   {"store.db", strings.Repeat("junk", 50_000)},
		"no secrets":        {"secrets.json", ""},
		"secrets cut short": {"secrets.json", `{"format":1,"ca`},
	} {
		t.Run(name, func(t *testing.T) {
			p := appliancetest.Start(t)
			p.Stop()
			file := filepath.Join(p.Dir, c.file)
			err := os.Remove(file)
			if c.with != "" {
				err = os.WriteFile(file, []byte(c.with), 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			_, err = appliance.Open(t.Context(), appliance.Options{Dir: p.Dir})
			var advice *appliance.Advice
			if !errors.As(err, &advice) || !strings.Contains(advice.Do, "nightbell backup restore") || strings.Contains(advice.What, "\n") {
				t.Errorf("answers %v", err)
			}
		})
	}
}
