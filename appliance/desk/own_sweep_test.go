package desk_test

import (
	"errors"
	"testing"
	"time"

	"nightbell/appliance/desk"
	"nightbell/appliance/store"
)

func TestAnOwnCopyIsForgottenWhenItsTimeIsOver(t *testing.T) {
	o, drafts, key, node := aside(t)
	closed, waits, gone := ownCopy(o, drafts, key), ownCopy(o, drafts, key), ownCopy(o, drafts, key)
	_, err := o.desk.Take(t.Context(), okafor, closed, o.look(okafor, closed).Seen())
	o.must(err)
	o.must(o.store.Update(t.Context(), func(tx *store.Tx) error { return store.DeleteEnvelope(tx, gone) }))
	o.clock.Advance(31 * time.Minute)
	o.must(drafts.Sweep(t.Context()))
	kept := map[string]bool{}
	o.must(node.View(func(tx *store.Tx) error {
		for _, id := range []string{string(closed), string(waits), string(gone)} {
			kept[id] = tx.Has("own-copies", id)
		}
		return nil
	}))
	if kept[string(closed)] || kept[string(gone)] || !kept[string(waits)] {
		t.Errorf("kept are: of one that was taken %v, of one that is gone %v, of one that waits %v", kept[string(closed)], kept[string(gone)], kept[string(waits)])
	}
	if _, err := drafts.Own(t.Context(), ana, key, gone); !errors.Is(err, desk.ErrNotFound) {
		t.Errorf("of a message that is gone: %v", err)
	}
}
