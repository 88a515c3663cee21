package protocol

import (
	"fmt"
	"log/slog"
	"slices"
	"time"

	"nightbell/appliance/message"
)

const (
	maxBetween = 2  // other words between two of a part
	maxApart   = 40 // words between two parts of a phrase: two sentences of a long letter
	maxPlaces  = 16 // places of one phrase that are pointed at: enough to see why
)

// About is what of a call decides which red flags are looked for.
type About struct {
	Type message.CallType
	Born time.Time // zero: not known, and flags of the young are not looked for: their words are everyday ones of everybody else
	At   time.Time
}

// Place is a place in one of the texts that were looked at, in bytes of it.
type Place struct{ Text, Start, End int }

// Found is a red flag whose words stand in a text. That they do says something
// of a patient: it prints as "[sealed]" and is not encoded.
type Found struct {
	Flag   RedFlag
	Places []Place // in order, none in another: what to point at
}

// Format prints "[sealed]", whatever the verb.
func (f Found) Format(s fmt.State, verb rune) { message.Clear("").Format(s, verb) }

// LogValue logs "[sealed]".
func (f Found) LogValue() slog.Value { return message.Clear("").LogValue() }

// MarshalText always fails, as Clear's does.
func (f Found) MarshalText() ([]byte, error) { return message.Clear("").MarshalText() }

// Find answers the red flags whose words stand in the texts of one call, in the
// protocol's order. Words of a phrase stand in one text, the parts of a phrase
// may stand in several: "pregnant" among the symptoms and "bleeding" in the
// reason. Every word of every text is looked at once, so that the time grows with
// the length of the texts and not faster.
func (f *Flags) Find(about About, texts ...message.Clear) []Found {
	l := look{f: f, seen: make([]stood, f.slots), last: make([]spot, len(f.parts)), places: make([][]Place, len(f.phrases))}
	for i, t := range texts {
		l.read(i, t.Reveal())
	}
	return l.answer(about)
}

// look is one reading of some texts.
type look struct {
	f      *Flags
	seen   []stood   // of each slot: where the words of its part up to it stood last
	last   []spot    // of each part: where it stood last
	places [][]Place // of each phrase that was said
	text   int
	hits   []hit
	at     int // words so far, and a gap no part reaches over between two texts
}

type stood struct{ at, start int }

// spot is a part in a text; at is 0 where it was not said yet.
type spot struct {
	at    int
	place Place
}

// hit is a use of a term that the word at hand is.
type hit struct {
	use
	ordinary bool
}

func (l *look) read(text int, s string) {
	l.text = text
	l.at += maxBetween + 1
	for w := (words{text: s}); w.find(); {
		if w.n == 0 {
			continue
		}
		l.at++
		word := w.word()
		l.hits = l.hits[:0]
		l.terms(l.f.first[word[0]], &w)
		if len(word) > 1 && word[0] != word[1] {
			l.swapped(l.f.first[word[1]], &w)
		}
		if len(l.hits) > 0 {
			l.saw(&w)
		}
	}
}

func (l *look) terms(terms []int, w *words) {
	for _, id := range terms {
		t := &l.f.terms[id]
		if is, wrong := t.near(w.word(), w.signs); is {
			l.hit(t, wrong && ordinary[string(w.word())])
		}
	}
}

// swapped looks for the terms whose first two letters have changed places.
func (l *look) swapped(terms []int, w *words) {
	for _, id := range terms {
		t := &l.f.terms[id]
		if t.errors == 0 || t.letters[1] != w.letters[0] {
			continue
		}
		if is, _ := t.near(w.word(), w.signs); is {
			l.hit(t, ordinary[string(w.word())])
		}
	}
}

func (l *look) hit(t *term, ordinary bool) {
	for _, u := range t.uses {
		l.hits = append(l.hits, hit{use: u, ordinary: ordinary})
	}
}

// saw goes on with the parts that the word at hand is of, from their ends, so
// that it is not two words of a part. The latest place of the words before it
// serves best: it leaves the most room. An ordinary word that only looks like a
// typing error counts among others, not by itself.
func (l *look) saw(w *words) {
	slices.SortFunc(l.hits, func(a, b hit) int { return b.at - a.at })
	for _, h := range l.hits {
		p := l.f.parts[h.part]
		if h.ordinary && p.long == 1 {
			continue
		}
		start := w.start
		if h.at > 0 {
			before := l.seen[p.slot+h.at-1]
			if before.at == 0 || l.at-before.at > maxBetween+1 {
				continue
			}
			start = before.start
		}
		l.seen[p.slot+h.at] = stood{at: l.at, start: start}
		if h.at == p.long-1 {
			l.said(h.part, Place{Text: l.text, Start: start, End: w.end})
		}
	}
}

// said goes through the phrases that a part is of, and keeps where their parts
// stand when the others were said near it.
func (l *look) said(part int, at Place) {
	l.last[part] = spot{l.at, at}
	for _, n := range l.f.of[part] {
		if len(l.places[n]) >= maxPlaces {
			continue
		}
		var places []Place
		for _, ways := range l.f.phrases[n].parts {
			latest := l.latest(ways)
			if latest.at == 0 {
				places = nil
				break
			}
			places = append(places, latest.place)
		}
		l.places[n] = append(l.places[n], places...)
	}
}

// latest answers where one of the ways was said last, within reach of the word at
// hand.
func (l *look) latest(ways []int) (latest spot) {
	for _, way := range ways {
		if s := l.last[way]; s.at > latest.at && (s.place.Text != l.text || l.at-s.at <= maxApart) {
			latest = s
		}
	}
	return latest
}

func (l *look) answer(about About) []Found {
	places := make([][]Place, len(l.f.flags))
	for n, p := range l.f.phrases {
		places[p.flag] = append(places[p.flag], l.places[n]...)
	}
	var answer []Found
	for i, flag := range l.f.flags {
		if len(places[i]) > 0 && flag.concerns(about) {
			answer = append(answer, Found{Flag: flag, Places: outermost(places[i])})
		}
	}
	return answer
}

func (f RedFlag) concerns(a About) bool {
	if len(f.Types) > 0 && !slices.Contains(f.Types, a.Type) {
		return false
	}
	return f.YoungerThan == 0 || !a.Born.IsZero() && a.At.Before(a.Born.AddDate(0, f.YoungerThan, 0))
}

// outermost puts places in order and makes one of those that overlap.
func outermost(places []Place) []Place {
	slices.SortFunc(places, func(a, b Place) int {
		if a.Text != b.Text {
			return a.Text - b.Text
		}
		return a.Start - b.Start
	})
	var out []Place
	for _, s := range places {
		if n := len(out) - 1; n >= 0 && out[n].Text == s.Text && s.Start < out[n].End {
			out[n].End = max(out[n].End, s.End)
			continue
		}
		out = append(out, s)
	}
	return out
}
