package vault_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"filippo.io/age"
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

func TestCreateMakesTheRecoverySlotAndNothingElse(t *testing.T) {
	h := newHouse(t)
	if got := files(t, filepath.Join(h.dir, "keys")); len(got) != 1 || got[0] != "recovery.age" {
		t.Errorf("keys holds %v", got)
	}
	if got := files(t, filepath.Join(h.dir, "epochs")); len(got) != 0 {
		t.Errorf("epochs holds %v before the first use", got)
	}
	slot, err := os.ReadFile(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil {
		t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(slot, h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if practice.String() == h.kit.Identity.String() || practice.Recipient().String() != h.vault.Recipient().String() {
		t.Error("the recovery slot does not hold the practice identity")
	}
	info, err := os.Stat(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the slot's file has mode %v (%v)", info.Mode(), err)
	}
	if n := len(h.leaves(audit.PracticeMade)); n != 1 {
		t.Errorf("%d leaves tell of it", n)
	}
}

func TestSecondPracticeInOneFolderIsRefused(t *testing.T) {
	h := newHouse(t)
	if _, err := vault.Create(t.Context(), h.options(), h.kit); err == nil {
		t.Fatal("a second practice identity was made")
	}
	h.restart()
	h.unlock()
}

func TestFolderWithoutAPracticeSaysSo(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), ReserveBytes: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := vault.Open(t.Context(), vault.Options{Store: s}); !errors.Is(err, vault.ErrNotMade) {
		t.Errorf("answers %v", err)
	}
}

func TestLockedVaultSealsAndReadsNothing(t *testing.T) {
	h := newHouse(t)
	before := h.take("before the restart")
	h.restart()
	if !h.vault.Locked() || h.vault.LockedSince().IsZero() {
		t.Error("it is not locked after a start")
	}
	during := h.take("while locked")
	if _, err := h.vault.Reader(); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a reader while locked: %v", err)
	}
	h.unlock()
	if h.vault.Locked() || !h.vault.LockedSince().IsZero() {
		t.Error("it is not open after an unlock")
	}
	h.wantText(before.ID, "before the restart")
	h.wantText(during.ID, "while locked")
}

func TestLockTakesEveryReaderOfTheVaultAlong(t *testing.T) {
	h := newHouse(t)
	e := h.take("hello")
	var told []bool
	h.vault.OnChange(func(locked bool) { told = append(told, locked) })
	part, key, _, _, err := h.vault.SealBlob(t.Context(), &zeros{200_000})
	if err != nil {
		t.Fatal(err)
	}
	r := h.reader()
	if _, err := h.readBy(r, e.ID, e.Parts[0]); err != nil {
		t.Fatal(err)
	}
	blob, err := r.Blob(e.ID, part, key)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	private, err := h.vault.ReaderFor(h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.vault.Lock(t.Context(), "dana"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.readBy(r, e.ID, e.Parts[0]); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a reader from before the lock answers %v", err)
	}
	if _, err := blob.Read(make([]byte, 10)); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a file open since before the lock answers %v", err)
	}
	if _, err := h.readBy(private, e.ID, e.Parts[0]); err != nil {
		t.Errorf("a reader that somebody opened for themselves answers %v", err)
	}
	private.Close()
	if _, err := h.readBy(private, e.ID, e.Parts[0]); !errors.Is(err, vault.ErrLocked) {
		t.Errorf("a closed reader answers %v", err)
	}
	if err := h.vault.Lock(t.Context(), "dana"); err != nil {
		t.Errorf("locking twice: %v", err)
	}
	h.unlock()
	if len(told) != 2 || !told[0] || told[1] {
		t.Errorf("told %v", told)
	}
	if l := h.leaves(audit.Locked); len(l) != 1 || l[0].Who != "dana" {
		t.Errorf("%d leaves tell of one lock", len(l))
	}
	if l := h.leaves(audit.Unlocked); len(l) != 1 || l[0].Who != audit.Owner {
		t.Errorf("%d leaves tell of one unlock", len(l))
	}
}

type zeros struct{ left int }

func (z *zeros) Read(b []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(len(b), z.left)
	clear(b[:n])
	z.left -= n
	return n, nil
}

func TestKeysThatOpen(t *testing.T) {
	h := newHouse(t)
	other, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	slot, err := os.ReadFile(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil {
		t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(slot, h.kit.Identity)
	if err != nil {
		t.Fatal(err)
	}
	h.restart()
	for name, c := range map[string]struct {
		ids   []age.Identity
		opens bool
	}{
		"the kit":                     {[]age.Identity{h.kit.Identity}, true},
		"the practice identity":       {[]age.Identity{practice}, true},
		"the kit among others":        {[]age.Identity{other, h.kit.Identity}, true},
		"another practice's identity": {[]age.Identity{other}, false},
		"nothing":                     {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := h.vault.ReaderFor(c.ids...)
			if c.opens != (err == nil) || err != nil && !errors.Is(err, vault.ErrWrongKey) {
				t.Fatalf("answers %v", err)
			}
			if r != nil {
				r.Close()
			}
			if !h.vault.Locked() {
				t.Error("opening for the caller alone moved the lock")
			}
		})
	}
}

func TestRecoverySlotThatWasChangedIsNamed(t *testing.T) {
	h := newHouse(t)
	path := filepath.Join(h.dir, "keys", "recovery.age")
	forged, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	slot, err := crypto.SealSlot(forged, h.kit.Identity.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	h.close()
	if err := os.WriteFile(path, slot, 0o600); err != nil {
		t.Fatal(err)
	}
	h.openStore()
	h.openVault()
	if err := h.vault.Unlock(t.Context(), h.kit.Identity); !errors.Is(err, vault.ErrBroken) {
		t.Errorf("answers %v", err)
	}
	list, err := h.vault.Findings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, f := range list {
		found = found || f.ID == "keys.slot/recovery"
	}
	if !found {
		t.Errorf("nobody is told of it: %v", list)
	}
}

func TestContextEndsAWaitForADerivation(t *testing.T) {
	h := newHouse(t)
	running, done := make(chan struct{}), make(chan struct{})
	go h.vault.RunAlone(t.Context(), func() error { close(running); <-done; return nil })
	<-running
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.vault.SpendPassword(ctx, goodPassword); !errors.Is(err, context.Canceled) {
		t.Errorf("answers %v", err)
	}
	close(done)
	if err := h.vault.RunAlone(t.Context(), func() error { return nil }); err != nil {
		t.Errorf("the next one answers %v", err)
	}
}
