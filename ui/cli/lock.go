package cli

import (
	"context"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

func newLock(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "lock", Short: "Lock the appliance: calls are still taken and rung, nothing can be read until somebody signs in", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if _, err := put(c.Context(), e, askLock, nothing{}, nil); err != nil {
				return err
			}
			return e.object(lockState{"locked"}, func() {
				e.say("Locked. Calls are still taken and rung; the next of the readers to sign in opens it.")
			})
		},
	}
}

// lockState says of the appliance what status says of it.
type lockState struct {
	State string `json:"state"`
}

var askLock = ask[nothing, nothing]{"lock", func(ctx context.Context, a *appliance.Appliance, _ nothing, _ progress) (nothing, error) {
	return nothing{}, a.Lock(ctx, owner)
}}
