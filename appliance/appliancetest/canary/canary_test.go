package canary_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime/quotedprintable"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"nightbell/appliance/appliancetest/canary"
)

func noise(t *testing.T, n int) []byte {
	t.Helper()
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return b
}

func zipped(t *testing.T, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	if _, err := z.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// wrapped breaks text into lines as MIME does.
func wrapped(s string) string {
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}

func utf16Of(s string, bigEndian bool) []byte {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return b
}

func quotedPrintable(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// The disguises here are made by other code than the scanner's own: the
// standard library's encoders over the word with something around it.
func TestACanaryIsFoundInEveryDisguise(t *testing.T) {
	flock := canary.New()
	for _, kind := range []string{"word", "ascii"} {
		word := flock.Word(kind)
		if kind == "ascii" {
			word = flock.ASCII(kind)
		}
		asJSON, err := json.Marshal(map[string]string{"name": "<" + word})
		if err != nil {
			t.Fatal(err)
		}
		forms := map[string][]byte{
			"plain":            []byte("name: " + word + "."),
			"upper case":       []byte(strings.ToUpper(word)),
			"utf-16le":         utf16Of(" "+word, false),
			"utf-16be":         utf16Of(" "+word, true),
			"hex":              []byte(hex.EncodeToString([]byte("x" + word))),
			"upper hex":        fmt.Appendf(nil, "%X", "x"+word),
			"json":             asJSON,
			"json escaped":     fmt.Appendf(nil, "%+q", word),
			"quoted-printable": []byte(quotedPrintable(t, strings.Repeat("é", 10)+word)),
			"url":              []byte(url.QueryEscape("a b " + word)),
			"gzip":             zipped(t, []byte("x"+word)),
			"gzip in gzip":     zipped(t, append(noise(t, 50), zipped(t, []byte(word))...)),
			"gzip cut short":   zipped(t, append([]byte(word), noise(t, 5000)...))[:2000],
			"utf-16 in gzip":   zipped(t, utf16Of(word, false)),
		}
		for offset := range 6 {
			before := strings.Repeat("x", offset)
			forms[fmt.Sprintf("base64 at %d", offset)] = []byte(base64.StdEncoding.EncodeToString([]byte(before + word + "after")))
			forms[fmt.Sprintf("base64url at %d", offset)] = []byte(base64.RawURLEncoding.EncodeToString([]byte(before + word)))
		}
		for offset := 40; offset < 60; offset++ {
			before := strings.Repeat("x", offset)
			forms[fmt.Sprintf("base64 in lines at %d", offset)] = []byte(wrapped(base64.StdEncoding.EncodeToString([]byte(before + word + before))))
			forms[fmt.Sprintf("quoted-printable in lines at %d", offset)] = []byte(quotedPrintable(t, strings.Repeat("y", offset+20)+word))
		}
		for name, form := range forms {
			data := append(append(noise(t, 300), form...), noise(t, 300)...)
			found := flock.Bytes("it", data)
			if len(found) == 0 {
				t.Errorf("%s is not found as %s", kind, name)
				continue
			}
			if len(found) > 1 || found[0].In != "it" || found[0].Place != kind {
				t.Errorf("%s as %s is reported as %v", kind, name, found)
			}
		}
	}
}

func TestNoCanaryIsFoundWhereThereIsNone(t *testing.T) {
	flock, others := canary.New(), canary.New()
	flock.Word("a")
	data := append(noise(t, 1<<20), others.Text("another flock's", 1000)...)
	if found := flock.Bytes("noise", append(data, zipped(t, data)...)); len(found) > 0 {
		t.Errorf("found %v", found)
	}
}

func TestAFolderIsSearchedWithItsNames(t *testing.T) {
	flock := canary.New()
	dir := t.TempDir()
	deep := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"clean": "nothing", "leak": flock.Word("a text"), flock.Word("a name"): ""} {
		if err := os.WriteFile(filepath.Join(deep, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found, err := flock.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	places := map[string]bool{}
	for _, f := range found {
		places[f.Place] = true
	}
	if len(found) != 2 || !places["a text"] || !places["a name"] {
		t.Errorf("found %v", found)
	}
	if _, err := flock.Folder(filepath.Join(dir, "none")); err != nil {
		t.Errorf("a folder that is gone: %v", err)
	}
}

func TestWordsAreDistinctAndKnown(t *testing.T) {
	flock := canary.New()
	a, b, c := flock.Word("a"), flock.Word("b"), flock.ASCII("c")
	words := flock.Words()
	if len(words) != 3 || words[a] != "a" || words[b] != "b" || words[c] != "c" {
		t.Errorf("words are %v", words)
	}
	if text := flock.Text("long", 1000); len(text) < 1000 || len(flock.Bytes("t", []byte(text))) == 0 {
		t.Error("a long text is not made of canaries")
	}
}
