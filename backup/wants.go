package backup

import (
	"context"
	"fmt"
	"path/filepath"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// want is a file beside the snapshots that a point needs, and where its bytes
// lie in a data folder. Its size is known for blobs alone.
type want struct {
	File
	blob    message.ID // empty for key files
	sources []string   // under the data folder, with slashes; any with the right hash will do
}

// census is what a store names: how many messages, and which files must be there.
type census struct {
	messages int64
	next     message.Number
	wants    []want
}

// recoveryName is the slot that the kit opens.
const recoveryName = "recovery"

// epochPaths are the two files of an epoch, under a target and a data folder alike.
func epochPaths(name string) [2]string {
	first, second := vault.EpochPaths("", name)
	return [2]string{filepath.ToSlash(first), filepath.ToSlash(second)}
}

// slotSources are the two names that a slot's file may have: while a commit is
// replacing it, the new one lies beside it.
func slotSources(name string) []string {
	return []string{"keys/" + name + ".age", "keys/" + name + ".new.age"}
}

// takeCensus walks what tx sees. Parts whose pack is missing or has another size
// than their envelope says are handed to lost.
func takeCensus(ctx context.Context, tx *store.Tx, lost func(message.Part)) (c census, err error) {
	if err := c.keys(tx); err != nil {
		return census{}, err
	}
	if c.next, err = store.ComingNumber(tx); err != nil {
		return census{}, err
	}
	walked := store.EachEnvelope(tx, "", func(e message.Envelope) bool {
		c.messages++
		for _, p := range e.Parts {
			switch {
			case p.Kind == message.PartBlob:
				c.wants = append(c.wants, wantBlob(p))
			case packSize(tx, p.Pack) != p.Size:
				lost(p)
			}
		}
		err = ctx.Err()
		return err == nil
	})
	if walked != nil {
		return census{}, fmt.Errorf("walking the messages: %w", walked)
	}
	return c, err
}

func wantBlob(p message.Part) want {
	name := store.BlobPath(p.ID)
	return want{File: File{Path: name, Size: p.Size, SHA256: p.Commitment}, blob: p.ID, sources: []string{name}}
}

// packSize answers how large a pack is, or -1 when it is missing.
func packSize(tx *store.Tx, id message.ID) int64 {
	size := int64(-1)
	tx.Ascend(store.PackBucket, string(id), func(key string, pack []byte) bool {
		if key == string(id) {
			size = int64(len(pack))
		}
		return false
	})
	return size
}

// keys adds the recovery slot and both copies of each epoch.
func (c *census) keys(tx *store.Tx) error {
	slots, err := vault.Slots(tx)
	if err != nil {
		return fmt.Errorf("listing the key slots: %w", err)
	}
	for _, s := range slots {
		if s.Name == recoveryName {
			c.wants = append(c.wants, want{File: File{Path: recoveryPath, SHA256: s.SHA256}, sources: slotSources(s.Name)})
		}
	}
	epochs, err := vault.Epochs(tx)
	if err != nil {
		return fmt.Errorf("listing the epochs: %w", err)
	}
	for _, e := range epochs {
		both := epochPaths(e.Name)
		for _, name := range both {
			c.wants = append(c.wants, want{File: File{Path: name, SHA256: e.SHA256}, sources: both[:]})
		}
	}
	return nil
}
