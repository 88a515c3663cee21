package desk

import (
	"context"
	"fmt"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// SendSecurely mails what the message says to a person, sealed to the key that is
// on file for them. Who has none is a *NoKey, and nothing is sent. The letter is
// in the queue in the transaction that records it.
func (d *Desk) SendSecurely(ctx context.Context, s access.Session, id message.ID, to message.PersonID) (message.Envelope, error) {
	if err := d.access.Require(ctx, s, access.WorkMessage, string(id)); err != nil {
		return message.Envelope{}, err
	}
	v, err := d.look(ctx, s, id)
	if err != nil {
		return message.Envelope{}, err
	}
	if err := d.opened(ctx, s, v); err != nil {
		return message.Envelope{}, err
	}
	person, err := d.recipient(ctx, s, id, to)
	if err != nil {
		return message.Envelope{}, err
	}
	letter := Letter{Message: id, Number: v.Envelope.Number, To: person, Content: d.ChartText(v)}
	prepare := func(ctx context.Context) (func(*store.Tx, time.Time) error, error) {
		return d.sender.Prepare(ctx, letter)
	}
	enqueue, err := prepare(ctx)
	if err != nil {
		return message.Envelope{}, err
	}
	return d.do(ctx, s, id, act{
		what: audit.SentSecurely, event: message.EventSent, whom: to,
		before: enqueue, remake: prepare,
	})
}

// recipient finds a person with a key on file. A refusal leaves a trace.
func (d *Desk) recipient(ctx context.Context, s access.Session, id message.ID, to message.PersonID) (p access.Person, err error) {
	var ok bool
	err = d.store.View(func(tx *store.Tx) error {
		p, ok, err = d.access.Person(tx, to)
		return err
	})
	switch {
	case err != nil:
		return p, fmt.Errorf("looking for the person to send message %s to: %w", id, err)
	case !ok || p.Disabled:
		return p, &Invalid{Field: "to", Words: "Choose somebody from the People page."}
	case p.AgeRecipient != "":
		return p, nil
	}
	leaf := audit.Leaf{At: d.now(), Who: string(s.Who), What: audit.SendRefused, About: []string{string(id), string(to)}, Why: "no-key", From: from(s)}
	err = d.store.Update(ctx, func(tx *store.Tx) error {
		_, err := audit.Append(tx, leaf)
		return err
	})
	if err != nil {
		d.log.Error("a refusal to send could not be recorded", "message", id, "err", err)
	}
	return p, &NoKey{Name: p.Call()}
}
