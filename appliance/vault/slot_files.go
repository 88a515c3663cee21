package vault

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"nightbell/appliance/store"
)

// A slot's file is keys/NAME.age. One that no commit names yet lies beside it as
// keys/NAME.new.age, so that an earlier slot of the same name opens until the
// commit. Which of the two is the slot, the SHA-256 in the store says, and
// settleSlot brings the folder to that state from any other.
const (
	keysFolder = "keys"
	slotEnd    = ".age"
	freshEnd   = ".new.age"
)

func (v *Vault) slotPath(name string) string  { return filepath.Join(v.dir, keysFolder, name+slotEnd) }
func (v *Vault) freshPath(name string) string { return filepath.Join(v.dir, keysFolder, name+freshEnd) }

// writeFresh makes the file of a slot durable before the commit that names it.
func (v *Vault) writeFresh(name string, file []byte) error {
	v.slotMu.Lock()
	defer v.slotMu.Unlock()
	if err := v.destroy(v.freshPath(name)); err != nil { // of a slot that was never committed
		return err
	}
	if err := store.WriteFile(v.freshPath(name), file, 0o600); err != nil {
		return fmt.Errorf("writing slot %s: %w", name, err)
	}
	v.pending.put(name, sum(file))
	v.step("slot-written")
	return nil
}

// pending holds the hashes of slots that were made and whose commit may be on
// its way: nobody but a start sweeps those.
type pending struct {
	mu   sync.Mutex
	sums map[string]string // by slot name
}

func (p *pending) put(name, sum string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sums[name] = sum
}

func (p *pending) is(name, sum string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.sums[name] == sum
}

func (p *pending) committed(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.sums, name)
}

// readSlot answers the file of a slot, whichever of its two names it has, after
// comparing it with the hash that the store names.
func (v *Vault) readSlot(name string) ([]byte, error) {
	v.slotMu.Lock()
	defer v.slotMu.Unlock()
	s, named, err := v.namedSlot(name)
	if err != nil {
		return nil, err
	}
	if !named {
		return nil, ErrNoSlot
	}
	for _, path := range []string{v.slotPath(name), v.freshPath(name)} {
		if file, err := os.ReadFile(path); err == nil && sum(file) == s.SHA256 {
			return file, nil
		}
	}
	return nil, fmt.Errorf("slot %s: %w", name, ErrBroken)
}

func (v *Vault) namedSlot(name string) (s Slot, named bool, err error) {
	err = v.store.View(func(tx *store.Tx) error {
		s, named, err = slots.Get(tx, name)
		return err
	})
	return s, named, err
}

// watch follows the commits: what they do to slots is done to the files.
func (v *Vault) watch(w store.WriteSet) {
	if slices.ContainsFunc([]string{slotBucket, epochs.Bucket(), goneBucket, intents.Bucket()}, w.Touches) {
		v.keys.Add(1)
	}
	if !w.Touches(slotBucket) {
		return
	}
	for _, op := range w.Ops {
		if op.Bucket != slotBucket {
			continue
		}
		if !op.Delete {
			v.pending.committed(op.Key)
		}
		v.settles.Go(func() {
			if err := v.settleSlot(op.Key); err != nil {
				v.log.Error("a slot's file could not be put in order; it is tried again at the next start", "slot", op.Key, "err", err)
			}
		})
	}
}

// settleSlot makes keys/NAME.age what the store names, and leaves nothing else
// of that slot readable. It may be cut short anywhere and run again.
func (v *Vault) settleSlot(name string) error {
	v.slotMu.Lock()
	defer v.slotMu.Unlock()
	s, named, err := v.namedSlot(name)
	if err != nil {
		return err
	}
	fresh, err := os.ReadFile(v.freshPath(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("slot %s: %w", name, err)
	}
	there := err == nil
	switch {
	case !named && there && v.pending.is(name, sum(fresh)):
		return v.destroy(v.slotPath(name))
	case !named:
		return errors.Join(v.destroy(v.slotPath(name)), v.destroy(v.freshPath(name)))
	case there && sum(fresh) == s.SHA256:
		if err := v.destroy(v.slotPath(name)); err != nil {
			return err
		}
		v.step("slot-destroyed")
		if err := os.Rename(v.freshPath(name), v.slotPath(name)); err != nil {
			return fmt.Errorf("slot %s: %w", name, err)
		}
		return store.SyncDir(filepath.Dir(v.slotPath(name)))
	}
	return nil
}

// settleSlots settles every slot after a start: those that a commit named and
// those that were made and never named, which are swept.
func (v *Vault) settleSlots() error {
	entries, err := os.ReadDir(filepath.Join(v.dir, keysFolder))
	if err != nil {
		return fmt.Errorf("reading the key slots: %w", err)
	}
	for _, e := range entries {
		name, isSlot := strings.CutSuffix(e.Name(), slotEnd)
		name = strings.TrimSuffix(name, ".new")
		if !isSlot || name != recoverySlot && !strings.HasPrefix(name, staffPrefix) {
			continue // not ours to judge
		}
		if err := v.settleSlot(name); err != nil {
			return err
		}
		if err := v.sweepFresh(name); err != nil {
			return err
		}
	}
	return nil
}

// sweepFresh removes a slot that was made and not committed. Only at a start is
// it certain that no commit is on its way.
func (v *Vault) sweepFresh(name string) error {
	v.slotMu.Lock()
	defer v.slotMu.Unlock()
	return v.destroy(v.freshPath(name))
}
