package protocol

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxWord is how much of a word is looked at, in letters. What is longer is no
// word that anybody says; how it begins is enough.
const maxWord = 40

// words goes through the words of a text, one by one and once: letters and
// digits, without case, accents and apostrophes, so that "Can’t", "cant" and
// "CAN'T" are the same word. A possessive 's is not part of its word. Invisible
// signs inside a word (soft hyphens, joiners) are passed over.
//
// A script that does not put spaces between its words has one word a line here.
type words struct {
	text string
	next int // where to read on

	letters    [maxWord]rune
	n          int
	start, end int    // bytes of text that the word stands in
	signs      uint32 // which letters it has, by sign
}

// word is the word found last. It is good until the next call of find.
func (w *words) word() []rune { return w.letters[:w.n] }

// find goes to the next word.
func (w *words) find() bool {
	w.n, w.signs = 0, 0
	begun, possessive := false, 0 // how long the word was before its last apostrophe
	for w.next < len(w.text) {
		r, size := utf8.DecodeRuneInString(w.text[w.next:])
		switch {
		case apostrophe(r) && begun:
			possessive = w.n
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if !begun {
				begun, w.start = true, w.next
			}
			w.add(r, w.text[w.next:w.next+size])
			w.end = w.next + size
		case begun && (unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r)):
			w.end = w.next + size
		case begun:
			w.cut(possessive)
			return true
		}
		w.next += size
	}
	w.cut(possessive)
	return begun
}

func apostrophe(r rune) bool {
	switch r {
	case '\'', '’', '‘', 'ʼ', '′', '`', '´':
		return true
	}
	return false
}

// cut takes a possessive 's off a word that had its last apostrophe after so many
// letters.
func (w *words) cut(possessive int) {
	if possessive > 0 && w.n == possessive+1 && w.letters[w.n-1] == 's' {
		w.n-- // signs may say one too many; nothing is missed by that
	}
}

// add puts a letter at the end of the word as it is compared.
func (w *words) add(r rune, text string) {
	switch {
	case r < utf8.RuneSelf:
		w.put(unicode.ToLower(r))
	case spelledOut[r] != "":
		for _, r := range spelledOut[r] {
			w.put(r)
		}
	default:
		decomposed := norm.NFKD.PropertiesString(text).Decomposition()
		if decomposed == nil {
			w.put(unicode.ToLower(r))
			return
		}
		for _, r := range string(decomposed) {
			if !unicode.Is(unicode.Mn, r) {
				w.put(unicode.ToLower(r))
			}
		}
	}
}

func (w *words) put(r rune) {
	if w.n < maxWord {
		w.letters[w.n] = r
		w.n++
		w.signs |= sign(r)
	}
}

// sign is a letter as one of 32 bits: a word that lacks more signs of another
// than may differ cannot be near it.
func sign(r rune) uint32 { return 1 << (uint32(r) % 32) }

// spelledOut are letters that Unicode does not take apart.
var spelledOut = map[rune]string{'ß': "ss", 'ẞ': "ss", 'æ': "ae", 'Æ': "ae", 'œ': "oe", 'Œ': "oe", 'ø': "o", 'Ø': "o", 'ł': "l", 'Ł': "l", 'đ': "d", 'Đ': "d", 'ð': "d", 'þ': "th", 'ı': "i"}
