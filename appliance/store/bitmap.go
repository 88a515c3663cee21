package store

import (
	"math/bits"

	"nightbell/appliance/message"
)

// listBucket holds the lists of numbers. A list is cut into chunks of 1,024
// numbers: "type/refill/0000001" has those from 1,024 on, one bit each, the
// lowest bit of the first byte first, without the zero bytes at its end. A chunk
// without a number is not there.
//
// So a list takes little room, a new message touches one short value a list, and
// putting lists over each other is ANDing a few words: a practice of a million
// messages has a thousand chunks.
const (
	listBucket = "number-lists"
	chunkBits  = 10
	chunkWidth = 7 // digits, for the chunks of ten-digit numbers
)

// chunk is the numbers of one chunk that are in a list.
type chunk [1 << chunkBits / 64]uint64

// chunkOf answers the chunk that a number is in, and its bit there.
func chunkOf(n message.Number) (no int64, bit int) {
	return int64(n) >> chunkBits, int(n) & (1<<chunkBits - 1)
}

func chunkKey(list string, no int64) string { return list + "/" + digits(no, chunkWidth) }

func setBit(tx *Tx, list string, n message.Number) error {
	no, bit := chunkOf(n)
	key := chunkKey(list, no)
	have := tx.get(listBucket, key)
	b := make([]byte, max(len(have), bit/8+1))
	copy(b, have)
	b[bit/8] |= 1 << (bit % 8)
	return tx.Put(listBucket, key, b)
}

func clearBit(tx *Tx, list string, n message.Number) error {
	no, bit := chunkOf(n)
	key := chunkKey(list, no)
	b := tx.Get(listBucket, key)
	if bit/8 < len(b) {
		b[bit/8] &^= 1 << (bit % 8)
	}
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return tx.Delete(listBucket, key)
	}
	return tx.Put(listBucket, key, b)
}

// add puts a stored chunk's numbers into c.
func (c *chunk) add(b []byte) {
	for i := range min(len(b), len(c)*8) {
		c[i/8] |= uint64(b[i]) << (i % 8 * 8)
	}
}

// keep leaves the numbers that are in d too.
func (c *chunk) keep(d *chunk) {
	for i := range c {
		c[i] &= d[i]
	}
}

// drop leaves the numbers that are not in d.
func (c *chunk) drop(d *chunk) {
	for i := range c {
		c[i] &^= d[i]
	}
}

// below leaves the numbers of bits less than one.
func (c *chunk) below(bit int) {
	for i := range c {
		switch first := i * 64; {
		case bit <= first:
			c[i] = 0
		case bit < first+64:
			c[i] &= 1<<(bit-first) - 1
		}
	}
}

// last answers the highest bit, or -1.
func (c *chunk) last() int {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i] != 0 {
			return i*64 + bits.Len64(c[i]) - 1
		}
	}
	return -1
}
