package protocol

import (
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// Review is when somebody looked a version through and found it as it should be.
type Review struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"` // UTC
	By      string    `json:"by"`
}

const reviewBucket = "protocol-review"

const keyReview = "last"

var reviews = store.NewTable[Review](reviewBucket)

// LastReview answers the last time that somebody looked through the version that
// counts; publishing it was one.
func LastReview(tx *store.Tx) (Review, bool, error) {
	v, found, err := Newest(tx)
	if err != nil || !found {
		return Review{}, false, err
	}
	r, found, err := reviews.Get(tx, keyReview)
	if err != nil {
		return Review{}, false, fmt.Errorf("reading when the protocol was reviewed: %w", err)
	}
	if !found || r.Version != v.Number {
		return Review{Version: v.Number, At: v.At, By: v.By}, true, nil
	}
	return r, true, nil
}

// SetReviewed says that somebody looked through the version that counts.
func SetReviewed(tx *store.Tx, by string, at time.Time) error {
	v, found, err := Newest(tx)
	if err != nil {
		return err
	}
	if !found {
		return ErrNoVersion
	}
	if err := reviews.Put(tx, keyReview, Review{Version: v.Number, At: at.UTC(), By: by}); err != nil {
		return fmt.Errorf("keeping that the protocol was reviewed: %w", err)
	}
	_, err = audit.Append(tx, audit.Leaf{At: at.UTC(), Who: by, What: audit.ProtocolReviewed, About: []string{versionKey(v.Number)}})
	return err
}

// ReviewDue answers when somebody has to look the protocol through again: so many
// days after they did last.
func (p Protocol) ReviewDue(r Review) time.Time { return r.At.AddDate(0, 0, p.ReviewEvery) }

// Findings answers what needs a person: a review that is overdue, a rule whose
// people are gone, a version that cannot be read.
func (s *Shelf) Findings(tx *store.Tx, at time.Time, o Office) ([]finding.Finding, error) {
	newest, found, err := Newest(tx)
	if err != nil || !found {
		return nil, err
	}
	p, err := s.version(tx, newest)
	if err != nil {
		return []finding.Finding{{ID: "protocol.unread", Severity: finding.Alarm,
			Text: "The practice's protocol cannot be read, so calls are taken by the one that is shipped.",
			Do:   "Publish it again from a file that was exported, or restore the newest proven backup beside the data to compare."}}, nil
	}
	var list []finding.Finding
	review, _, err := LastReview(tx)
	if err != nil {
		return nil, err
	}
	if due := p.ReviewDue(review); !due.After(at) {
		list = append(list, finding.Finding{ID: "protocol.review", Severity: finding.Warning,
			Text: fmt.Sprintf("Nobody has looked the protocol through since %s.", review.At.Format("January 2")),
			Do:   "Look it through with the people in it, then say on its page that it is reviewed."})
	}
	for _, f := range p.gone(o) {
		list = append(list, finding.Finding{ID: "protocol.gone/" + f.Path, Severity: finding.Warning, Text: f.Words,
			Do: "Change the rule and publish; until then everybody gets such calls."})
	}
	return list, nil
}

// gone are the rules and call types whose people do not work messages any more.
func (p Protocol) gone(o Office) []Fault {
	var f faults
	for _, t := range p.Types {
		if t.Owner != "" && !o.Staffed(t.Owner) {
			f.add("call_types."+string(t.ID)+".owner", "%s is owned by %s, in which nobody works messages.", t.Name, p.TeamName(t.Owner))
		}
	}
	for _, r := range p.Routes {
		at := "routes." + r.ID + ".to"
		switch {
		case r.To.Person != "" && !o.Works(r.To.Person):
			f.add(at, "The rule %s sends calls to somebody who does not work messages any more.", r.ID)
		case !r.To.OnCall && r.To.Person == "" && !o.Staffed(r.To.Team):
			f.add(at, "The rule %s sends calls to %s, in which nobody works messages.", r.ID, p.TeamName(r.To.Team))
		}
	}
	return f
}
