package appliance

import (
	"slices"

	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// withFullNumbers answers somebody's ways with phone numbers as gateways want
// them. What is no number is refused: nobody would be rung by it.
func withFullNumbers(tx *store.Tx, r oncall.Reach) (oncall.Reach, error) {
	r.Ways = slices.Clone(r.Ways)
	for i, w := range r.Ways {
		if k := notify.Kind(w.Kind); k != notify.KindSMS && k != notify.KindVoice {
			continue
		}
		number, err := notify.PhoneNumber(w.Address, settings.Get(tx, settings.GatewayRegion))
		if err != nil {
			return r, withTodo("this is not a phone number", "give it with its area code, or with + and its country")
		}
		r.Ways[i].Address = number
	}
	return r, nil
}
