package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

func newOnCall(e *env) *cobra.Command {
	group := &cobra.Command{Use: "oncall", Short: "Who is rung for an urgent call"}
	group.AddCommand(newOnCallSet(e), newOnCallNow(e), newOnCallShow(e), newOnCallImport(e))
	return group
}

// onCallOrder is who is rung, in order, by the names they sign in with.
type onCallOrder struct {
	People []string `json:"people"`
}

func newOnCallSet(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "set NAME[,NAME...]", Short: "Set the plain list of who is rung, in order", Args: cobra.ExactArgs(1),
		Long: "Set the plain list of who is rung, in order. From then on the list counts, and schedules do not.",
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
	var at string
	c := &cobra.Command{
		Use: "now", Short: "Say who is on call, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			answer, err := put(c.Context(), e, askOnCallNow, at, nil)
			if err != nil {
				return err
			}
			return e.object(answer, func() { e.printOnCall(answer, at != "") })
		},
	}
	c.Flags().StringVar(&at, "at", "", `another time: "2026-11-01 01:30" by the practice's clock, or RFC 3339; one that occurs twice has two answers`)
	return c
}

// onCallAnswer is who is on call at a time: the first moment that it means, and
// where it occurs twice both of them.
type onCallAnswer struct {
	appliance.OnCallNow
	Zone string                `json:"zone"`
	Both []appliance.OnCallNow `json:"both,omitempty"` // answers for an hour that occurs twice
}

func (e *env) printOnCall(answer onCallAnswer, asked bool) {
	zone := answer.zone()
	if answer.Note != "" {
		e.say("%s.", strings.TrimSuffix(answer.Note, "."))
	}
	each := answer.Both
	if len(each) == 0 {
		each = []appliance.OnCallNow{answer.OnCallNow}
	}
	for _, now := range each {
		if asked {
			e.say("At %s (%s):", now.At.In(zone).Format("Mon Jan 2 2006, 3:04 pm"), now.Offset)
		}
		for i, p := range now.People {
			e.say("%d. %s%s (%s)%s", i+1, p.Name, layerOf(p), p.Why, until(p, zone))
		}
		if now.Everybody {
			e.say("Everybody is rung at once: %s.", now.Why)
		}
		if len(now.People) == 0 {
			e.say("Nobody is on call (%s): an urgent call rings everybody who works messages, and the desks.", now.Why)
		}
	}
}

func (a onCallAnswer) zone() *time.Location {
	zone, err := time.LoadLocation(a.Zone)
	if err != nil {
		return time.Local
	}
	return zone
}

func layerOf(p appliance.OnCall) string {
	if p.Schedule == "" {
		return ""
	}
	return ", " + p.Layer
}

func until(p appliance.OnCall, zone *time.Location) string {
	if p.To.IsZero() {
		return ""
	}
	return ", until " + p.To.In(zone).Format("Mon Jan 2, 3:04 pm")
}

var askOnCallSet = ask[onCallOrder, onCallOrder]{"oncall-set", func(ctx context.Context, a *appliance.Appliance, order onCallOrder, _ progress) (onCallOrder, error) {
	return order, a.SetOnCallByName(ctx, owner, order.People)
}}

var askOnCallNow = ask[string, onCallAnswer]{"oncall-now", func(_ context.Context, a *appliance.Appliance, at string, _ progress) (answer onCallAnswer, err error) {
	answer.Zone = a.Practice().Zone.String()
	if at == "" {
		answer.OnCallNow, err = a.OnCallNow()
		return answer, err
	}
	both, err := a.OnCallAt(at)
	if err != nil {
		return answer, err
	}
	if answer.OnCallNow = both[0]; len(both) > 1 {
		answer.Both = both
	}
	return answer, nil
}}
