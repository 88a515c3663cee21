package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/backup"
)

func newBackup(e *env) *cobra.Command {
	group := &cobra.Command{Use: "backup", Short: "Backups, proven by restoring them"}
	group.AddCommand(newBackupNow(e), newBackupList(e), newBackupVerify(e), newBackupRestore(e))
	return group
}

func newBackupNow(e *env) *cobra.Command {
	var to string
	c := &cobra.Command{
		Use: "now", Short: "Take a backup and prove it by a test restore", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if to != "" {
				if to, err = filepath.Abs(to); err != nil {
					return fmt.Errorf("finding the backup folder: %w", err)
				}
			}
			draw, end := e.bar("backing up")
			point, err := put(c.Context(), e, askBackupNow, to, draw)
			end()
			if err != nil {
				return err
			}
			return e.object(point, func() {
				e.say("%s: %d messages, proven by a restore that took %s.", point.Name, point.Messages, point.ProofTook.Round(time.Millisecond))
			})
		},
	}
	c.Flags().StringVar(&to, "to", "", "folder to back up to, instead of the one in the settings")
	return c
}

// targetFolder is --from, or the folder in the settings of this appliance.
func targetFolder(ctx context.Context, e *env, from string) (string, error) {
	if from != "" {
		dir, err := filepath.Abs(from)
		if err != nil {
			return "", fmt.Errorf("finding the backup folder: %w", err)
		}
		return dir, nil
	}
	dir, err := put(ctx, e, askBackupFolder, nothing{}, nil)
	if err != nil {
		return "", err
	}
	if dir == "" {
		return "", errors.New("no backup folder is set; name one with --from DIR, or set it with `nightbell config set backup.folder DIR`")
	}
	return dir, nil
}

func newBackupList(e *env) *cobra.Command {
	var from string
	c := &cobra.Command{
		Use: "list", Short: "List the points that can be restored, newest first", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			dir, err := targetFolder(c.Context(), e, from)
			if err != nil {
				return err
			}
			points, err := backup.List(dir)
			if err != nil {
				return badTarget(err)
			}
			rows := make([]appliance.BackupPoint, 0, len(points))
			for _, p := range points {
				rows = append(rows, appliance.ListedPoint(p))
			}
			return list(e, rows, "POINT\tMESSAGES\tLAST PROVEN RESTORE", func(p appliance.BackupPoint) []string {
				proven := "not proven"
				if p.Proven {
					proven = fmt.Sprintf("%s, in %s", p.ProvenAt.Local().Format("2006-01-02 15:04"), p.ProofTook.Round(time.Millisecond))
				}
				return []string{p.Name, fmt.Sprint(p.Messages), proven}
			}, "No backup yet. Take one with `nightbell backup now`.")
		},
	}
	c.Flags().StringVar(&from, "from", "", "backup folder, instead of the one in the settings")
	return c
}

// badTarget makes what is wrong with a backup a failed check: exit 3, one line
// that names the object.
func badTarget(err error) error {
	var bad *backup.BadObject
	if errors.As(err, &bad) {
		return checkFailed{bad}
	}
	return err
}

func newBackupVerify(e *env) *cobra.Command {
	var o backup.VerifyOptions
	var kit string
	c := &cobra.Command{
		Use: "verify", Short: "Open every object of a backup and check it; exit 3 when one is bad", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Identities, o.Signing, err = kitKeys(kit); err != nil {
				return err
			}
			if o.From, err = targetFolder(c.Context(), e, o.From); err != nil {
				return err
			}
			var end func()
			o.Progress, end = e.bar("checking")
			report, err := backup.Verify(c.Context(), o)
			end()
			if err != nil {
				return badTarget(err)
			}
			return e.object(report, func() {
				e.say("All is well. Points to go back to: %d; messages in the newest, %s: %d.", report.Points, report.Newest, report.Messages)
			})
		},
	}
	c.Flags().StringVar(&o.From, "from", "", "backup folder, instead of the one in the settings")
	c.Flags().BoolVar(&o.All, "all", false, "check every point, not the newest alone")
	c.Flags().StringVar(&kit, "identity", "", "recovery kit")
	required(c, "identity")
	return c
}

func newBackupRestore(e *env) *cobra.Command {
	var o backup.RestoreOptions
	var at, kit string
	c := &cobra.Command{
		Use: "restore", Short: "Bring a practice back into an empty folder", Args: cobra.NoArgs,
		Long: "Bring a practice back from a backup into a folder that is empty or does not exist.\nNothing is overwritten. People then sign in as before.",
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if o.Identities, o.Signing, err = kitKeys(kit); err != nil {
				return err
			}
			if o.To, err = filepath.Abs(o.To); err != nil {
				return fmt.Errorf("finding the folder to restore to: %w", err)
			}
			if o.From, err = filepath.Abs(o.From); err != nil {
				return fmt.Errorf("finding the backup folder: %w", err)
			}
			if o.At, err = time.Parse(time.RFC3339, at); err != nil {
				o.Wall = at
			}
			var end func()
			o.Progress, end = e.bar("restoring")
			report, err := backup.Restore(c.Context(), o)
			end()
			if err != nil {
				return badTarget(err)
			}
			return e.object(report, func() { e.sayRestored(report, o.To) })
		},
	}
	c.Flags().StringVar(&o.From, "from", "", "backup folder")
	c.Flags().StringVar(&at, "at", "", "moment to go back to, as \"2026-11-01 01:30\" on the practice's clock, or RFC 3339; the newest point where left out")
	c.Flags().StringVar(&o.To, "to", "", "data folder to make")
	c.Flags().StringVar(&kit, "identity", "", "recovery kit")
	c.Flags().BoolVar(&o.Incomplete, "incomplete", false, "restore although recordings or faxes are missing from the backup, and name them")
	required(c, "from", "to", "identity")
	return c
}

func (e *env) sayRestored(r backup.Report, to string) {
	e.say("Restored %d messages from %s into %s.", r.Messages, r.Newest, to)
	for _, name := range r.Lost {
		e.say("! %s is not in the backup and could not be brought back.", name)
	}
	if r.Later > 0 {
		e.say("%d newer points were left: what they hold beyond this one is not here.", r.Later)
	}
	e.say("Start it: nightbell serve --data %s", to)
}

var askBackupNow = ask[string, appliance.BackupPoint]{"backup-now", func(ctx context.Context, a *appliance.Appliance, to string, p progress) (appliance.BackupPoint, error) {
	return a.BackUp(ctx, to, p)
}}

var askBackupFolder = ask[nothing, string]{"backup-folder", func(_ context.Context, a *appliance.Appliance, _ nothing, _ progress) (string, error) {
	return a.BackupFolder()
}}
