package crypto

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// MinPassword is the fewest characters of a password that opens a slot: its
// file may be stolen and guessed at for as long as the thief likes.
const MinPassword = 15

// MinShortPassword is the fewest of a password that opens no slot: it can only
// be tried against a running appliance, which slows guessers down.
const MinShortPassword = 12

// minUncommon is how many characters of a password must be left when whatever a
// guesser tries first is taken out of it.
const minUncommon = 8

// WeakPasswordError says why a password is refused, in words for whoever chose
// it. It never quotes the password.
type WeakPasswordError struct {
	Why string // what is wrong
	Do  string // what to do
}

func (e *WeakPasswordError) Error() string { return e.Why + ": " + e.Do }

// advice is what helps in each case.
const advice = "four or five words that have nothing to do with each other, with a number between them, are easy to remember and hard to guess"

//go:embed common_passwords.txt
var commonFile string

// common is the embedded list, the longest first.
var common = sync.OnceValue(func() []string {
	var list []string
	for line := range strings.Lines(commonFile) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			list = append(list, line)
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return len(b) - len(a) })
	return list
})

// CheckPassword answers a *WeakPasswordError for a password that is too short to
// open a slot, or too easy to guess: made of common passwords, keyboard rows,
// repetitions, years, or the names given (the person's, the practice's).
func CheckPassword(password string, names ...string) error {
	return checkPassword(password, MinPassword, names)
}

// CheckShortPassword is CheckPassword for an account whose password opens no slot.
func CheckShortPassword(password string, names ...string) error {
	return checkPassword(password, MinShortPassword, names)
}

func checkPassword(password string, atLeast int, names []string) error {
	if utf8.RuneCountInString(password) < atLeast {
		return &WeakPasswordError{Why: "the password is too short", Do: fmt.Sprintf("take at least %d characters; %s", atLeast, advice)}
	}
	if strings.ContainsFunc(password, unicode.IsControl) {
		return &WeakPasswordError{Why: "the password holds a character that cannot be typed everywhere", Do: "take letters, digits, blanks and punctuation"}
	}
	plain := squash(password)
	if repeats(plain) {
		return &WeakPasswordError{Why: "the password repeats the same few characters", Do: "take a longer one; " + advice}
	}
	rest := without(plain, nameParts(names))
	if len(plain)-len(rest) > 0 && uncommon(rest) < minUncommon {
		return &WeakPasswordError{Why: "the password is little more than a name that everybody here knows", Do: "leave names out of it; " + advice}
	}
	if uncommon(without(rest, common())) < minUncommon {
		return &WeakPasswordError{Why: "the password is made of what guessers try first", Do: "take something of your own; " + advice}
	}
	return nil
}

// squash brings a password to the letters and digits that a guesser's rules
// start from: lower case, and "p@$$w0rd" read as "password".
func squash(password string) string {
	lookalike := strings.NewReplacer("@", "a", "4", "a", "$", "s", "5", "s", "0", "o", "3", "e", "1", "i", "!", "i", "|", "i", "7", "t", "+", "t", "8", "b", "9", "g")
	lower := strings.ToLower(password)
	var b strings.Builder
	for i, word := range splitDigits(lower) {
		// Digits standing alone are digits; between letters they stand for letters.
		if i%2 == 0 {
			word = lookalike.Replace(word)
		}
		for _, r := range word {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				b.WriteRune(r)
			}
		}
	}
	return b.String()
}

// splitDigits cuts s so that odd elements are runs of two digits or more, and
// even ones whatever lies between.
func splitDigits(s string) []string {
	parts := []string{""}
	for s != "" {
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		if n >= 2 {
			parts = append(parts, s[:n], "")
		} else {
			n = max(n, 1)
			parts[len(parts)-1] += s[:n]
		}
		s = s[n:]
	}
	return parts
}

// without takes every listed piece out of s, and leaves a blank where it was so
// that what stood around it makes no new word.
func without(s string, pieces []string) string {
	for _, piece := range pieces {
		s = strings.ReplaceAll(s, piece, " ")
	}
	return s
}

// nameParts are the words of names that are long enough to tell.
func nameParts(names []string) []string {
	var parts []string
	for _, name := range names {
		words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		parts = append(parts, strings.Join(words, ""))
		parts = append(parts, words...)
	}
	parts = slices.DeleteFunc(parts, func(s string) bool { return utf8.RuneCountInString(s) < 3 })
	slices.SortStableFunc(parts, func(a, b string) int { return len(b) - len(a) })
	return parts
}

// repeats says whether s is one shorter piece over and over.
func repeats(s string) bool {
	for unit := 1; unit <= len(s)/2; unit++ {
		if strings.HasPrefix(s[unit:], s[:len(s)-unit]) {
			return true
		}
	}
	return false
}

// keyboards are the rows that fingers run along, both ways.
var keyboards = [...]string{"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "azertyuiop", "01234567890", "abcdefghijklmnopqrstuvwxyz", "qazwsxedcrfvtgbyhnujmikolp"}

// uncommon counts the characters of s, a run along a keyboard row, the alphabet
// or the digits, a repetition, and a year counting as one.
func uncommon(s string) int {
	count := 0
	for s = strings.TrimLeft(s, " "); s != ""; s = strings.TrimLeft(s, " ") {
		s = s[runLength(s):]
		count++
	}
	return count
}

// runLength answers how many bytes at the start of s are one easy run: three
// neighbours or more; else those of one character.
func runLength(s string) int {
	_, first := utf8.DecodeRuneInString(s)
	longest := first
	same := len(s) - len(strings.TrimLeft(s, s[:first]))
	if same >= 3*first {
		longest = same
	}
	for _, row := range keyboards {
		for _, way := range [2]string{row, reversed(row)} {
			if n := along(s, way); n >= 3 && n > longest {
				longest = n
			}
		}
	}
	if longest < 4 && len(s) >= 4 && (s[:2] == "19" || s[:2] == "20") && digit(s[2]) && digit(s[3]) {
		return 4
	}
	return longest
}

// along answers how much of the start of s runs along the row.
func along(s, row string) int {
	at := strings.IndexByte(row, s[0])
	if at < 0 {
		return 0
	}
	n := 0
	for n < len(s) && at+n < len(row) && s[n] == row[at+n] {
		n++
	}
	return n
}

func digit(b byte) bool { return '0' <= b && b <= '9' }

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
