package vault

import (
	"context"
	"runtime/debug"

	"nightbell/crypto"
)

// RunAlone runs work, which turns a password into a key and takes up to 256 MiB,
// alone: whoever comes meanwhile waits, or gives up with their context. The
// memory of one derivation is given back to the system before the next begins;
// without that a run of them holds twice as much, and an idle appliance all of it.
func (v *Vault) RunAlone(ctx context.Context, work func() error) error {
	select {
	case v.deriving <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-v.deriving }()
	if ctx.Err() != nil {
		return context.Cause(ctx) // both were ready, and whoever asked has left
	}
	debug.FreeOSMemory()
	defer debug.FreeOSMemory()
	return work()
}

// SpendPassword takes as long as opening a slot and answers ErrWrongPassword:
// for a name that nobody has.
func (v *Vault) SpendPassword(ctx context.Context, password string) error {
	return v.RunAlone(ctx, func() error { return crypto.SpendPassword(password) })
}
