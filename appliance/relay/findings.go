package relay

import (
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// overdue is how long a mail may wait before a person is told.
const overdue = 15 * time.Minute

// Findings says what about outgoing mail needs a person.
func (q *Queue) Findings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	list, err := q.Entries(tx)
	if err != nil {
		return nil, err
	}
	var findings []finding.Finding
	if last, tried, err := q.Last(tx); err != nil {
		return nil, err
	} else if tried && !last.OK {
		findings = append(findings, wayOutFails(last.Why))
	}
	refused, waiting, why := 0, 0, ""
	for _, e := range list {
		switch {
		case e.State == StateRefused:
			refused++
		case at.Sub(e.QueuedAt) > overdue:
			waiting, why = waiting+1, e.Why
		}
	}
	if refused > 0 {
		findings = append(findings, mailRefused(refused))
	}
	if waiting > 0 {
		findings = append(findings, mailWaits(waiting, why))
	}
	return findings, nil
}
