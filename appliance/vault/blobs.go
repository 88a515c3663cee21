package vault

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"sync"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/crypto"
)

// SealBlob writes r as a blob, durable when it answers, under an identity of its
// own. The key and the hash and size of the clear bytes belong into the record,
// the part into the envelope; a blob that no commit names is swept at a start.
func (v *Vault) SealBlob(ctx context.Context, r io.Reader) (part message.Part, key message.Clear, clearSHA256 string, clearSize int64, err error) {
	part = message.Part{Kind: message.PartBlob}
	if part.ID, err = message.NewID(); err != nil {
		return message.Part{}, "", "", 0, err
	}
	clear := &counting{r: r, sum: sha256.New()}
	err = v.store.WriteBlob(ctx, part.ID, func(w io.Writer) error {
		id, sum, size, err := crypto.SealBlob(w, clear)
		if err != nil {
			return err
		}
		part.Size, part.Commitment, key = size, hex.EncodeToString(sum[:]), message.Clear(id.String())
		return nil
	})
	if err != nil {
		return message.Part{}, "", "", 0, fmt.Errorf("sealing a blob: %w", err)
	}
	return part, key, hex.EncodeToString(clear.sum.Sum(nil)), clear.size, nil
}

type counting struct {
	r    io.Reader
	sum  hash.Hash
	size int64
}

func (c *counting) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.sum.Write(b[:n])
	c.size += int64(n)
	return n, err
}

// CheckBlob compares a blob's ciphertext with its commitment. It works locked.
func (v *Vault) CheckBlob(of message.ID, part message.Part) error {
	f, err := v.store.OpenBlob(part.ID)
	if err != nil {
		return missing(of, part, err)
	}
	defer f.Close()
	if err := crypto.CheckBlob(f, part.Commitment); err != nil {
		return &PartError{Message: of, Part: part.ID, Err: err}
	}
	return nil
}

// Blob opens a blob whose key stands in its record. Its ciphertext was read to
// the end and compared with the commitment before this answers. What it answers
// can be read from any place, and stops at a lock.
func (r *Reader) Blob(of message.ID, part message.Part, key message.Clear) (io.ReadSeekCloser, error) {
	if _, err := r.identity(); err != nil {
		return nil, err
	}
	id, err := age.ParseHybridIdentity(key.Reveal())
	if err != nil {
		return nil, forged(of, part, "the key in its record is none")
	}
	f, err := r.vault.store.OpenBlob(part.ID)
	if err != nil {
		return nil, missing(of, part, err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(&PartError{Message: of, Part: part.ID, Err: err}, f.Close())
	}
	clear, size, err := crypto.OpenBlob(f, info.Size(), id, part.Commitment)
	if err != nil {
		return nil, errors.Join(&PartError{Message: of, Part: part.ID, Err: err}, f.Close())
	}
	return &blob{SectionReader: io.NewSectionReader(clear, 0, size), reader: r, file: f}, nil
}

func missing(of message.ID, part message.Part, err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return forged(of, part, "its file is missing")
	}
	return &PartError{Message: of, Part: part.ID, Err: err}
}

// blob is an open blob: of its SectionReader, only what asks for the lock first.
type blob struct {
	*io.SectionReader
	reader *Reader
	file   *os.File
	close  sync.Once
}

func (b *blob) Read(p []byte) (int, error) {
	if _, err := b.reader.identity(); err != nil {
		return 0, err
	}
	return b.SectionReader.Read(p)
}

func (b *blob) ReadAt(p []byte, at int64) (int, error) {
	if _, err := b.reader.identity(); err != nil {
		return 0, err
	}
	return b.SectionReader.ReadAt(p, at)
}

// Close lets go of the file; more than once does no harm.
func (b *blob) Close() (err error) {
	b.close.Do(func() { err = b.file.Close() })
	return err
}
