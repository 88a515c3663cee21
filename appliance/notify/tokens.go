package notify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"regexp"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Token is what an answer to a notice carries: proof that whoever answers was
// sent that notice. It is bound to a message, a person and one bout of ringing,
// and dies with the bout. It prints as "[token]".
type Token string

// Format prints "[token]", whatever the verb; Reveal is the way to its text.
func (t Token) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[token]") }

// Reveal is the token as a notice carries it.
func (t Token) Reveal() string { return string(t) }

// Number is the number of the message that the token names; zero in what is no
// token. It proves nothing.
func (t Token) Number() message.Number {
	digits, _, _ := strings.Cut(string(t), "-")
	n, err := message.ParseNumber(digits)
	if err != nil {
		return 0
	}
	return n
}

// Tokens makes and checks answer tokens by a key of this machine.
type Tokens struct{ key []byte }

// TokenKeySize is the size of the key that NewTokens takes.
const TokenKeySize = 32

// NewTokens takes a key of TokenKeySize random bytes. Tokens of another key are
// refused.
func NewTokens(key []byte) Tokens { return Tokens{key} }

const (
	tokenBytes = 16 // 128 bits: nobody guesses one
	tokenHead  = 6  // its first group, short enough to be typed into a text message
	tokenGroup = 5
)

// tokenCode is RFC 4648's base32: without 0, 1, 8 and 9, which are misread for
// letters.
var tokenCode = base32.StdEncoding.WithPadding(base32.NoPadding)

// For makes the token of a message, a person and the bout that began at a
// moment. The same make the same token, so that a change may run again.
func (t Tokens) For(id message.ID, number message.Number, person message.PersonID, bout time.Time) Token {
	mac := hmac.New(sha256.New, t.key)
	for _, field := range []string{"nightbell answer 1", string(id), string(person)} {
		var size [4]byte
		binary.BigEndian.PutUint32(size[:], uint32(len(field)))
		mac.Write(size[:])
		mac.Write([]byte(field))
	}
	var numbers [16]byte
	binary.BigEndian.PutUint64(numbers[:8], uint64(number))
	binary.BigEndian.PutUint64(numbers[8:], uint64(bout.UTC().UnixNano()))
	mac.Write(numbers[:])
	code := strings.ToLower(tokenCode.EncodeToString(mac.Sum(nil)[:tokenBytes]))
	var b strings.Builder
	fmt.Fprintf(&b, "%d-%s", int64(number), code[:tokenHead])
	for rest := code[tokenHead:]; rest != ""; rest = rest[tokenGroup:] {
		b.WriteByte('-')
		b.WriteString(rest[:tokenGroup])
	}
	return Token(b.String())
}

// Check says whether a token is the one of a message, a person and a bout. It
// takes as long for a wrong one as for a right one.
func (t Tokens) Check(token Token, id message.ID, number message.Number, person message.PersonID, bout time.Time) bool {
	if len(t.key) < TokenKeySize {
		return false
	}
	return hmac.Equal([]byte(token), []byte(t.For(id, number, person, bout)))
}

// Code is the first group of a token: what a person can type into a text
// message. It counts only beside a sender that is known otherwise.
func (t Token) Code() string {
	_, rest, _ := strings.Cut(string(t), "-")
	code, _, _ := strings.Cut(rest, "-")
	return code
}

// CheckCode says whether a code is that of a message, a person and a bout.
func (t Tokens) CheckCode(code string, id message.ID, number message.Number, person message.PersonID, bout time.Time) bool {
	if len(t.key) < TokenKeySize {
		return false
	}
	return hmac.Equal([]byte(code), []byte(t.For(id, number, person, bout).Code()))
}

// tokenForm is a token as it stands in a text, in either case of letters: mail
// programs and keyboards change it.
var tokenForm = regexp.MustCompile(`(?i)\b[0-9]{1,18}-[a-z2-7]{6}(?:-[a-z2-7]{5}){4}\b`)

// FindToken answers the first token in a text, or none.
func FindToken(text string) (Token, bool) {
	found := strings.ToLower(tokenForm.FindString(text))
	return Token(found), found != ""
}
