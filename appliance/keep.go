package appliance

import (
	"context"
	"time"

	"nightbell/appliance/store"
)

const (
	// keysKept is how long a machine may try again under its idempotency key:
	// an office that was shut over a long weekend, and then some.
	keysKept = 14 * 24 * time.Hour

	forgetEvery = time.Hour
	forgetBatch = 1000 // keys a change: small beside what a change may hold
)

// forgetKeys forgets idempotency keys that nobody will come back with, so that
// they do not grow with every message for ever.
func (a *Appliance) forgetKeys(ctx context.Context) error {
	forget := func() {
		if err := a.forgetOldKeys(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("old idempotency keys could not be forgotten", "err", err)
		}
	}
	forget()
	return a.every(ctx, forgetEvery, forget)
}

func (a *Appliance) forgetOldKeys(ctx context.Context) error {
	before := a.Clock.Now().Add(-keysKept).UTC()
	for forgotten := forgetBatch; forgotten == forgetBatch; {
		err := a.Store.Update(ctx, func(tx *store.Tx) (err error) {
			forgotten, err = store.ForgetKeys(tx, before, forgetBatch)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
