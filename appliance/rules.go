package appliance

import (
	"errors"

	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// Rules answers the protocol that counts now and the practice's calendar: what a
// call is routed by, and what a page or a command explains.
func (a *Appliance) Rules(tx *store.Tx) (protocol.Protocol, protocol.Calendar, error) {
	cal := protocol.Calendar{Zone: a.practice.Zone}
	p, err := protocol.Current(tx)
	if err != nil {
		return p, cal, err
	}
	days, err := oncall.Holidays(tx)
	if err != nil && !errors.Is(err, store.ErrDamaged) { // one that cannot be read is an ordinary day
		return p, cal, err
	}
	cal.Holiday = func(d protocol.Day) bool { return days[string(d)] }
	return p, cal, nil
}
