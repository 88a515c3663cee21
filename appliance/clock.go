package appliance

import (
	"context"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// askClockEvery is how often a doubted clock is asked for again: a time server
// puts a wrong clock right within minutes of a start.
const askClockEvery = time.Minute

// believeTimeServer ends the doubt about the clock once a time server keeps it.
// Without one a person does (BelieveClock).
func (a *Appliance) believeTimeServer(ctx context.Context) error {
	return a.every(ctx, askClockEvery, func() {
		if err := a.askTimeServer(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("the doubt about the clock could not be ended", "err", err)
		}
	})
}

func (a *Appliance) askTimeServer(ctx context.Context) error {
	var doubted bool
	err := a.Store.View(func(tx *store.Tx) error {
		plan, err := oncall.Load(tx)
		doubted = plan.Doubt != nil
		return err
	})
	if err != nil || !doubted || !a.synced() {
		return err
	}
	a.Log.Info("a time server keeps the clock, so it is believed again")
	return a.BelieveClock(ctx, audit.System)
}
