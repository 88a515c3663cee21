package protocol

import (
	"fmt"
	"slices"
	"strings"
)

// Flags are the red flags of a protocol, ready to be looked for. They never
// change: whoever holds the protocol keeps them beside it, and all share them.
type Flags struct {
	flags   []RedFlag
	phrases []phrase
	parts   []part
	terms   []term
	first   map[rune][]int // terms by their first letter
	of      [][]int        // the phrases that a part is of
	slots   int            // words of all parts together
}

// phrase is what one line of a flag's words asks for: of each of its parts, one of
// the ways to say it.
type phrase struct {
	flag  int
	parts [][]int
}

// part is some words in their order.
type part struct{ slot, long int }

// use is a place where a term stands in a part.
type use struct{ part, at int }

// Compile makes the protocol's red flags ready to be looked for in a text.
func (p Protocol) Compile() *Flags {
	c := compiler{f: &Flags{flags: p.RedFlags, first: map[rune][]int{}}, parts: map[string]int{}, terms: map[string]int{}}
	for i, flag := range p.RedFlags {
		for _, words := range flag.Words {
			c.phrase(i, words)
		}
	}
	return c.f
}

// compiler keeps what is the same in several phrases once.
type compiler struct {
	f            *Flags
	parts, terms map[string]int
}

func (c *compiler) phrase(flag int, text string) {
	one := phrase{flag: flag}
	for _, segment := range strings.Split(text, " + ") {
		var ways []int
		for _, terms := range waysOf(segment) {
			ways = append(ways, c.part(terms))
			if joined, ok := joined(terms); ok {
				ways = append(ways, c.part([]term{joined}))
			}
		}
		if len(ways) > 0 {
			one.parts = append(one.parts, ways)
		}
	}
	if len(one.parts) == 0 {
		return
	}
	for _, way := range slices.Concat(one.parts...) {
		if of := &c.f.of[way]; !slices.Contains(*of, len(c.f.phrases)) {
			*of = append(*of, len(c.f.phrases))
		}
	}
	c.f.phrases = append(c.f.phrases, one)
}

// maxWays bounds what the alternatives of one part multiply to; a part with more
// is cut short, which form refuses before it is kept.
const maxWays = 200

// waysOf answers each way to say a part: "cant|cannot move" has two.
func waysOf(segment string) [][]term {
	ways := [][]term{nil}
	for _, word := range strings.Fields(segment) {
		var longer [][]term
		for _, way := range ways {
			for _, one := range strings.Split(word, "|") {
				longer = append(longer, append(slices.Clip(way), termsOf(one)...))
			}
		}
		if len(longer) > maxWays {
			longer = longer[:maxWays]
		}
		ways = longer
	}
	return slices.DeleteFunc(ways, func(way []term) bool { return len(way) == 0 })
}

func (c *compiler) part(terms []term) int {
	key := ""
	for _, t := range terms {
		key += t.key() + " "
	}
	n, ok := c.parts[key]
	if ok {
		return n
	}
	n = len(c.f.parts)
	c.parts[key] = n
	c.f.of = append(c.f.of, nil)
	c.f.parts = append(c.f.parts, part{slot: c.f.slots, long: len(terms)})
	c.f.slots += len(terms)
	for at, t := range terms {
		id := c.term(t)
		c.f.terms[id].uses = append(c.f.terms[id].uses, use{part: n, at: at})
	}
	return n
}

func (c *compiler) term(t term) int {
	n, ok := c.terms[t.key()]
	if !ok {
		n = len(c.f.terms)
		c.terms[t.key()] = n
		c.f.terms = append(c.f.terms, t)
		c.f.first[t.letters[0]] = append(c.f.first[t.letters[0]], n)
	}
	return n
}

func (t *term) key() string { return fmt.Sprint(string(t.letters), t.begins, t.errors) }

// termsOf reads the words of a way as the words of a text are read.
func termsOf(part string) []term {
	var terms []term
	for _, one := range strings.Fields(part) {
		stem, begins := strings.CutSuffix(one, "*")
		w := words{text: stem}
		for w.find() {
			if w.n > 0 {
				terms = append(terms, termOf(slices.Clone(w.word()), begins && w.next == len(stem)))
			}
		}
	}
	return terms
}

func termOf(letters []rune, begins bool) term {
	t := term{letters: letters, begins: begins, errors: errorsIn(len(letters), begins)}
	for _, r := range letters {
		t.signs |= sign(r)
	}
	return t
}

const leastJoined = 8 // letters: shorter ones look like other words

// joined is two words typed without the space between them: "chestpain".
func joined(part []term) (term, bool) {
	if len(part) != 2 {
		return term{}, false
	}
	t := termOf(slices.Concat(part[0].letters, part[1].letters), part[1].begins)
	if len(t.letters) < leastJoined || len(t.letters) > maxWord {
		return term{}, false
	}
	t.errors = 1 // the space is the other
	return t, true
}
