package vault

import (
	"fmt"
	"io"
	"sync"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// Reader opens what was sealed, for as long as it is not closed: the vault's own
// until the next lock, another one until its holder closes it. It does not ask
// who may read; its callers do, and write the leaf.
type Reader struct {
	vault *Vault

	mu       sync.RWMutex
	practice *age.HybridIdentity            // nil once closed
	epochs   map[string]*age.HybridIdentity // opened ones, by name
}

// maxOpenEpochs bounds what a Reader keeps: an expanded identity takes some 20
// KB, and a desk shows the days of a few months.
const maxOpenEpochs = 256

func newReader(v *Vault, practice *age.HybridIdentity) *Reader {
	return &Reader{vault: v, practice: practice, epochs: map[string]*age.HybridIdentity{}}
}

// Close drops every identity. Whatever the Reader is asked from then on, and
// every file it has open, answers ErrLocked.
func (r *Reader) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.practice = nil
	r.epochs = nil
	return nil
}

func (r *Reader) identity() (*age.HybridIdentity, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	if r.practice == nil {
		return nil, ErrLocked
	}
	return r.practice, nil
}

// Record opens one record or note of a message and compares it with what the
// envelope says of it. One that was swapped, replaced, cut short or names another
// message is a *PartError that is ErrForged; one whose key was destroyed, a
// *PartError that is ErrGone.
func (r *Reader) Record(tx *store.Tx, of message.ID, part message.Part) (message.Record, error) {
	rec, _, err := r.record(tx, of, part)
	return rec, err
}

// record answers a record and the line that it was sealed as.
func (r *Reader) record(tx *store.Tx, of message.ID, part message.Part) (message.Record, []byte, error) {
	line, err := r.line(tx, of, part)
	if err != nil {
		return message.Record{}, nil, err
	}
	rec, err := message.DecodeRecord(line)
	switch {
	case err != nil:
		return message.Record{}, nil, forged(of, part, err.Error())
	case rec.Message != of:
		return message.Record{}, nil, forged(of, part, "it belongs to another message")
	case rec.Part != part.ID, rec.Kind != part.Kind:
		return message.Record{}, nil, forged(of, part, "it is another part of the message")
	}
	return rec, line, nil
}

// line opens a part's pack and answers its line, checked against its commitment.
func (r *Reader) line(tx *store.Tx, of message.ID, part message.Part) ([]byte, error) {
	if part.Kind == message.PartBlob {
		return nil, &PartError{Message: of, Part: part.ID, Err: fmt.Errorf("a blob is no record")}
	}
	epoch, err := r.epoch(tx, part.Epoch)
	if err != nil {
		return nil, &PartError{Message: of, Part: part.ID, Err: err}
	}
	pack, there := store.GetPack(tx, part.Pack)
	if !there {
		return nil, forged(of, part, "its pack is missing")
	}
	line, err := crypto.OpenPart(pack, epoch, part.Line, part.Commitment)
	if err == crypto.ErrWrongKey {
		return nil, forged(of, part, "it is not sealed to its epoch")
	}
	if err != nil {
		return nil, &PartError{Message: of, Part: part.ID, Err: err}
	}
	return line, nil
}

func forged(of message.ID, part message.Part, why string) error {
	return &PartError{Message: of, Part: part.ID, Err: fmt.Errorf("%w: %s", ErrForged, why)}
}

// epoch answers the identity of an epoch that the store names: from memory, or
// from its file, after hash and recipient were compared with store and log.
func (r *Reader) epoch(tx *store.Tx, name string) (*age.HybridIdentity, error) {
	e, named, err := epochs.Get(tx, name)
	if err != nil {
		return nil, err
	}
	if !named {
		if _, was, _ := goneEpochs.Get(tx, name); was {
			return nil, ErrGone
		}
		return nil, fmt.Errorf("%w: its epoch is not known", ErrForged)
	}
	r.mu.RLock()
	practice, id := r.practice, r.epochs[name]
	r.mu.RUnlock()
	if practice == nil {
		return nil, ErrLocked
	}
	if id != nil {
		return id, nil
	}
	if err := e.asRecorded(tx); err != nil {
		return nil, err
	}
	id, err = r.vault.openEpoch(e, practice)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.practice == nil {
		return nil, ErrLocked
	}
	if len(r.epochs) >= maxOpenEpochs {
		clear(r.epochs)
	}
	r.epochs[name] = id
	return id, nil
}

// forget drops an epoch that is being destroyed.
func (r *Reader) forget(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.epochs, name)
}

// openEpoch opens an epoch's file and checks that it holds what the store says.
func (v *Vault) openEpoch(e Epoch, practice *age.HybridIdentity) (*age.HybridIdentity, error) {
	file, err := v.readEpoch(e)
	if err != nil {
		return nil, err
	}
	id, err := crypto.OpenSlot(file, practice)
	if err != nil {
		return nil, fmt.Errorf("epoch %s: %w", e.Name, err)
	}
	if fingerprint(id.Recipient()) != e.Recipient {
		return nil, fmt.Errorf("epoch %s holds another identity: %w", e.Name, ErrBroken)
	}
	return id, nil
}

// Export seals one record or note anew to another recipient, as an age file of
// its one line: what "message export" writes.
func (r *Reader) Export(tx *store.Tx, of message.ID, part message.Part, to age.Recipient) ([]byte, error) {
	_, line, err := r.record(tx, of, part)
	if err != nil {
		return nil, err
	}
	return crypto.SealLines(to, line)
}

// ExportBlob seals a blob anew to another recipient, after reading it to its end.
func (r *Reader) ExportBlob(dst io.Writer, of message.ID, part message.Part, key message.Clear, to age.Recipient) error {
	blob, err := r.Blob(of, part, key)
	if err != nil {
		return err
	}
	defer blob.Close()
	w, err := age.Encrypt(dst, to)
	if err != nil {
		return fmt.Errorf("sealing part %s anew: %w", part.ID, err)
	}
	if _, err := io.Copy(w, blob); err != nil {
		return fmt.Errorf("sealing part %s anew: %w", part.ID, err)
	}
	return w.Close()
}
