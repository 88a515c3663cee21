package protocol

import (
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/store"
)

// Draft is the next version while it is being written. There is one for the
// practice; each change of it can be undone.
type Draft struct {
	Protocol Protocol
	Base     int       // the version that it began from
	By       string    // who changed it last
	At       time.Time // when, UTC
	Undo     int       // how many changes can be undone
	Rev      int       // another number at each change, of every draft there was
}

// maxUndo is how many changes can be undone: an afternoon of writing.
const maxUndo = 50

// What a change may say of the draft that it was made on, instead of its Rev.
const (
	AnyRev  = 0  // it takes no notice of what others did
	NoDraft = -1 // there was none
)

const draftBucket = "protocol-draft"

const keyDraft = "now"

// draft is what stands beside the states of a draft.
type draft struct {
	Base  int       `json:"base"`
	By    string    `json:"by"`
	At    time.Time `json:"at"`
	First int       `json:"first"` // oldest state that is kept
	Last  int       `json:"last"`  // the state that counts
	Rev   int       `json:"rev"`
}

var draftTable = store.NewTable[draft](draftBucket)

var (
	// ErrNoDraft says that nobody is writing the next version.
	ErrNoDraft = errors.New("there is no draft of the protocol")
	// ErrDraftChanged says that somebody else changed the draft meanwhile.
	ErrDraftChanged = errors.New("somebody else changed the draft meanwhile")
	// ErrNothingToUndo says that the draft is as it began.
	ErrNothingToUndo = errors.New("there is nothing to undo")
)

// Unready says why a draft cannot be published.
type Unready struct{ Faults []Fault }

func (e *Unready) Error() string {
	return fmt.Sprintf("the protocol cannot be published yet (%s): %s", count(len(e.Faults), "fault"), e.Faults[0].Words)
}

// Todo says what to do.
func (e *Unready) Todo() string { return "see to them, and publish again" }

// DraftOf answers the draft; ErrNoDraft when there is none.
func DraftOf(tx *store.Tx) (Draft, error) {
	d, found, err := draftTable.Get(tx, keyDraft)
	if err != nil {
		return Draft{}, fmt.Errorf("reading the draft of the protocol: %w", err)
	}
	if !found {
		return Draft{}, ErrNoDraft
	}
	p, _, err := Decode(tx.Get(draftBucket, stateKey(d.Last)))
	if err != nil {
		return Draft{}, fmt.Errorf("reading the draft of the protocol: %w", err)
	}
	return Draft{Protocol: p, Base: d.Base, By: d.By, At: d.At, Undo: d.Last - d.First, Rev: d.Rev}, nil
}

func stateKey(n int) string { return fmt.Sprintf("state/%06d", n) }

// SetDraft keeps a change of the draft, or begins one where there is none: from
// the version that counts. rev is that of the draft that was changed,
// or AnyRev, or NoDraft.
func SetDraft(tx *store.Tx, by string, p Protocol, rev int, at time.Time) error {
	file, err := Encode(p)
	if err != nil {
		return err
	}
	if _, _, err := Decode(file); err != nil {
		return err
	}
	d, found, err := draftTable.Get(tx, keyDraft)
	switch {
	case err != nil:
		return fmt.Errorf("reading the draft of the protocol: %w", err)
	case found && rev != AnyRev && rev != d.Rev, !found && rev > 0:
		return ErrDraftChanged
	case !found:
		if d, err = beginDraft(tx); err != nil {
			return err
		}
	}
	d.By, d.At, d.Last = by, at.UTC(), d.Last+1
	if err := tx.Put(draftBucket, stateKey(d.Last), file); err != nil {
		return fmt.Errorf("keeping the draft of the protocol: %w", err)
	}
	if d.Last-d.First > maxUndo {
		if err := tx.Delete(draftBucket, stateKey(d.First)); err != nil {
			return fmt.Errorf("forgetting the draft's oldest state: %w", err)
		}
		d.First++
	}
	return keep(tx, d, file)
}

