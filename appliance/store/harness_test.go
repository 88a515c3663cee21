package store_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

var morning = time.Date(2026, 11, 24, 8, 30, 0, 0, time.UTC)

// small opens a store that keeps little room, so that tests are quick.
func small(dir string) store.Options {
	return store.Options{Dir: dir, Clock: clockwork.NewFakeClockAt(morning), ReserveBytes: 256 << 10, Wait: 100 * time.Millisecond}
}

func open(t testing.TB, o store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func update(t testing.TB, s *store.Store, change func(*store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), change); err != nil {
		t.Fatal(err)
	}
}

func put(t testing.TB, s *store.Store, bucket, key, value string) {
	t.Helper()
	update(t, s, func(tx *store.Tx) error { return tx.Put(bucket, key, []byte(value)) })
}

func view(t testing.TB, s *store.Store, read func(*store.Tx) error) {
	t.Helper()
	if err := s.View(read); err != nil {
		t.Fatal(err)
	}
}

func get(t testing.TB, s *store.Store, bucket, key string) (value string, ok bool) {
	t.Helper()
	view(t, s, func(tx *store.Tx) error {
		b := tx.Get(bucket, key)
		value, ok = string(b), b != nil
		return nil
	})
	return value, ok
}

// dump is all that a store holds, bucket by bucket.
func dump(t testing.TB, s *store.Store) map[string]string {
	t.Helper()
	all := map[string]string{}
	view(t, s, func(tx *store.Tx) error {
		for _, b := range tx.Buckets() {
			tx.Ascend(b, "", func(k string, v []byte) bool {
				all[b+"/"+k] = string(v)
				return true
			})
		}
		return nil
	})
	return all
}

// eventually polls a condition that another goroutine is about to make true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

// newID makes ids that sort in the order of n.
func newID(n int) message.ID {
	return message.ID(fmt.Sprintf("019abcde-%04x-7%03x-8000-%012x", n>>12&0xffff, n&0xfff, n))
}

func envelope(n int) message.Envelope {
	return message.Envelope{
		ID: newID(n), Number: message.FirstNumber + message.Number(n), ReceivedAt: morning.Add(time.Duration(n) * time.Second),
		Channel: message.ChannelDesk, CallType: message.TypeRefill, Status: message.New, Team: message.Everybody, Protocol: 1,
		Parts: []message.Part{{ID: newID(n), Kind: message.PartRecord, Epoch: "2026-11-24.calls.k7fm", Pack: newID(n), Size: 1500, Commitment: "00"}},
	}
}

func background() context.Context { return context.Background() }
