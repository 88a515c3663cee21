package crypto

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"io"

	"filippo.io/age"
)

// SealBlob writes src to dst as an age file sealed to an identity of its own,
// which it answers with the SHA-256 and the size of the ciphertext. The
// identity is to stand in the blob's record and nowhere else: the blob dies
// with its record.
func SealBlob(dst io.Writer, src io.Reader) (key *age.HybridIdentity, sum [32]byte, size int64, err error) {
	key, err = NewIdentity()
	if err != nil {
		return nil, sum, 0, err
	}
	counted := &counter{w: dst, sum: sha256.New()}
	w, err := age.Encrypt(counted, key.Recipient())
	if err != nil {
		return nil, sum, 0, fmt.Errorf("sealing a blob: %w", err)
	}
	if _, err := io.Copy(w, src); err != nil {
		return nil, sum, 0, fmt.Errorf("sealing a blob: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, sum, 0, fmt.Errorf("sealing a blob: %w", err)
	}
	return key, [32]byte(counted.sum.Sum(nil)), counted.size, nil
}

type counter struct {
	w    io.Writer
	sum  hash.Hash
	size int64
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.w.Write(b)
	c.sum.Write(b[:n])
	c.size += int64(n)
	return n, err
}

// CheckBlob reads a blob's ciphertext to its end and compares it with its
// commitment (hex). It needs no key, so it works while locked. ErrForged says
// that it is another, or was changed or cut short.
func CheckBlob(r io.Reader, commitment string) error {
	sum := sha256.New()
	if _, err := io.Copy(sum, r); err != nil {
		return fmt.Errorf("reading a blob: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(hex.EncodeToString(sum.Sum(nil))), []byte(commitment)) != 1 {
		return fmt.Errorf("%w: it differs from its commitment", ErrForged)
	}
	return nil
}

// OpenBlob checks a blob to its end, and only then answers its clear bytes and
// their number. What is read from it is authenticated by age once more, chunk
// by chunk, so that a file changed under the reader is seen too.
func OpenBlob(r io.ReaderAt, size int64, key age.Identity, commitment string) (io.ReaderAt, int64, error) {
	if err := CheckBlob(io.NewSectionReader(r, 0, size), commitment); err != nil {
		return nil, 0, err
	}
	clear, n, err := age.DecryptReaderAt(r, size, key)
	if err != nil {
		if isNoMatch(err) {
			return nil, 0, ErrWrongKey
		}
		return nil, 0, fmt.Errorf("%w: the blob cannot be opened", ErrForged)
	}
	return clear, n, nil
}
