package appliance

import (
	"context"
	"fmt"

	"nightbell/appliance/message"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

// findBlobs notes which blobs lie on the disk before anything is taken, and
// removes what was left half written. Only these can be left over from a crash
// between a blob and its commit; one that is written later is not swept.
func (a *Appliance) findBlobs(ctx context.Context) error {
	_, err := a.Store.SweepBlobs(ctx, func(id message.ID) bool {
		a.blobs = append(a.blobs, id)
		return true
	})
	return err
}

// sweepBlobs removes, once after a start, the blobs of before that nothing
// names. It reads every envelope, so nobody waits for it.
func (a *Appliance) sweepBlobs(ctx context.Context) error {
	removed, err := a.removeUnnamed(ctx)
	if err != nil && ctx.Err() == nil {
		a.Log.Error("blobs that no message names could not be removed", "err", err)
	}
	if removed > 0 {
		a.Log.Info("removed blobs that no message names", "count", removed)
	}
	return nil
}

func (a *Appliance) removeUnnamed(ctx context.Context) (removed int, err error) {
	if len(a.blobs) == 0 {
		return 0, nil
	}
	named, err := a.namedBlobs(ctx)
	if err != nil {
		return 0, err
	}
	for _, id := range a.blobs {
		if err := ctx.Err(); err != nil {
			return removed, err
		}
		if named[id] || a.mailNames(id) {
			continue
		}
		if err := a.Store.RemoveBlob(id); err != nil {
			return removed, err
		}
		removed++
	}
	a.blobs = nil
	return removed, nil
}

func (a *Appliance) namedBlobs(ctx context.Context) (map[message.ID]bool, error) {
	named := map[message.ID]bool{}
	err := a.Store.View(func(tx *store.Tx) error {
		return store.EachEnvelope(tx, "", func(e message.Envelope) bool {
			for _, p := range e.Parts {
				if p.Kind == message.PartBlob {
					named[p.ID] = true
				}
			}
			return ctx.Err() == nil
		})
	})
	if err == nil {
		err = ctx.Err() // a list that was cut short names too little
	}
	if err != nil {
		return nil, fmt.Errorf("looking for the blobs that messages name: %w", err)
	}
	return named, nil
}

// mailNames says whether a blob is a large letter that waits to be sent. In
// doubt it is: a blob too many costs room, one too few a letter.
func (a *Appliance) mailNames(id message.ID) bool {
	named := true
	err := a.Store.View(func(tx *store.Tx) error { named = relay.NamesBlob(tx, id); return nil })
	return named || err != nil
}
