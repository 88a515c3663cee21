package sealed_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"nightbell/appliance/appliancetest/canary"
)

// words are the canaries of the scenario. None may lie in the clear anywhere;
// they differ in what is found where it should be.
type words struct {
	kept    *canary.Flock // taken in: what is opened afterwards holds each
	passing *canary.Flock // refused, or no content: wrong passwords, addresses asked for, bad forms
	address *canary.Flock // of whom something was sent to securely: a contact of the practice
}

func newWords() words {
	return words{kept: canary.New(), passing: canary.New(), address: canary.New()}
}

// in answers where words lie in the clear in what was captured.
func (w words) in(name string, data []byte) []canary.Find {
	return append(w.kept.Bytes(name, data), w.passing.Bytes(name, data)...)
}

func (w words) inFolder(t *testing.T, dir string) {
	t.Helper()
	for _, flock := range []*canary.Flock{w.kept, w.passing} {
		found, err := flock.Folder(dir)
		if err != nil {
			t.Fatal(err)
		}
		report(t, found)
	}
}

func report(t *testing.T, found []canary.Find) {
	t.Helper()
	for _, f := range found {
		t.Error(f)
	}
}

// opened collects what was shown to those who may read, to see that everything
// that went in comes out.
type opened struct{ text strings.Builder }

func (o *opened) add(s string) {
	o.text.WriteString(s)
	o.text.WriteByte('\n')
}

// holdsAll looks with the canaries' own eyes: some come out as they went in, in
// base64 or a gzip file.
func (o *opened) holdsAll(t *testing.T, flock *canary.Flock) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range flock.Bytes("what was opened", []byte(o.text.String())) {
		seen[f.Place] = true
	}
	for _, place := range flock.Words() {
		if !seen[place] {
			t.Errorf("what was put into %q went in and does not come out; the test shows nothing about it", place)
		}
	}
}

// addresses are the attributes of a page that a browser sends somewhere, keeps
// in its history or hands to a module.
var addresses = map[string]bool{"href": true, "src": true, "action": true, "formaction": true, "poster": true, "content": true, "data-copy-from": true}

// outside answers of a page what is seen without opening it: its title, and the
// addresses in it.
func outside(page string) (seen []string) {
	z := html.NewTokenizer(strings.NewReader(page))
	title := false
	for {
		switch z.Next() {
		case html.ErrorToken:
			return seen
		case html.TextToken:
			if title {
				seen = append(seen, string(bytes.Clone(z.Text())))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			title = token.Data == "title"
			for _, a := range token.Attr {
				if addresses[a.Key] {
					seen = append(seen, a.Val)
				}
			}
		case html.EndTagToken:
			title = false
		}
	}
}

// placed is a flock whose places begin alike: the same mail goes in twice.
type placed struct {
	flock  *canary.Flock
	prefix string
}

func (w words) prefixed(prefix string) placed { return placed{w.kept, prefix + ": "} }

func (p placed) Word(place string) string  { return p.flock.Word(p.prefix + place) }
func (p placed) ASCII(place string) string { return p.flock.ASCII(p.prefix + place) }
func (p placed) Text(place string, n int) string {
	return p.flock.Text(p.prefix+place, n)
}
