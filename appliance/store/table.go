package store

import (
	"cmp"
	"encoding/json"
	"fmt"
)

// Table is a bucket whose values are JSON of one type. A field that a later
// version adds is dropped by an older one: that is what Schema is for.
type Table[V any] struct{ bucket string }

// NewTable is the table in a bucket.
func NewTable[V any](bucket string) Table[V] { return Table[V]{bucket} }

// Bucket is the table's bucket.
func (t Table[V]) Bucket() string { return t.bucket }

// Get answers the value of a key and whether there is one.
func (t Table[V]) Get(tx *Tx, key string) (v V, ok bool, err error) {
	b := tx.get(t.bucket, key)
	if b == nil {
		return v, false, nil
	}
	v, err = t.decode(key, b)
	return v, err == nil, err
}

// Put sets the value of a key.
func (t Table[V]) Put(tx *Tx, key string, v V) error {
	b, err := json.Marshal(v)
	if err != nil {
		return tx.Fail(fmt.Errorf("encoding a value for %s: %w", t.bucket, err))
	}
	return tx.Put(t.bucket, key, b)
}

// Delete removes a key; one that is not there is no error.
func (t Table[V]) Delete(tx *Tx, key string) error { return tx.Delete(t.bucket, key) }

// Each calls f for each key that begins with prefix, in order, until f answers an
// error, which it answers. A damaged value hides no other: Each goes past it and
// answers ErrDamaged at the end. f must not write to the table.
func (t Table[V]) Each(tx *Tx, prefix string, f func(key string, v V) error) error {
	var damage, err error
	tx.AscendPrefix(t.bucket, prefix, func(key string, b []byte) bool {
		v, broken := t.decode(key, b)
		if broken != nil {
			damage = cmp.Or(damage, broken)
			return true
		}
		err = f(key, v)
		return err == nil
	})
	return cmp.Or(err, damage)
}

// decode never quotes what it could not read.
func (t Table[V]) decode(key string, b []byte) (v V, err error) {
	if json.Unmarshal(b, &v) != nil {
		var none V
		return none, fmt.Errorf("%w: %s %q, %d bytes, does not decode", ErrDamaged, t.bucket, key, len(b))
	}
	return v, nil
}
