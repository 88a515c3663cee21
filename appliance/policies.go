package appliance

import (
	"context"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// SetPolicy keeps how calls of a type and urgency are rung. What rings already
// goes on as it began.
func (a *Appliance) SetPolicy(ctx context.Context, by string, p escalation.Policy) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if kept, found := escalation.Kept(tx, p.Type, p.Urgency); found {
			p.Again = kept.Again
		}
		return escalation.SetPolicy(tx, by, p, at)
	})
}

// RemovePolicy goes back to how such calls are rung without one of their own.
func (a *Appliance) RemovePolicy(ctx context.Context, by string, t message.CallType, u message.Urgency) error {
	at := a.Clock.Now().UTC()
	return a.Store.Update(ctx, func(tx *store.Tx) error { return escalation.RemovePolicy(tx, by, t, u, at) })
}
