package relay

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"filippo.io/age"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// fieldSentTo is the form field of the sealed record that holds a letter's address.
const fieldSentTo = "sent_to"

// Letter is a message on its way to somebody whose age key is on file.
type Letter struct {
	Message message.ID
	Number  message.Number
	To      access.Person
	Content message.Clear
}

// CannotSeal says why a letter cannot go to somebody, and what to do. Nothing
// was sent, and nothing goes unsealed.
type CannotSeal struct{ Why, Do string }

func (e *CannotSeal) Error() string { return e.Why + ": " + e.Do }

// Prepare seals a letter to the key of whom it goes to, and its address to the
// message's own epoch. enqueue puts both into the store, inside the caller's
// change and as often as that runs: the letter into the queue, the address as a
// part of the message's envelope, which the caller must read after it. It is
// vault.ErrEpochClosed when the message is being shredded meanwhile: prepare
// again.
func (q *Queue) Prepare(ctx context.Context, l Letter) (enqueue func(tx *store.Tx, at time.Time) error, err error) {
	to, err := recipient(l.To)
	if err != nil {
		return nil, err
	}
	id, err := message.NewID()
	if err != nil {
		return nil, err
	}
	e := queued{ID: id, Kind: KindSecure, State: StateWaiting, Message: l.Message, Number: l.Number, Person: l.To.ID}
	if err := q.sealContent(ctx, &e, to, l.Content); err != nil {
		return nil, fmt.Errorf("sealing a letter of message %s: %w", l.Message, err)
	}
	address, err := q.sealAddress(ctx, l)
	if err != nil {
		return nil, fmt.Errorf("sealing the address of a letter of message %s: %w", l.Message, err)
	}
	e.Address = address.Part.ID
	return func(tx *store.Tx, at time.Time) error {
		if err := addPart(tx, l.Message, address); err != nil {
			return err
		}
		_, err := audit.Append(tx, audit.Leaf{At: at.UTC(), Who: audit.System, What: audit.SendQueued,
			About: []string{string(l.Message), string(address.Part.ID)},
			Data:  map[string]string{string(address.Part.ID): address.Part.Commitment, "to": string(l.To.ID)}})
		if err != nil {
			return err
		}
		queued := e
		queued.QueuedAt, queued.NextAt = at.UTC(), at.UTC()
		return put(tx, queued)
	}, nil
}

// recipient is the key that a person's letters are sealed to.
func recipient(p access.Person) (age.Recipient, error) {
	switch {
	case p.Disabled:
		return nil, &CannotSeal{offWhy, offDo}
	case p.AgeRecipient == "":
		return nil, &CannotSeal{noKeyWhy, noKeyDo}
	case p.Mail == "":
		return nil, &CannotSeal{noMailWhy, noMailDo}
	}
	if to, err := age.ParseHybridRecipient(p.AgeRecipient); err == nil {
		return to, nil
	}
	if to, err := age.ParseX25519Recipient(p.AgeRecipient); err == nil {
		return to, nil
	}
	return nil, &CannotSeal{badKeyWhy, badKeyDo}
}

// sealContent seals what is sent: small into the entry, larger into a blob of
// the entry's id.
func (q *Queue) sealContent(ctx context.Context, e *queued, to age.Recipient, clear message.Clear) error {
	seal := func(w io.Writer) error {
		sealed, err := age.Encrypt(w, to)
		if err != nil {
			return err
		}
		if _, err := io.Copy(sealed, strings.NewReader(clear.Reveal())); err != nil {
			return err
		}
		return sealed.Close()
	}
	if len(clear) > message.InlineLimit {
		e.Blob = true
		return q.o.Store.WriteBlob(ctx, e.ID, seal)
	}
	var b bytes.Buffer
	err := seal(&b)
	e.Content = b.Bytes()
	return err
}

func (q *Queue) sealAddress(ctx context.Context, l Letter) (vault.Pack, error) {
	var env message.Envelope
	err := q.o.Store.View(func(tx *store.Tx) (err error) {
		var found bool
		if env, found, err = store.GetEnvelope(tx, l.Message); err == nil && !found {
			err = errMessageGone
		}
		return err
	})
	if err != nil {
		return vault.Pack{}, err
	}
	return q.o.Vault.SealNote(ctx, env, message.Record{Message: l.Message, Kind: message.PartNote,
		Form: map[string]message.Clear{fieldSentTo: message.Clear(l.To.Mail)}})
}

// addPart puts a sealed address into its message.
func addPart(tx *store.Tx, id message.ID, address vault.Pack) error {
	env, found, err := store.GetEnvelope(tx, id)
	if err == nil && !found {
		err = errMessageGone
	}
	if err != nil {
		return fmt.Errorf("message %s: %w", id, err)
	}
	if err := vault.PutPack(tx, address); err != nil {
		return err
	}
	env.Parts = append(env.Parts, address.Part)
	return store.PutEnvelope(tx, env)
}
