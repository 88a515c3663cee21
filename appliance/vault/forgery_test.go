package vault_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// epochIdentity opens an epoch as somebody with every key would.
func (h *house) epochIdentity(name string) *age.HybridIdentity {
	h.t.Helper()
	slot, err := os.ReadFile(filepath.Join(h.dir, "keys", "recovery.age"))
	if err != nil {
		h.t.Fatal(err)
	}
	practice, err := crypto.OpenSlot(slot, h.kit.Identity)
	if err != nil {
		h.t.Fatal(err)
	}
	path, _ := vault.EpochPaths(h.dir, name)
	file, err := os.ReadFile(path)
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := crypto.OpenSlot(file, practice)
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

func TestForgedRecordIsRefusedAndNamed(t *testing.T) {
	h := newHouse(t)
	one, two := h.take("one"), h.take("two")
	epoch := h.epochIdentity(one.Parts[0].Epoch)
	pack := func(id message.ID) (p message.Sealed) {
		h.store.View(func(tx *store.Tx) error {
			p, _ = store.GetPack(tx, id)
			return nil
		})
		return p
	}
	genuine, others := pack(one.Parts[0].Pack), pack(two.Parts[0].Pack)
	seal := func(rec message.Record) (message.Sealed, string) {
		line, err := rec.Encode()
		if err != nil {
			t.Fatal(err)
		}
		p, sum, err := crypto.SealPart(epoch.Recipient(), line)
		if err != nil {
			t.Fatal(err)
		}
		return p, hex.EncodeToString(sum[:])
	}
	fresh, _ := seal(message.Record{Message: one.ID, Part: one.Parts[0].ID, Kind: message.PartRecord, Text: "take all of them"})
	elsewhere, elsewhereSum := seal(message.Record{Message: two.ID, Part: one.Parts[0].ID, Kind: message.PartRecord, Text: "hello"})
	otherPart, otherPartSum := seal(message.Record{Message: one.ID, Part: newID(t), Kind: message.PartRecord, Text: "hello"})
	otherKind, otherKindSum := seal(message.Record{Message: one.ID, Part: one.Parts[0].ID, Kind: message.PartNote, Text: "hello"})
	stranger, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	toStranger, _, err := crypto.SealPart(stranger.Recipient(), []byte("{}"))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		pack message.Sealed
		part func(*message.Part)
	}{
		"swapped with another message's":           {others, nil},
		"replaced by a fresh one":                  {fresh, nil},
		"cut short":                                {genuine[:len(genuine)-1], nil},
		"cut to its header":                        {genuine[:200], nil},
		"sealed to somebody else":                  {toStranger, nil},
		"missing":                                  {nil, nil},
		"naming another message, commitment too":   {elsewhere, func(p *message.Part) { p.Commitment = elsewhereSum }},
		"naming another part, commitment too":      {otherPart, func(p *message.Part) { p.Commitment = otherPartSum }},
		"of another kind, commitment too":          {otherKind, func(p *message.Part) { p.Commitment = otherKindSum }},
		"in an epoch that never was":               {genuine, func(p *message.Part) { p.Epoch = "2026-11-24.calls.none" }},
		"on a line that is not there":              {genuine, func(p *message.Part) { p.Line = 1 }},
		"the envelope points to another's pack":    {genuine, func(p *message.Part) { p.Pack = two.Parts[0].Pack }},
		"the envelope has another's part entirely": {genuine, func(p *message.Part) { *p = two.Parts[0] }},
	} {
		t.Run(name, func(t *testing.T) {
			err := h.store.Update(t.Context(), func(tx *store.Tx) error {
				if c.pack == nil {
					return store.DeletePack(tx, one.Parts[0].Pack)
				}
				return store.PutPack(tx, one.Parts[0].Pack, c.pack)
			})
			if err != nil {
				t.Fatal(err)
			}
			part := one.Parts[0]
			if c.part != nil {
				c.part(&part)
			}
			_, err = h.read(one.ID, part)
			var named *vault.PartError
			if !errors.Is(err, vault.ErrForged) || !errors.As(err, &named) {
				t.Fatalf("answers %v", err)
			}
			if named.Message != one.ID || named.Part != part.ID {
				t.Errorf("it names %s of %s", named.Part, named.Message)
			}
		})
	}
	err = h.store.Update(t.Context(), func(tx *store.Tx) error { return store.PutPack(tx, one.Parts[0].Pack, genuine) })
	if err != nil {
		t.Fatal(err)
	}
	h.wantText(one.ID, "one")
}

