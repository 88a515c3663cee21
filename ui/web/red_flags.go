package web

import (
	"slices"
	"strings"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// span is a piece of what was said; one that is marked raised the urgency.
type span struct {
	Text string
	Mark bool
}

// flagWords say which red flags stand in an opened message: those that nobody
// could ask about in one line, and each that the taker asked.
func (s *Server) flagWords(v desk.View) (lines []string) {
	var unasked []string
	for _, f := range v.Flags {
		switch f.Said {
		case message.FlagYes:
			lines = append(lines, s.words.say("red-flag.raised", f.Name.Reveal()))
		case message.FlagNo:
			lines = append(lines, s.words.say("red-flag.no", f.Name.Reveal()))
		default:
			unasked = append(unasked, f.Name.Reveal())
		}
	}
	if len(unasked) == 0 {
		return lines
	}
	word := "red-flag.found"
	if v.Envelope.Has(message.FlagRedFlag) {
		word = "red-flag.by-words"
	}
	return append(lines, s.words.say(word, strings.Join(unasked, ", ")))
}

// marked parts a text at the words of red flags in it; nil where there are none.
func marked(text, field string, flags []desk.FlagSeen) (spans []span) {
	var places []desk.FlagPlace
	for _, f := range flags {
		for _, p := range f.Places {
			if p.Field == field && p.Start >= 0 && p.Start < p.End && p.End <= len(text) {
				places = append(places, p)
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	slices.SortFunc(places, func(a, b desk.FlagPlace) int { return a.Start - b.Start })
	at := 0
	for _, p := range places {
		if p.End <= at {
			continue
		}
		if p.Start > at {
			spans = append(spans, span{Text: text[at:p.Start]})
		}
		spans = append(spans, span{Text: text[max(at, p.Start):p.End], Mark: true})
		at = p.End
	}
	return append(spans, span{Text: text[at:]})
}
