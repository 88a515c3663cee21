package intake

import (
	"slices"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// answered keeps the red flags that asked the call taker. One that is real makes
// the call as urgent as it says, whatever else was chosen; one that is not changes
// nothing. What is no flag of the call's version is left out: no call is refused
// for it. Of several answers the last counts.
func (d *draft) answered() {
	at := d.in.clock.Now().UTC()
	for _, flag := range d.protocol.RedFlags {
		raised, asked := d.taking.answer(flag)
		if !asked {
			continue
		}
		said := message.FlagNo
		if raised {
			said = message.FlagYes
			d.urgency = max(d.urgency, flag.To)
		}
		d.record.Flags = append(d.record.Flags, message.Flagged{Flag: flag.ID, Said: said, At: at})
	}
}

// answer is what a person said to a flag.
func (t *Taking) answer(flag protocol.RedFlag) (raised, asked bool) {
	if t.TypedBy == "" {
		return false, false
	}
	for _, one := range slices.Backward(t.Asked) {
		if one.ID == flag.ID {
			return one.Raised, true
		}
	}
	return false, false
}
