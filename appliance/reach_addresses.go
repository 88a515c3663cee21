package appliance

import (
	"slices"
	"strings"
	"unicode"

	"nightbell/appliance/access"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// withAddresses answers somebody's ways with each address as its channel wants
// it, phone numbers in full. What is none is refused: nobody would be rung by it,
// and what stands in a mail's head or a request must hold nothing else.
func withAddresses(tx *store.Tx, r oncall.Reach) (oncall.Reach, error) {
	r.Ways = slices.Clone(r.Ways)
	for i, w := range r.Ways {
		switch notify.Kind(w.Kind) {
		case notify.KindSMS, notify.KindVoice:
			number, err := notify.PhoneNumber(w.Address, settings.Get(tx, settings.GatewayRegion))
			if err != nil {
				return r, withTodo("this is not a phone number", "give it with its area code, or with + and its country")
			}
			r.Ways[i].Address = number
		case notify.KindMail:
			if !access.MailAddress(w.Address) {
				return r, withTodo("this is not a mail address", "write the address alone, like name@example.org")
			}
		case notify.KindNtfy:
			if !notify.NtfyTopic(w.Address) {
				return r, withTodo("this is not an ntfy topic", "a topic has letters, digits, dashes and underscores, 64 at most")
			}
		default:
			if strings.ContainsFunc(w.Address, unicode.IsControl) {
				return r, withTodo("this has characters that cannot be sent", "write it anew")
			}
		}
	}
	return r, nil
}
