package vault

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// Pack is a sealed record on its way into the store: the age file, its id, and
// the part to put into the envelope.
type Pack struct {
	ID   message.ID
	Age  message.Sealed
	Part message.Part
}

// PutPack puts a pack into the store, in the transaction that puts its part into
// an envelope. It is ErrEpochClosed when the pack's epoch is being shredded since
// it was sealed: nothing may come into it any more. Seal the record again then,
// and commit again.
func PutPack(tx *store.Tx, p Pack) error {
	if tx.Has(goneBucket, p.Part.Epoch) {
		return ErrEpochClosed
	}
	return store.PutPack(tx, p.ID, p.Age)
}

// SealRecord seals a record to today's epoch of its class. The ids of its part
// and its salt are made where they are empty. It works locked; it must not be
// called from inside a change.
func (v *Vault) SealRecord(ctx context.Context, rec message.Record) (Pack, error) {
	to, err := v.today(ctx, classCalls)
	if err != nil {
		return Pack{}, err
	}
	return sealTo(to, rec, message.PartRecord)
}

// SealNote seals what was added to a message: to the message's own epoch while
// open, so that it is shredded with it at no cost to other days; to today's while
// locked, or when the message's epoch is being shredded.
func (v *Vault) SealNote(ctx context.Context, env message.Envelope, rec message.Record) (Pack, error) {
	to, err := v.epochOf(env)
	if err != nil {
		v.log.Warn("a note is sealed to today's epoch", "message", env.ID, "err", err)
	}
	if to.to == nil {
		if to, err = v.today(ctx, classCalls); err != nil {
			return Pack{}, err
		}
	}
	return sealTo(to, rec, message.PartNote)
}

// epochOf answers the epoch of a message's record, or a zero one while locked.
func (v *Vault) epochOf(env message.Envelope) (to sealing, err error) {
	r, err := v.Reader()
	if err != nil {
		return sealing{}, nil
	}
	for _, p := range env.Parts {
		if p.Kind != message.PartRecord {
			continue
		}
		err := v.store.View(func(tx *store.Tx) error {
			if tx.Has(goneBucket, p.Epoch) {
				return nil
			}
			id, err := r.epoch(tx, p.Epoch)
			if err == nil {
				to = sealing{name: p.Epoch, to: id.Recipient()}
			}
			return err
		})
		if errors.Is(err, ErrLocked) {
			return sealing{}, nil
		}
		return to, err
	}
	return sealing{}, nil
}

func sealTo(to sealing, rec message.Record, kind message.PartKind) (Pack, error) {
	pack, err := message.NewID()
	if err != nil {
		return Pack{}, err
	}
	if rec.Part == "" {
		if rec.Part, err = message.NewID(); err != nil {
			return Pack{}, err
		}
	}
	if rec.Kind == "" {
		rec.Kind = kind
	}
	if rec.Salt == "" {
		rec.Salt = rand.Text()
	}
	line, err := rec.Encode()
	if err != nil {
		return Pack{}, err
	}
	file, commitment, err := sealLine(to.to, line)
	if err != nil {
		return Pack{}, fmt.Errorf("sealing part %s: %w", rec.Part, err)
	}
	return Pack{ID: pack, Age: file, Part: message.Part{ID: rec.Part, Kind: rec.Kind, Epoch: to.name, Pack: pack,
		Size: int64(len(file)), Commitment: commitment}}, nil
}

func sealLine(to *age.HybridRecipient, line []byte) (message.Sealed, string, error) {
	file, commitment, err := crypto.SealPart(to, line)
	return file, hex.EncodeToString(commitment[:]), err
}
