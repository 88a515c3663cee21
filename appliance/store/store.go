// Package store keeps the appliance's bytes: buckets of keys and values in one
// bbolt file, blobs and other files beside it. It is the only package that
// imports bbolt. It knows bytes, envelopes and their indexes, never PHI: whoever
// calls it has sealed what must be sealed.
//
// All writing goes through one committer (Update): what an Update answers nil
// for is on disk. What a transaction did is a write set, gapless and hash
// chained; live pages, timers and caches feed on them (Watch), a replica applies
// them (Apply).
package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/jonboulle/clockwork"
	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// What an Open, an Update or a View can meet. Test with errors.Is.
var (
	ErrInUse    = errors.New("the store is in use by another process")
	ErrNewer    = errors.New("the store was written by a newer nightbell")
	ErrReadOnly = errors.New("the data folder cannot be written")
	ErrDamaged  = errors.New("the store is damaged")
	ErrFull     = errors.New("the disk is full")
	ErrMoved    = errors.New("the store's file was moved or removed while it is in use")
	ErrUnknown  = errors.New("it is not known whether this was kept")
	ErrBroken   = errors.New("the store takes nothing more until it is opened again")
	ErrClosed   = errors.New("the store is closed")
	ErrTooLarge = errors.New("a change of more than 1 MiB")
	ErrNotNext  = errors.New("the write set is not the next one")
	ErrForked   = errors.New("the write set belongs to another history")
)

// DefaultFile is the name of the practice's store in the data folder.
const DefaultFile = "store.db"

// NodeFile is the name of the store of what belongs to this machine alone.
const NodeFile = "node.db"

const (
	defaultWait    = 5 * time.Second
	defaultReserve = 8 << 20
	minFile        = 4 * 4096              // bbolt begins with four pages
	lockRetry      = 25 * time.Millisecond // another process is expected to let go within seconds
	minMap         = 8 << 30               // an open reader stalls a writer that must grow the map: make it large at once
)

// Options say which store to open and how. Only Dir is needed.
type Options struct {
	Dir   string          // the data folder; it must exist
	File  string          // name in it; DefaultFile when empty
	Clock clockwork.Clock // stamps write sets; the real one when nil
	Wait  time.Duration   // for another process to let go of the file; 5 s when zero
	Log   *slog.Logger    // none when nil

	// OpenFile opens the file beneath the store; os.OpenFile when nil. Tests
	// put faults there.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)

	// ReserveBytes is the room kept on disk for what must go on when the disk
	// is full; 8 MiB when zero.
	ReserveBytes int64

	// Follow opens a store that makes nothing of its own: it takes write sets
	// of another by Apply, beginning with the first, and is not migrated.
	Follow bool
}

// Store is an open store. Its methods may be called from many goroutines.
type Store struct {
	dir    string
	file   string
	db     *bbolt.DB
	disk   *os.File    // bbolt's own handle
	opened os.FileInfo // of the file, as it was opened
	clock  clockwork.Clock
	log    *slog.Logger

	queue    queue
	stopped  chan struct{} // closed when the committer has ended
	room     room
	blobDirs blobDirs

	mu       sync.Mutex // guards the rest
	head     head
	watchers []func(WriteSet)
	err      error
	broken   chan struct{}
}

