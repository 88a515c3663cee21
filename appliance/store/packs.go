package store

import (
	"fmt"

	"nightbell/appliance/message"
)

// PackBucket holds the packs by id: each value is an age file as it is.
const PackBucket = "packs"

// PutPack keeps a pack: an age file with sealed records in it. Whoever seals it
// anew puts it again.
func PutPack(tx *Tx, id message.ID, age message.Sealed) error {
	if _, err := message.ParseID(string(id)); err != nil {
		return tx.Fail(fmt.Errorf("keeping a pack: %w", err))
	}
	return tx.Put(PackBucket, string(id), age)
}

// GetPack answers a pack and whether it is there.
func GetPack(tx *Tx, id message.ID) (message.Sealed, bool) {
	b := tx.Get(PackBucket, string(id))
	return b, b != nil
}

// DeletePack removes a pack; one that is not there is no error.
func DeletePack(tx *Tx, id message.ID) error { return tx.Delete(PackBucket, string(id)) }
