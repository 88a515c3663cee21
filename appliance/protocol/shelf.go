package protocol

import (
	"errors"
	"fmt"
	"sync"

	"nightbell/appliance/store"
)

// Shelf reads the practice's protocol and keeps what it read, so that a call does
// not wait for a file to be parsed. What it keeps goes by the file's contents: a
// store that is put under it answers its own. Methods may be called from any
// goroutine.
type Shelf struct {
	mu    sync.Mutex
	read  map[string]Protocol // by the SHA-256 of the file, and the number
	ready map[flagList]*Flags
}

// flagList is the list of red flags of a protocol that somebody holds.
type flagList struct {
	first *RedFlag
	long  int
}

// maxShelf bounds what is kept in memory: the newest versions are asked for.
const maxShelf = 20

// NewShelf answers an empty Shelf.
func NewShelf() *Shelf { return &Shelf{read: map[string]Protocol{}, ready: map[flagList]*Flags{}} }

// Flags answers the red flags of a protocol ready to be looked for: of one that
// the Shelf answered they are made ready once.
func (s *Shelf) Flags(p Protocol) *Flags {
	if len(p.RedFlags) == 0 {
		return p.Compile()
	}
	list := flagList{&p.RedFlags[0], len(p.RedFlags)}
	s.mu.Lock()
	defer s.mu.Unlock()
	f, known := s.ready[list]
	if !known {
		if len(s.ready) >= maxShelf {
			clear(s.ready)
		}
		f = p.Compile()
		s.ready[list] = f
	}
	return f
}

// Current answers the protocol that counts at the time of the transaction: the
// newest version, or what is shipped where none was published or none can be
// read. In doubt a call is taken by what every practice starts with.
func (s *Shelf) Current(tx *store.Tx) (Protocol, error) {
	v, found, err := Newest(tx)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return BuiltIn(), err
	}
	if !found {
		return BuiltIn(), nil
	}
	p, err := s.version(tx, v)
	if err != nil {
		return BuiltIn(), nil
	}
	return p, nil
}

// At answers a version by its number: the one that a message was taken under. One
// that is not there, or cannot be read, is ErrNoVersion.
func (s *Shelf) At(tx *store.Tx, number int) (Protocol, error) {
	v, found, err := versions.Get(tx, versionKey(number))
	switch {
	case err != nil:
		return Protocol{}, fmt.Errorf("version %d: %w: %w", number, ErrNoVersion, err)
	case found:
		return s.version(tx, v)
	case number == builtInVersion:
		return BuiltIn(), nil
	}
	return Protocol{}, fmt.Errorf("version %d: %w", number, ErrNoVersion)
}

// Of answers the version that a message was taken under, or the one that counts
// where that is not there: a message is shown all the same.
func (s *Shelf) Of(tx *store.Tx, number int) (Protocol, error) {
	p, err := s.At(tx, number)
	if errors.Is(err, ErrNoVersion) {
		return s.Current(tx)
	}
	return p, err
}

func (s *Shelf) version(tx *store.Tx, v Version) (Protocol, error) {
	key := versionKey(v.Number) + v.Sum
	s.mu.Lock()
	p, known := s.read[key]
	s.mu.Unlock()
	if known {
		return p, nil
	}
	file := tx.Get(fileBucket, versionKey(v.Number))
	if sumOf(file) != v.Sum {
		return Protocol{}, fmt.Errorf("version %d is not the file that was published: %w", v.Number, ErrNoVersion)
	}
	p, _, err := Decode(file)
	if err != nil {
		return Protocol{}, fmt.Errorf("version %d: %w: %w", v.Number, ErrNoVersion, err)
	}
	p.Version = v.Number
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.read) >= maxShelf {
		clear(s.read)
	}
	s.read[key] = p
	return p, nil
}
