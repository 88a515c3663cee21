package crypto_test

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"filippo.io/age"
	"pgregory.net/rapid"

	"nightbell/crypto"
)

func newIdentity(t testing.TB) *age.HybridIdentity {
	t.Helper()
	id, err := crypto.NewIdentity()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSlotOpensByItsPasswordAlone(t *testing.T) {
	id := newIdentity(t)
	slot, err := crypto.SealSlotPassword(id, "lantern otter gravel")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(slot, []byte(" 18\n")) {
		t.Error("the slot does not ask for scrypt's work factor 18")
	}
	got, err := crypto.OpenSlotPassword(slot, "lantern otter gravel")
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != id.String() {
		t.Error("another identity came out")
	}
	if _, err := crypto.OpenSlotPassword(slot, "lantern otter grave"); !errors.Is(err, crypto.ErrWrongPassword) {
		t.Errorf("a wrong password answers %v", err)
	}
	if _, err := crypto.OpenSlotPassword(slot, ""); !errors.Is(err, crypto.ErrWrongPassword) {
		t.Errorf("an empty password answers %v", err)
	}
}

func TestSlotThatAsksForMoreWorkIsRefusedBeforeTheWork(t *testing.T) {
	slot := []byte("age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n")
	if _, err := crypto.OpenSlotPassword(slot, "lantern otter gravel"); !errors.Is(err, crypto.ErrForged) {
		t.Errorf("answers %v", err)
	}
}

func TestSlotOpensByItsRecipientAlone(t *testing.T) {
	practice, kit, other := newIdentity(t), newIdentity(t), newIdentity(t)
	slot, err := crypto.SealSlot(practice, kit.Recipient())
	if err != nil {
		t.Fatal(err)
	}
	got, err := crypto.OpenSlot(slot, other, kit)
	if err != nil || got.String() != practice.String() {
		t.Fatalf("the kit does not open it: %v", err)
	}
	if _, err := crypto.OpenSlot(slot, other); !errors.Is(err, crypto.ErrWrongKey) {
		t.Errorf("another identity answers %v", err)
	}
	for _, cut := range []int{0, 10, len(slot) / 2, len(slot) - 1} {
		if _, err := crypto.OpenSlot(slot[:cut], kit); !errors.Is(err, crypto.ErrForged) {
			t.Errorf("cut to %d bytes it answers %v", cut, err)
		}
	}
}

func TestSlotHoldsExactlyOneHybridIdentity(t *testing.T) {
	kit := newIdentity(t)
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, lines := range map[string][]string{
		"nothing":          {""},
		"two identities":   {newIdentity(t).String(), newIdentity(t).String()},
		"a classic one":    {classic.String()},
		"something else":   {"hello"},
		"a recipient only": {kit.Recipient().String()},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			w, err := age.Encrypt(&file, kit.Recipient())
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(w, strings.Join(lines, "\n"))
			w.Close()
			if _, err := crypto.OpenSlot(file.Bytes(), kit); !errors.Is(err, crypto.ErrForged) {
				t.Errorf("answers %v", err)
			}
		})
	}
}

func TestPartComesBackWhateverItHolds(t *testing.T) {
	id := newIdentity(t)
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOfN(rapid.StringMatching(`([ -~äß€]{0,700}[!-~])?`), 1, 4).Draw(t, "lines")
		var clear [][]byte
		for _, l := range lines {
			clear = append(clear, []byte(l))
		}
		pack, err := crypto.SealLines(id.Recipient(), clear...)
		if err != nil {
			t.Fatal(err)
		}
		r, err := age.Decrypt(bytes.NewReader(pack), id)
		if err != nil {
			t.Fatal(err)
		}
		padded, _ := io.ReadAll(r)
		if len(padded)%512 != 0 {
			t.Errorf("%d bytes inside are no multiple of 512", len(padded))
		}
		for n, l := range clear {
			sum := sha256.Sum256(l)
			got, err := crypto.OpenPart(pack, id, n, hex.EncodeToString(sum[:]))
			if err != nil || !bytes.Equal(got, l) {
				t.Errorf("line %d comes back as %q (%v)", n, got, err)
			}
		}
	})
}

