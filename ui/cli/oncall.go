package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

func newOnCall(e *env) *cobra.Command {
	group := &cobra.Command{Use: "oncall", Short: "Who is rung for an urgent call"}
	group.AddCommand(newOnCallSet(e), newOnCallNow(e))
	return group
}

// onCallOrder is who is rung, in order, by the names they sign in with.
type onCallOrder struct {
	People []string `json:"people"`
}

func newOnCallSet(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "set NAME[,NAME...]", Short: "Set who is rung, in order", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, words []string) error {
			order, err := put(c.Context(), e, askOnCallSet, onCallOrder{splitNames(words[0])}, nil)
			if err != nil {
				return err
			}
			return e.object(order, func() { e.say("Rung for an urgent call, in order: %s.", strings.Join(order.People, ", ")) })
		},
	}
}

func splitNames(s string) []string {
	var names []string
	for _, n := range strings.Split(s, ",") {
		if n = strings.TrimSpace(n); n != "" {
			names = append(names, n)
		}
	}
	return names
}

func newOnCallNow(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "now", Short: "Say who is on call, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			now, err := put(c.Context(), e, askOnCallNow, nothing{}, nil)
			if err != nil {
				return err
			}
			return e.object(now, func() {
				for i, p := range now.People {
					e.say("%d. %s (%s)", i+1, p.Name, p.Why)
				}
				if len(now.People) == 0 {
					e.say("Nobody is on call: an urgent call rings everybody who works messages, and the desks. Set it with `nightbell oncall set NAME`.")
				}
			})
		},
	}
}

var askOnCallSet = ask[onCallOrder, onCallOrder]{"oncall-set", func(ctx context.Context, a *appliance.Appliance, order onCallOrder, _ progress) (onCallOrder, error) {
	return order, a.SetOnCallByName(ctx, owner, order.People)
}}

var askOnCallNow = ask[nothing, appliance.OnCallNow]{"oncall-now", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) (appliance.OnCallNow, error) {
	return a.OnCallNow()
}}
