package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

// waiting is a mail or a page of the queue as it is listed: nothing that shows a
// person. Pages go to the practice's own gateway, and name no domain.
type waiting struct {
	ID       string    `json:"id"`
	ToDomain string    `json:"to_domain"` // of mail
	Kind     string    `json:"kind"`
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	NextAt   time.Time `json:"next_at,omitzero"`
	Why      string    `json:"why"`
}

func newQueue(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "queue", Short: "Mail and pages that wait, and why", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			entries, err := put(c.Context(), e, askQueue, nothing{}, nil)
			if err != nil {
				return err
			}
			return list(e, entries, "TO\tKIND\tSTATE\tTRIES\tNEXT\tWHY", func(m waiting) []string {
				next := ""
				if !m.NextAt.IsZero() {
					next = m.NextAt.Local().Format("15:04:05")
				}
				return []string{m.ToDomain, m.Kind, m.State, strconv.Itoa(m.Attempts), next, m.Why}
			}, "Nothing waits.")
		},
	}
}

var askQueue = ask[nothing, []waiting]{"queue", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) ([]waiting, error) {
	mails, err := a.Waiting()
	if err != nil {
		return nil, err
	}
	pages, err := a.WaitingPages()
	rows := make([]waiting, 0, len(mails)+len(pages))
	for _, m := range mails {
		rows = append(rows, waiting{string(m.ID), m.ToDomain, string(m.Kind), string(m.State), m.Attempts, m.NextAt, m.Why})
	}
	for _, p := range pages {
		rows = append(rows, waiting{ID: string(p.ID), Kind: string(p.Kind), State: string(p.State), Attempts: p.Attempts, NextAt: p.NextAt, Why: p.Why})
	}
	return rows, err
}}
