package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"
)

// room keeps some of the disk for the store, so that escalation, acknowledging,
// audit and purge go on when the disk is full and intake is refused.
//
// What is kept are free pages of bbolt and, after the last page in use, zeros
// that were really written: bbolt fills both before it asks the disk for more.
// (They must be written: a file that is merely long has no blocks. Writing them
// ahead also spares a commit the growing of the file.) When less is left than
// reserve, more zeros are written; when the disk has no room for them and three
// quarters of the reserve are left, intake is refused until the reserve is whole
// again.
//
// A copying file system (btrfs, zfs) needs room for every overwrite: there the
// reserve is a hint, and a commit without room is refused, as everywhere.
type room struct {
	store   *Store
	reserve int64
	end     int64       // up to here the file is really written; the committer's own
	low     atomic.Bool // intake is refused
}

const (
	// roomStep is written ahead at a time: little enough not to be felt.
	roomStep  = 1 << 20
	roomChunk = 256 << 10
	// roomSpare is left to the rest of the machine when the disk runs full.
	roomSpare = 1 << 20
)

// Accepting answers nil, or ErrFull while the disk has too little room to take
// messages in, or ErrMoved while the file does not lie where the next start will
// look for it. Everything else goes on. Intake asks before it takes. Being asked
// while there seems to be room again has the committer look.
func (s *Store) Accepting() error {
	if err := s.Err(); err != nil {
		return err
	}
	if s.moved() {
		return ErrMoved
	}
	if !s.room.full() {
		return nil
	}
	if free, err := diskFree(s.dir); err == nil && free >= roomStep+roomSpare {
		s.queue.add(&request{room: true, done: make(chan error, 1)})
	}
	return ErrFull
}

// moved says whether another file, or none, has the name of the open one: the
// system writes on into a file that was removed, and forgets it at the end.
func (s *Store) moved() bool {
	there, err := os.Stat(filepath.Join(s.dir, s.file))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return !os.SameFile(there, s.opened)
}

// Room answers how many bytes the disk of the data folder has left.
func (s *Store) Room() (int64, error) {
	n, err := diskFree(s.dir)
	if err != nil {
		return 0, fmt.Errorf("asking for the room on disk: %w", err)
	}
	return n, nil
}

func (r *room) full() bool { return r.low.Load() }

// make tops the reserve up and settles whether intake is refused. It runs in the
// committer, between transactions. An error means that something beneath the
// store failed otherwise than for want of room.
func (r *room) make() error {
	used, free, err := r.measure()
	if err != nil {
		return err
	}
	r.end = max(r.end, used)
	if free+r.end-used < r.reserve {
		if err := r.writeAhead(r.reserve - free + used); err != nil {
			return err
		}
	}
	r.settle(free + r.end - used)
	return nil
}

// settle refuses intake below three quarters of the reserve, and takes it again
// when the reserve is whole.
func (r *room) settle(kept int64) {
	was := r.low.Load()
	switch {
	case !was && kept < r.reserve/4*3:
		r.low.Store(true)
		r.store.log.Warn("disk full, intake refused", "kept_bytes", kept)
	case was && kept >= r.reserve:
		r.low.Store(false)
		r.store.log.Info("room on disk again, intake resumes", "kept_bytes", kept)
	}
}

// ranOut is told that a commit found no room.
func (r *room) ranOut() {
	if !r.low.Swap(true) {
		r.store.log.Warn("disk full, a commit found no room, intake refused")
	}
}

// measure answers where the last page in use ends, and the bytes of free pages.
func (r *room) measure() (used, free int64, err error) {
	tx, err := r.store.db.Begin(false)
	if err != nil {
		return 0, 0, fmt.Errorf("measuring %s: %w", r.store.file, err)
	}
	defer tx.Rollback()
	st := r.store.db.Stats()
	return tx.Size(), int64(st.FreePageN+st.PendingPageN) * int64(r.store.db.Info().PageSize), nil
}

// trust takes the end of an existing file for really written when the file
// system says that it has blocks for all of it.
func (r *room) trust() error {
	fi, err := r.store.disk.Stat()
	if err != nil {
		return fmt.Errorf("looking at %s: %w", r.store.file, err)
	}
	if allocated(fi) >= fi.Size() {
		r.end = fi.Size()
	}
	return nil
}

// writeAhead writes zeros after the end until it is at least at the offset given
// or the disk has no more room, and puts them on disk. What lies before the end
// is bbolt's and is never touched.
func (r *room) writeAhead(until int64) error {
	start := r.end
	zeros := make([]byte, roomChunk)
	until = max(until, start+min(roomStep, r.reserve))
	for r.end < until {
		if free, err := diskFree(r.store.dir); err == nil && free < roomStep+roomSpare {
			break
		}
		if _, err := r.store.disk.WriteAt(zeros, r.end); isFull(err) {
			break
		} else if err != nil {
			return fmt.Errorf("writing ahead: %w", err)
		}
		r.end += roomChunk
	}
	if r.end == start {
		return nil
	}
	if err := r.store.disk.Sync(); err != nil {
		return fmt.Errorf("writing ahead: %w", err)
	}
	return nil
}