func TestForgedPartIsRefused(t *testing.T) {
	id, other := newIdentity(t), newIdentity(t)
	pack, sum, err := crypto.SealPart(id.Recipient(), []byte(`{"text":"one"}`))
	if err != nil {
		t.Fatal(err)
	}
	commitment := hex.EncodeToString(sum[:])
	fresh, freshSum, err := crypto.SealPart(id.Recipient(), []byte(`{"text":"two"}`))
	if err != nil {
		t.Fatal(err)
	}
	flipped := bytes.Clone(pack)
	flipped[len(flipped)-1] ^= 1
	for name, c := range map[string]struct {
		pack       []byte
		id         age.Identity
		line       int
		commitment string
		want       error
	}{
		"replaced by a fresh one":  {fresh, id, 0, commitment, crypto.ErrForged},
		"another's commitment":     {pack, id, 0, hex.EncodeToString(freshSum[:]), crypto.ErrForged},
		"no commitment":            {pack, id, 0, "", crypto.ErrForged},
		"upper-case commitment":    {pack, id, 0, strings.ToUpper(commitment), crypto.ErrForged},
		"cut short":                {pack[:len(pack)-1], id, 0, commitment, crypto.ErrForged},
		"cut in its header":        {pack[:100], id, 0, commitment, crypto.ErrForged},
		"empty":                    {nil, id, 0, commitment, crypto.ErrForged},
		"a bit flipped":            {flipped, id, 0, commitment, crypto.ErrForged},
		"something behind it":      {append(bytes.Clone(pack), 'x'), id, 0, commitment, crypto.ErrForged},
		"a line that is not there": {pack, id, 1, commitment, crypto.ErrForged},
		"a line before the first":  {pack, id, -1, commitment, crypto.ErrForged},
		"sealed to somebody else":  {pack, other, 0, commitment, crypto.ErrWrongKey},
	} {
		t.Run(name, func(t *testing.T) {
			if line, err := crypto.OpenPart(c.pack, c.id, c.line, c.commitment); !errors.Is(err, c.want) || line != nil {
				t.Errorf("answers %q, %v", line, err)
			}
		})
	}
	if _, err := crypto.OpenPart(pack, id, 0, commitment); err != nil {
		t.Errorf("the genuine one answers %v", err)
	}
}

func TestPartMustBeOneLine(t *testing.T) {
	id := newIdentity(t)
	for _, line := range []string{"a\nb", "a\r", "ends in a blank "} {
		if _, _, err := crypto.SealPart(id.Recipient(), []byte(line)); err == nil {
			t.Errorf("%q was sealed", line)
		}
	}
}

// FuzzOpenLines feeds what an attacker with the recipient could seal: the bytes
// inside a pack are theirs.
func FuzzOpenLines(f *testing.F) {
	id := newIdentity(f)
	f.Add([]byte("{}\n"))
	f.Add([]byte("no line end"))
	f.Add([]byte("\n\n  \n"))
	f.Fuzz(func(t *testing.T, clear []byte) {
		var file bytes.Buffer
		w, err := age.Encrypt(&file, id.Recipient())
		if err != nil {
			t.Fatal(err)
		}
		w.Write(clear)
		w.Close()
		lines, err := crypto.OpenLines(file.Bytes(), id)
		if (err == nil) != bytes.HasSuffix(clear, []byte("\n")) {
			t.Fatalf("answers %v", err)
		}
		if err == nil && len(lines) != bytes.Count(clear, []byte("\n")) {
			t.Errorf("%d lines of %d", len(lines), bytes.Count(clear, []byte("\n")))
		}
	})
}

