package settings

import (
	"errors"
	"slices"
	"strings"
)

// oneOf takes the words of a list.
// GatewayPresets are the providers that gateway.preset names.
func GatewayPresets() []string { return []string{"twilio", "vonage", "telnyx", "clicksend"} }

func oneOf(words ...string) func(string) error {
	return func(v string) error {
		if !slices.Contains(words, v) {
			return errors.New("give one of " + strings.Join(words, ", "))
		}
		return nil
	}
}

const (
	smallLetters = "abcdefghijklmnopqrstuvwxyz"
	bigLetters   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits       = "0123456789"
)

// gatewayName takes the names that gateways give: they become part of addresses.
func gatewayName(v string) error {
	if len(v) > 120 || strings.Trim(v, smallLetters+bigLetters+digits+"-_.@+") != "" || strings.Trim(v, ".") == "" {
		return errors.New("give the name as the gateway shows it: letters, digits and -_.@+")
	}
	return nil
}

// gatewayFrom takes what answers can be sent back to: a full number, a short
// code, or Twilio's name for a set of numbers.
func gatewayFrom(v string) error {
	number, full := strings.CutPrefix(v, "+")
	onlyDigits := number != "" && strings.Trim(number, digits) == ""
	switch {
	case full && onlyDigits && number[0] != '0' && len(number) >= 8 && len(number) <= 15: // ITU-T E.164
		return nil
	case !full && onlyDigits && (len(v) == 5 || len(v) == 6):
		return nil
	case len(v) == 34 && strings.HasPrefix(v, "MG") && strings.Trim(v[2:], digits+"abcdef") == "":
		return nil
	}
	return errors.New("give the number with + and its country, such as +12125550100")
}

func region(v string) error {
	if len(v) != 2 || strings.Trim(v, bigLetters) != "" {
		return errors.New("give a country in two capital letters, such as US")
	}
	return nil
}
