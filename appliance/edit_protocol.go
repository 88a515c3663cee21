package appliance

import (
	"context"
	"errors"
	"slices"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// ProtocolDraft answers the draft of the next version, or what a draft would begin
// as: the version that counts. Its Rev is 0 then.
func (a *Appliance) ProtocolDraft() (d protocol.Draft, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		d, err = a.protocolDraft(tx)
		return err
	})
	return d, err
}

func (a *Appliance) protocolDraft(tx *store.Tx) (protocol.Draft, error) {
	d, err := protocol.DraftOf(tx)
	if !errors.Is(err, protocol.ErrNoDraft) {
		return d, err
	}
	p, err := a.Protocols.Current(tx)
	return protocol.Draft{Protocol: p, Base: p.Version}, err
}

// EditProtocol changes the draft, and begins one where there is none. change is
// given a copy of its own. rev is that of the draft that the person saw, or
// protocol.NoDraft, or protocol.AnyRev; protocol.ErrDraftChanged when somebody was faster,
// *protocol.BadFile when it would be no protocol any more.
func (a *Appliance) EditProtocol(ctx context.Context, by string, rev int, change func(*protocol.Protocol) error) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		d, err := a.protocolDraft(tx)
		if err != nil {
			return err
		}
		own, err := d.Protocol.Copy()
		if err != nil {
			return err
		}
		if err := change(&own); err != nil {
			return err
		}
		return protocol.SetDraft(tx, by, own, rev, at)
	})
}

// UndoProtocol takes the last change of the draft back.
func (a *Appliance) UndoProtocol(ctx context.Context, by string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return protocol.UndoDraft(tx, by, at) })
}

// DropProtocolDraft gives the draft up; what counts stays as it is.
func (a *Appliance) DropProtocolDraft(ctx context.Context, by string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return protocol.DropDraft(tx, by, at) })
}

// PublishProtocol makes the draft that was reviewed the version that counts for
// every call that begins from now on.
func (a *Appliance) PublishProtocol(ctx context.Context, by, note string, rev int) (v protocol.Version, err error) {
	at := a.Clock.Now().UTC()
	err = a.Store.Update(ctx, func(tx *store.Tx) error {
		v, err = protocol.PublishDraft(tx, by, note, rev, a.office(tx, at), at)
		return err
	})
	return v, err
}

// ImportedProtocol is what an imported file changes.
type ImportedProtocol struct {
	Title     string            `json:"title"`
	Comments  bool              `json:"comments_lost"` // the file had some; they are not kept
	Changes   []protocol.Change `json:"changes"`       // against what counts
	Faults    []protocol.Fault  `json:"faults"`        // what is to be seen to before it can be published
	Published int               `json:"published,omitempty"`
}

// ImportProtocol makes a file the draft of the next version, in the place of what
// was in the draft. What is no protocol is a *protocol.BadFile, and changes nothing.
func (a *Appliance) ImportProtocol(ctx context.Context, by string, file []byte) (done ImportedProtocol, err error) {
	p, comments, err := protocol.Decode(file)
	if err != nil {
		return done, err
	}
	at := a.Clock.Now().UTC()
	err = a.Store.Update(ctx, func(tx *store.Tx) error { return protocol.SetDraft(tx, by, p, 0, at) })
	if err != nil {
		return done, err
	}
	done = ImportedProtocol{Title: p.Title, Comments: comments}
	if done.Faults, err = a.CheckProtocol(p); err != nil {
		return done, err
	}
	done.Changes, err = a.ProtocolChanges()
	return done, err
}

// ProtocolChanges answers what the draft changes of what counts.
func (a *Appliance) ProtocolChanges() (changes []protocol.Change, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		now, err := a.Protocols.Current(tx)
		if err != nil {
			return err
		}
		d, err := a.protocolDraft(tx)
		if err != nil {
			return err
		}
		changes = protocol.Diff(now, d.Protocol, func(id message.PersonID) string { return a.called(tx, id) })
		return nil
	})
	return changes, err
}

// ProtocolFile answers a version as its file, for 0 the one that counts.
func (a *Appliance) ProtocolFile(version int) (file []byte, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		p, err := a.Protocols.Current(tx)
		if version != 0 {
			p, err = a.Protocols.At(tx, version)
		}
		if err != nil {
			return err
		}
		file, err = protocol.Encode(p)
		return err
	})
	return file, err
}

// CheckProtocol answers what a protocol lacks to be published here.
func (a *Appliance) CheckProtocol(p protocol.Protocol) (faults []protocol.Fault, err error) {
	at := a.Clock.Now()
	err = a.Store.View(func(tx *store.Tx) error {
		faults = p.Check(a.office(tx, at), at.In(a.practice.Zone))
		return nil
	})
	return faults, err
}

// ReviewProtocol says that somebody looked the protocol through.
func (a *Appliance) ReviewProtocol(ctx context.Context, by string) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return protocol.SetReviewed(tx, by, at) })
}

// office is the practice as a protocol is checked against it.
type office struct {
	tx *store.Tx
	a  *Appliance
	at time.Time
}

func (a *Appliance) office(tx *store.Tx, at time.Time) office { return office{tx, a, at} }

func (o office) Works(id message.PersonID) bool { return o.a.Access.Works(o.tx, id) }

func (o office) Staffed(id message.TeamID) bool { return o.a.Access.Staffed(o.tx, id) }

// Rings says whether a step before the last resort names somebody who is there. A
// gap in the schedule, or a way to reach somebody that fails, is a finding of its
// own and not the policy's fault: who is on call within the next week is asked.
func (o office) Rings(t message.CallType, u message.Urgency) bool {
	for day := range 8 {
		steps, rings, err := o.a.Bell.SimulateCall(o.tx, message.Envelope{CallType: t, Urgency: u}, o.at.AddDate(0, 0, day))
		if err == nil && rings && slices.ContainsFunc(steps, func(s escalation.SimulatedStep) bool { return !s.LastResort && len(s.People) > 0 }) {
			return true
		}
	}
	return false
}

// DoneBy says who did something, in words: a person, the office, or the appliance
// by itself.
func (a *Appliance) DoneBy(tx *store.Tx, by string) string {
	if by == audit.System {
		return "the set-up"
	}
	return a.called(tx, message.PersonID(by))
}
