package intake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// draft is one message between Take and its commit.
type draft struct {
	in       *Intake
	taking   Taking
	typ      protocol.Type
	protocol protocol.Protocol
	calendar protocol.Calendar

	urgency message.Urgency
	record  message.Record
	inline  int            // bytes of files in the record
	blobs   []message.Part // on disk already
}

// sealTries is how often a record is sealed anew because its epoch was closed by
// a shredding meanwhile; once is rare, twice takes two shreddings within a commit.
const sealTries = 4

// take seals and commits. Blobs that no commit names are removed, unless it is
// not known whether one does: those are swept at the next start.
func (d *draft) take(ctx context.Context) (r Receipt, err error) {
	defer func() {
		if r.Again || err != nil && !errors.Is(err, store.ErrUnknown) {
			d.drop()
		}
	}()
	id, err := message.NewID()
	if err != nil {
		return Receipt{}, err
	}
	d.urgency = d.taking.urgency(d.typ)
	d.record = message.Record{Message: id, Kind: message.PartRecord, Form: d.taking.Form, Script: d.taking.Script}
	d.answered()
	d.heard()
	if err := d.sealFiles(ctx); err != nil {
		return Receipt{}, err
	}
	for range sealTries {
		var pack vault.Pack
		if pack, err = d.in.vault.SealRecord(ctx, d.record); err != nil {
			return Receipt{}, fmt.Errorf("sealing message %s: %w", id, err)
		}
		if r, err = d.commit(ctx, pack); !errors.Is(err, vault.ErrEpochClosed) {
			break
		}
	}
	if err != nil {
		return Receipt{}, fmt.Errorf("committing message %s: %w", id, err)
	}
	return r, nil
}

// commit writes all that makes a message in one transaction. There is no state
// in which one of it exists without the others.
func (d *draft) commit(ctx context.Context, pack vault.Pack) (r Receipt, err error) {
	at := d.in.clock.Now().UTC().Truncate(time.Microsecond)
	env := d.envelope(pack, at)
	leaf := audit.Leaf{At: at, Who: d.who(), What: audit.Received, About: []string{string(env.ID)}, Data: commitments(env.Parts)}
	event := message.Event{At: at, What: message.EventTaken, Who: d.taking.TypedBy, Device: d.taking.Device, Detail: string(env.Channel)}
	err = d.in.store.Update(ctx, func(tx *store.Tx) error {
		again, ok, err := lookUp(tx, d.taking)
		if ok || err != nil {
			r = again
			return err
		}
		env := env // the change may run again
		env.Team, env.Assignee = d.in.given(tx, env.Team, env.Assignee)
		if env.Number, err = store.NextNumber(tx); err != nil {
			return err
		}
		r = Receipt{ID: env.ID, Number: env.Number, ReceivedAt: env.ReceivedAt}
		return d.write(tx, env, pack, event, leaf)
	})
	if err != nil {
		return Receipt{}, err
	}
	return r, nil
}

func (d *draft) write(tx *store.Tx, env message.Envelope, pack vault.Pack, event message.Event, leaf audit.Leaf) error {
	if err := vault.PutPack(tx, pack); err != nil {
		return err
	}
	if err := store.PutEnvelope(tx, env); err != nil {
		return err
	}
	if err := store.AddEvent(tx, env.ID, event); err != nil {
		return err
	}
	if _, err := audit.Append(tx, leaf); err != nil {
		return err
	}
	if err := d.in.bell.Begin(tx, env, env.ReceivedAt); err != nil {
		return err
	}
	if d.taking.Key == "" {
		return nil
	}
	return store.RememberKey(tx, d.taking.scope(), d.taking.Key, env.ID, env.ReceivedAt)
}

// envelope is what anyone may see of the message, routed by the first rule of the
// protocol that it matches at the moment of its commit.
func (d *draft) envelope(pack vault.Pack, at time.Time) message.Envelope {
	to := d.protocol.Route(d.calendar, protocol.Call{
		Type: d.typ.ID, Urgency: d.urgency, Provider: d.taking.Form[protocol.FieldProvider], Channel: d.taking.Channel, At: at,
	})
	return message.Envelope{
		ID: d.record.Message, ReceivedAt: at, Channel: d.taking.Channel,
		CallType: d.typ.ID, Urgency: d.urgency, Status: message.New, Team: to.Team, Assignee: to.Person,
		Clinical: d.typ.Clinical || d.urgency == message.Urgent, TypedBy: d.taking.TypedBy, Device: d.taking.Device, Protocol: d.protocol.Version,
		Route: to.Route, OnCall: to.OnCall, Due: to.Due, Flags: d.taking.Flags,
		Parts: append([]message.Part{pack.Part}, d.blobs...),
	}
}

// Where answers where a call goes: by the protocol's first rule that matches, and
// past a person or a team that is not there to work it. It is what Take does.
func (in *Intake) Where(tx *store.Tx, p protocol.Protocol, cal protocol.Calendar, c protocol.Call) protocol.Routed {
	to := p.Route(cal, c)
	to.Team, to.Person = in.given(tx, to.Team, to.Person)
	return to
}

// given takes a message from a person or a team that is not there to work it:
// in doubt everybody sees it.
func (in *Intake) given(tx *store.Tx, team message.TeamID, person message.PersonID) (message.TeamID, message.PersonID) {
	if in.staff == nil {
		return team, person
	}
	if person != "" && !in.staff.Works(tx, person) {
		person = ""
	}
	if !in.staff.Staffed(tx, team) {
		team = message.Everybody
	}
	return team, person
}

// drop removes the blobs of a message that was not taken.
func (d *draft) drop() {
	for _, b := range d.blobs {
		if err := d.in.store.RemoveBlob(b.ID); err != nil {
			d.in.log.Warn("a blob of a message that was not taken stays until the next start", "blob", b.ID, "err", err)
		}
	}
}

func (d *draft) who() string {
	if d.taking.Device != "" {
		return string(d.taking.Device)
	}
	return string(d.taking.TypedBy)
}

// commitments are what the audit log holds of parts: their ids and hashes.
func commitments(parts []message.Part) map[string]string {
	data := make(map[string]string, len(parts))
	for _, p := range parts {
		data[string(p.ID)] = p.Commitment
	}
	return data
}

// lookUp answers the receipt of an earlier taking under the same key.
func lookUp(tx *store.Tx, t Taking) (Receipt, bool, error) {
	if t.Key == "" {
		return Receipt{}, false, nil
	}
	id, ok := store.LookupKey(tx, t.scope(), t.Key)
	if !ok {
		return Receipt{}, false, nil
	}
	env, ok, err := store.GetEnvelope(tx, id)
	if err != nil {
		return Receipt{}, false, err
	}
	r := Receipt{ID: id, Again: true}
	if ok { // else it was shredded since, and is not taken a second time
		r.Number, r.ReceivedAt = env.Number, env.ReceivedAt
	}
	return r, true, nil
}
