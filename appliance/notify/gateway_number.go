package notify

import (
	"errors"
	"regexp"

	"github.com/nyaruka/phonenumbers"
)

// ErrPhoneNumber says that a text is no phone number that anybody can have.
var ErrPhoneNumber = errors.New("this is not a phone number; give it with its area code, or with + and its country")

// PhoneNumber answers what somebody typed as a number in E.164, such as
// +12125550100. A number without a country is one of the region, which has two
// letters, such as US. What is no number is refused: nobody would be rung by it.
func PhoneNumber(text, region string) (string, error) {
	n, err := phonenumbers.Parse(text, region)
	if err != nil || !phonenumbers.IsValidNumber(n) || n.GetExtension() != "" {
		return "", ErrPhoneNumber
	}
	return phonenumbers.Format(n, phonenumbers.E164), nil
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

// errNumber is for code: numbers are checked when they are entered.
var errNumber = errors.New("this address is no number in E.164")

// fullNumber is a number as a gateway writes it, with or without its +.
func fullNumber(s string) string {
	if s != "" && s[0] != '+' {
		s = "+" + s
	}
	return s
}
