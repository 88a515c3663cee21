package relay

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// Kind is what a queued mail is.
type Kind string

const (
	KindNotice Kind = "notice" // PHI-free, to staff
	KindSecure Kind = "secure" // a message sealed to the key of whom it goes to
)

// State is where a queued mail stands. What was delivered is gone from the queue.
//
//	         ┌──── not now: next_at, or held until what is missing is there ────┐
//	         v                                                                  │
//	queued ─> waiting ──due──> (an attempt) ──250──> delivered: gone            │
//	         ^                   ├── 4xx, no connection, no safe connection ────┘
//	         │                   └── 5xx ──> refused
//	         └─────────── retry ──────────────┘
type State string

const (
	StateWaiting State = "waiting" // for its time, or held: NextAt is zero then
	StateRefused State = "refused" // for good, by the smarthost
)

// Entry is a queued mail as a page or a command shows it. Nothing in it tells
// of a patient.
type Entry struct {
	ID       message.ID     `json:"id"`
	ToDomain string         `json:"to_domain"` // "" for secure mail: its address is sealed
	Kind     Kind           `json:"kind"`
	State    State          `json:"state"`
	Attempts int            `json:"attempts"`
	NextAt   time.Time      `json:"next_at,omitzero"` // UTC; zero: held until what Why names is there, or refused
	Why      string         `json:"why"`              // "" before the first attempt
	Message  message.ID     `json:"message,omitempty"`
	Number   message.Number `json:"-"`
	QueuedAt time.Time      `json:"queued_at"`
}

// queued is a mail in the store.
type queued struct {
	ID       message.ID       `json:"id"`
	Kind     Kind             `json:"kind"`
	State    State            `json:"state"`
	Urgent   bool             `json:"urgent,omitempty"`
	QueuedAt time.Time        `json:"queued_at"`
	Attempts int              `json:"attempts,omitempty"`
	NextAt   time.Time        `json:"next_at,omitzero"`
	Why      string           `json:"why,omitempty"`
	Message  message.ID       `json:"message,omitempty"`
	Person   message.PersonID `json:"person,omitempty"`

	// A notice, in the clear: it holds no PHI.
	Key     string `json:"key,omitempty"`
	To      string `json:"to,omitempty"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`

	// A letter: its address is the part Address of its message, its content an
	// age file, here or in the blob of this entry's id.
	Number  message.Number `json:"number,omitempty"`
	Address message.ID     `json:"address,omitempty"`
	Content []byte         `json:"content,omitempty"`
	Blob    bool           `json:"blob,omitempty"`
}

// outboxBucket holds the queue by entry id, outboxKeys the entry of a key.
const outboxBucket = "outbox"

func outbox() store.Table[queued]         { return store.NewTable[queued](outboxBucket) }
func outboxKeys() store.Table[message.ID] { return store.NewTable[message.ID]("outbox-keys") }

// notice is the mail as notify gave it.
func (e queued) notice() notify.Mail {
	return notify.Mail{ID: e.ID, Key: e.Key, Message: e.Message, Person: e.Person, To: e.To,
		Subject: e.Subject, Text: e.Text, Urgent: e.Urgent, At: e.QueuedAt}
}

// Enqueue puts a notice into the queue, in the place of one of the same key that
// still stands there.
func (q *Queue) Enqueue(tx *store.Tx, m notify.Mail) error {
	if err := q.Withdraw(tx, m.Key); err != nil {
		return err
	}
	return put(tx, queued{
		ID: m.ID, Kind: KindNotice, State: StateWaiting, Urgent: m.Urgent, QueuedAt: m.At.UTC(), NextAt: m.At.UTC(),
		Message: m.Message, Person: m.Person, Key: m.Key, To: m.To, Subject: m.Subject, Text: m.Text,
	})
}

// Withdraw drops the notice of a key, if it still stands in the queue.
func (q *Queue) Withdraw(tx *store.Tx, key string) error {
	if key == "" {
		return nil
	}
	id, found, err := outboxKeys().Get(tx, key)
	if err != nil || !found {
		return err
	}
	e, found, err := outbox().Get(tx, string(id))
	switch {
	case errors.Is(err, store.ErrDamaged):
		e = queued{ID: id, Key: key} // it must not keep the bell from its next notice
	case err != nil || !found:
		return err
	}
	return remove(tx, e)
}

// Drop takes a mail out of the queue unsent: a person decided so, and whoever
// calls it writes down who.
func (q *Queue) Drop(tx *store.Tx, id message.ID) error {
	e, err := entry(tx, id)
	if errors.Is(err, store.ErrDamaged) {
		return outbox().Delete(tx, string(id))
	}
	if err != nil {
		return err
	}
	return remove(tx, e)
}

// Retry makes a mail due at once, a refused one too.
func (q *Queue) Retry(tx *store.Tx, id message.ID, at time.Time) error {
	e, err := entry(tx, id)
	if err != nil {
		return err
	}
	e.State, e.NextAt = StateWaiting, at.UTC()
	return put(tx, e)
}

// Entries answers the queue, the oldest mail first. A mail that cannot be read
// stands in it as refused.
func (q *Queue) Entries(tx *store.Tx) ([]Entry, error) {
	list := []Entry{}
	each(tx, func(e queued) {
		shown := Entry{ID: e.ID, Kind: e.Kind, State: e.State, Attempts: e.Attempts, NextAt: e.NextAt, Why: e.Why,
			Message: e.Message, Number: e.Number, QueuedAt: e.QueuedAt}
		if e.Kind == KindNotice {
			shown.ToDomain = domain(e.To)
		}
		list = append(list, shown)
	})
	return list, nil
}

// each calls f for every mail of the queue. One that cannot be read is refused:
// it must not keep the others, nor end what runs.
func each(tx *store.Tx, f func(queued)) {
	tx.Ascend(outboxBucket, "", func(key string, value []byte) bool {
		var e queued
		if json.Unmarshal(value, &e) != nil {
			e = queued{ID: message.ID(key), State: StateRefused, Why: whyUnreadable}
		}
		f(e)
		return true
	})
}

// NamesBlob says whether a queued mail has its content in the blob: whoever
// sweeps blobs must leave it.
func NamesBlob(tx *store.Tx, id message.ID) bool {
	e, found, err := outbox().Get(tx, string(id))
	return err != nil || found && e.Blob // what cannot be read is not swept
}

// entry answers one mail of the queue.
func entry(tx *store.Tx, id message.ID) (queued, error) {
	e, found, err := outbox().Get(tx, string(id))
	if err == nil && !found {
		err = ErrNotQueued
	}
	if err != nil {
		return queued{}, fmt.Errorf("mail %s: %w", id, err)
	}
	return e, nil
}

func put(tx *store.Tx, e queued) error {
	if e.Key != "" {
		if err := outboxKeys().Put(tx, e.Key, e.ID); err != nil {
			return err
		}
	}
	return outbox().Put(tx, string(e.ID), e)
}

func remove(tx *store.Tx, e queued) error {
	if e.Key != "" {
		if err := outboxKeys().Delete(tx, e.Key); err != nil {
			return err
		}
	}
	return outbox().Delete(tx, string(e.ID))
}

func domain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}
