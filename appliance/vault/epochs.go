package vault

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// classCalls is the class of call messages; other classes differ in how long
// they are kept.
const classCalls = "calls"

// Epoch is what the store knows of an epoch: nothing secret. Its identity lies
// in two files, sealed to the practice.
type Epoch struct {
	Name      string    `json:"name"` // DAY.CLASS.XXXX
	Day       string    `json:"day"`  // in the practice's zone: 2026-11-24
	Class     string    `json:"class"`
	MadeAt    time.Time `json:"made_at"`   // UTC
	SHA256    string    `json:"sha256"`    // hex, of its file
	Recipient string    `json:"recipient"` // hex SHA-256 of the recipient's text
	Leaf      int64     `json:"leaf"`      // the audit leaf that tells of it
	Checked   bool      `json:"checked"`   // opened at an unlock and found to be what the log says
}

// gone is what is left of an epoch that was closed: since when nothing is
// sealed to it, and when its files were destroyed.
type gone struct {
	ClosedAt    time.Time `json:"closed_at"`
	DestroyedAt time.Time `json:"destroyed_at,omitzero"`
	SHA256      string    `json:"sha256"`
}

const goneBucket = "epochs-gone"

var (
	epochs     = store.NewTable[Epoch]("epochs")
	goneEpochs = store.NewTable[gone](goneBucket)
)

// sealing is an epoch that this process made: only its recipient, in memory.
type sealing struct {
	name string
	day  string
	to   *age.HybridRecipient
}

// Epochs lists the epochs whose files must be there, by name.
func Epochs(tx *store.Tx) (list []Epoch, err error) {
	err = epochs.Each(tx, "", func(_ string, e Epoch) error {
		list = append(list, e)
		return nil
	})
	return list, err
}

// today answers the epoch that a class is sealed to now. The first use on a day
// of the practice, and after each start, makes a new one; so does an epoch whose
// file is gone, since what is sealed to it would be lost.
func (v *Vault) today(ctx context.Context, class string) (sealing, error) {
	day := v.clock.Now().In(v.zone).Format(time.DateOnly)
	v.epochMu.RLock()
	s := v.current[class]
	v.epochMu.RUnlock()
	if s != nil && s.day == day && v.epochFilesThere(s.name) {
		return *s, nil
	}
	v.epochMu.Lock()
	defer v.epochMu.Unlock()
	if s := v.current[class]; s != nil && s.day == day {
		if v.epochFilesThere(s.name) {
			return *s, nil
		}
		v.log.Error("a file of the epoch in use is gone; another epoch is made", "epoch", s.name)
	}
	made, err := v.makeEpoch(ctx, day, class)
	v.failed.Store(err != nil && ctx.Err() == nil)
	if err != nil {
		return sealing{}, err
	}
	v.current[class] = &made
	return made, nil
}

// Sealing answers nil, or why nothing can be sealed now: the epoch of today could
// not be made, as on a disk without room. To be asked has it tried again.
func (v *Vault) Sealing(ctx context.Context) error {
	if !v.failed.Load() {
		return nil
	}
	_, err := v.today(ctx, classCalls)
	return err
}

// makeEpoch makes an epoch ready for use: its file and the copy are on disk,
// its hash in the store and in an audit leaf.
func (v *Vault) makeEpoch(ctx context.Context, day, class string) (sealing, error) {
	v.makeMu.Lock() // a name that is free stays free until it is taken
	defer v.makeMu.Unlock()
	id, err := crypto.NewIdentity()
	if err != nil {
		return sealing{}, err
	}
	file, err := crypto.SealSlot(id, v.Recipient())
	if err != nil {
		return sealing{}, err
	}
	suffix, err := v.freeSuffix(day, class)
	if err != nil {
		return sealing{}, err
	}
	e := Epoch{Name: day + "." + class + "." + suffix, Day: day, Class: class, MadeAt: v.clock.Now().UTC(), SHA256: sum(file), Recipient: fingerprint(id.Recipient())}
	if err := v.writeEpoch(e.Name, file); err != nil {
		return sealing{}, errors.Join(fmt.Errorf("making epoch %s: %w", e.Name, err), v.dropUnused(e.Name))
	}
	v.step("epoch-written")
	err = v.store.Update(ctx, func(tx *store.Tx) error {
		leaf, err := audit.Append(tx, audit.Leaf{At: e.MadeAt, Who: audit.System, What: audit.EpochMade, About: []string{e.Name},
			Data: map[string]string{"sha256": e.SHA256, "recipient": e.Recipient}})
		if err != nil {
			return err
		}
		e := e
		e.Leaf = leaf
		return epochs.Put(tx, e.Name, e)
	})
	switch {
	case errors.Is(err, store.ErrUnknown):
		return sealing{}, fmt.Errorf("making epoch %s: %w", e.Name, err) // the store may name the file: it stays
	case err != nil:
		return sealing{}, errors.Join(fmt.Errorf("making epoch %s: %w", e.Name, err), v.dropUnused(e.Name))
	}
	v.step("epoch-made")
	return sealing{name: e.Name, day: day, to: id.Recipient()}, nil
}

// freeSuffix answers four random letters, so that no two epochs ever share a
// name, on any machine of the practice.
func (v *Vault) freeSuffix(day, class string) (string, error) {
	for {
		suffix := strings.ToLower(rand.Text()[:4]) // base32: a to z, 2 to 7
		name := day + "." + class + "." + suffix
		taken := v.epochFileThere(name)
		err := v.store.View(func(tx *store.Tx) error {
			taken = taken || tx.Has(epochs.Bucket(), name) || tx.Has(goneBucket, name)
			return nil
		})
		if err != nil || !taken {
			return suffix, err
		}
	}
}
