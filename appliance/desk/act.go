package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Seen is where a message stood when the person looked at it. Handed to a change,
// it makes sure that nobody did something meanwhile; the zero Seen does not ask.
type Seen struct {
	Status   message.Status
	Assignee message.PersonID
}

// SeenOf answers how an envelope stands.
func SeenOf(e message.Envelope) Seen { return Seen{e.Status, e.Assignee} }

const (
	maxNote   = 10_000 // characters: four printed pages
	maxParts  = 400    // of one message: its envelope stays a tenth of what a change holds
	sealTries = 4      // a note's epoch can be closed by a shredding meanwhile; once is rare
)

// act is one thing that a person does to a message.
type act struct {
	what   audit.What
	event  message.EventKind
	detail string           // of the event: a code
	whom   message.PersonID // of the event
	note   message.Clear    // sealed as a part of its own; "" for none
	via    string           // a code: the channel that it came by, where it was no session

	choose func(tx *store.Tx, e message.Envelope, at time.Time, a *act) error  // what of this is done, as the message stands
	before func(tx *store.Tx, at time.Time) error                              // first of all, in the change
	move   func(tx *store.Tx, e *message.Envelope, at time.Time) error         // how the envelope changes
	after  func(tx *store.Tx, e message.Envelope, at time.Time) error          // the bell
	remake func(ctx context.Context) (func(*store.Tx, time.Time) error, error) // before, once more: its seal has run out
}

// do commits an act: envelope, note, timeline and leaf in one transaction, with
// the bell told in it. It answers the envelope as it stands then.
func (d *Desk) do(ctx context.Context, s access.Session, id message.ID, a act) (after message.Envelope, err error) {
	note, err := checkNote(a.note)
	if err != nil {
		return after, err
	}
	for try := range sealTries {
		if try > 0 && a.remake != nil {
			if a.before, err = a.remake(ctx); err != nil {
				return after, err
			}
		}
		var pack *vault.Pack
		if pack, err = d.sealNote(ctx, id, note); err != nil {
			return after, err
		}
		if after, err = d.commit(ctx, s, id, a, pack); !errors.Is(err, vault.ErrEpochClosed) {
			break
		}
	}
	return after, err
}

func checkNote(text message.Clear) (message.Clear, error) {
	tidy := protocol.Tidy(text.Reveal(), protocol.LongText)
	if utf8.RuneCountInString(tidy) > maxNote {
		return "", &Invalid{Field: "note", Words: fmt.Sprintf("The note is longer than %d characters; shorten it.", maxNote)}
	}
	return message.Clear(tidy), nil
}

func (d *Desk) sealNote(ctx context.Context, id message.ID, text message.Clear) (*vault.Pack, error) {
	if text == "" {
		return nil, nil
	}
	e, err := d.envelope(id)
	if err != nil {
		return nil, err
	}
	pack, err := d.vault.SealNote(ctx, e, message.Record{Message: id, Kind: message.PartNote, Text: text})
	if err != nil {
		return nil, fmt.Errorf("sealing a note of message %s: %w", id, err)
	}
	return &pack, nil
}

func (d *Desk) commit(ctx context.Context, s access.Session, id message.ID, a act, pack *vault.Pack) (after message.Envelope, err error) {
	at := d.now()
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		if a.before != nil {
			if err := a.before(tx, at); err != nil {
				return err
			}
		}
		e, err := find(tx, id)
		if err != nil {
			return err
		}
		a := a // a change may run again
		if a.choose != nil {
			after = e
			if err := a.choose(tx, e, at, &a); err != nil {
				return err
			}
		}
		if a.via == "" && !mayWork(s, e) { // an answer by another way was asked for
			return &access.Denied{Need: access.ReadTeam}
		}
		if a.move != nil {
			if err := a.move(tx, &e, at); err != nil {
				return err
			}
		}
		after = e
		return d.write(tx, s, &after, a, pack, at)
	})
	switch {
	case errors.Is(err, errAlready):
		return after, nil
	case err != nil:
		return message.Envelope{}, wrapUnless(err, id, a.what)
	}
	return after, nil
}

func (d *Desk) write(tx *store.Tx, s access.Session, e *message.Envelope, a act, pack *vault.Pack, at time.Time) error {
	event := message.Event{At: at, What: a.event, Who: s.Who, Whom: a.whom, Detail: a.detail}
	leaf := audit.Leaf{At: at, Who: string(s.Who), What: a.what, About: []string{string(e.ID)}, Why: a.detail, From: from(s)}
	if a.via != "" {
		leaf.From = a.via
		event.Detail = strings.TrimPrefix(a.detail+","+a.via, ",")
	}
	if a.whom != "" {
		leaf.About = append(leaf.About, string(a.whom))
	}
	if pack != nil {
		if len(e.Parts) >= maxParts {
			return &Invalid{Field: "note", Words: fmt.Sprintf("This message has %d notes and files, which is all it can have.", maxParts)}
		}
		if err := vault.PutPack(tx, *pack); err != nil {
			return err
		}
		e.Parts = append(slices.Clip(e.Parts), pack.Part)
		event.Part = pack.Part.ID
		leaf.Data = map[string]string{string(pack.Part.ID): pack.Part.Commitment}
	}
	if err := store.PutEnvelope(tx, *e); err != nil {
		return err
	}
	if err := store.AddEvent(tx, e.ID, event); err != nil {
		return err
	}
	if _, err := audit.Append(tx, leaf); err != nil {
		return err
	}
	if a.after == nil {
		return nil
	}
	return a.after(tx, *e, at)
}

// wrapUnless says what was being done, but leaves the errors that are words for
// people as they are.
func wrapUnless(err error, id message.ID, what audit.What) error {
	var conflict *Conflict
	var bad *Invalid
	var step *message.StepError
	var late *TooLate
	var denied *access.Denied
	if errors.As(err, &late) || errors.As(err, &denied) || errors.As(err, &conflict) || errors.As(err, &bad) || errors.As(err, &step) || errors.Is(err, ErrNotFound) {
		return err
	}
	return fmt.Errorf("recording that message %s was %s: %w", id, what, err)
}

// unchanged answers a *Conflict when the message is not as it was seen.
func (d *Desk) unchanged(tx *store.Tx, e message.Envelope, seen Seen) error {
	if seen == (Seen{}) || seen == SeenOf(e) {
		return nil
	}
	return d.conflict(tx, e)
}

func (d *Desk) conflict(tx *store.Tx, e message.Envelope) error {
	name, err := d.callee(tx, e.Assignee)
	if err != nil {
		return err
	}
	return &Conflict{Who: e.Assignee, Name: name, Status: e.Status}
}

// step moves the envelope's status.
func step(e *message.Envelope, s message.Step) (err error) {
	e.Status, err = e.Status.Next(s)
	return err
}
