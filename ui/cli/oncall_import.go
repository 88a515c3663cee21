package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"nightbell/appliance"
	"nightbell/appliance/oncall"
)

func newOnCallImport(e *env) *cobra.Command {
	var f appliance.ShiftFile
	c := &cobra.Command{
		Use: "import FILE.ics|FILE.csv", Short: "Import shifts from a calendar or a table", Args: cobra.ExactArgs(1),
		Long: "Import shifts from an iCalendar file, whose events have the person's name as summary, or from a CSV file with the\n" +
			"columns person, from, to and, where wanted, layer and schedule. They take the place of what a file of the same name\n" +
			"brought before. Nothing is imported when one line is wrong. From then on the schedules count, and the plain list does not.",
		RunE: func(c *cobra.Command, words []string) (err error) {
			if f.Dates != "" && f.Dates != "mdy" && f.Dates != "dmy" {
				return usageError{errors.New("--dates is mdy or dmy")}
			}
			f.Name = filepath.Base(words[0])
			if f.Data, err = readShifts(words[0]); err != nil {
				return err
			}
			done, err := put(c.Context(), e, askOnCallImport, f, nil)
			if err != nil {
				return err
			}
			return e.object(done.ImportedShifts, func() { e.printImport(done) })
		},
	}
	c.Flags().StringVar(&f.Schedule, "schedule", "", "schedule that the shifts belong to, where the file does not say")
	c.Flags().StringVar(&f.Layer, "layer", "", "layer of it that they belong to, where the file does not say")
	c.Flags().StringVar(&f.Dates, "dates", "", "mdy or dmy: how dates like 12/5/2026 are meant, where no line of the file shows it")
	return c
}

// readShifts reads a file here: the service may not see it. One that is too
// large is refused by whoever reads it.
func readShifts(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading the shifts: %w", err)
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, oncall.MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading the shifts: %w", err)
	}
	return data, nil
}

// imported is what an import did, with the zone to say it in.
type imported struct {
	appliance.ImportedShifts
	Zone string
}

func (e *env) printImport(done imported) {
	zone := onCallAnswer{Zone: done.Zone}.zone()
	const layout = "Mon Jan 2 2006, 3:04 pm"
	e.say("%d shifts from %s, the first begins %s, the last ends %s.", done.Shifts, done.Source, done.First.In(zone).Format(layout), done.Last.In(zone).Format(layout))
	if done.Replaced > 0 {
		e.say("They take the place of %d that the same file brought before.", done.Replaced)
	}
	for _, p := range done.People {
		e.say("%4d  %s%s", p.Shifts, p.Name, standing(p))
	}
	for _, n := range done.Notes {
		e.say("Note: %s.", n)
	}
	for _, g := range done.Gaps {
		whom := "Nobody is on call"
		if g.Schedule != "" {
			whom = "Nobody is on " + g.Schedule
		}
		e.say("! %s from %s to %s.", whom, g.From.In(zone).Format(layout), g.To.In(zone).Format(layout))
	}
}

func standing(p appliance.ImportedPerson) string {
	switch {
	case p.New:
		return " (new: has no account, so an urgent call passes them over until they have one)"
	case !p.Rung:
		return " (cannot be rung: has no account that works messages)"
	}
	return ""
}

var askOnCallImport = ask[appliance.ShiftFile, imported]{"oncall-import", func(ctx context.Context, a *appliance.Appliance, f appliance.ShiftFile, _ progress) (imported, error) {
	done, err := a.ImportShifts(ctx, owner, f)
	var bad *oncall.BadFile
	if errors.As(err, &bad) { // a line each reads better than all in one
		err = &appliance.Advice{What: "nothing was imported; mend the file and import it again:\n  " + strings.Join(bad.Lines, "\n  "), Err: err}
	}
	return imported{done, a.Practice().Zone.String()}, err
}}
