package relay

import (
	"bytes"
	"io"
)

// Some mails cost enmime far more than their bytes: a few KB can hold a
// processor for hours. Real mail stays a long way below these.
const (
	maxMultiparts = 64     // each is read through all above it
	maxParts      = 10_000 // lines that may begin one; the work grows with their square
	maxContinued  = 2_000  // pieces of parameters (RFC 2231), whose work grows with their square too
	maxEnds       = 4096   // asking for the end of a mail; doubles with each level that is not closed
)

// tooIntricate says whether a mail may take much longer to read than its size says.
func tooIntricate(raw []byte) bool {
	lower := bytes.ToLower(raw)
	return occurrences(lower, "boundary", isParameter) > maxMultiparts ||
		occurrences(lower, "\n--", func([]byte) bool { return true }) > maxParts ||
		occurrences(lower, "*", isPiece) > maxContinued
}

// occurrences says how often word stands in text with something after it that fits.
func occurrences(text []byte, word string, fits func(after []byte) bool) (n int) {
	for {
		_, after, found := bytes.Cut(text, []byte(word))
		if !found {
			return n
		}
		if fits(after) {
			n++
		}
		text = after
	}
}

// isParameter says whether what follows makes the word before it a parameter's name.
func isParameter(after []byte) bool {
	after = bytes.TrimLeft(after[:min(len(after), 64)], " \t\r\n")
	return len(after) > 0 && (after[0] == '=' || after[0] == '*')
}

// isPiece says whether the star before it numbers a piece of a parameter.
func isPiece(after []byte) bool {
	digits := bytes.TrimLeft(after[:min(len(after), 64)], "0123456789")
	return len(digits) < min(len(after), 64) && isParameter(digits)
}

// patient is a mail that answers "that is all" so many times and then panics:
// enmime takes no error for an answer, and is called where a panic is caught.
type patient struct {
	r    *bytes.Reader
	ends int
}

func (p *patient) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if err == io.EOF {
		if p.ends++; p.ends > maxEnds {
			panic("a mail of too many open parts")
		}
	}
	return n, err
}
