package notify

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"nightbell/appliance/finding"
	"nightbell/appliance/store"
)

// OwnWords are a practice's own words for one channel and reason, with the
// placeholders in them: {number} {type} {urgency} {since} {others} {ring} {link}.
// How a notice is answered is added to them and cannot be edited.
type OwnWords struct {
	Kind   Kind   `json:"kind"`
	Reason Reason `json:"reason"`
	Title  string `json:"title"` // for channels that have one
	Text   string `json:"text"`
}

const wordsBucket = "notice-words"

var ownWords = store.NewTable[OwnWords](wordsBucket)

func wordsKey(kind Kind, reason Reason) string { return string(kind) + "/" + string(reason) }

// BadWords says why words were not kept.
type BadWords struct{ Why string }

func (e *BadWords) Error() string { return e.Why }

var placeholder = regexp.MustCompile(`\{[^{}]*\}`)

var placeholders = []string{"{number}", "{type}", "{urgency}", "{since}", "{others}", "{ring}", "{link}"}

// Longest title and text: what a lock screen and two text messages hold.
const (
	maxTitle = 120
	maxText  = 480
)

// SetWords keeps a practice's own words for a channel and reason; empty ones go
// back to the built-in. Words that look as if they held a name, a date or a
// number are refused by a *BadWords.
func SetWords(tx *store.Tx, w OwnWords) error {
	if err := CheckWords(w); err != nil {
		return err
	}
	if w.Title == "" && w.Text == "" {
		return ownWords.Delete(tx, wordsKey(w.Kind, w.Reason))
	}
	return ownWords.Put(tx, wordsKey(w.Kind, w.Reason), w)
}

// CheckWords answers what SetWords would have against words.
func CheckWords(w OwnWords) error {
	if _, known := kindNames[w.Kind]; !known || w.Kind == KindDesk || !slices.Contains(reasons, w.Reason) {
		return &BadWords{"there is no such channel or reason"}
	}
	if w.Title == "" && w.Text == "" {
		return nil // back to the built-in
	}
	if w.Title == "" || w.Text == "" {
		return &BadWords{"give a title and a text"}
	}
	if len(w.Title) > maxTitle || len(w.Text) > maxText {
		return &BadWords{fmt.Sprintf("a title has at most %d characters, a text %d", maxTitle, maxText)}
	}
	if w.Reason != Test && !strings.Contains(w.Text, "{number}") {
		return &BadWords{"the text has to say {number}: without it nobody knows which message rings"}
	}
	for _, text := range []string{w.Title, w.Text} {
		for _, p := range placeholder.FindAllString(text, -1) {
			if !slices.Contains(placeholders, p) {
				return &BadWords{"there is no such placeholder; there are " + strings.Join(placeholders, " ")}
			}
		}
		if hit := guard(text); hit != "" {
			return &BadWords{"the words hold " + hit + "; a notice may be read by anybody who sees the phone"}
		}
	}
	return nil
}

var reasons = []Reason{Waiting, HandedOff, Overdue, Test}

// Words answers the words of each reason on a channel, as they go out: the
// practice's own, or the built-in.
func Words(tx *store.Tx, kind Kind) []OwnWords {
	var list []OwnWords
	for _, r := range reasons {
		w := (Speech{}).words(tx, kind, r)
		list = append(list, OwnWords{Kind: kind, Reason: r, Title: w.title, Text: w.text})
	}
	return list
}

// WordsFindings says which words of the practice's own are not used.
func WordsFindings(tx *store.Tx) []finding.Finding {
	var list []finding.Finding
	for kind := range kindNames {
		for _, r := range reasons {
			w, found, err := ownWords.Get(tx, wordsKey(kind, r))
			if err != nil || !found {
				continue
			}
			hit := guard(w.Title)
			if hit == "" {
				hit = guard(w.Text)
			}
			if hit != "" {
				list = append(list, wordsGuarded(kind, hit))
				break
			}
		}
	}
	return list
}

// guard says what in words, their placeholders aside, might tell of a person:
// "" for nothing. It is a net with narrow meshes, not a proof: the words it lets
// through are words that somebody chose for everybody's lock screen.
func guard(text string) string {
	text = placeholder.ReplaceAllString(text, " x ")
	if strings.ContainsFunc(text, unicode.IsNumber) {
		return "a number"
	}
	if strings.Contains(text, "@") {
		return "a mail address"
	}
	if telling.MatchString(text) {
		return "words about a person"
	}
	start := true
	for _, word := range strings.Fields(text) {
		letters := strings.TrimFunc(word, func(r rune) bool { return !unicode.IsLetter(r) })
		first, _ := utf8.DecodeRuneInString(letters)
		if unicode.IsUpper(first) && !usual[letters] && !(start && sentenceStarts[strings.ToLower(letters)]) {
			return "what looks like a name"
		}
		start = strings.ContainsAny(word[len(word)-1:], ".!?:")
	}
	return ""
}

// telling are words that stand beside somebody's name or birthday.
var telling = regexp.MustCompile(`(?i)\b(mr|mrs|ms|miss|dr|born|dob|birth\w*|patient (named|called)|january|february|march|april|june|july|august|september|october|november|december)\b`)
