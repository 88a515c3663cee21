package notify

import (
	"encoding/json"
	"fmt"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// PageState is where a page stands. What was handed over is gone from the outbox.
//
//	       ┌────── not now: again at next_at ──────┐
//	       v                                       │
//	begun ─> waiting ──due──> (an attempt) ──2xx──> handed over: gone
//	                            └── 4xx ──> refused, until the next notice replaces it
type PageState string

const (
	PageWaiting PageState = "waiting"
	PageRefused PageState = "refused"
)

// pageBucket holds the pages by what a newer one replaces them by (noticeKey).
const pageBucket = "pages"

var pages = store.NewTable[queued](pageBucket)

// queued is a page in the store.
type queued struct {
	Outgoing
	State    PageState `json:"state"`
	Attempts int       `json:"attempts,omitempty"`
	NextAt   time.Time `json:"next_at,omitzero"` // UTC
	Why      string    `json:"why,omitempty"`
	Way      int       `json:"way,omitempty"` // its place among the person's ways of this kind
}

func (q queued) key() string {
	return noticeKey(q.Notice.Message, q.Person, q.Kind, q.Way)
}

// Entry is a page as a list shows it. It tells neither of a patient nor where
// the page goes, only to whom.
type Entry struct {
	ID       message.ID       `json:"id"` // of the page itself
	Key      string           `json:"key"`
	Message  message.ID       `json:"message,omitempty"`
	Number   message.Number   `json:"number,omitempty"`
	Person   message.PersonID `json:"person"`
	Kind     Kind             `json:"kind"`
	State    PageState        `json:"state"`
	Attempts int              `json:"attempts"`
	NextAt   time.Time        `json:"next_at,omitzero"`
	Why      string           `json:"why"`
	BegunAt  time.Time        `json:"begun_at"`
}

// Pages answers what is on its way out, in the order of messages. A page that
// cannot be read stands in it as refused.
func Pages(tx *store.Tx) []Entry {
	list := []Entry{}
	eachPage(tx, func(key string, q queued) {
		list = append(list, Entry{ID: q.ID, Key: key, Message: q.Notice.Message, Number: q.Notice.Number, Person: q.Person,
			Kind: q.Kind, State: q.State, Attempts: q.Attempts, NextAt: q.NextAt, Why: q.Why, BegunAt: q.BegunAt})
	})
	return list
}

// RetryPage makes a page due at once, a refused one too.
func RetryPage(tx *store.Tx, key string, at time.Time) error {
	q, found, err := pages.Get(tx, key)
	if err == nil && !found {
		err = ErrNotQueued
	}
	if err != nil {
		return fmt.Errorf("trying a page again: %w", err)
	}
	q.State, q.NextAt = PageWaiting, at.UTC()
	return pages.Put(tx, key, q)
}

// DropPage takes a page out of the outbox, unsent: a person decided so. The bell
// that it belonged to goes on by itself.
func DropPage(tx *store.Tx, key string) error {
	if !tx.Has(pageBucket, key) {
		return ErrNotQueued
	}
	return pages.Delete(tx, key)
}

// eachPage calls f for every page. One that cannot be read is refused: it must
// not keep the others.
func eachPage(tx *store.Tx, f func(key string, q queued)) {
	tx.Ascend(pageBucket, "", func(key string, value []byte) bool {
		var q queued
		if json.Unmarshal(value, &q) != nil {
			q = queued{State: PageRefused, Why: whyUnreadable}
		}
		f(key, q)
		return true
	})
}
