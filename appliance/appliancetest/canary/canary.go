// Package canary proves that sealed stays sealed. A test takes distinct words
// from a Flock, feeds them through every way in, and then lets the Flock search
// folders, files and captured bytes for them: in plain and in the disguises that
// software gives text (UTF-16, base64 at any offset, hex, quoted-printable, JSON
// and URL escapes, Latin-1), broken into lines or inside gzip too.
//
// It is for tests alone and imports nothing of ours.
package canary

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// Flock is a set of canaries of one test. Their words begin alike, with letters
// drawn anew for each Flock, so that two tests side by side never find each
// other's. It is safe for use by several goroutines.
type Flock struct {
	stem, ascii string
	needles     []*needle

	mu     sync.Mutex
	places map[string]string // word -> where it was put
}

// Find is a canary that was found where it must not be.
type Find struct {
	In     string // the file, or the name of what was searched
	Place  string // where its word had been put, or "" when only its beginning was found
	Form   string // how it was disguised: "base64", "gzip: plain"
	Offset int    // in the (unpacked) bytes
}

func (f Find) String() string {
	return fmt.Sprintf("%s: the canary put into %q, as %s, at %d", f.In, f.Place, f.Form, f.Offset)
}

// stemLetters make words that no dictionary and no id holds.
const stemLetters = "bcdfghjklmnpqrstvwxz"

// New hatches a Flock.
func New() *Flock {
	letters := make([]byte, 8)
	if _, err := rand.Read(letters); err != nil {
		panic(err) // never returned by crypto/rand
	}
	for i, b := range letters {
		letters[i] = stemLetters[int(b)%len(stemLetters)]
	}
	// The umlaut makes quoted-printable, JSON and Latin-1 differ from plain text.
	f := &Flock{stem: "vö" + string(letters) + "q", ascii: "vo" + string(letters) + "w", places: map[string]string{}}
	f.needles = append(disguises(f.stem), disguises(f.ascii)...)
	return f
}

// Word answers a new word for a place ("form caller", "file name"). It has a
// letter that is not ASCII and four digits, in lower case.
func (f *Flock) Word(place string) string { return f.word(f.stem, place) }

// ASCII is Word in plain ASCII, for where nothing else may stand, such as a mail
// address.
func (f *Flock) ASCII(place string) string { return f.word(f.ascii, place) }

func (f *Flock) word(stem, place string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := fmt.Sprintf("%s%04d", stem, len(f.places))
	f.places[w] = place
	for _, n := range f.needles {
		if n.stem == stem {
			n.add(w, place)
		}
	}
	return w
}

// Text answers a text of at least n bytes that is nothing but new words for a
// place, one a line: for what must be larger than some limit.
func (f *Flock) Text(place string, n int) string {
	var b strings.Builder
	w := f.Word(place)
	for b.Len() < n {
		b.WriteString(w)
		b.WriteByte('\n')
	}
	return b.String()
}

// Words answers every word and its place, so that a test can check that what it
// opens holds them after all.
func (f *Flock) Words() map[string]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make(map[string]string, len(f.places))
	for w, p := range f.places {
		all[w] = p
	}
	return all
}

// Folder searches every file below dir, and the files' names. A file that goes
// away meanwhile is passed over; sockets and the like are not opened.
func (f *Flock) Folder(dir string) ([]Find, error) {
	var found []Find
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		found = append(found, f.Bytes("the name of "+path, []byte(d.Name()))...)
		if !d.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if os.IsNotExist(err) {
			return nil
		}
		if err != nil {
			return err
		}
		found = append(found, f.Bytes(path, data)...)
		return nil
	})
	return found, err
}

// Reader searches what r holds.
func (f *Flock) Reader(in string, r io.Reader) ([]Find, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	return f.Bytes(in, data), nil
}

// Bytes searches data. Each canary is reported once for each disguise.
func (f *Flock) Bytes(in string, data []byte) []Find {
	var found []Find
	f.search(data, in, "", maxDepth, &found)
	sort.SliceStable(found, func(i, j int) bool { return found[i].Offset < found[j].Offset })
	return found
}

// maxDepth is how many times something can be packed in something packed.
const maxDepth = 4

func (f *Flock) search(data []byte, in, wrapped string, depth int, found *[]Find) {
	f.plainly(data, in, wrapped, found)
	f.plainly(lowerASCII(data), in, wrapped+"upper case, ", found)
	if joined := joinLines(data); len(joined) != len(data) {
		f.plainly(joined, in, wrapped+"broken lines, ", found)
	}
	if depth > 0 {
		for _, inner := range unzip(data) {
			f.search(inner, in, wrapped+"gzip: ", depth-1, found)
		}
	}
}

// plainly searches data as it lies for each disguise of each stem.
func (f *Flock) plainly(data []byte, in, wrapped string, found *[]Find) {
	for _, n := range f.needles {
		for from := 0; ; {
			i := bytes.Index(data[from:], n.bytes)
			if i < 0 {
				break
			}
			at := from + i
			f.report(Find{In: in, Place: f.placeAt(data[at:], n), Form: wrapped + n.form, Offset: at}, found)
			from = at + len(n.bytes)
		}
	}
}

// report adds a find unless the same canary was found there already, however
// disguised: a plain one is seen in the lower-cased copy again. One that was
// recognised by its beginning alone counts only while nothing better is found.
func (f *Flock) report(one Find, found *[]Find) {
	for i, have := range *found {
		switch {
		case have.In == one.In && (have.Place == one.Place || one.Place == ""):
			return
		case have.In == one.In && have.Place == "":
			(*found)[i] = one
			return
		}
	}
	*found = append(*found, one)
}

// placeAt tells which word of the flock stands there in the needle's disguise.
// The words of a stem are equally long, and so are they in one disguise.
func (f *Flock) placeAt(data []byte, n *needle) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(data) < n.width {
		return ""
	}
	return n.places[string(data[:n.width])]
}
