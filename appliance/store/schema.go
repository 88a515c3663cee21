package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"go.etcd.io/bbolt"
)

// Schema is the version of what lies in the buckets that this nightbell writes.
// It grows with every change that an older one would misread.
const Schema = 1

const (
	schemaBucket = "schema"
	schemaKey    = "version"

	headBucket = "_head" // no name that Tx would take
	headKey    = "head"
)

// migration brings a store from the version before to its own. It is an ordinary
// change, so that it is a write set too and a replica follows it.
type migration struct {
	to   int
	what string
	run  func(*Tx) error
}

// migrations are all there ever were, in order. One that was released is never
// changed.
func migrations() []migration {
	return []migration{
		{to: 1, what: "a new store", run: func(*Tx) error { return nil }},
	}
}

// migrate takes the steps that a store of an older version needs, each in a
// transaction with the version it leads to.
func (s *Store) migrate(ctx context.Context, from int) error {
	for _, m := range migrations() {
		if m.to <= from {
			continue
		}
		err := s.Update(ctx, func(tx *Tx) error {
			if err := m.run(tx); err != nil {
				return err
			}
			return tx.Put(schemaBucket, schemaKey, []byte(strconv.Itoa(m.to)))
		})
		if err != nil {
			return fmt.Errorf("bringing the store to schema %d: %w", m.to, err)
		}
		s.log.Info("store brought up to date", "schema", m.to, "what", m.what)
	}
	return nil
}

// schemaVersion answers the version a store is at, 0 for an empty one.
func schemaVersion(tx *Tx) (int, error) {
	v := tx.get(schemaBucket, schemaKey)
	if v == nil {
		return 0, nil
	}
	n, err := strconv.Atoi(string(v))
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%w: its schema version is no number", ErrDamaged)
	}
	return n, nil
}

// head is number, hash and time of the last write set. It lies in the store, but
// in no write set: a hash cannot hold itself.
type head struct {
	seq  uint64
	hash [32]byte
	at   time.Time
}

const headSize = 8 + 32 + 8

func (h head) write(btx *bbolt.Tx) error {
	b, err := btx.CreateBucketIfNotExists([]byte(headBucket))
	if err != nil {
		return err
	}
	v := make([]byte, 0, headSize)
	v = binary.BigEndian.AppendUint64(v, h.seq)
	v = append(v, h.hash[:]...)
	v = binary.BigEndian.AppendUint64(v, uint64(h.at.UnixNano()))
	return b.Put([]byte(headKey), v)
}

func readHead(btx *bbolt.Tx) (h head, err error) {
	b := btx.Bucket([]byte(headBucket))
	if b == nil {
		return head{}, nil
	}
	v := b.Get([]byte(headKey))
	if len(v) != headSize {
		return head{}, fmt.Errorf("%w: its head is %d bytes", ErrDamaged, len(v))
	}
	h.seq = binary.BigEndian.Uint64(v)
	copy(h.hash[:], v[8:])
	h.at = time.Unix(0, int64(binary.BigEndian.Uint64(v[40:]))).UTC()
	return h, nil
}
