package vault

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Shredding is a state machine that the store carries over a crash:
//
//	message ──Shred──> intended ──survivors sealed anew──> alone ──files destroyed──> dead ──> done
//
// The intent is committed together with the deletion of the message and the
// closing of its epochs, so that nothing comes into them any more. Every later
// step can be done again from what is found; the intent goes last. Nothing is
// ever deleted but what an intent names.

// intent is what is to be destroyed.
type intent struct {
	Message message.ID   `json:"message,omitempty"` // empty when whole epochs are due
	Epochs  []string     `json:"epochs,omitempty"`
	Packs   []message.ID `json:"packs,omitempty"` // of the message; without those that survivors have a line in
	Blobs   []message.ID `json:"blobs,omitempty"`
	Why     string       `json:"why"` // a code of ours
	At      time.Time    `json:"at"`  // UTC
}

var intents = store.NewTable[intent]("shreds")

// ErrNoMessage says that there is no such message.
var ErrNoMessage = errors.New("no such message")

// Shred destroys one message for good: whatever is sealed beside it lives on
// under new epochs, and the keys it was sealed to are destroyed, so that no copy
// of its ciphertext, however old, opens any more. The copies of the epoch files
// on backup targets are the backup's to destroy.
//
// It needs the vault open, to seal the survivors anew. From the moment that it
// is committed the message is gone from the desk; when Shred fails after that,
// the rest is done at the next unlock or start. A survivor that does not open
// stops it, since its key may be the only way to a good copy in a backup: shred
// that one too, or restore it. why is a code of ours.
func (v *Vault) Shred(ctx context.Context, id message.ID, why string) error {
	v.shredMu.Lock()
	defer v.shredMu.Unlock()
	if v.Locked() {
		return ErrLocked
	}
	in := intent{Message: id, Why: why, At: v.clock.Now().UTC()}
	if err := v.intend(ctx, string(id), &in, in.ofMessage); err != nil {
		return fmt.Errorf("shredding message %s: %w", id, err)
	}
	if err := v.finish(ctx, string(id)); err != nil {
		return fmt.Errorf("message %s is gone, but its key not yet: %w", id, err)
	}
	return nil
}

// DestroyEpochs destroys epochs whole, with every message that has a part in
// one: for when all of them is due. It works locked. A message that has parts in
// other epochs too is shredded there, which waits for an open vault and is found
// in Findings until then. why is a code of ours.
func (v *Vault) DestroyEpochs(ctx context.Context, why string, names ...string) error {
	v.shredMu.Lock()
	defer v.shredMu.Unlock()
	if len(names) == 0 {
		return nil
	}
	in := intent{Epochs: slices.Compact(slices.Sorted(slices.Values(names))), Why: why, At: v.clock.Now().UTC()}
	if err := v.intend(ctx, in.Epochs[0], &in, in.ofEpochs); err != nil {
		return fmt.Errorf("destroying epochs: %w", err)
	}
	if err := v.finish(ctx, in.Epochs[0]); err != nil {
		return fmt.Errorf("the epochs are closed, but not yet destroyed: %w", err)
	}
	if err := v.finishAll(ctx); err != nil { // of messages with parts elsewhere
		v.log.Error("shredding is not finished", "err", err)
	}
	return nil
}

// intend commits an intent.
func (v *Vault) intend(ctx context.Context, key string, in *intent, plan func(*store.Tx) (intent, error)) error {
	err := v.closing(ctx, func(tx *store.Tx) ([]string, error) {
		planned, err := plan(tx)
		if err != nil {
			return nil, err
		}
		*in = planned
		return planned.Epochs, planned.put(tx, key)
	})
	v.step("intended")
	return err
}

// closing commits a change that closes epochs, whose names it answers. No epoch
// is handed out for sealing until that is over, nor one of those ever again;
// whoever sealed to one just before is refused by PutPack.
func (v *Vault) closing(ctx context.Context, change func(*store.Tx) ([]string, error)) error {
	v.epochMu.Lock()
	defer v.epochMu.Unlock()
	var closed []string
	err := v.store.Update(ctx, func(tx *store.Tx) (err error) {
		closed, err = change(tx)
		return err
	})
	if err != nil && !errors.Is(err, store.ErrUnknown) {
		return err
	}
	for class, s := range v.current {
		if slices.Contains(closed, s.name) {
			delete(v.current, class)
		}
	}
	return err
}

// put commits an intent: its epochs are closed with it.
func (in intent) put(tx *store.Tx, key string) error {
	for _, name := range in.Epochs {
		e, named, err := epochs.Get(tx, name)
		if err != nil {
			return err
		}
		if !named || tx.Has(goneBucket, name) {
			continue // an earlier intent has it already
		}
		if err := goneEpochs.Put(tx, name, gone{ClosedAt: in.At, SHA256: e.SHA256}); err != nil {
			return err
		}
	}
	return intents.Put(tx, key, in)
}

