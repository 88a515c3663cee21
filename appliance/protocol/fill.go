package protocol

import (
	"fmt"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"nightbell/appliance/message"
)

const (
	maxLine = 500    // characters: a name, a pharmacy with its street, a mail's list of addresses
	maxLong = 10_000 // characters: four printed pages; more is a letter, which is a file
)

// minDigits is what a call back number has at least: an extension in the house.
const minDigits = 3

// Problem is what is wrong with one field, in words for the person who typed it.
// It never holds what was typed.
type Problem struct {
	Field   string // its name, or "" where the form as a whole is meant
	Words   string
	Missing bool // nothing was typed where something is required
}

// Fill checks a form that came in on a channel against the type and answers it
// as it is kept: trimmed, in valid UTF-8, without control characters and empty
// fields; a mail's overlong ones are cut. The order of problems is the order of
// the fields.
func (p Protocol) Fill(t Type, form map[string]message.Clear, ch message.Channel) (map[string]message.Clear, []Problem) {
	fields := t.FieldsFor(ch)
	kept := make(map[string]message.Clear, len(form))
	var problems []Problem
	known := make(map[string]bool, len(fields))
	for _, f := range fields {
		known[f.Name] = true
		value := Tidy(form[f.Name].Reveal(), f.Kind)
		if ch == message.ChannelMail {
			value = cut(value, f.limit())
		}
		if words := f.check(value); words != "" {
			problems = append(problems, Problem{f.Name, f.Label + " " + words, value == ""})
		}
		if value != "" {
			kept[f.Name] = message.Clear(value)
		}
	}
	if t.Minimum == Refuse && ch != message.ChannelMail {
		problems = append(problems, t.refused(kept)...)
	}
	return kept, append(problems, p.strangers(t, form, known)...)
}

// refused are the fields that hold what this kind of call must not keep.
func (t Type) refused(form map[string]message.Clear) (problems []Problem) {
	for _, e := range t.Excesses(form) {
		f, _ := t.Field(e.Field)
		problems = append(problems, Problem{Field: e.Field, Words: e.Words(f, true)})
	}
	return problems
}

// strangers refuses what the type does not ask. A name that some type of the
// protocol has is named; any other may be anything, a patient too, and is only counted.
func (p Protocol) strangers(t Type, form map[string]message.Clear, known map[string]bool) []Problem {
	var named []string
	other := 0
	for name, value := range form {
		if known[name] || strings.TrimSpace(value.Reveal()) == "" {
			continue
		}
		if p.asksAnywhere(name) {
			named = append(named, name)
		} else {
			other++
		}
	}
	sort.Strings(named)
	var problems []Problem
	for _, name := range named {
		problems = append(problems, Problem{Field: name, Words: fmt.Sprintf("%s is not asked for this kind of call (%s); leave it out.", name, t.Name)})
	}
	if other > 0 {
		problems = append(problems, Problem{Words: fmt.Sprintf("%d of the fields belong to no kind of call; leave them out.", other)})
	}
	return problems
}

func (p Protocol) asksAnywhere(name string) bool {
	for _, t := range p.Types {
		if _, ok := t.Field(name); ok {
			return true
		}
	}
	for _, f := range mailFields() {
		if f.Name == name {
			return true
		}
	}
	return false
}

// check answers what is wrong with a tidy value, or "".
func (f Field) check(value string) string {
	if value == "" {
		if f.Ask == Required {
			return "is missing."
		}
		return ""
	}
	if utf8.RuneCountInString(value) > f.limit() {
		return fmt.Sprintf("is longer than %d characters; shorten it, or attach it as a file.", f.limit())
	}
	switch f.Kind {
	case Phone:
		if digits(value) < minDigits && !strings.EqualFold(value, "none") {
			return "has no number in it; write the number, or none."
		}
	case Choice:
		for _, o := range f.Options {
			if o.Value == value {
				return ""
			}
		}
		return "is not one of the answers offered."
	case Check:
		if value != Yes {
			return "is either ticked or not."
		}
	}
	return ""
}

func (f Field) limit() int {
	switch {
	case f.Limit > 0:
		return f.Limit
	case f.Kind == LongText:
		return maxLong
	}
	return maxLine
}

// cut shortens to n characters: a mail is never refused for its headers, and it
// is kept beside them as it came.
func cut(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n-1]) + "…"
}

func digits(s string) (n int) {
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n
}

// Tidy makes what was typed fit to be kept and shown: valid UTF-8, lines ended
// by "\n", one line where the field has one, nothing that steers a terminal.
func Tidy(s string, kind Kind) string {
	if plain(s) {
		return strings.TrimSpace(s)
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && kind == LongText:
			return r
		case r == '\n' || r == '\t':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, Straight(s))
	return strings.TrimSpace(s)
}

// Straight takes out what turns the order of letters around (Unicode's overrides,
// embeddings and isolates): a call back number must not read backwards, nor a
// file name end otherwise than it looks.
func Straight(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return -1
		}
		return r
	}, s)
}

// plain says whether s is printable ASCII, as most of what is typed.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
