package protocol

import (
	"math/bits"
	"slices"
)

// A typing error is a letter too many, one that is missing or another one, or
// two neighbours that changed places. A beginning has more letters that it could
// be by chance, and less that tells what was meant: it has to be longer.
func errorsIn(letters int, begins bool) int {
	if begins {
		letters--
	}
	switch {
	case letters < 5:
		return 0
	case letters < 8:
		return 1
	}
	return 2
}

// term is a word of a phrase: what a word of a text is compared with.
type term struct {
	letters []rune
	signs   uint32
	begins  bool // a word that begins with these letters will do
	errors  int  // how many are allowed
	uses    []use
}

// near answers whether a word with these signs is the term, and whether it has
// errors. Its first letter is what the term begins with, or has changed places
// with the second: people rarely mistype the first letter of a word, and what
// they do not mean differs there often (never and fever, bleeding and feeding).
func (t *term) near(word []rune, signs uint32) (is, wrong bool) {
	if t.begins && len(word) > len(t.letters)+t.errors {
		word = word[:len(t.letters)+t.errors]
	}
	if more := len(word) - len(t.letters); more > t.errors || -more > t.errors {
		return false, false
	}
	if t.errors == 0 && !t.begins {
		return t.swapped(word)
	}
	if bits.OnesCount32(t.signs&^signs) > t.errors {
		return false, false
	}
	d := t.distance(word)
	return d <= t.errors, d > 0
}

// swapped answers near for a short word: it is the term, or has four letters of
// which two neighbours changed places ("pian"). Shorter ones are other words then.
func (t *term) swapped(word []rune) (is, wrong bool) {
	if len(word) != len(t.letters) {
		return false, false
	}
	i := 0
	for i < len(word) && word[i] == t.letters[i] {
		i++
	}
	if i == len(word) {
		return true, false
	}
	is = len(word) == 4 && i < 3 && word[i] == t.letters[i+1] && word[i+1] == t.letters[i] && slices.Equal(word[i+2:], t.letters[i+2:])
	return is, is
}

// distance counts the errors in a word, of a term that begins a word in the
// beginning of it that has the fewest (optimal string alignment).
func (t *term) distance(word []rune) int {
	var rows [3][maxWord + 1]int
	before, last, row := &rows[0], &rows[1], &rows[2]
	for j := range len(word) + 1 {
		last[j] = j
	}
	for i, a := range t.letters {
		row[0] = i + 1
		for j, b := range word {
			d := last[j]
			if a != b {
				d = min(d, last[j+1], row[j]) + 1
				if i > 0 && j > 0 && a == word[j-1] && b == t.letters[i-1] {
					d = min(d, before[j-1]+1)
				}
			}
			row[j+1] = d
		}
		before, last, row = last, row, before
	}
	if !t.begins {
		return last[len(word)]
	}
	least := last[0]
	for _, d := range last[:len(word)+1] {
		least = min(least, d)
	}
	return least
}
