package appliance_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/escalation"
	"nightbell/appliance/finding"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
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

// The last resort is everybody: one account that cannot be read must not keep
// the others from being rung.
func TestADamagedAccountKeepsNobodyElseFromBeingRung(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.WithSmarthost)
	broken := p.AddPerson(appliancetest.Login{Name: "hale", Password: "a long enough password for hale"}, "hale@practice.example", access.Provider)
	whole := p.AddPerson(appliancetest.Login{Name: "okafor", Password: "a long enough password for okafor"}, "okafor@practice.example", access.Provider)
	err := p.Store.Update(t.Context(), func(tx *store.Tx) error { return tx.Put("people", string(broken), []byte("{half")) })
	if err != nil {
		t.Fatal(err)
	}
	if err := p.SetOnCallOrder(t.Context(), "owner", []message.PersonID{broken}); err == nil {
		t.Error("somebody who cannot be read is put on call")
	}
	err = p.Store.Update(t.Context(), func(tx *store.Tx) error {
		return oncall.Set(tx, "owner", []message.PersonID{broken}, p.Clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	env, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeUrgent, Text: "short of breath", Channel: message.ChannelMail, Device: "pbx"})
	if err != nil {
		t.Fatal(err)
	}
	p.Received(t, 1)
	err = p.Store.View(func(tx *store.Tx) error {
		bell, rings, err := p.Bell.Of(tx, env.ID, p.Clock.Now())
		if err != nil || !rings || !slices.ContainsFunc(bell.Rung, func(r escalation.Rung) bool { return r.Person == whole && !r.Failed }) {
			t.Errorf("rings %v: %+v, %v", rings, bell.Rung, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
