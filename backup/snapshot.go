package backup

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"filippo.io/age"

	"nightbell/appliance/store"
)

// Contents is manifest.json, the last entry of a snapshot: what the snapshot is
// of, and the SHA-256 of every entry before it.
type Contents struct {
	Format    int       `json:"format"`
	Practice  string    `json:"practice"`
	Recipient string    `json:"recipient"`
	Life      string    `json:"life"`
	At        time.Time `json:"at"`  // UTC
	Seq       uint64    `json:"seq"` // of the store's last write set
	Audit     Log       `json:"audit"`
	Messages  int64     `json:"messages"`
	Next      int64     `json:"next"`
	Entries   []Entry   `json:"entries"`
}

// Entry is one file inside a snapshot.
type Entry struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // hex
}

// The names inside a snapshot.
const (
	bucketsFolder = "buckets/"
	packsFolder   = "packs/"
	slotsFolder   = "keys/"
	secretsName   = "secrets.json"
	contentsName  = "manifest.json"
)

// errMoved says that a key file was replaced while it was being read: the
// snapshot is taken once more.
var errMoved = errors.New("the keys changed while the snapshot was taken")

// slotFile is a staff slot as it goes into a snapshot.
type slotFile struct {
	name string
	data []byte
}

// sealTo begins a sealed file: what is written to the answer is encrypted at
// once, and nothing in the clear ever leaves the process.
func sealTo(file io.Writer, to []age.Recipient) (io.WriteCloser, error) {
	w, err := age.Encrypt(file, to...)
	if err != nil {
		return nil, fmt.Errorf("sealing the snapshot: %w", err)
	}
	return w, nil
}

// writeSnapshot writes a whole snapshot of what tx sees, sealed, and answers how
// large the file is and its SHA-256. The contents' entries are filled in.
func writeSnapshot(ctx context.Context, tx *store.Tx, file io.Writer, to []age.Recipient, c *Contents, slots []slotFile, secrets []byte, done func(int64)) (size int64, sum string, err error) {
	out := &summedWriter{w: file, h: sha256.New()}
	buffered := bufio.NewWriterSize(out, 256<<10)
	sealed, err := sealTo(buffered, to)
	if err != nil {
		return 0, "", err
	}
	s := &snapshotWriter{ctx: ctx, tar: tar.NewWriter(sealed), at: c.At, done: done}
	if err := s.all(tx, slots, secrets); err != nil {
		return 0, "", fmt.Errorf("writing the snapshot: %w", err)
	}
	c.Entries = s.entries
	if err := s.contents(c); err != nil {
		return 0, "", fmt.Errorf("writing the snapshot: %w", err)
	}
	if err := errors.Join(s.tar.Close(), sealed.Close(), buffered.Flush()); err != nil {
		return 0, "", fmt.Errorf("writing the snapshot: %w", err)
	}
	return out.n, hex.EncodeToString(out.h.Sum(nil)), nil
}

// snapshotWriter writes the entries one after another. A tar names an entry's
// size before its bytes, so that buckets are walked twice: memory stays small
// whatever a practice holds.
type snapshotWriter struct {
	ctx     context.Context
	tar     *tar.Writer
	at      time.Time
	entries []Entry
	line    []byte
	done    func(int64)
}

func (s *snapshotWriter) all(tx *store.Tx, slots []slotFile, secrets []byte) error {
	for _, name := range tx.Buckets() {
		if name == store.PackBucket {
			continue
		}
		if err := s.bucket(tx, name); err != nil {
			return err
		}
	}
	if err := s.packs(tx); err != nil {
		return err
	}
	for _, f := range slots {
		if err := s.bytes(slotsFolder+f.name+".age", f.data); err != nil {
			return err
		}
	}
	return s.bytes(secretsName, secrets)
}

func (s *snapshotWriter) bucket(tx *store.Tx, name string) error {
	var size int64
	err := bucketLines(s.ctx, tx, name, &s.line, func(line []byte) error {
		size += int64(len(line))
		return nil
	})
	if err != nil {
		return err
	}
	return s.entry(bucketsFolder+name+".jsonl", size, func(w io.Writer) error {
		return bucketLines(s.ctx, tx, name, &s.line, func(line []byte) error {
			_, err := w.Write(line)
			return err
		})
	})
}

// bucketLines hands on a bucket line by line, in the order of its keys.
func bucketLines(ctx context.Context, tx *store.Tx, name string, buf *[]byte, each func([]byte) error) error {
	var err error
	tx.Ascend(name, "", func(key string, value []byte) bool {
		if err = ctx.Err(); err != nil {
			return false
		}
		*buf = appendLine((*buf)[:0], key, value)
		err = each(*buf)
		return err == nil
	})
	return err
}

func (s *snapshotWriter) packs(tx *store.Tx) error {
	var err error
	tx.Ascend(store.PackBucket, "", func(id string, pack []byte) bool {
		err = s.bytes(packsFolder+id+".age", pack)
		return err == nil
	})
	return err
}

func (s *snapshotWriter) bytes(name string, data []byte) error {
	return s.entry(name, int64(len(data)), func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

func (s *snapshotWriter) entry(name string, size int64, write func(io.Writer) error) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	h := tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o600, ModTime: s.at}
	if err := s.tar.WriteHeader(&h); err != nil {
		return err
	}
	sum := sha256.New()
	if err := write(io.MultiWriter(s.tar, sum)); err != nil {
		return err
	}
	s.entries = append(s.entries, Entry{Name: name, Size: size, SHA256: hex.EncodeToString(sum.Sum(nil))})
	s.done(size)
	return nil
}

func (s *snapshotWriter) contents(c *Contents) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.bytes(contentsName, data)
}

// measure answers about how many bytes a snapshot will hold, for progress.
func measure(ctx context.Context, tx *store.Tx) (size int64, err error) {
	for _, name := range tx.Buckets() {
		tx.Ascend(name, "", func(key string, value []byte) bool {
			size += int64(len(key) + len(value))
			err = ctx.Err()
			return err == nil
		})
	}
	return size, err
}

// summedWriter hashes and counts what is written through it.
type summedWriter struct {
	w io.Writer
	h interface {
		io.Writer
		Sum([]byte) []byte
	}
	n int64
}

func (s *summedWriter) Write(p []byte) (int, error) {
	n, err := s.w.Write(p)
	s.h.Write(p[:n])
	s.n += int64(n)
	return n, err
}

// readNamed answers the first of the files whose SHA-256 is the one given. A
// file that a commit is just replacing has two names for a moment.
func readNamed(sum string, paths ...string) ([]byte, bool) {
	for _, path := range paths {
		if data, err := os.ReadFile(path); err == nil && hexSum(data) == sum {
			return data, true
		}
	}
	return nil, false
}
