package channeltest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

var errRefused = errors.New("refused on purpose")

// Open opens a small store in a folder and closes it when the test ends.
func Open(t testing.TB, dir string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), store.Options{Dir: dir, ReserveBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func at(d time.Duration) time.Time {
	return time.Date(2026, 11, 24, 2, 7, 0, 0, time.UTC).Add(d)
}

func notice(n int) notify.Notice {
	return notify.Notice{
		Message: message.ID(fmt.Sprintf("01936000-0000-7000-8000-%012d", n)), Number: message.Number(1041 + n),
		Type: message.TypeUrgent, Urgency: message.Urgent, Since: at(0), Reason: notify.Waiting, Step: 1,
	}
}

const (
	outboxBucket = "test-outbox"
	sentBucket   = "test-sent"
	badBucket    = "test-bad"
)

var (
	outbox = store.NewTable[notify.Mail](outboxBucket)
	sent   = store.NewTable[notify.Mail](sentBucket)
)

// Outbox is a durable notify.Outbox and notify.Health for tests: it keeps the
// rules of both and never sends anything. Its state lies in the store, so that
// it goes through restarts with it.
type Outbox struct{}

// Enqueue keeps a mail, in place of a waiting one of the same key, and for ever
// among those that Sent answers.
func (Outbox) Enqueue(tx *store.Tx, m notify.Mail) error {
	if err := sent.Put(tx, string(m.ID), m); err != nil {
		return err
	}
	return outbox.Put(tx, m.Key, m)
}

// Withdraw drops a waiting mail.
func (Outbox) Withdraw(tx *store.Tx, key string) error { return outbox.Delete(tx, key) }

// Mail is Doubtful for addresses that Spoil named, else Working.
func (Outbox) Mail(tx *store.Tx, address string) (notify.Condition, string) {
	if tx.Has(badBucket, address) {
		return notify.Doubtful, "the last mail came back"
	}
	return notify.Working, ""
}

// Spoil makes an address doubtful, or well again.
func (Outbox) Spoil(tx *store.Tx, address string, bad bool) error {
	if !bad {
		return tx.Delete(badBucket, address)
	}
	return tx.Put(badBucket, address, []byte("bad"))
}

// Waiting answers the mails that wait, in the order of their keys.
func (Outbox) Waiting(tx *store.Tx) (list []notify.Mail, err error) {
	err = outbox.Each(tx, "", func(_ string, m notify.Mail) error {
		list = append(list, m)
		return nil
	})
	return list, err
}

// Sent answers every mail that was ever enqueued, in the order of time.
func (Outbox) Sent(tx *store.Tx) (list []notify.Mail, err error) {
	err = sent.Each(tx, "", func(_ string, m notify.Mail) error {
		list = append(list, m)
		return nil
	})
	return list, err
}
