package store

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// WriteSetFormat is the format of the write sets that this version makes.
const WriteSetFormat = 1

// WriteSet is what one transaction did, and the unit that a journal or a replica
// replays: applied in order from the first, write sets give the same store.
type WriteSet struct {
	Format int
	Seq    uint64   // gapless, from 1
	Prev   [32]byte // hash of the write set before
	At     time.Time
	Ops    []Op // in the order they were done
}

// Op is one put, or one deletion.
type Op struct {
	Delete bool
	Bucket string
	Key    string
	Value  []byte // of a put
}

const (
	opPut    = 1
	opDelete = 2

	writeSetHeader = 1 + 8 + 32 + 8 + 4 // format, seq, prev, at, number of ops
)

// opLog gathers a transaction's ops, and beside them their bytes as a write set
// holds them, so that hashing takes one pass and no second copy is made.
type opLog struct {
	list  []Op
	bytes []byte
}

func (l *opLog) put(bucket, key string, value []byte) []byte {
	l.begin(opPut, bucket, key)
	l.bytes = binary.AppendUvarint(l.bytes, uint64(len(value)))
	at := len(l.bytes)
	l.bytes = append(l.bytes, value...)
	kept := l.bytes[at:len(l.bytes):len(l.bytes)] // stays valid when bytes moves on
	l.list = append(l.list, Op{Bucket: bucket, Key: key, Value: kept})
	return kept
}

func (l *opLog) delete(bucket, key string) {
	l.begin(opDelete, bucket, key)
	l.list = append(l.list, Op{Delete: true, Bucket: bucket, Key: key})
}

func (l *opLog) begin(kind byte, bucket, key string) {
	l.bytes = append(l.bytes, kind)
	l.bytes = binary.AppendUvarint(l.bytes, uint64(len(bucket)))
	l.bytes = append(l.bytes, bucket...)
	l.bytes = binary.AppendUvarint(l.bytes, uint64(len(key)))
	l.bytes = append(l.bytes, key...)
}

// Hash is the SHA-256 of the encoded write set: what the next one names as the
// one before.
func (w WriteSet) Hash() [32]byte {
	return w.hash(w.encodeOps())
}

func (w WriteSet) hash(ops []byte) (sum [32]byte) {
	h := sha256.New()
	h.Write(w.header())
	h.Write(ops)
	h.Sum(sum[:0])
	return sum
}

// AppendBinary appends the write set in its format: a byte of format; number (8),
// hash of the one before (32), time in Unix nanoseconds (8) and number of ops
// (4), big endian; then each op: 1 and bucket, key, value for a put, 2 and
// bucket, key for a deletion, each with its length before it as a uvarint.
func (w WriteSet) AppendBinary(b []byte) ([]byte, error) {
	if w.Format != WriteSetFormat {
		return nil, fmt.Errorf("encoding write set %d: format %d is not known", w.Seq, w.Format)
	}
	return append(append(b, w.header()...), w.encodeOps()...), nil
}

func (w WriteSet) header() []byte {
	b := make([]byte, 0, writeSetHeader)
	b = append(b, byte(w.Format))
	b = binary.BigEndian.AppendUint64(b, w.Seq)
	b = append(b, w.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(w.At.UnixNano()))
	return binary.BigEndian.AppendUint32(b, uint32(len(w.Ops)))
}

func (w WriteSet) encodeOps() []byte {
	var l opLog
	for _, op := range w.Ops {
		if op.Delete {
			l.delete(op.Bucket, op.Key)
		} else {
			l.put(op.Bucket, op.Key, op.Value)
		}
	}
	return l.bytes
}

var errCutShort = errors.New("cut short, or not a write set")

// DecodeWriteSet reads what AppendBinary wrote, and nothing else: bytes after its
// end, lengths written the long way and formats of another version are refused.
// It keeps b.
func DecodeWriteSet(b []byte) (WriteSet, error) {
	w, err := decodeWriteSet(b)
	if err != nil {
		return WriteSet{}, fmt.Errorf("decoding a write set of %d bytes: %w", len(b), err)
	}
	return w, nil
}

func decodeWriteSet(b []byte) (WriteSet, error) {
	if len(b) < writeSetHeader {
		return WriteSet{}, errCutShort
	}
	if b[0] != WriteSetFormat {
		return WriteSet{}, fmt.Errorf("format %d is not known", b[0])
	}
	w := WriteSet{Format: int(b[0]), Seq: binary.BigEndian.Uint64(b[1:])}
	copy(w.Prev[:], b[9:])
	w.At = time.Unix(0, int64(binary.BigEndian.Uint64(b[41:]))).UTC()
	n := binary.BigEndian.Uint32(b[49:])
	rest := b[writeSetHeader:]
	for range n {
		var op Op
		var err error
		if op, rest, err = decodeOp(rest); err != nil {
			return WriteSet{}, err
		}
		w.Ops = append(w.Ops, op)
	}
	if len(rest) > 0 {
		return WriteSet{}, fmt.Errorf("%d bytes after its end", len(rest))
	}
	return w, nil
}

func decodeOp(b []byte) (op Op, rest []byte, err error) {
	if len(b) == 0 || b[0] != opPut && b[0] != opDelete {
		return Op{}, nil, errCutShort
	}
	op.Delete = b[0] == opDelete
	bucket, b, ok1 := cutBytes(b[1:])
	key, b, ok2 := cutBytes(b)
	if !ok1 || !ok2 {
		return Op{}, nil, errCutShort
	}
	op.Bucket, op.Key = string(bucket), string(key)
	if op.Delete {
		return op, b, nil
	}
	value, b, ok := cutBytes(b)
	if !ok {
		return Op{}, nil, errCutShort
	}
	op.Value = value
	return op, b, nil
}

// cutBytes takes a length and that many bytes off b.
func cutBytes(b []byte) (head, rest []byte, ok bool) {
	n, size := binary.Uvarint(b)
	if size <= 0 || n > uint64(len(b)-size) || size > 1 && b[size-1] == 0 {
		return nil, nil, false
	}
	end := size + int(n)
	return b[size:end:end], b[end:], true
}

// Touches says whether the write set changed anything in the bucket.
func (w WriteSet) Touches(bucket string) bool {
	return slices.ContainsFunc(w.Ops, func(op Op) bool { return op.Bucket == bucket })
}

// Messages answers the ids of the messages that the write set changed, each
// once, in the order of their first change: their envelope, their timeline, or
// that they are gone.
func (w WriteSet) Messages() []message.ID {
	var ids []message.ID
	for _, op := range w.Ops {
		if op.Bucket != EnvelopeBucket && op.Bucket != EventBucket {
			continue
		}
		id, _, _ := strings.Cut(op.Key, "/")
		if !slices.Contains(ids, message.ID(id)) {
			ids = append(ids, message.ID(id))
		}
	}
	return ids
}