func TestBlobIsCheckedBeforeItsFirstByte(t *testing.T) {
	clear := bytes.Repeat([]byte("voice "), 50_000)
	var file bytes.Buffer
	key, sum, size, err := crypto.SealBlob(&file, bytes.NewReader(clear))
	if err != nil {
		t.Fatal(err)
	}
	sealed, commitment := file.Bytes(), hex.EncodeToString(sum[:])
	if size != int64(len(sealed)) || sha256.Sum256(sealed) != sum {
		t.Error("size or hash are not the ciphertext's")
	}
	r, n, err := crypto.OpenBlob(bytes.NewReader(sealed), size, key, commitment)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(io.NewSectionReader(r, 0, n)); err != nil || !bytes.Equal(got, clear) {
		t.Fatalf("other bytes came back (%v)", err)
	}
	if err := crypto.CheckBlob(bytes.NewReader(sealed), commitment); err != nil {
		t.Errorf("checking without a key: %v", err)
	}
	tail := bytes.Clone(sealed)
	tail[len(tail)-1] ^= 1
	for name, bad := range map[string][]byte{"cut short": sealed[:len(sealed)-20], "its last bit flipped": tail, "empty": nil} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := crypto.OpenBlob(bytes.NewReader(bad), int64(len(bad)), key, commitment); !errors.Is(err, crypto.ErrForged) {
				t.Errorf("answers %v", err)
			}
		})
	}
	if _, _, err := crypto.OpenBlob(bytes.NewReader(sealed), size, newIdentity(t), commitment); !errors.Is(err, crypto.ErrWrongKey) {
		t.Errorf("another key answers %v", err)
	}
}

func TestBlobOfNothing(t *testing.T) {
	var file bytes.Buffer
	key, sum, size, err := crypto.SealBlob(&file, strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if _, n, err := crypto.OpenBlob(bytes.NewReader(file.Bytes()), size, key, hex.EncodeToString(sum[:])); err != nil || n != 0 {
		t.Errorf("%d bytes, %v", n, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error)  { return 0, errors.New("the line went dead") }
func (failing) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestBlobThatCannotBeReadOrWrittenIsNoBlob(t *testing.T) {
	if _, _, _, err := crypto.SealBlob(io.Discard, failing{}); err == nil {
		t.Error("a source that fails was sealed")
	}
	if _, _, _, err := crypto.SealBlob(failing{}, strings.NewReader("x")); err == nil {
		t.Error("a target that fails was written")
	}
}

func TestPasswordHash(t *testing.T) {
	hash, err := crypto.HashPassword("lantern otter")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("the hash begins with %q", hash[:30])
	}
	if err := crypto.VerifyHash(hash, "lantern otter"); err != nil {
		t.Errorf("the right password answers %v", err)
	}
	if err := crypto.VerifyHash(hash, "lantern ottet"); !errors.Is(err, crypto.ErrWrongPassword) {
		t.Errorf("a wrong one answers %v", err)
	}
	again, err := crypto.HashPassword("lantern otter")
	if err != nil || again == hash {
		t.Error("two hashes of a password are the same")
	}
}

func TestPasswordHashThatIsNoneIsRefused(t *testing.T) {
	const tail = "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for _, hash := range []string{
		"", "x", "$argon2i$v=19$m=65536,t=3,p=4" + tail, "$argon2id$v=18$m=65536,t=3,p=4" + tail,
		"$argon2id$v=19$m=4294967295,t=3,p=4" + tail, "$argon2id$v=19$m=65536,t=1000,p=4" + tail,
		"$argon2id$v=19$m=65536,t=3,p=0" + tail, "$argon2id$v=19$m=65536,t=3,p=4$!$!", "$argon2id$v=19$m=65536,t=3,p=4$AAAA$AAAA",
	} {
		if err := crypto.VerifyHash(hash, "lantern otter"); err == nil || errors.Is(err, crypto.ErrWrongPassword) {
			t.Errorf("%q answers %v", hash, err)
		}
	}
}

func signingKey(t testing.TB) ed25519.PublicKey {
	t.Helper()
	public, _, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	return public
}
