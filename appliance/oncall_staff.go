package appliance

import (
	"errors"
	"slices"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// onCallStaff tells who looks after the schedules what the other rooms know of
// the people in them.
type onCallStaff struct{ a *Appliance }

func (o onCallStaff) Account(tx *store.Tx, who message.PersonID) (name string, is oncall.Account, err error) {
	p, found, err := o.a.Access.Person(tx, who)
	switch name = o.a.called(tx, who); {
	case found && p.Contact:
		return name, oncall.AccountNone, err
	case found && p.Staff() && access.Allowed(p.Roles, access.WorkMessage):
		return name, oncall.AccountRings, err
	}
	return name, oncall.AccountOff, err
}

func (o onCallStaff) Kinds(tx *store.Tx, who message.PersonID) (kinds []string, err error) {
	p, found, err := o.a.Access.Person(tx, who)
	if err != nil || !found {
		return nil, err
	}
	reach, err := oncall.ReachOf(tx, who)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return nil, err
	}
	to := address(p, reach)
	for _, ch := range o.a.channels {
		if !ch.Leaves() || slices.Contains(kinds, string(ch.Kind())) {
			continue
		}
		condition, _, err := ch.Check(tx, to)
		if err != nil {
			return kinds, err
		}
		if condition == notify.Working {
			kinds = append(kinds, string(ch.Kind()))
		}
	}
	return kinds, nil
}
