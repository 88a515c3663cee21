package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/message"
)

// explained is what would happen to a call: the first moment that its time means,
// and where it occurs twice both of them.
type explained struct {
	appliance.Explained
	Zone string                `json:"zone"`
	Both []appliance.Explained `json:"both,omitempty"`
}

func newProtocolExplain(e *env) *cobra.Command {
	var s appliance.Supposed
	c := &cobra.Command{
		Use: "explain --type TYPE", Short: "Say what would happen to a call at a time, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.Type == "" {
				return usageError{errors.New("say which kind of call: --type refill")}
			}
			answer, err := put(c.Context(), e, askProtocolExplain, s, nil)
			if err != nil {
				return err
			}
			return e.object(answer, func() { e.printExplained(answer) })
		},
	}
	c.Flags().StringVar((*string)(&s.Type), "type", "", "id of the call type: refill, urgent, ...")
	c.Flags().StringVar(&s.Urgency, "urgency", "", "routine, same-day or urgent (the type's own, when not given)")
	c.Flags().StringVar(&s.Provider, "provider", "", "the provider that the caller names")
	c.Flags().StringVar((*string)(&s.Channel), "channel", string(message.ChannelDesk), "how it comes in: desk, mail, api or drill")
	c.Flags().StringVar(&s.At, "at", "", `another time: "2026-11-01 01:30" by the practice's clock, or RFC 3339; one that occurs twice has two answers`)
	c.Flags().BoolVar(&s.Draft, "draft", false, "by the draft of the next version, not by the one that counts")
	return c
}

func (e *env) printExplained(answer explained) {
	zone := onCallAnswer{Zone: answer.Zone}.zone()
	if answer.Note != "" {
		e.say("%s.", strings.TrimSuffix(answer.Note, "."))
	}
	each := answer.Both
	if len(each) == 0 {
		each = []appliance.Explained{answer.Explained}
	}
	for _, one := range each {
		e.printOneExplained(one, zone)
	}
}

func (e *env) printOneExplained(one appliance.Explained, zone *time.Location) {
	const layout = "Mon Jan 2 2006, 3:04 pm"
	by := fmt.Sprintf("version %d", one.Version)
	if one.Version == 0 {
		by = "the draft"
	}
	e.say("%s, %s, at %s (%s), by %s:", one.Type, one.Urgency, one.At.In(zone).Format(layout), one.Offset, by)
	if one.Window == "" {
		e.say("  Nobody is named to answer then.")
	} else {
		greeting := ""
		if one.Greeting != "" {
			greeting = " “" + one.Greeting + "”"
		}
		e.say("  It is %s: %s answers.%s", one.Window, one.Answers, greeting)
	}
	for _, p := range one.Passed {
		e.say("  passed over: %s (%s)", p.Words, p.Why)
	}
	e.say("  counts: %s", one.Words)
	whom := one.TeamName
	switch {
	case one.Person != "":
		whom = one.Person
	case one.OnCall:
		whom = "whoever is on call"
	}
	e.say("  %s gets it, to be worked by %s.", whom, one.Due.In(zone).Format(layout))
	if one.Instead != "" {
		e.say("  ! %s.", one.Instead)
	}
	if !one.Rings {
		e.say("  Nobody is rung.")
	}
	for _, step := range one.Steps {
		e.say("  %s: %s", after(step.After), stepWords(step))
	}
}

func after(d time.Duration) string {
	if d == 0 {
		return "at once"
	}
	return "after " + d.Round(time.Second).String()
}

func stepWords(step appliance.ExplainedStep) string {
	switch {
	case step.LastResort:
		return strings.TrimSpace("everybody is rung, again and again, until a person takes it: " + strings.Join(step.Names, ", ") + ". " + strings.TrimSpace(step.PhoneName+" "+step.Phone))
	case step.Skipped:
		return "nobody can be reached; the next step is at once"
	}
	return strings.Join(step.Names, ", ") + " is rung"
}

var askProtocolExplain = ask[appliance.Supposed, explained]{"protocol-explain", func(_ context.Context, a *appliance.Appliance, s appliance.Supposed, _ progress) (answer explained, err error) {
	list, err := a.Explain(s)
	if err != nil {
		return answer, err
	}
	answer = explained{Explained: list[0], Zone: a.Practice().Zone.String()}
	if len(list) > 1 {
		answer.Both = list
	}
	return answer, nil
}}
