package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

const (
	ownBucket = "own-copies"
	// ownSweep is how long at most an own copy outlives its time.
	ownSweep = time.Minute
)

// ownCopy is what a call taker typed, sealed to their desk's draft key: the
// doctor who rings the desk back gets the number, whatever the lock says.
type ownCopy struct {
	By     message.PersonID `json:"by"`
	Sealed []byte           `json:"sealed"`
}

var ownCopies = store.NewTable[ownCopy](ownBucket)

// KeepOwn keeps the taker's own copy of a message that was just saved.
func (d *Drafts) KeepOwn(ctx context.Context, s access.Session, key DraftKey, rec message.Record) error {
	line, err := rec.Encode()
	if err != nil {
		return err
	}
	sealed, err := key.seal(line)
	if err != nil {
		return fmt.Errorf("sealing an own copy: %w", err)
	}
	return d.node.Update(ctx, func(tx *store.Tx) error {
		return ownCopies.Put(tx, string(rec.Message), ownCopy{By: s.Who, Sealed: sealed})
	})
}

// Own answers the taker's own copy of a message at the desk where it was typed,
// while it is theirs to read: until somebody took it, and half an hour more. It is
// ErrDraft when there is none. The opening is a record in the log.
func (d *Drafts) Own(ctx context.Context, s access.Session, key DraftKey, id message.ID) (message.Record, error) {
	e, err := d.desk.envelope(id)
	if err != nil {
		return message.Record{}, err
	}
	if !access.Allowed(s.Roles, access.ReadOwn) || !ownStill(s, e, d.now()) {
		return message.Record{}, ErrDraft
	}
	var own ownCopy
	var found bool
	if err := d.node.View(func(tx *store.Tx) (err error) { own, found, err = ownCopies.Get(tx, string(id)); return err }); err != nil {
		return message.Record{}, err
	}
	if !found || own.By != s.Who {
		return message.Record{}, ErrDraft
	}
	line, err := key.open(own.Sealed)
	if err != nil {
		return message.Record{}, err
	}
	rec, err := message.DecodeRecord(line)
	if err != nil || rec.Message != id {
		return message.Record{}, ErrDraft
	}
	leaf := audit.Leaf{At: d.desk.now(), Who: string(s.Who), What: audit.ReadMessage, About: []string{string(id)}, From: from(s)}
	return rec, d.desk.recordRead(ctx, s, leaf)
}

// Run forgets own copies whose time is over and those of messages that are gone,
// until the context ends.
func (d *Drafts) Run(ctx context.Context) error {
	tick := d.clock.NewTicker(ownSweep)
	defer tick.Stop()
	for {
		if err := d.sweep(ctx); err != nil && ctx.Err() == nil {
			d.desk.log.Error("own copies whose time is over could not be forgotten", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.Chan():
		}
	}
}

func (d *Drafts) sweep(ctx context.Context) error {
	over, err := d.over()
	if err != nil || len(over) == 0 {
		return err
	}
	return d.node.Update(ctx, func(tx *store.Tx) error {
		for _, id := range over {
			if err := ownCopies.Delete(tx, id); err != nil {
				return err
			}
		}
		return nil
	})
}

// over answers the own copies that nobody may read any more.
func (d *Drafts) over() (ids []string, err error) {
	by := map[string]message.PersonID{}
	err = d.node.View(func(tx *store.Tx) error {
		return ownCopies.Each(tx, "", func(id string, c ownCopy) error {
			by[id] = c.By
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	at := d.now()
	for id, who := range by {
		e, err := d.desk.envelope(message.ID(id))
		switch {
		case errors.Is(err, ErrNotFound):
			ids = append(ids, id)
		case err != nil:
			return nil, err
		case !ownStill(access.Session{Who: who}, e, at):
			ids = append(ids, id)
		}
	}
	return ids, nil
}
