package backup

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"slices"

	"nightbell/appliance/store"
)

// A practice's history has lives: the first begins with its first backup, and
// each restore begins another. A target that was last written in a life that
// this machine does not know belongs to a newer restore: two machines that both
// think they are the practice must not write over each other.
const (
	lifeBucket = "backup"
	lifeKey    = "lives" // JSON list of ids, the present one last
)

func lives(tx *store.Tx) (list []string, err error) {
	raw := tx.Get(lifeBucket, lifeKey)
	if raw == nil {
		return nil, nil
	}
	if json.Unmarshal(raw, &list) != nil || len(list) == 0 {
		return nil, fmt.Errorf("%w: the list of lives cannot be read", store.ErrDamaged)
	}
	return list, nil
}

// beginLife adds a life, in the caller's change; id is a fresh one.
func beginLife(tx *store.Tx, id string) error {
	list, err := lives(tx)
	if err != nil {
		return err
	}
	raw, err := json.Marshal(append(list, id))
	if err != nil {
		return err
	}
	return tx.Put(lifeBucket, lifeKey, raw)
}

// ensureLife sees that there is a first life.
func ensureLife(ctx context.Context, s *store.Store) error {
	fresh := rand.Text()
	return s.Update(ctx, func(tx *store.Tx) error {
		list, err := lives(tx)
		if err != nil || list != nil {
			return err
		}
		return beginLife(tx, fresh)
	})
}

// knows says whether a manifest was last written in one of the lives given.
func knows(list []string, m Manifest) bool { return m.Life == "" || slices.Contains(list, m.Life) }
