// Package audit is the trace that everything leaves: a log of leaves in a Merkle
// tree (golang.org/x/mod/sumdb/tlog), so that nobody changes, drops or slips in a
// leaf without being seen, also from outside by a checkpoint kept elsewhere.
//
// Each room appends its leaf in the transaction that does what the leaf records:
// neither is there without the other. A leaf holds ids and codes, never PHI, and
// Append refuses what does not look like one.
package audit

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"nightbell/appliance/store"
)

// LeafBucket holds the leaves by number. Whoever feeds on write sets compares
// with it.
const LeafBucket = "audit-leaves"

const (
	hashBucket = "audit-hashes" // tlog's stored hashes, by index
	headBucket = "audit"
	sizeKey    = "size"
)

// Who did it when it was no person and no device.
const (
	System = "system" // the appliance by itself
	Owner  = "owner"  // whoever owns the data folder, over the socket or a command
)

// Leaf is one record of the log. All its texts are ids and codes.
type Leaf struct {
	N     int64             `json:"n"`  // its number, from 0; Append sets it
	At    time.Time         `json:"at"` // UTC
	Who   string            `json:"who"`
	What  What              `json:"what"`
	About []string          `json:"about,omitempty"` // ids of messages, people, devices, epochs
	Why   string            `json:"why,omitempty"`   // a code of ours
	From  string            `json:"from,omitempty"`  // an address of the network, or a code
	Count int               `json:"count,omitempty"` // how many times, where it is not once
	Data  map[string]string `json:"data,omitempty"`  // hashes, recipients, commitments
}

// Checkpoint says what the log is: all about it, in 40 bytes. Kept elsewhere, it
// shows whether a later log begins with this one.
type Checkpoint struct {
	Size int64  `json:"size"`
	Root string `json:"root"` // base64, as tlog writes it
}

const (
	maxCode  = 256  // ids, codes and addresses are far shorter
	maxDatum = 4096 // an age recipient is 2,000 characters
	maxAbout = 1000 // a list shown is at most a few hundred messages
	maxData  = 64
)

// ErrNotCode says that a leaf holds something that is no id, code or hash.
var ErrNotCode = errors.New("a leaf holds ids and codes only")

// Append adds a leaf and answers its number. When it fails, the change does:
// nothing is done without its leaf.
func Append(tx *store.Tx, l Leaf) (int64, error) {
	n, err := add(tx, l)
	if err != nil {
		return 0, tx.Fail(fmt.Errorf("appending to the audit log: %w", err))
	}
	return n, nil
}

func add(tx *store.Tx, l Leaf) (int64, error) {
	if err := l.check(); err != nil {
		return 0, err
	}
	n, err := size(tx)
	if err != nil {
		return 0, err
	}
	l.N, l.At = n, l.At.UTC()
	data, err := json.Marshal(l)
	if err != nil {
		return 0, fmt.Errorf("encoding leaf %d: %w", n, err)
	}
	hashes, err := tlog.StoredHashes(n, data, reader(tx))
	if err != nil {
		return 0, fmt.Errorf("hashing leaf %d: %w", n, err)
	}
	first := tlog.StoredHashIndex(0, n)
	for i, h := range hashes {
		if err := tx.Put(hashBucket, key(first+int64(i)), h[:]); err != nil {
			return 0, err
		}
	}
	if err := tx.Put(LeafBucket, key(n), data); err != nil {
		return 0, err
	}
	return n, tx.Put(headBucket, sizeKey, []byte(strconv.FormatInt(n+1, 10)))
}

// Head answers the checkpoint of the log as it is.
func Head(tx *store.Tx) (Checkpoint, error) {
	n, err := size(tx)
	if err != nil {
		return Checkpoint{}, err
	}
	root, err := RootAt(tx, n)
	return Checkpoint{Size: n, Root: root}, err
}

// RootAt answers the root of the first size leaves: an older checkpoint of that
// size has the same, when the log still begins with what it was then.
func RootAt(tx *store.Tx, n int64) (string, error) {
	have, err := size(tx)
	if err != nil {
		return "", err
	}
	if n < 0 || n > have {
		return "", fmt.Errorf("the audit log has %d records, not %d", have, n)
	}
	root, err := tlog.TreeHash(n, reader(tx))
	if err != nil {
		return "", fmt.Errorf("computing the root of %d records: %w", n, err)
	}
	return root.String(), nil
}

// Range answers up to limit leaves from a number on.
func Range(tx *store.Tx, from int64, limit int) (list []Leaf, err error) {
	tx.Ascend(LeafBucket, key(max(from, 0)), func(k string, data []byte) bool {
		if len(list) >= limit {
			return false
		}
		var l Leaf
		if json.Unmarshal(data, &l) != nil {
			err = fmt.Errorf("%w: audit record %s does not decode", store.ErrDamaged, strings.TrimLeft(k, "0"))
			return false
		}
		list = append(list, l)
		return true
	})
	return list, err
}

// size answers how many leaves there are.
func size(tx *store.Tx) (int64, error) {
	b := tx.Get(headBucket, sizeKey)
	if b == nil {
		return 0, nil
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w: the size of the audit log is no number", store.ErrDamaged)
	}
	return n, nil
}

// key writes a number so that keys sort by it.
func key(n int64) string {
	s := strconv.FormatInt(n, 10)
	return strings.Repeat("0", max(0, 12-len(s))) + s
}

// reader reads stored hashes for tlog.
func reader(tx *store.Tx) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		list := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			if copy(list[i][:], tx.Get(hashBucket, key(index))) != tlog.HashSize {
				return nil, fmt.Errorf("%w: stored hash %d of the audit log is missing or cut short", store.ErrDamaged, index)
			}
		}
		return list, nil
	})
}

// check refuses what may not stand in a leaf. Errors name the field and never
// quote it.
func (l Leaf) check() error {
	switch {
	case l.What == "" || !code(string(l.What), maxCode):
		return fmt.Errorf("%w: what", ErrNotCode)
	case l.Who == "" || !code(l.Who, maxCode):
		return fmt.Errorf("%w: who", ErrNotCode)
	case !code(l.Why, maxCode):
		return fmt.Errorf("%w: why", ErrNotCode)
	case !code(l.From, maxCode):
		return fmt.Errorf("%w: from", ErrNotCode)
	case l.Count < 0:
		return errors.New("a leaf that counts less than nothing")
	case len(l.About) > maxAbout || len(l.Data) > maxData:
		return errors.New("a leaf about too many things")
	}
	for _, a := range l.About {
		if a == "" || !code(a, maxCode) {
			return fmt.Errorf("%w: about", ErrNotCode)
		}
	}
	for k, v := range l.Data {
		if k == "" || !code(k, maxCode) || !code(v, maxDatum) {
			return fmt.Errorf("%w: data", ErrNotCode)
		}
	}
	return nil
}

// code says whether a text can be an id, a code, a hash or a network address:
// printable ASCII without spaces, quotes and the @ of a mail address.
func code(s string, limit int) bool {
	if len(s) > limit {
		return false
	}
	for _, c := range []byte(s) {
		ok := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || strings.IndexByte("-_.:/+=%,[]", c) >= 0
		if !ok {
			return false
		}
	}
	return true
}
