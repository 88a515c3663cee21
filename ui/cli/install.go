package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"nightbell/install"
)

func newInstall(e *env) *cobra.Command {
	var o install.Options
	var dry bool
	c := &cobra.Command{
		Use: "install", Short: "Make the appliance a service that starts with this machine", Args: cobra.NoArgs,
		Long: "Make the appliance a service of this machine (systemd, launchd or Windows), under a user of its own\nand with a data folder that only it may enter. With --dry-run, say what would be done and do nothing.",
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Data, err = e.dataFolder(); err != nil {
				return err
			}
			if dry {
				plan, err := install.Plan(o)
				if err != nil {
					return err
				}
				return e.object(map[string]string{"plan": plan}, func() { fmt.Fprint(e.out, plan) })
			}
			if _, err := os.Stat(filepath.Join(o.Data, "store.db")); errors.Is(err, os.ErrNotExist) {
				return noPractice(o.Data)
			}
			if err := install.Install(c.Context(), o); err != nil {
				return err
			}
			e.say("Installed. Start it with `nightbell start`; from now on it starts with this machine.")
			return nil
		},
	}
	c.Flags().StringVar(&o.User, "run-as", "", "user that it runs as; one of its own where left out")
	c.Flags().StringVar(&o.HTTPS, "https", "", "address of the pages, as serve takes it")
	c.Flags().StringVar(&o.SMTPS, "smtps", "", "address of the mail door, as serve takes it")
	c.Flags().StringSliceVar(&o.Backups, "backup-folder", nil, "folder outside the data folder that backups are written to")
	c.Flags().BoolVar(&dry, "dry-run", false, "say what would be done, and do nothing")
	return c
}

func newUninstall(e *env) *cobra.Command {
	return serviceCommand(e, "uninstall", "Take the service away; the data stays", install.Uninstall,
		"The service is gone. The data folder is as it was.")
}

func newStart(e *env) *cobra.Command {
	return serviceCommand(e, "start", "Start the service", install.Start,
		"Started: calls are taken and rung. The first of the readers to sign in opens the messages.")
}

func newStop(e *env) *cobra.Command {
	return serviceCommand(e, "stop", "Stop the service", install.Stop,
		"Stopped: no calls are taken, and nobody is rung.")
}

// serviceCommand is a command that does one thing to the service and says so.
func serviceCommand(e *env, use, short string, do func(install.Options) error, done string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := do(install.Options{}); err != nil {
				return err
			}
			e.say("%s", done)
			return nil
		},
	}
}
