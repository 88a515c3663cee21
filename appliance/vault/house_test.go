package vault_test

import (
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

const goodPassword = "lantern otter 7 gravel bishop"

var quietLog = slog.New(slog.NewTextHandler(io.Discard, nil))

// house is a data folder with its store and vault, on a clock of its own.
type house struct {
	t     testing.TB
	dir   string
	clock *clockwork.FakeClock
	zone  *time.Location
	kit   *crypto.Kit
	store *store.Store
	vault *vault.Vault
}

// newHouse makes a practice in New York at noon of 24 November 2026, open.
func newHouse(t testing.TB) *house {
	t.Helper()
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, dir: t.TempDir(), zone: zone, clock: clockwork.NewFakeClockAt(time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC))}
	h.openStore()
	signing, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	if h.kit, err = crypto.NewKit("Maple Street", h.clock.Now(), signing); err != nil {
		t.Fatal(err)
	}
	if h.vault, err = vault.Create(t.Context(), h.options(), h.kit); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.close)
	return h
}

func (h *house) options() vault.Options {
	return vault.Options{Store: h.store, Zone: h.zone, Clock: h.clock, Log: quietLog}
}

func (h *house) openStore() {
	h.t.Helper()
	var err error
	if h.store, err = store.Open(h.t.Context(), store.Options{Dir: h.dir, Clock: h.clock, ReserveBytes: 64 << 10}); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) close() {
	h.vault.Close()
	h.store.Close()
}

// restart closes everything and opens it again, locked.
func (h *house) restart() {
	h.t.Helper()
	h.close()
	h.openStore()
	h.openVault()
}

func (h *house) openVault() {
	h.t.Helper()
	var err error
	if h.vault, err = vault.Open(h.t.Context(), h.options()); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) unlock() {
	h.t.Helper()
	if err := h.vault.Unlock(h.t.Context(), h.kit.Identity); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) reader() *vault.Reader {
	h.t.Helper()
	r, err := h.vault.Reader()
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// take seals a message and commits it.
func (h *house) take(text string, parts ...message.Part) message.Envelope {
	h.t.Helper()
	id := newID(h.t)
	return h.commit(message.Envelope{ID: id, ReceivedAt: h.clock.Now().UTC(), Status: message.New, Team: message.Everybody, Channel: message.ChannelDesk, CallType: message.TypeOther}, parts,
		func() (vault.Pack, error) {
			return h.vault.SealRecord(h.t.Context(), message.Record{Message: id, Kind: message.PartRecord, Text: message.Clear(text)})
		})
}

// note adds a note to a message.
func (h *house) note(e message.Envelope, text string) message.Envelope {
	h.t.Helper()
	return h.commit(h.envelope(e.ID), nil, func() (vault.Pack, error) {
		return h.vault.SealNote(h.t.Context(), e, message.Record{Message: e.ID, Kind: message.PartNote, Text: message.Clear(text)})
	})
}

func (h *house) commit(e message.Envelope, parts []message.Part, seal func() (vault.Pack, error)) message.Envelope {
	h.t.Helper()
	for {
		pack, err := seal()
		if err != nil {
			h.t.Fatal(err)
		}
		var kept message.Envelope
		err = h.store.Update(h.t.Context(), func(tx *store.Tx) (err error) {
			kept = e
			kept.Parts = append(append([]message.Part{}, e.Parts...), pack.Part)
			kept.Parts = append(kept.Parts, parts...)
			if kept.Number == 0 {
				if kept.Number, err = store.NextNumber(tx); err != nil {
					return err
				}
			}
			return errors.Join(vault.PutPack(tx, pack), store.PutEnvelope(tx, kept))
		})
		if errors.Is(err, vault.ErrEpochClosed) {
			continue
		}
		if err != nil {
			h.t.Fatal(err)
		}
		return kept
	}
}

func (h *house) envelope(id message.ID) (e message.Envelope) {
	h.t.Helper()
	err := h.store.View(func(tx *store.Tx) (err error) {
		e, _, err = store.GetEnvelope(tx, id)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return e
}

// read opens a part with the open vault.
func (h *house) read(of message.ID, part message.Part) (message.Record, error) {
	return h.readBy(h.reader(), of, part)
}

func (h *house) readBy(r *vault.Reader, of message.ID, part message.Part) (rec message.Record, err error) {
	e := h.store.View(func(tx *store.Tx) error {
		rec, err = r.Record(tx, of, part)
		return nil
	})
	return rec, errors.Join(e, err)
}

// wantText fails unless each part of the message opens to its text, in order.
func (h *house) wantText(id message.ID, texts ...string) {
	h.t.Helper()
	e := h.envelope(id)
	if len(e.Parts) != len(texts) {
		h.t.Fatalf("message %s has %d parts, want %d", id, len(e.Parts), len(texts))
	}
	for i, want := range texts {
		rec, err := h.read(id, e.Parts[i])
		if err != nil {
			h.t.Errorf("part %d: %v", i, err)
		} else if rec.Text.Reveal() != want {
			h.t.Errorf("part %d opens to another text", i)
		}
	}
}

func (h *house) epochs() (list []vault.Epoch) {
	h.t.Helper()
	err := h.store.View(func(tx *store.Tx) (err error) {
		list, err = vault.Epochs(tx)
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func (h *house) leaves(what audit.What) (list []audit.Leaf) {
	h.t.Helper()
	err := h.store.View(func(tx *store.Tx) error {
		all, err := audit.Range(tx, 0, 100_000)
		for _, l := range all {
			if l.What == what {
				list = append(list, l)
			}
		}
		return err
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return list
}

func newID(t testing.TB) message.ID {
	t.Helper()
	id, err := message.NewID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func files(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// wantOnlyNamedEpochs fails when an epoch lacks a file, or one that was closed
// still has one. What a crash left of an epoch that nothing was sealed to stays:
// nothing is deleted but what an intent names.
func wantOnlyNamedEpochs(t *testing.T, h *house) {
	t.Helper()
	named := map[string]bool{}
	for _, e := range h.epochs() {
		named[e.Name] = true
		one, two := vault.EpochPaths(h.dir, e.Name)
		for _, path := range []string{one, two} {
			if data, err := os.ReadFile(path); err != nil || hexSum(data) != e.SHA256 {
				t.Errorf("%s is missing or changed", filepath.Base(path))
			}
		}
	}
	err := h.store.View(func(tx *store.Tx) error {
		tx.Ascend("epochs-gone", "", func(name string, _ []byte) bool {
			one, two := vault.EpochPaths(h.dir, name)
			for _, path := range []string{one, two} {
				if _, err := os.Lstat(path); err == nil && !named[name] {
					t.Errorf("%s is still there", filepath.Base(path))
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
