package appliance

import (
	"errors"

	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// Rules answers a version of the protocol, or for 0 the one that counts now, and
// the practice's calendar: what a call is routed by, and what a page or a command
// explains. Where there is no such version, the one that counts is meant.
func (a *Appliance) Rules(tx *store.Tx, version int) (protocol.Protocol, protocol.Calendar, error) {
	cal := protocol.Calendar{Zone: a.practice.Zone}
	p, err := a.version(tx, version)
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

// DraftVersion asks Rules for the draft: a page tries it, and no call is taken by it.
const DraftVersion = -1

func (a *Appliance) version(tx *store.Tx, number int) (protocol.Protocol, error) {
	switch number {
	case 0:
		return a.Protocols.Current(tx)
	case DraftVersion:
		d, err := a.protocolDraft(tx)
		return d.Protocol, err
	}
	return a.Protocols.Of(tx, number)
}
