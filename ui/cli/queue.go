package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

// mail is an entry of the queue as it is listed: nothing that shows a person.
type mail struct {
	ID       string    `json:"id"`
	ToDomain string    `json:"to_domain"`
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	NextAt   time.Time `json:"next_at,omitzero"`
	Why      string    `json:"why"`
}

func newQueue(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "queue", Short: "Mail that waits, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			entries, err := put(c.Context(), e, askQueue, nothing{}, nil)
			if err != nil {
				return err
			}
			return list(e, entries, "TO\tKIND\tSTATE\tTRIES\tNEXT\tWHY", func(m mail) []string {
				next := ""
				if !m.NextAt.IsZero() {
					next = m.NextAt.Local().Format("15:04:05")
				}
				return []string{m.ToDomain, m.Kind, m.State, strconv.Itoa(m.Attempts), next, m.Why}
			}, "No mail waits.")
		},
	}
}

var askQueue = ask[nothing, []mail]{"queue", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) ([]mail, error) {
	entries, err := a.Waiting()
	rows := make([]mail, 0, len(entries))
	for _, m := range entries {
		rows = append(rows, mail{string(m.ID), m.ToDomain, string(m.Kind), string(m.State), m.Attempts, m.NextAt, m.Why})
	}
	return rows, err
}}
