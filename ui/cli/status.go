package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/finding"
)

// stopped is what status says where no service runs: it never opens the store.
const stopped = "stopped"

func newStatus(e *env) *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say whether the appliance runs, where it listens and what needs a hand", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			data, err := e.dataFolder()
			if err != nil {
				return err
			}
			s := appliance.Status{State: stopped}
			raw, err := overSocket(c.Context(), data, askStatus.name, nothing{}, func(int64, int64) {})
			switch {
			case err == nil:
				if err := json.Unmarshal(raw, &s); err != nil {
					return &remoteError{"the service's answer cannot be read", "restart it, so that both are of the same version"}
				}
			case !errors.Is(err, errNoService):
				return err
			}
			if err := lookForKit(c.Context(), data, &s); err != nil {
				return err
			}
			return e.object(s, func() { e.printStatus(s) })
		},
	}
}

// lookForKit looks for the recovery kit's file as whoever runs this command, who
// may see folders that the service cannot, and tells the service when it is gone.
func lookForKit(ctx context.Context, data string, s *appliance.Status) error {
	if s.RecoveryKit == "" {
		return nil
	}
	if _, err := os.Lstat(s.RecoveryKit); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	s.RecoveryKit = ""
	s.Findings = slices.DeleteFunc(s.Findings, func(f finding.Finding) bool { return f.ID == appliance.KitFinding })
	_, err := overSocket(ctx, data, askKitGone.name, nothing{}, func(int64, int64) {})
	return err
}

func (e *env) printStatus(s appliance.Status) {
	switch s.State {
	case stopped:
		e.say("Stopped. Calls are not taken and nobody is rung. Start it with `nightbell start`, or `nightbell serve`.")
		return
	case "locked":
		e.say("Locked, taking and ringing calls: %d messages.", s.Messages)
	default:
		e.say("Open: %d messages.", s.Messages)
	}
	e.say("Pages   https://%s\nMail in smtps://%s", s.HTTPS, s.SMTPS)
	if s.LastProvenRestore.IsZero() {
		e.say("Last proven restore: never")
	} else {
		e.say("Last proven restore: %s, in %s", s.LastProvenRestore.Local().Format("2006-01-02 15:04"), s.ProofTook.Round(time.Millisecond))
	}
	for _, f := range s.Findings {
		e.say("! %s %s", f.Text, f.Do)
	}
}

var askStatus = ask[nothing, appliance.Status]{"status", func(ctx context.Context, a *appliance.Appliance, _ nothing, _ progress) (appliance.Status, error) {
	return a.Status(ctx)
}}

var askKitGone = ask[nothing, nothing]{"kit-gone", func(ctx context.Context, a *appliance.Appliance, _ nothing, _ progress) (nothing, error) {
	return nothing{}, a.KitIsGone(ctx)
}}