func TestBlobComesBackAndAForgedOneIsRefusedWhileLockedToo(t *testing.T) {
	h := newHouse(t)
	voice := strings.Repeat("voicemail ", 20_000)
	part, key, sum, size, err := h.vault.SealBlob(t.Context(), strings.NewReader(voice))
	if err != nil {
		t.Fatal(err)
	}
	if sum != hexSum([]byte(voice)) || size != int64(len(voice)) {
		t.Error("hash or size are not those of the clear bytes")
	}
	e := h.take("hello", part)
	path := filepath.Join(h.dir, filepath.FromSlash(store.BlobPath(part.ID)))
	sealed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if part.Size != int64(len(sealed)) || part.Commitment != hexSum(sealed) || strings.Contains(string(sealed), "voicemail") {
		t.Error("the file is not the part's ciphertext")
	}
	r := h.reader()
	f, err := r.Blob(e.ID, part, key)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Seek(100, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); err != nil || string(got) != voice[100:] {
		t.Errorf("other bytes came back: %v", err)
	}

	flipped := append([]byte{}, sealed...)
	flipped[len(flipped)-1] ^= 1
	for name, bad := range map[string][]byte{"cut short": sealed[:len(sealed)/2], "its last bit flipped": flipped, "missing": nil} {
		t.Run(name, func(t *testing.T) {
			if bad == nil {
				err = os.Remove(path)
			} else {
				err = os.WriteFile(path, bad, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.Blob(e.ID, part, key); !errors.Is(err, vault.ErrForged) {
				t.Errorf("opening it answers %v", err)
			}
			err := h.vault.CheckBlob(e.ID, part)
			var named *vault.PartError
			if !errors.Is(err, vault.ErrForged) || !errors.As(err, &named) || named.Part != part.ID {
				t.Errorf("checking it answers %v", err)
			}
		})
	}
	if err := os.WriteFile(path, sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	h.restart()
	if err := h.vault.CheckBlob(e.ID, part); err != nil {
		t.Errorf("checking the genuine one while locked: %v", err)
	}
	h.unlock()
	if _, err := h.reader().Blob(e.ID, part, "not a key"); !errors.Is(err, vault.ErrForged) {
		t.Errorf("a key that is none: %v", err)
	}
}

func TestExportedPartOpensByItsNewRecipient(t *testing.T) {
	h := newHouse(t)
	voice := strings.Repeat("v", 100_000)
	part, key, _, _, err := h.vault.SealBlob(t.Context(), strings.NewReader(voice))
	if err != nil {
		t.Fatal(err)
	}
	e := h.take("hello", part)
	classic, err := age.GenerateX25519Identity() // a provider's own key may be one
	if err != nil {
		t.Fatal(err)
	}
	var file []byte
	err = h.store.View(func(tx *store.Tx) (err error) {
		file, err = h.reader().Export(tx, e.ID, e.Parts[0], classic.Recipient())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	line, err := crypto.OpenPart(file, classic, 0, e.Parts[0].Commitment)
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := message.DecodeRecord(line); err != nil || rec.Text.Reveal() != "hello" {
		t.Errorf("another record came out: %v", err)
	}
	var blob strings.Builder
	if err := h.reader().ExportBlob(&blob, e.ID, part, key, classic.Recipient()); err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(strings.NewReader(blob.String()), classic)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != voice {
		t.Errorf("another blob came out: %v", err)
	}
}
