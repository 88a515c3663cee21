package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"go.etcd.io/bbolt"
)

const (
	maxKey    = 1 << 10 // keys are ids and codes; an inner page of bbolt must hold several
	maxChange = 1 << 20 // what is larger is a blob, or steps
)

// fill is how full a page is left when it splits. Most of what is written is in
// order (ids, numbers and leaves grow), where half-full pages would stay so.
const fill = 0.9

var errReadTx = errors.New("writing in a View")

// Tx is all that a change or a read sees of the store. It must not be kept, nor
// used by another goroutine.
//
// A change is pure and can be run again: it depends on the Tx and its arguments
// alone (time, ids and randomness come in as arguments), and the only thing it
// does outside the Tx is to assign results. A bucket exists when something lies
// in it.
type Tx struct {
	bolt    *bbolt.Tx
	buckets map[string]*bbolt.Bucket
	ops     *opLog // nil in a View
	err     error  // a write that went wrong: the change fails even when it drops the error
}

// Get answers a copy of the value, or nil when there is none.
func (t *Tx) Get(bucket, key string) []byte {
	v := t.get(bucket, key)
	if v == nil {
		return nil
	}
	return append([]byte{}, v...)
}

// get answers the value where it lies: valid until the next write or the end.
func (t *Tx) get(bucket, key string) []byte {
	b := t.bucket(bucket)
	if b == nil {
		return nil
	}
	return b.Get([]byte(key))
}

// Has says whether there is a value.
func (t *Tx) Has(bucket, key string) bool { return t.get(bucket, key) != nil }

// Put sets the value of a key. Bucket names are lower-case letters, digits and
// hyphens; keys are UTF-8 of at most 1 KiB, so that a snapshot can write them as
// text. It keeps no hold on value.
func (t *Tx) Put(bucket, key string, value []byte) error {
	if err := t.mayWrite(bucket, key); err != nil {
		return err
	}
	if len(value) > maxChange {
		return t.Fail(fmt.Errorf("putting %d bytes into %s: %w", len(value), bucket, ErrTooLarge))
	}
	b, err := t.makeBucket(bucket)
	if err != nil {
		return t.Fail(fmt.Errorf("making bucket %s: %w", bucket, err))
	}
	if err := b.Put([]byte(key), t.ops.put(bucket, key, value)); err != nil {
		return t.Fail(fmt.Errorf("putting into %s: %w", bucket, err))
	}
	return nil
}

// Delete removes a key; one that is not there is no error.
func (t *Tx) Delete(bucket, key string) error {
	if err := t.mayWrite(bucket, key); err != nil {
		return err
	}
	b := t.bucket(bucket)
	if b == nil || b.Get([]byte(key)) == nil {
		return nil
	}
	t.ops.delete(bucket, key)
	if err := b.Delete([]byte(key)); err != nil {
		return t.Fail(fmt.Errorf("deleting from %s: %w", bucket, err))
	}
	return nil
}

// Ascend calls f for each key from the one given on, in order, until f answers
// false. The value is valid inside f alone, and f must not write to the bucket.
func (t *Tx) Ascend(bucket, from string, f func(key string, value []byte) bool) {
	b := t.bucket(bucket)
	if b == nil {
		return
	}
	c := b.Cursor()
	for k, v := c.Seek([]byte(from)); k != nil; k, v = c.Next() {
		if !f(string(k), v) {
			return
		}
	}
}

// Descend calls f for each key less than before, or from the last one when
// before is empty, backwards, until f answers false. The value is valid inside f
// alone, and f must not write to the bucket.
func (t *Tx) Descend(bucket, before string, f func(key string, value []byte) bool) {
	b := t.bucket(bucket)
	if b == nil {
		return
	}
	c := b.Cursor()
	var k, v []byte
	if before == "" {
		k, v = c.Last()
	} else {
		k, v = seekBefore(c, []byte(before))
	}
	for ; k != nil; k, v = c.Prev() {
		if !f(string(k), v) {
			return
		}
	}
}

// AscendPrefix is Ascend over the keys that begin with prefix.
func (t *Tx) AscendPrefix(bucket, prefix string, f func(key string, value []byte) bool) {
	t.Ascend(bucket, prefix, func(k string, v []byte) bool {
		return strings.HasPrefix(k, prefix) && f(k, v)
	})
}

// DescendPrefix is Descend over the keys that begin with prefix.
func (t *Tx) DescendPrefix(bucket, prefix, before string, f func(key string, value []byte) bool) {
	if before == "" {
		before = afterPrefix(prefix)
	}
	t.Descend(bucket, before, func(k string, v []byte) bool {
		return strings.HasPrefix(k, prefix) && f(k, v)
	})
}

// Buckets names the buckets in order. With them is the one that only the store
// writes, where number and hash of the last write set lie.
func (t *Tx) Buckets() []string {
	var names []string
	c := t.bolt.Cursor()
	for k, _ := c.First(); k != nil; k, _ = c.Next() {
		if first, _ := t.bolt.Bucket(k).Cursor().First(); first != nil {
			names = append(names, string(k))
		}
	}
	return names
}

// seekBefore moves to the last key less than k.
func seekBefore(c *bbolt.Cursor, k []byte) ([]byte, []byte) {
	at, _ := c.Seek(k)
	if at == nil {
		return c.Last()
	}
	return c.Prev()
}

// afterPrefix is the least key greater than all that begin with prefix, or "".
func afterPrefix(prefix string) string {
	p := []byte(prefix)
	for i := len(p) - 1; i >= 0; i-- {
		if p[i] < 0xff {
			p[i]++
			return string(p[:i+1])
		}
	}
	return ""
}

func (t *Tx) bucket(name string) *bbolt.Bucket {
	if b, ok := t.buckets[name]; ok {
		return b
	}
	b := t.bolt.Bucket([]byte(name))
	if b == nil {
		return nil
	}
	t.keep(name, b)
	return b
}

func (t *Tx) makeBucket(name string) (*bbolt.Bucket, error) {
	if b := t.bucket(name); b != nil {
		return b, nil
	}
	b, err := t.bolt.CreateBucket([]byte(name))
	if err != nil {
		return nil, err
	}
	t.keep(name, b)
	return b, nil
}

func (t *Tx) keep(name string, b *bbolt.Bucket) {
	if t.buckets == nil {
		t.buckets = make(map[string]*bbolt.Bucket)
	}
	b.FillPercent = fill
	t.buckets[name] = b
}

func (t *Tx) mayWrite(bucket, key string) error {
	if t.ops == nil {
		return errReadTx
	}
	if !validBucket(bucket) {
		return t.Fail(fmt.Errorf("no bucket may be named %q", bucket))
	}
	if key == "" || len(key) > maxKey || !utf8.ValidString(key) {
		return t.Fail(fmt.Errorf("a key of %d bytes in %s is empty, too long or not UTF-8", len(key), bucket))
	}
	return nil
}

func validBucket(name string) bool {
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return name != "" && len(name) <= 64
}

// Fail has the change fail with err (the first one counts) even when whoever gets
// it drops it, and answers it. A room that is called inside another's change says
// so that its part was not done.
func (t *Tx) Fail(err error) error {
	if t.err == nil {
		t.err = err
	}
	return err
}

// end makes a Tx that somebody kept fail at once, not somewhere in a map that
// has moved.
func (t *Tx) end() { *t = Tx{} }
