package oncall

import (
	"fmt"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// Load reads the data that Resolve answers from.
func Load(tx *store.Tx) (Schedule, error) {
	order, err := Order(tx)
	if err != nil {
		return Schedule{}, err
	}
	s := Schedule{Order: order}
	now, on, err := switches.Get(tx, keyNow)
	if err != nil {
		return Schedule{}, fmt.Errorf("reading who is on call now: %w", err)
	}
	if on {
		s.Now = &now
	}
	doubt, doubted, err := doubts.Get(tx, keyDoubt)
	if err != nil {
		return Schedule{}, fmt.Errorf("reading the doubt about the clock: %w", err)
	}
	if doubted {
		s.Doubt = &doubt
	}
	return s, nil
}

// Now answers who takes urgent calls at a moment.
func Now(tx *store.Tx, at time.Time) (Answer, error) {
	s, err := Load(tx)
	if err != nil {
		return Answer{}, err
	}
	return Resolve(s, at), nil
}

// Findings says what is wrong with who is on call.
func Findings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	s, err := Load(tx)
	if err != nil {
		return nil, err
	}
	var list []finding.Finding
	if s.Doubt != nil {
		list = append(list, finding.Finding{
			ID: "oncall.clock", Severity: finding.Alarm,
			Text: "Everybody is on call, because " + s.Doubt.Text() + ".",
			Do:   "Look at the server's date and time, set them right, then say “the clock is right” on the on-call page.",
		})
	}
	if len(Resolve(s, at).Turns) == 0 {
		list = append(list, finding.Finding{
			ID: "oncall.nobody", Severity: finding.Alarm,
			Text: "Nobody is on the on-call list.",
			Do:   "Put the people who take urgent calls on the list, in the order they are to be rung.",
		})
	}
	return list, nil
}
