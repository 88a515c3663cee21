// Package vault is the keys at work: the lock state, the key slots, the epochs;
// it seals and opens parts, and destroys keys so that what they sealed is gone.
//
// Locked, it holds public recipients only, and still seals. It knows bytes,
// persons' ids and hashes; who may read what is decided by appliance/access,
// how a file is sealed by crypto. Every change of its own to the store is made
// with the audit leaf that tells of it.
package vault

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"filippo.io/age"
	"github.com/jonboulle/clockwork"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// Options are what a vault works with.
type Options struct {
	Store *store.Store
	Dir   string          // the data folder; "" is the store's
	Zone  *time.Location  // the practice's: an epoch is a day of it; nil is UTC
	Clock clockwork.Clock // nil is the real one
	Log   *slog.Logger    // nil is slog's default
}

// Vault holds a practice's keys. Its methods may be called from any goroutine,
// but never from inside a change or a read of the store unless they take a Tx.
type Vault struct {
	store *store.Store
	dir   string
	zone  *time.Location
	clock clockwork.Clock
	log   *slog.Logger

	deriving chan struct{} // holds one token: the right to derive a key from a password
	step     func(string)  // called at each step that a crash may follow; tests set it

	mu        sync.RWMutex
	recipient *age.HybridRecipient // the practice's
	reader    *Reader              // nil while locked
	since     time.Time            // of the lock state
	told      []func(locked bool)
	doubts    map[string]string // epochs that failed a check since the start: name to why

	epochMu sync.RWMutex
	current map[string]*sealing // by class; made by this process, never read from disk
	failed  atomic.Bool         // the last epoch could not be made

	makeMu  sync.Mutex // one epoch is made at a time
	shredMu sync.Mutex // one shredding at a time
	slotMu  sync.Mutex // slot files are put in order one at a time
	settles sync.WaitGroup
	pending pending

	keys   atomic.Uint64 // grows with each change of what the key files should be, or are
	looked looked
}

// practice is what the store knows of the practice identity: nothing secret.
type practice struct {
	Format    int       `json:"format"`
	Recipient string    `json:"recipient"`
	MadeAt    time.Time `json:"made_at"`
	Leaf      int64     `json:"leaf"` // the audit leaf that tells of it
}

const (
	practiceFormat = 1
	practiceKey    = "practice"
)

var practices = store.NewTable[practice]("vault")

// ErrNotMade says that the store has no practice identity yet.
var ErrNotMade = errors.New("the data folder has no practice identity yet: run nightbell init")

// Create makes the practice identity of a new data folder and the recovery slot
// that the kit opens, and answers the vault open: the caller makes the first
// staff slot with it, or locks it.
func Create(ctx context.Context, o Options, kit *crypto.Kit) (*Vault, error) {
	v := newVault(o)
	identity, err := crypto.NewIdentity()
	if err != nil {
		return nil, err
	}
	slot, err := crypto.SealSlot(identity, kit.Identity.Recipient())
	if err != nil {
		return nil, err
	}
	if _, made, err := v.loadPractice(); err != nil {
		return nil, err
	} else if made {
		return nil, errors.New("the data folder has a practice identity already")
	}
	if err := v.makeFolders(); err != nil {
		return nil, err
	}
	if err := v.writeFresh(recoverySlot, slot); err != nil {
		return nil, err
	}
	now := v.clock.Now().UTC()
	p := practice{Format: practiceFormat, Recipient: identity.Recipient().String(), MadeAt: now}
	err = v.store.Update(ctx, func(tx *store.Tx) error {
		if _, made, err := practices.Get(tx, practiceKey); err != nil || made {
			return errors.Join(err, errors.New("the data folder has a practice identity already"))
		}
		leaf, err := audit.Append(tx, audit.Leaf{At: now, Who: audit.System, What: audit.PracticeMade, Data: map[string]string{
			"recipient": fingerprint(identity.Recipient()), "slot": recoverySlot, "sha256": sum(slot),
		}})
		if err != nil {
			return err
		}
		p := p
		p.Leaf = leaf
		if err := slots.Put(tx, recoverySlot, Slot{Name: recoverySlot, SHA256: sum(slot), MadeAt: now}); err != nil {
			return err
		}
		return practices.Put(tx, practiceKey, p)
	})
	if err != nil {
		return nil, fmt.Errorf("making the practice identity: %w", err)
	}
	v.recipient = identity.Recipient()
	v.reader = newReader(v, identity)
	v.begin()
	if err := v.settleSlot(recoverySlot); err != nil {
		return nil, err
	}
	return v, nil
}

// Open answers the vault of a data folder, locked. It puts the slot files in
// order after a crash and finishes what an intent to shred began as far as that
// goes without a key.
func Open(ctx context.Context, o Options) (*Vault, error) {
	v := newVault(o)
	p, made, err := v.loadPractice()
	if err != nil {
		return nil, err
	}
	if !made {
		return nil, ErrNotMade
	}
	if p.Format > practiceFormat {
		return nil, fmt.Errorf("the keys of this data folder are of format %d, which needs a newer nightbell", p.Format)
	}
	v.recipient, err = age.ParseHybridRecipient(p.Recipient)
	if err != nil {
		return nil, errors.New("the practice's recipient in the store cannot be read")
	}
	if err := v.makeFolders(); err != nil {
		return nil, err
	}
	if err := errors.Join(v.sweepHalfWritten(), v.settleSlots()); err != nil {
		return nil, err
	}
	v.begin()
	if err := v.finishIntents(ctx); err != nil {
		v.log.Error("shredding is not finished", "err", err)
	}
	return v, nil
}

func newVault(o Options) *Vault {
	v := &Vault{store: o.Store, dir: o.Dir, zone: o.Zone, clock: o.Clock, log: o.Log,
		deriving: make(chan struct{}, 1), step: func(string) {}, current: map[string]*sealing{}, doubts: map[string]string{}, pending: pending{sums: map[string]string{}}}
	if v.dir == "" {
		v.dir = o.Store.Dir()
	}
	if v.zone == nil {
		v.zone = time.UTC
	}
	if v.clock == nil {
		v.clock = clockwork.NewRealClock()
	}
	if v.log == nil {
		v.log = slog.Default()
	}
	v.since = v.clock.Now().UTC()
	return v
}

// begin starts to follow the store.
func (v *Vault) begin() { v.store.Watch(v.watch) }

// Close locks the vault without a trace and waits for files that are being put
// in order. It closes before its store does.
func (v *Vault) Close() error {
	v.mu.Lock()
	reader := v.reader
	v.reader = nil
	v.mu.Unlock()
	if reader != nil {
		reader.Close()
	}
	v.settles.Wait()
	return nil
}

// Recipient is the practice's, to which whatever leaves the process is sealed.
func (v *Vault) Recipient() *age.HybridRecipient {
	v.mu.RLock()
	defer v.mu.RUnlock()
	return v.recipient
}

func (v *Vault) loadPractice() (p practice, made bool, err error) {
	err = v.store.View(func(tx *store.Tx) error {
		p, made, err = practices.Get(tx, practiceKey)
		return err
	})
	return p, made, err
}
