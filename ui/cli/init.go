package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"nightbell/appliance/setup"
)

func newInit(e *env) *cobra.Command {
	var s setup.Practice
	var passwordFile, readerPasswordFile string
	c := &cobra.Command{
		Use: "init", Short: "Make a new practice: keys, recovery kit, first account", Args: cobra.NoArgs,
		Long: "Make a new practice in an empty data folder. The recovery kit is written to --recovery-kit:\nprint it, put it in the safe, then remove the file. The host name is fixed here.",
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if s.Dir, err = e.dataFolder(); err != nil {
				return err
			}
			if err := ownedByUs(s.Dir); err != nil && !errors.Is(err, os.ErrNotExist) {
				return err // what root made there, the folder's owner could not read
			}
			if s.Kit, err = filepath.Abs(s.Kit); err != nil {
				return fmt.Errorf("finding the place for the recovery kit: %w", err)
			}
			if s.Reader == "" && readerPasswordFile != "" {
				return usageError{errors.New("--reader-password-file goes with --reader NAME")}
			}
			if s.Reader == s.Admin {
				return usageError{errors.New("--reader names somebody else than --admin; leave it out where one person does both")}
			}
			if s.AdminPassword, err = e.newPassword(passwordFile, "Password of "+s.Admin); err != nil {
				return err
			}
			if s.Reader != "" {
				if s.ReaderPassword, err = e.newPassword(readerPasswordFile, "Password of "+s.Reader); err != nil {
					return err
				}
			}
			made, err := setup.Make(c.Context(), s)
			if err != nil {
				return err
			}
			return e.object(made, func() {
				e.say("%s is ready in %s.", s.Name, s.Dir)
				e.say("Now print %s, put the page in the safe, and remove the file.", s.Kit)
				e.say("Then start it: nightbell serve --data %s", s.Dir)
			})
		},
	}
	f := c.Flags()
	f.StringVar(&s.Name, "practice", "", "name of the practice")
	f.StringVar(&s.Zone, "timezone", localZone(), "time zone of the practice, such as America/New_York")
	f.StringVar(&s.Host, "host", "nightbell.local", "name of this server on the office network; fixed from now on")
	f.StringVar(&s.Admin, "admin", "", "name that the first person signs in with")
	f.StringVar(&passwordFile, "password-file", "", "file with that person's password (- for standard input)")
	f.StringVar(&s.Kit, "recovery-kit", "", "file to write the recovery kit to, outside the data folder")
	f.StringVar(&s.Reader, "reader", "", "another person, who reads messages; then the admin does not")
	f.StringVar(&readerPasswordFile, "reader-password-file", "", "file with the reader's password")
	required(c, "practice", "admin", "recovery-kit")
	return c
}

// localZone is this machine's time zone by its IANA name, or "" where the
// machine does not say.
func localZone() string {
	if tz := os.Getenv("TZ"); tz != "" {
		return tz
	}
	if b, err := os.ReadFile("/etc/timezone"); err == nil {
		return firstLine(b)
	}
	return ""
}

// required marks flags that a command cannot do without.
func required(c *cobra.Command, names ...string) {
	for _, name := range names {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // a flag that the command does not have: a slip in this package
		}
	}
}
