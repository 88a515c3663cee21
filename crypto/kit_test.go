package crypto_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"filippo.io/age"
	"rsc.io/qr"

	"nightbell/crypto"
)

var made = time.Date(2026, 11, 24, 21, 30, 5, 0, time.UTC)

func newKit(t testing.TB, practice string) (*crypto.Kit, string) {
	t.Helper()
	kit, err := crypto.NewKit(practice, made, signingKey(t))
	if err != nil {
		t.Fatal(err)
	}
	text, err := kit.Text()
	if err != nil {
		t.Fatal(err)
	}
	return kit, string(text)
}

func TestKitIsAnIdentityFileOfOnePage(t *testing.T) {
	kit, text := newKit(t, "Maple Street Family Medicine")
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > 60 {
		t.Errorf("%d lines do not fit on a page", len(lines))
	}
	identities := 0
	for n, line := range lines {
		if utf8.RuneCountInString(line) > 80 {
			t.Errorf("line %d is %d columns wide", n+1, utf8.RuneCountInString(line))
		}
		if line == kit.Identity.String() {
			identities++
		} else if !strings.HasPrefix(line, "#") {
			t.Errorf("line %d does not begin with #", n+1)
		}
	}
	if identities != 1 {
		t.Errorf("%d lines hold the identity", identities)
	}
	ids, err := age.ParseIdentities(strings.NewReader(text))
	if err != nil || len(ids) != 1 {
		t.Fatalf("age takes %d identities from it: %v", len(ids), err)
	}
	for _, command := range []string{
		"age -d -i kit.txt keys/recovery.age > practice.txt",
		"age -d -i practice.txt epochs/2026-11-24.calls.k7fm.age > day.txt",
		"age -d -i day.txt record.age",
	} {
		if !strings.Contains(text, "# "+"  "+command+"\n") {
			t.Errorf("the page does not say %q", command)
		}
	}
}

func TestKitComesBack(t *testing.T) {
	kit, text := newKit(t, "Maple Street Family Medicine")
	for name, typed := range map[string]string{
		"as it is":            text,
		"with Windows lines":  strings.ReplaceAll(text, "\n", "\r\n"),
		"with a byte mark":    "\ufeff" + text,
		"indented":            "  " + strings.ReplaceAll(text, "\n", "\n  "),
		"the key in groups":   strings.Replace(text, kit.Identity.String(), groups(kit.Identity.String()), 1),
		"the key lower case":  strings.Replace(text, kit.Identity.String(), strings.ToLower(kit.Identity.String()), 1),
		"without a final end": strings.TrimSuffix(text, "\n"),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := crypto.ParseKit(strings.NewReader(typed))
			if err != nil {
				t.Fatal(err)
			}
			if got.Practice != kit.Practice || !got.Made.Equal(made) || !bytes.Equal(got.Signing, kit.Signing) || got.Identity.String() != kit.Identity.String() {
				t.Error("it is another kit")
			}
			ids, err := crypto.ParseIdentities(strings.NewReader(typed))
			if err != nil || len(ids) != 1 {
				t.Errorf("as an identity file: %d identities, %v", len(ids), err)
			}
		})
	}
}

func groups(s string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%8 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func TestKitTypedWronglySaysSoAndQuotesNothing(t *testing.T) {
	kit, text := newKit(t, "Maple Street")
	key := kit.Identity.String()
	typo := key[:30] + map[bool]string{true: "Q", false: "P"}[key[30] != 'Q'] + key[31:]
	for name, typed := range map[string]string{
		"a typo":              strings.Replace(text, key, typo, 1),
		"a missing character": strings.Replace(text, key, key[:len(key)-1], 1),
		"no key":              strings.Replace(text, key, "", 1),
		"two keys":            text + newIdentity(t).String(),
		"nothing":             "",
		"far too much":        strings.Repeat("# \n", 30_000),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := crypto.ParseKit(strings.NewReader(typed))
			if err == nil {
				t.Fatal("it was read")
			}
			if strings.Contains(err.Error(), key[25:40]) {
				t.Error("the error quotes the key")
			}
		})
	}
}

func TestKitOfAPracticeWithAStrangeNameHoldsOneKey(t *testing.T) {
	evil := newIdentity(t).String()
	for _, name := range []string{"A\n" + evil, "A\r" + evil, "A\u2028" + evil, strings.Repeat("very long ", 40), ""} {
		_, text := newKit(t, name)
		ids, err := age.ParseIdentities(strings.NewReader(text))
		if err != nil || len(ids) != 1 {
			t.Errorf("%.10q: %d identities, %v", name, len(ids), err)
		}
	}
}

func TestKitPrintsAsNothing(t *testing.T) {
	kit, _ := newKit(t, "Maple Street")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if got := fmt.Sprintf(verb, kit); got != "[recovery kit]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}

// The code on the page is read back from the printed half blocks and compared
// with the code of the identity, module by module.
func TestKitShowsTheIdentityAsACode(t *testing.T) {
	kit, text := newKit(t, "Maple Street")
	want, err := qr.Encode(kit.Identity.String(), qr.M)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(text, kit.Identity.String()+"\n")
	rows := strings.Split(after, "\n")
	const quiet = 4
	black := func(x, y int) bool {
		y += quiet
		row := []rune(strings.TrimPrefix(strings.TrimPrefix(rows[y/2], "#"), " "))
		x += quiet
		if x >= len(row) {
			return false
		}
		return row[x] == '█' || row[x] == '▀' && y%2 == 0 || row[x] == '▄' && y%2 == 1
	}
	for y := -quiet; y < want.Size+quiet; y++ {
		for x := -quiet; x < want.Size+quiet; x++ {
			if black(x, y) != want.Black(x, y) {
				t.Fatalf("the module at %d, %d is wrong", x, y)
			}
		}
	}
}

func FuzzParseKit(f *testing.F) {
	_, text := newKit(f, "Maple Street")
	f.Add(text)
	f.Add("# Practice: x\nAGE-SECRET-KEY-PQ-1")
	f.Fuzz(func(t *testing.T, text string) {
		kit, err := crypto.ParseKit(strings.NewReader(text))
		if (kit == nil) == (err == nil) {
			t.Error("neither a kit nor an error")
		}
	})
}

func TestIdentityFileOfAnotherKindIsRefused(t *testing.T) {
	classic, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"a classic key": classic.String(), "no key": "# nothing\n", "words": "hello\n"} {
		if _, err := crypto.ParseIdentities(strings.NewReader(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
