package vault

import (
	"context"
	"fmt"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// empty deletes every message that has a part in a closed epoch, message by
// message, so that a crash leaves the rest for next time.
func (v *Vault) empty(ctx context.Context, in intent, name string) error {
	packs, err := v.survivors(name)
	if err != nil {
		return err
	}
	seen := map[message.ID]bool{}
	for _, parts := range packs {
		for _, o := range parts {
			if seen[o.of] {
				continue
			}
			seen[o.of] = true
			if err := v.end(ctx, in, o.of); err != nil {
				return fmt.Errorf("deleting message %s: %w", o.of, err)
			}
			v.step("deleted")
		}
	}
	return nil
}

// end deletes one message of an epoch that is due. Its blobs go first, while
// something still names them. What it has in epochs that are not due becomes an
// intent of its own.
func (v *Vault) end(ctx context.Context, due intent, id message.ID) error {
	rest := intent{Message: id, Why: due.Why, At: due.At}
	if err := v.store.View(func(tx *store.Tx) (err error) {
		rest, _, err = rest.ofRest(tx, due)
		return err
	}); err != nil {
		return err
	}
	if err := v.removeBlobs(rest.Blobs); err != nil {
		return err
	}
	return v.closing(ctx, func(tx *store.Tx) ([]string, error) {
		rest, dead, err := intent{Message: id, Why: due.Why, At: due.At}.ofRest(tx, due)
		if err != nil {
			return nil, err
		}
		for _, pack := range dead {
			if err := store.DeletePack(tx, pack); err != nil {
				return nil, err
			}
		}
		if err := store.DeleteEnvelope(tx, id); err != nil || len(rest.Epochs) == 0 {
			return nil, err
		}
		return rest.Epochs, rest.put(tx, string(id))
	})
}

// ofRest plans the end of what a message has outside the epochs that are due,
// and answers the packs that die with those.
func (in intent) ofRest(tx *store.Tx, due intent) (rest intent, dead []message.ID, err error) {
	e, there, err := store.GetEnvelope(tx, in.Message)
	if err != nil || !there {
		return in, nil, err
	}
	for _, p := range e.Parts {
		if p.Kind != message.PartBlob && due.has(p.Epoch) {
			dead = append(dead, p.Pack)
			continue
		}
		in.take(p)
	}
	return in, dead, nil
}