// Open opens the store, makes it when it is not there, and brings an older one
// up to date. It waits for another process to let go of the file (ErrInUse). A
// file of a newer version is refused untouched (ErrNewer); a folder that cannot
// be written is ErrReadOnly.
func Open(ctx context.Context, o Options) (*Store, error) {
	o = o.withDefaults()
	s := &Store{
		dir: o.Dir, file: o.File, clock: o.Clock, log: o.Log.With("store", o.File),
		stopped: make(chan struct{}), broken: make(chan struct{}),
	}
	s.queue.wake = make(chan struct{}, 1)
	if err := s.openFile(ctx, o); err != nil {
		return nil, fmt.Errorf("opening %s: %w", filepath.Join(o.Dir, o.File), err)
	}
	if err := s.begin(ctx, o); err != nil {
		s.queue.close()
		s.db.Close()
		return nil, fmt.Errorf("opening %s: %w", filepath.Join(o.Dir, o.File), err)
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.File == "" {
		o.File = DefaultFile
	}
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Wait == 0 {
		o.Wait = defaultWait
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OpenFile == nil {
		o.OpenFile = os.OpenFile
	}
	if o.ReserveBytes == 0 {
		o.ReserveBytes = defaultReserve
	}
	return o
}

// begin starts the committer on an open file: what is kept beside the buckets is
// read, room is made, and the schema brought up to date.
func (s *Store) begin(ctx context.Context, o Options) error {
	version := 0
	err := s.db.View(func(btx *bbolt.Tx) (err error) {
		if s.head, err = readHead(btx); err != nil {
			return err
		}
		version, err = schemaVersion(&Tx{bolt: btx})
		return err
	})
	if err != nil {
		return err
	}
	if version > Schema {
		return fmt.Errorf("%w: its schema is %d and this one knows %d: install the newer version", ErrNewer, version, Schema)
	}
	s.room.store, s.room.reserve = s, o.ReserveBytes
	if err := errors.Join(s.room.trust(), s.room.make()); err != nil {
		return err
	}
	go s.commitLoop()
	if o.Follow {
		return nil
	}
	if err := s.migrate(ctx, version); err != nil {
		s.queue.close()
		<-s.stopped
		return err
	}
	return nil
}

// openFile opens the bbolt file, waiting for its lock.
func (s *Store) openFile(ctx context.Context, o Options) error {
	ctx, cancel := context.WithTimeout(ctx, o.Wait)
	defer cancel()
	bo := bbolt.Options{
		Timeout:         time.Nanosecond, // one try: the waiting is done here, where a context can end it
		FreelistType:    bbolt.FreelistMapType,
		InitialMmapSize: mapSize(filepath.Join(o.Dir, o.File)),
		OpenFile: func(name string, flag int, perm os.FileMode) (_ *os.File, err error) {
			f, err := o.OpenFile(name, flag, perm)
			if err != nil {
				return nil, err
			}
			if s.opened, err = f.Stat(); err != nil {
				return nil, errors.Join(err, f.Close())
			}
			s.disk = f
			return f, nil
		},
	}
	for {
		db, err := openBolt(filepath.Join(o.Dir, o.File), bo)
		if err == nil {
			s.db = db
			return nil
		}
		if bo.InitialMmapSize > 0 && mapRefused(err) {
			bo.InitialMmapSize = 0
			continue
		}
		if !errors.Is(err, berrors.ErrTimeout) {
			return openError(err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (waited %s)", ErrInUse, o.Wait)
		case <-time.After(lockRetry):
		}
	}
}

// openBolt is bbolt.Open, which panics at some kinds of damage and faults where
// the file ends too early. It
// answers no file that is shorter than what is in use.
func openBolt(path string, o bbolt.Options) (db *bbolt.DB, err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if recover() != nil {
			db, err = nil, ErrDamaged
		}
	}()
	if fi, err := os.Stat(path); err == nil && fi.Size() > 0 && fi.Size() < minFile {
		return nil, fmt.Errorf("%w: cut short", ErrDamaged)
	}
	if db, err = bbolt.Open(path, 0o600, &o); err != nil {
		return nil, err
	}
	if err := whole(db, path); err != nil {
		db.Close()
		return nil, err
	}
	return db, nil
}

func whole(db *bbolt.DB, path string) error {
	fi, err := os.Stat(path)
	if err != nil {
		return err
	}
	return db.View(func(tx *bbolt.Tx) error {
		if fi.Size() < tx.Size() {
			return fmt.Errorf("%w: cut short", ErrDamaged)
		}
		return nil
	})
}

// mapSize is how much address space to ask for: none on Windows, where the file
// would grow to it, nor where an int cannot hold it.
func mapSize(path string) int {
	if runtime.GOOS == "windows" || math.MaxInt == math.MaxInt32 {
		return 0
	}
	size := int64(minMap)
	if fi, err := os.Stat(path); err == nil && 2*fi.Size() > size {
		size = 2 * fi.Size()
	}
	return int(size)
}

func mapRefused(err error) bool {
	return errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.EAGAIN)
}

// openError puts bbolt's and the system's errors into the store's words.
func openError(err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("%w: %w", ErrReadOnly, err)
	case isFull(err):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, berrors.ErrInvalid), errors.Is(err, berrors.ErrChecksum), errors.Is(err, berrors.ErrVersionMismatch):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// View runs read over the store as the last commit left it. What the Tx hands
// out without copying is valid inside read alone. While read runs, what is
// deleted meanwhile takes room on disk: copy what is needed and return; never
// write to a client, a file or a target from inside. An Update inside a View may
// deadlock.
func (s *Store) View(read func(*Tx) error) error {
	if err := s.Err(); err != nil {
		return err
	}
	err := s.db.View(func(btx *bbolt.Tx) error {
		tx := Tx{bolt: btx}
		defer tx.end()
		return read(&tx)
	})
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// Watch has f called with every write set from now on, in order, after it is on
// disk and before the Updates that made it return. It runs in the committer:
// nothing is committed until it returns, so it hands on and does no more. It may
// keep the write set and must not change it.
func (s *Store) Watch(f func(WriteSet)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watchers = append(s.watchers, f)
}

// Broken is closed when the store accepts nothing more: a write may or may not
// have reached the disk, and only opening the file anew tells. The process must
// exit.
func (s *Store) Broken() <-chan struct{} { return s.broken }

// Err answers why the store is broken (errors.Is ErrBroken), or nil.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// breaks says once that the store accepts nothing more.
func (s *Store) breaks(cause error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return
	}
	s.err = fmt.Errorf("%w: %w", ErrBroken, cause)
	s.log.Error("store broken, nothing more is accepted", "err", cause)
	close(s.broken)
}

// Seq is the number of the last write set, 0 in an empty store.
func (s *Store) Seq() uint64 { return s.lastHead().seq }

// LastCommit is the time of the last write set, zero in an empty store. A clock
// that says less than this is wrong.
func (s *Store) LastCommit() time.Time { return s.lastHead().at }

// Head answers number and hash of the last write set.
func (s *Store) Head() (seq uint64, hash [32]byte) {
	h := s.lastHead()
	return h.seq, h.hash
}

func (s *Store) lastHead() head {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.head
}

// Dir is the data folder.
func (s *Store) Dir() string { return s.dir }

// Close lets what waits be committed, then lets go of the file. It waits for
// open Views.
func (s *Store) Close() error {
	s.queue.close()
	<-s.stopped
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing %s: %w", s.file, err)
	}
	return nil
}
