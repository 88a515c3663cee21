package escalation

import "nightbell/appliance/store"

// OnLastResort says whether a bell rings whose steps are all used up: everybody
// who can be rung was, and nobody took the message.
func (e *Engine) OnLastResort(tx *store.Tx) (on bool, err error) {
	_, err = eachTimer(tx, func(t timer) error {
		on = on || t.State == Ringing && t.Last
		return nil
	})
	return on, err
}
