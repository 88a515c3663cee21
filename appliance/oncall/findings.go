package oncall

import (
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// Findings says what is wrong with who is on call.
func Findings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	p, err := Load(tx)
	if err != nil {
		return nil, err
	}
	var list []finding.Finding
	if p.Doubt != nil {
		list = append(list, finding.Finding{
			ID: "oncall.clock", Severity: finding.Alarm,
			Text: "Everybody is on call, because " + p.Doubt.Text() + ".",
			Do:   "Look at the server's date and time, set them right, then say “the clock is right” on the on-call page.",
		})
	}
	if len(Resolve(p, at).Turns) > 0 {
		return list, nil
	}
	nobody := finding.Finding{
		ID: "oncall.nobody", Severity: finding.Alarm,
		Text: "Nobody is on the on-call list.",
		Do:   "Put the people who take urgent calls on the list, in the order they are to be rung.",
	}
	if p.Uses == UsesSchedule {
		nobody.Text = "Nobody is on call: the schedule has a gap now."
		nobody.Do = "Have somebody cover it on the on-call page, or switch somebody to “on call now”."
	}
	return append(list, nobody), nil
}