// keep leaves the trace of who changed the draft, and keeps which state counts. The
// trace's number is the draft's: no later draft has it again.
func keep(tx *store.Tx, d draft, file []byte) error {
	leaf, err := audit.Append(tx, audit.Leaf{At: d.At, Who: d.By, What: audit.ProtocolChanged, Data: map[string]string{"sha256": sumOf(file)}})
	if err != nil {
		return err
	}
	d.Rev = int(leaf) + 1
	if err := draftTable.Put(tx, keyDraft, d); err != nil {
		return fmt.Errorf("keeping the draft of the protocol: %w", err)
	}
	return nil
}

// beginDraft keeps what counts as the draft's first state, so that the first change
// can be undone too.
func beginDraft(tx *store.Tx) (draft, error) {
	v, found, err := Newest(tx)
	if err != nil {
		return draft{}, err
	}
	file := tx.Get(fileBucket, versionKey(v.Number))
	if _, _, bad := Decode(file); !found || bad != nil || sumOf(file) != v.Sum { // as Shelf.Current has it
		if file, err = Encode(BuiltIn()); err != nil {
			return draft{}, err
		}
	}
	if err := tx.Put(draftBucket, stateKey(1), file); err != nil {
		return draft{}, fmt.Errorf("beginning a draft of the protocol: %w", err)
	}
	return draft{Base: v.Number, First: 1, Last: 1}, nil
}

// UndoDraft takes the last change back.
func UndoDraft(tx *store.Tx, by string, at time.Time) error {
	d, found, err := draftTable.Get(tx, keyDraft)
	switch {
	case err != nil:
		return fmt.Errorf("reading the draft of the protocol: %w", err)
	case !found:
		return ErrNoDraft
	case d.Last == d.First:
		return ErrNothingToUndo
	}
	if err := tx.Delete(draftBucket, stateKey(d.Last)); err != nil {
		return fmt.Errorf("undoing a change of the draft: %w", err)
	}
	d.By, d.At, d.Last = by, at.UTC(), d.Last-1
	return keep(tx, d, tx.Get(draftBucket, stateKey(d.Last)))
}

// DropDraft gives the draft up: what counts stays as it is.
func DropDraft(tx *store.Tx, by string, at time.Time) error {
	if _, found, err := draftTable.Get(tx, keyDraft); err != nil || !found {
		return err
	}
	if err := forgetDraft(tx); err != nil {
		return err
	}
	_, err := audit.Append(tx, audit.Leaf{At: at.UTC(), Who: by, What: audit.ProtocolDraftDropped})
	return err
}

func forgetDraft(tx *store.Tx) error {
	d, found, err := draftTable.Get(tx, keyDraft)
	if err != nil || !found {
		return err
	}
	for n := d.First; n <= d.Last; n++ {
		if err := tx.Delete(draftBucket, stateKey(n)); err != nil {
			return fmt.Errorf("forgetting the draft: %w", err)
		}
	}
	return draftTable.Delete(tx, keyDraft)
}

// PublishDraft makes the draft the version that counts from now on. It is
// *Unready while something is to be seen to, and ErrDraftChanged when it is not
// the draft that was reviewed.
func PublishDraft(tx *store.Tx, by, note string, rev int, o Office, at time.Time) (Version, error) {
	d, err := DraftOf(tx)
	if err != nil {
		return Version{}, err
	}
	if rev != 0 && rev != d.Rev {
		return Version{}, ErrDraftChanged
	}
	if faults := d.Protocol.Check(o, at); len(faults) > 0 {
		return Version{}, &Unready{faults}
	}
	newest, found, err := Newest(tx)
	if err != nil {
		return Version{}, err
	}
	v := Version{Number: newest.Number + 1, At: at.UTC(), By: by, Note: note}
	if !found {
		v.Number = builtInVersion + 1 // messages were taken under what is shipped
	}
	if err := publish(tx, v, d.Protocol); err != nil {
		return Version{}, err
	}
	return v, forgetDraft(tx)
}
