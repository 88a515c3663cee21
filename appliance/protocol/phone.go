package protocol

import (
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"nightbell/appliance/message"
)

// region is where a number without a country is from: the practice's callers are
// in the United States, whose plan covers Canada and the Caribbean too.
const region = "US"

// PhoneFault says why something that was typed is no whole phone number.
type PhoneFault string

const (
	PhoneWhole    PhoneFault = ""
	PhoneLocal    PhoneFault = "local"     // seven digits: the area code is missing
	PhoneTooShort PhoneFault = "too-short" // a digit or more is missing
	PhoneTooLong  PhoneFault = "too-long"
	PhoneNone     PhoneFault = "none" // nothing in it is a number
)

// FormatPhone writes a number as people read it aloud: (503) 555-0148 for one of
// the practice's country, +44 20 7946 0018 for others; what follows it (an
// extension) is kept. What is no whole number stays as it was typed.
func FormatPhone(typed string) string {
	number, rest := splitPhone(typed)
	n, fault := parsePhone(number)
	if fault != PhoneWhole {
		return strings.TrimSpace(typed)
	}
	if n.GetCountryCode() == 1 {
		return phonenumbers.Format(n, phonenumbers.NATIONAL) + rest
	}
	return phonenumbers.Format(n, phonenumbers.INTERNATIONAL) + rest
}

// E164 writes a number so that two ways to type it are the same: +15035550148;
// "" for what is no whole number. An extension is left out.
func E164(typed string) string {
	number, _ := splitPhone(typed)
	n, fault := parsePhone(number)
	if fault != PhoneWhole {
		return ""
	}
	return phonenumbers.Format(n, phonenumbers.E164)
}

// CheckPhone says what a number that was typed lacks.
func CheckPhone(typed string) PhoneFault {
	number, _ := splitPhone(typed)
	_, fault := parsePhone(number)
	return fault
}

// splitPhone cuts what is no number off the end: "x12", ", ask for Lee".
func splitPhone(typed string) (number, rest string) {
	typed = strings.TrimSpace(typed)
	if i := strings.IndexFunc(typed, func(r rune) bool { return unicode.IsLetter(r) || r == ',' || r == ';' || r == '#' }); i >= 0 {
		return typed[:i], " " + typed[i:]
	}
	return typed, ""
}

func parsePhone(number string) (*phonenumbers.PhoneNumber, PhoneFault) {
	if strings.ContainsFunc(number, func(r rune) bool { return !unicode.IsDigit(r) && !strings.ContainsRune(" ()-.+/", r) }) {
		return nil, PhoneNone
	}
	n, err := phonenumbers.Parse(number, region)
	switch {
	case err != nil && digits(number) == 0:
		return nil, PhoneNone
	case err != nil:
		return nil, PhoneTooShort
	}
	switch phonenumbers.IsPossibleNumberWithReason(n) {
	case phonenumbers.IS_POSSIBLE:
		return n, PhoneWhole
	case phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return n, PhoneLocal
	case phonenumbers.TOO_LONG:
		return n, PhoneTooLong
	}
	if n.GetCountryCode() == 1 && digits(number) == 7 {
		return n, PhoneLocal
	}
	return n, PhoneTooShort
}

// CallBack answers the number to call back that a record of the type has, in E.164;
// "" where it has none that is whole.
func (t Type) CallBack(r message.Record) message.Clear {
	for _, f := range t.Fields {
		if f.Kind == Phone {
			if number := E164(r.Field(f.Name).Reveal()); number != "" {
				return message.Clear(number)
			}
		}
	}
	return ""
}
