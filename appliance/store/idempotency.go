package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"nightbell/appliance/message"
)

const (
	onceBucket   = "idempotency"         // hash of scope and key: the message's id
	onceAtBucket = "idempotency-by-time" // the same hashes by the time they were remembered

	sortableTime = "20060102T150405Z"
)

// RememberKey keeps which message came of an idempotency key, in the transaction
// that makes the message. Whoever tries again after ErrUnknown finds it with
// LookupKey and makes no second one. The scope is the person or device that chose
// the key; of the key only a hash is kept.
func RememberKey(tx *Tx, scope, key string, id message.ID, at time.Time) error {
	hash := onceHash(scope, key)
	if tx.Has(onceBucket, hash) {
		return tx.Fail(fmt.Errorf("the idempotency key of message %s was used before", id))
	}
	if err := tx.Put(onceBucket, hash, []byte(id)); err != nil {
		return err
	}
	return tx.Put(onceAtBucket, at.UTC().Format(sortableTime)+"/"+hash, nil)
}

// LookupKey answers the message that came of an idempotency key.
func LookupKey(tx *Tx, scope, key string) (message.ID, bool) {
	b := tx.get(onceBucket, onceHash(scope, key))
	return message.ID(b), b != nil
}

// ForgetKeys forgets up to limit keys that were remembered before a time, oldest
// first, and answers how many.
func ForgetKeys(tx *Tx, before time.Time, limit int) (forgotten int, err error) {
	var keys []string
	end := before.UTC().Format(sortableTime)
	tx.Ascend(onceAtBucket, "", func(key string, _ []byte) bool {
		if len(keys) == limit || key >= end {
			return false
		}
		keys = append(keys, key)
		return true
	})
	for _, key := range keys {
		_, hash, _ := strings.Cut(key, "/")
		if err := tx.Delete(onceBucket, hash); err != nil {
			return forgotten, err
		}
		if err := tx.Delete(onceAtBucket, key); err != nil {
			return forgotten, err
		}
		forgotten++
	}
	return forgotten, nil
}

func onceHash(scope, key string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%d:%s%s", len(scope), scope, key)
	return hex.EncodeToString(h.Sum(nil))
}
