package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"nightbell/appliance/message"
)

// BlobDir is the folder of blobs in the data folder, and on a backup target.
const BlobDir = "blobs"

// BlobPath is where a blob lies in a data folder or on a target, with slashes:
// blobs/ab/ID.age, where ab are the id's last two characters (its first ones are
// the time and the same for years).
func BlobPath(id message.ID) string {
	return BlobDir + "/" + string(id[max(0, len(id)-2):]) + "/" + string(id) + ".age"
}

func (s *Store) blobPath(id message.ID) (string, error) {
	if _, err := message.ParseID(string(id)); err != nil {
		return "", err
	}
	return filepath.Join(s.dir, filepath.FromSlash(BlobPath(id))), nil
}

// WriteBlob writes a blob's file and answers when it is on disk. It comes before
// the commit that names the blob. A blob is written once and never changes.
func (s *Store) WriteBlob(ctx context.Context, id message.ID, write func(io.Writer) error) error {
	path, err := s.blobPath(id)
	if err != nil {
		return fmt.Errorf("writing a blob: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("writing blob %s: it is there already", id)
	}
	if err := s.blobDirs.make(s.dir, filepath.Dir(path)); err != nil {
		return fmt.Errorf("writing blob %s: %w", id, err)
	}
	return writeDurably(path, 0o600, func(w io.Writer) error {
		return write(contextWriter{ctx, w})
	})
}

// blobDirs are the folders of blobs that this process knows to be durable. That
// one is there does not say so: another writer, or a process that crashed, may
// have made it and not brought that to the disk yet.
type blobDirs struct {
	mu      sync.Mutex
	durable map[string]bool
}

// make makes a folder of blobs, durable up to the data folder.
func (b *blobDirs) make(data, dir string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		if isFull(err) {
			return fmt.Errorf("%w: %w", ErrFull, err)
		}
		return err
	}
	if b.durable[dir] {
		return nil
	}
	if err := errors.Join(SyncDir(filepath.Dir(dir)), SyncDir(data)); err != nil {
		return err
	}
	if b.durable == nil {
		b.durable = map[string]bool{}
	}
	b.durable[dir] = true
	return nil
}

// OpenBlob opens a blob for reading. One that is not there is fs.ErrNotExist.
func (s *Store) OpenBlob(id message.ID) (*os.File, error) {
	path, err := s.blobPath(id)
	if err != nil {
		return nil, fmt.Errorf("opening a blob: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening blob %s: %w", id, err)
	}
	return f, nil
}

// RemoveBlob removes a blob; one that is not there is no error.
func (s *Store) RemoveBlob(id message.ID) error {
	path, err := s.blobPath(id)
	if err != nil {
		return fmt.Errorf("removing a blob: %w", err)
	}
	return Remove(path)
}

// SweepBlobs removes the blobs that named denies, and what a crash left half
// written. It runs at start, before anything writes blobs: one that is written
// and not yet named would go. Files of other names are left alone.
func (s *Store) SweepBlobs(ctx context.Context, named func(message.ID) bool) (removed int, err error) {
	root := filepath.Join(s.dir, BlobDir)
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if d.IsDir() || !sweepable(d.Name(), named) {
			return nil
		}
		removed++
		return Remove(path)
	})
	if err != nil {
		return removed, fmt.Errorf("sweeping blobs: %w", err)
	}
	return removed, nil
}

func sweepable(name string, named func(message.ID) bool) bool {
	if IsTemp(name) {
		return true
	}
	base, ok := strings.CutSuffix(name, ".age")
	if !ok {
		return false
	}
	id, err := message.ParseID(base)
	return err == nil && !named(id)
}

// contextWriter stops writing when the context has ended.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c contextWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}
