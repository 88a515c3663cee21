package appliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// Status is what `nightbell status` says.
type Status struct {
	State             string            `json:"state"` // locked, open; the command line adds stopped
	Practice          string            `json:"practice,omitempty"`
	Host              string            `json:"host,omitempty"`
	HTTPS             string            `json:"https,omitempty"`
	SMTPS             string            `json:"smtps,omitempty"`
	Messages          int64             `json:"messages"`
	CA                string            `json:"ca,omitempty"` // file of the CA certificate
	LastProvenRestore time.Time         `json:"last_proven_restore,omitzero"`
	ProofTook         time.Duration     `json:"proof_took_ns,omitempty"`
	RecoveryKit       string            `json:"recovery_kit,omitempty"` // file that init wrote, until it is known to be gone
	Findings          []finding.Finding `json:"findings,omitempty"`
}

// Status answers the state of the machine.
func (a *Appliance) Status(ctx context.Context) (Status, error) {
	s := Status{State: "open", Practice: a.practice.Name, Host: a.practice.Host, CA: a.CAFile()}
	if a.Vault.Locked() {
		s.State = "locked"
	}
	s.HTTPS, s.SMTPS = a.where.both()
	s.RecoveryKit = a.kitFile()
	err := a.Store.View(func(tx *store.Tx) error {
		counts, err := store.CountEnvelopes(tx)
		s.Messages = int64(counts.Total)
		return err
	})
	if err != nil {
		return s, err
	}
	if p, ok := a.LastProven(); ok {
		s.LastProvenRestore, s.ProofTook = p.ProvenAt, p.ProofTook
	}
	s.Findings, err = a.Findings(ctx)
	return s, err
}

// Findings gathers what needs a person from every room, the gravest first. Every
// page shows them, so a room that cannot say is a finding itself: one broken
// record must not take the desk away.
func (a *Appliance) Findings(ctx context.Context) ([]finding.Finding, error) {
	at := a.Clock.Now().UTC()
	var all []finding.Finding
	of := func(room string) func([]finding.Finding, error) {
		return func(found []finding.Finding, err error) {
			if all = append(all, found...); err != nil {
				a.Log.Error("a room cannot say what needs a person", "room", room, "err", err)
				all = append(all, unread(room))
			}
		}
	}
	err := a.Store.View(func(tx *store.Tx) error {
		of("bell")(a.Bell.Findings(tx, at)) // with those of who is on call
		of("on call")(oncall.Stale(tx, at, onCallStaff{a}))
		of("people")(a.Access.Findings(tx, at))
		of("shifts")(a.shiftFindings(tx, at))
		of("mail")(a.Queue.Findings(tx, at))
		all = append(all, a.Pages.Findings(tx, at)...)
		all = append(all, a.Hearing.Findings(tx, at)...)
		all = append(all, notify.WordsFindings(tx)...)
		all = append(all, notify.ReadyFindings(tx)...)
		of("channels")(a.oneKindFindings(tx, at))
		of("desk")(a.Desk.Findings(tx))
		of("drafts")(a.Drafts.Findings(tx))
		of("protocol")(a.Protocols.Findings(tx, at, a.office(tx, at)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("gathering what needs a person: %w", err)
	}
	of("keys")(a.Vault.Findings(ctx))
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	all = append(all, a.Desks.Findings()...)
	all = append(all, a.Backup.Findings(ctx)...)
	all = append(all, a.diskFindings(ctx)...)
	all = append(all, a.kitFinding()...)
	all = append(all, a.mailPasswordFindings()...)
	all = append(all, a.certificateFindings()...)
	all = append(all, a.checkpointFindings()...)
	all = append(all, a.damageFindings()...)
	all = append(all, a.heart.findings(a.practice.Zone)...)
	finding.Sort(all)
	return all, nil
}

func unread(room string) finding.Finding {
	return finding.Finding{
		ID: "unread." + room, Severity: finding.Alarm,
		Text: fmt.Sprintf("A record of the %s cannot be read, so nobody is told what needs a person there.", room),
		Do:   "Look at the log of the service: it names the record. Restore the newest proven backup beside the data to compare.",
	}
}

func (a *Appliance) diskFindings(ctx context.Context) []finding.Finding {
	err := a.accepting(ctx)
	switch {
	case errors.Is(err, store.ErrMoved):
		return []finding.Finding{{
			ID: "store.moved", Severity: finding.Alarm,
			Text: "The file store.db was moved or removed while Nightbell runs: new calls are refused, those taken are rung.",
			Do:   "Do not stop Nightbell. Put the file back where it was; where it is gone, take a backup now to another disk, and restore that.",
		}}
	case err != nil && !errors.Is(err, store.ErrFull):
		return []finding.Finding{{
			ID: "store.refuses", Severity: finding.Alarm,
			Text: "What a new call would be kept in cannot be written: new calls are refused, those taken are rung.",
			Do:   "Look at the log of the service: it says why. Have the server's disk looked at.",
		}}
	case err != nil:
		return []finding.Finding{{
			ID: "store.full", Severity: finding.Alarm,
			Text: "The disk is full: new calls are refused, those taken are kept and rung.",
			Do:   "Make room on the server's disk; calls are taken again by themselves.",
		}}
	}
	return nil
}

// Ready says whether a message can be committed and the bell goes round; it is
// nil when both are so.
func (a *Appliance) Ready(ctx context.Context) error {
	if err := a.Store.Err(); err != nil {
		return err
	}
	if err := a.accepting(ctx); err != nil {
		return err
	}
	return a.Bell.Alive()
}

// accepting says whether a message can be kept: the store takes it, and there is
// an epoch to seal it to.
func (a *Appliance) accepting(ctx context.Context) error {
	if err := a.Store.Accepting(); err != nil {
		return err
	}
	return a.Vault.Sealing(ctx)
}
