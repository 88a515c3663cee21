package intake_test

import (
	"bytes"
	"crypto/ed25519"
	"io"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

var night = time.Date(2026, 11, 24, 10, 7, 30, 0, time.UTC)

// office is an intake over a real store and vault, with a bell that records.
type office struct {
	dir    string
	store  *store.Store
	vault  *vault.Vault
	intake *intake.Intake
	bell   *bell
	clock  *clockwork.FakeClock
	log    *bytes.Buffer
}

func open(t testing.TB) *office {
	t.Helper()
	o := &office{dir: t.TempDir(), bell: &bell{}, clock: clockwork.NewFakeClockAt(night), log: &bytes.Buffer{}}
	var err error
	if o.store, err = store.Open(t.Context(), store.Options{Dir: o.dir, Clock: o.clock, ReserveBytes: 1 << 20}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.store.Close() })
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	kit, err := crypto.NewKit("Cedar Street", night, public)
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewJSONHandler(&syncWriter{w: o.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if o.vault, err = vault.Create(t.Context(), vault.Options{Store: o.store, Clock: o.clock, Log: log}, kit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.vault.Close() })
	o.intake = intake.New(intake.Options{Store: o.store, Vault: o.vault, Bell: o.bell, Clock: o.clock, Log: log})
	return o
}

// bell records the messages it was told of, and writes a timer as the real one
// does. fail decides what else happens.
type bell struct {
	fail func(e message.Envelope) error
}

const timers = "timers"

func (b *bell) Begin(tx *store.Tx, e message.Envelope, at time.Time) error {
	if b.fail != nil {
		if err := b.fail(e); err != nil {
			return err
		}
	}
	return tx.Put(timers, string(e.ID), []byte(at.Format(time.RFC3339Nano)))
}

type syncWriter struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *syncWriter) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.w.Write(b)
}

// refill is a taking that is fit to be taken.
func refill() intake.Taking {
	return intake.Taking{
		Type: message.TypeRefill, Channel: message.ChannelDesk, TypedBy: "p-ana",
		Form: map[string]message.Clear{"caller": "Priya Raman", "callback": "503 555 0148", "medication": "Lisinopril", "pharmacy": "Elm Street"},
	}
}

func (o *office) take(t testing.TB, in intake.Taking) intake.Receipt {
	t.Helper()
	r, err := o.intake.Take(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (o *office) view(t testing.TB, read func(tx *store.Tx) error) {
	t.Helper()
	if err := o.store.View(read); err != nil {
		t.Fatal(err)
	}
}

func (o *office) envelope(t testing.TB, id message.ID) (e message.Envelope) {
	t.Helper()
	o.view(t, func(tx *store.Tx) error {
		var ok bool
		var err error
		if e, ok, err = store.GetEnvelope(tx, id); err == nil && !ok {
			t.Fatalf("there is no message %s", id)
		}
		return err
	})
	return e
}

// record opens the first part of a message.
func (o *office) record(t testing.TB, id message.ID) (r message.Record) {
	t.Helper()
	reader, err := o.vault.Reader()
	if err != nil {
		t.Fatal(err)
	}
	e := o.envelope(t, id)
	o.view(t, func(tx *store.Tx) error {
		r, err = reader.Record(tx, id, e.Parts[0])
		return err
	})
	return r
}

// count is how many keys a bucket has.
func (o *office) count(t testing.TB, bucket string) (n int) {
	t.Helper()
	o.view(t, func(tx *store.Tx) error {
		tx.Ascend(bucket, "", func(string, []byte) bool {
			n++
			return true
		})
		return nil
	})
	return n
}