// ofMessage plans the end of one message and takes it out of the store. Its
// packs stay until it is known that no other message has a line in them.
func (in intent) ofMessage(tx *store.Tx) (intent, error) {
	e, there, err := store.GetEnvelope(tx, in.Message)
	if err != nil {
		return in, err
	}
	if !there {
		return in, ErrNoMessage
	}
	in.Epochs, in.Packs, in.Blobs = nil, nil, nil
	for _, p := range e.Parts {
		in.take(p)
	}
	return in, store.DeleteEnvelope(tx, e.ID)
}

func (in *intent) take(p message.Part) {
	if p.Kind == message.PartBlob {
		in.Blobs = append(in.Blobs, p.ID)
		return
	}
	if !slices.Contains(in.Packs, p.Pack) {
		in.Packs = append(in.Packs, p.Pack)
	}
	if !slices.Contains(in.Epochs, p.Epoch) {
		in.Epochs = append(in.Epochs, p.Epoch)
	}
}

// ofEpochs plans the end of whole epochs.
func (in intent) ofEpochs(tx *store.Tx) (intent, error) {
	for _, name := range in.Epochs {
		if !tx.Has(epochs.Bucket(), name) {
			return in, fmt.Errorf("there is no epoch %q", name)
		}
	}
	return in, nil
}

func pendingIntents(tx *store.Tx) (keys []string, err error) {
	err = intents.Each(tx, "", func(key string, _ intent) error {
		keys = append(keys, key)
		return nil
	})
	return keys, err
}

// finishIntents finishes what a crash or a lock left, as far as it goes: while
// locked, all but sealing survivors anew.
func (v *Vault) finishIntents(ctx context.Context) error {
	v.shredMu.Lock()
	defer v.shredMu.Unlock()
	return v.finishAll(ctx)
}

func (v *Vault) finishAll(ctx context.Context) error {
	var keys []string
	err := v.store.View(func(tx *store.Tx) (err error) {
		keys, err = pendingIntents(tx)
		return err
	})
	for _, key := range keys {
		if e := v.finish(ctx, key); e != nil && !errors.Is(e, ErrLocked) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// finish does whatever is left to do of an intent.
func (v *Vault) finish(ctx context.Context, key string) error {
	in, there, err := v.intent(key)
	if err != nil || !there {
		return err
	}
	for _, name := range in.Epochs {
		if in.Message == "" {
			err = v.empty(ctx, in, name)
		} else {
			err = v.rescue(ctx, key, name)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range in.Epochs {
		if r, err := v.Reader(); err == nil {
			r.forget(name)
		}
		if err := v.destroyEpoch(name); err != nil {
			return err
		}
	}
	if err := v.removeBlobs(in.Blobs); err != nil {
		return err
	}
	return v.done(ctx, key)
}

func (v *Vault) intent(key string) (in intent, there bool, err error) {
	err = v.store.View(func(tx *store.Tx) error {
		in, there, err = intents.Get(tx, key)
		return err
	})
	return in, there, err
}

func (v *Vault) removeBlobs(ids []message.ID) error {
	for _, id := range ids {
		if err := v.store.RemoveBlob(id); err != nil {
			return err
		}
		v.step("blob-removed")
	}
	return nil
}

// done commits that an intent is done: the epochs are no more, nor the packs
// that no survivor has a line in.
func (v *Vault) done(ctx context.Context, key string) error {
	at := v.clock.Now().UTC()
	err := v.store.Update(ctx, func(tx *store.Tx) error {
		in, there, err := intents.Get(tx, key)
		if err != nil || !there {
			return err
		}
		for _, name := range in.Epochs {
			if err := buryEpoch(tx, name, at); err != nil {
				return err
			}
		}
		for _, pack := range in.Packs {
			if err := store.DeletePack(tx, pack); err != nil {
				return err
			}
		}
		leaf := audit.Leaf{At: at, Who: audit.System, What: audit.Shredded, Why: in.Why, About: append([]string{string(in.Message)}, in.Epochs...)}
		if in.Message == "" {
			leaf.What, leaf.About = audit.EpochDestroyed, in.Epochs
		}
		if _, err := audit.Append(tx, leaf); err != nil {
			return err
		}
		return intents.Delete(tx, key)
	})
	v.step("done")
	return err
}

func buryEpoch(tx *store.Tx, name string, at time.Time) error {
	g, closed, err := goneEpochs.Get(tx, name)
	if err != nil || !closed {
		return err
	}
	g.DestroyedAt = at
	if err := goneEpochs.Put(tx, name, g); err != nil {
		return err
	}
	return epochs.Delete(tx, name)
}

func (in intent) has(epoch string) bool { return slices.Contains(in.Epochs, epoch) }
