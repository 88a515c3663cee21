package canary

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
)

// needle is a stem in one disguise.
type needle struct {
	form     string
	stem     string
	bytes    []byte
	disguise func(string) []byte // how a word looks; for base64 without the letters it shares with its neighbours

	places map[string]string // disguised word -> where it was put
	width  int               // of a disguised word
}

func (n *needle) add(word, place string) {
	b := n.disguise(word)
	n.places[string(b)], n.width = place, len(b)
}

// disguises answers the ways in which software writes a text.
func disguises(stem string) []*needle {
	forms := []struct {
		name string
		f    func(string) []byte
	}{
		{"plain", func(s string) []byte { return []byte(s) }},
		{"upper case", func(s string) []byte { return []byte(strings.ReplaceAll(s, "ö", "Ö")) }}, // once ASCII is lowered
		{"utf-16le", func(s string) []byte { return utf16Bytes(s, 0, 1) }},
		{"utf-16be", func(s string) []byte { return utf16Bytes(s, 1, 0) }},
		{"latin-1", latin1},
		{"hex", func(s string) []byte { return []byte(hex.EncodeToString([]byte(s))) }},
		{"HEX", func(s string) []byte { return []byte(strings.ToUpper(hex.EncodeToString([]byte(s)))) }},
		{"quoted-printable", escaped("=%02X")},
		{"url", escaped("%%%02X")},
		{"go-quoted", escaped(`\x%02x`)},
		{"json", jsonEscaped(`\u%04x`)},
		{"JSON", jsonEscaped(`\u%04X`)},
		{"html", jsonEscaped(`&#%d;`)},
	}
	var all []*needle
	seen := map[string]bool{}
	add := func(name string, f func(string) []byte) {
		b := f(stem)
		if !seen[string(b)] { // most of them are plain for an ASCII stem
			seen[string(b)] = true
			all = append(all, &needle{form: name, stem: stem, bytes: b, disguise: f, places: map[string]string{}})
		}
	}
	for _, form := range forms {
		add(form.name, form.f)
	}
	for offset := range 3 {
		add("base64", inBase64(base64.RawStdEncoding, offset))
		add("base64url", inBase64(base64.RawURLEncoding, offset))
	}
	return all
}

// inBase64 answers the letters that a text always has when it begins offset
// bytes into a group of three: those that it shares with its neighbours are left
// out.
func inBase64(enc *base64.Encoding, offset int) func(string) []byte {
	return func(s string) []byte {
		b := enc.EncodeToString(append(make([]byte, offset), s...))
		first := (offset*8 + 5) / 6
		whole := (offset + len(s)) * 8 / 6
		return []byte(b[first:whole])
	}
}

// utf16Bytes writes s with the low byte of each unit at low and the high one at
// high.
func utf16Bytes(s string, low, high int) []byte {
	units := utf16.Encode([]rune(s))
	b := make([]byte, 2*len(units))
	for i, u := range units {
		b[2*i+low], b[2*i+high] = byte(u), byte(u>>8)
	}
	return b
}

func latin1(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r))
	}
	return b
}

// escaped writes each byte that is not ASCII by a format.
func escaped(format string) func(string) []byte {
	return func(s string) []byte {
		var b bytes.Buffer
		for i := range len(s) {
			if s[i] < 0x80 {
				b.WriteByte(s[i])
			} else {
				fmt.Fprintf(&b, format, s[i])
			}
		}
		return b.Bytes()
	}
}

// jsonEscaped writes each rune that is not ASCII by a format.
func jsonEscaped(format string) func(string) []byte {
	return func(s string) []byte {
		var b bytes.Buffer
		for _, r := range s {
			if r < 0x80 {
				b.WriteRune(r)
			} else {
				fmt.Fprintf(&b, format, r)
			}
		}
		return b.Bytes()
	}
}

// lowerASCII lowers the letters of ASCII; the umlaut's other case is a disguise.
func lowerASCII(data []byte) []byte {
	lower := bytes.Clone(data)
	for i, c := range lower {
		if c >= 'A' && c <= 'Z' {
			lower[i] = c | 0x20
		}
	}
	return lower
}

// joinLines takes out the line ends that MIME puts into base64, with an equals
// sign before into quoted-printable, and with a blank after into headers.
func joinLines(data []byte) []byte {
	joined := make([]byte, 0, len(data))
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\r")), []byte("="))
		if len(joined) > 0 && len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
			line = line[1:]
		}
		joined = append(joined, line...)
	}
	return joined
}

// maxUnzipped bounds what one gzip stream can unfold to.
const maxUnzipped = 256 << 20

// unzip answers what unfolds from each gzip stream that begins anywhere in data;
// a stream that is cut short answers as much as there is.
func unzip(data []byte) [][]byte {
	var all [][]byte
	magic := []byte{0x1f, 0x8b, 8}
	for from := 0; ; {
		i := bytes.Index(data[from:], magic)
		if i < 0 {
			return all
		}
		from += i
		if z, err := gzip.NewReader(bytes.NewReader(data[from:])); err == nil {
			z.Multistream(false)
			// What stands before the damage counts, so its error does not.
			inner, _ := io.ReadAll(io.LimitReader(z, maxUnzipped))
			if len(inner) > 0 {
				all = append(all, inner)
			}
		}
		from += len(magic)
	}
}
