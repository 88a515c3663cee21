package notify

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode"

	"nightbell/appliance/message"
)

// Answered is an answer as a channel heard it. It proves nothing yet: whoever is
// given it checks token, or code and sender, against what rings.
type Answered struct {
	What   message.Answer
	By     Kind             // the channel that it came by
	From   string           // the sender's address on that channel; "" where the channel knows none
	Person message.PersonID // who that is, where the channel knows; else ""
	Token  Token            // "" where only a code came
	Code   string           // a token's first group, typed by hand; counts only with From
	Number message.Number   // of the message, where it was said; else 0
	At     time.Time        // UTC: when it was heard
}

// Answers takes what was answered. Its error is a *Refusal when the answer
// counts for nothing, and something else when it could not be looked at now:
// then the channel gives it again.
type Answers interface {
	Answered(ctx context.Context, a Answered) error
}

// Refusal says why an answer counts for nothing. It is a code: it goes into the
// log and is counted.
type Refusal struct{ Why RefusedFor }

func (e *Refusal) Error() string { return "the answer counts for nothing: " + string(e.Why) }

// RefusedFor is why an answer counts for nothing.
type RefusedFor string

const (
	RefusedNoWord    RefusedFor = "no-word"    // its first line is no answer
	RefusedNoToken   RefusedFor = "no-token"   // it carries none
	RefusedToken     RefusedFor = "token"      // no notice that rings now has this token
	RefusedAutomatic RefusedFor = "automatic"  // a machine wrote it
	RefusedSender    RefusedFor = "sender"     // it comes from an address of somebody else, or of nobody
	RefusedGuesses   RefusedFor = "guesses"    // too many wrong codes came from the number before it
	RefusedOver      RefusedFor = "over"       // somebody has taken the message already
	RefusedTooLarge  RefusedFor = "too-large"  // no person answers with so much
	RefusedUnread    RefusedFor = "unreadable" // it cannot be read
)

// maxReply is how much of a reply is looked at: a notice, quoted, is far below.
const maxReply = 64 << 10

// ParseReply reads what a person sent back: the first line is the answer, and
// nothing but it; a token may stand in it or in the notice quoted below. So an
// automatic reply that quotes the notice answers nothing, whatever it says. It
// fills What, Token, Code and Number; why is "" where that is an answer.
func ParseReply(text string) (a Answered, why RefusedFor) {
	if len(text) > maxReply {
		text = text[:maxReply]
	}
	line, _ := firstLine(text)
	if a.What, a.Code, a.Number = readLine(line); a.What == "" {
		return Answered{}, RefusedNoWord
	}
	if token, found := FindToken(text); found {
		a.Token, a.Number = token, token.Number()
	}
	if a.Token == "" && a.Code == "" {
		return a, RefusedNoToken
	}
	return a, ""
}

// firstLine is the first line with something in it, unless it is quoted.
func firstLine(text string) (line string, own bool) {
	for line := range strings.Lines(text) {
		line = strings.TrimFunc(line, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' })
		if line == "" {
			continue
		}
		if line[0] == '>' || line[0] == '|' {
			return "", false
		}
		return line, true
	}
	return "", false
}

const maxLine = 120 // a word, a token and its politeness

var codeForm = regexp.MustCompile(`^[a-z2-7]{6}$`)

// readLine reads an answer's line: one of our words, first, and beside it only
// what belongs to it.
func readLine(line string) (what message.Answer, code string, number message.Number) {
	if len(line) > maxLine {
		return "", "", 0
	}
	words := strings.Fields(strings.ToLower(tokenForm.ReplaceAllString(line, "")))
	for i, word := range words {
		word = strings.Trim(word, ".,;:!()[]\"'“”")
		if i == 0 {
			if what = answerWords[word]; what == "" {
				return "", "", 0
			}
			continue
		}
		switch n, err := message.ParseNumber(word); {
		case word == "" || fillers[word]:
		case codeForm.MatchString(word) && code == "":
			code = word
		case err == nil && number == 0:
			number = n
		default:
			return "", "", 0
		}
	}
	return what, code, number
}
