package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"nightbell/appliance"
)

// showing is which days are shown; empty texts are this week.
type showing struct {
	Month    bool
	From, To string // "2026-11-01"; To is not shown any more
}

// onCallDays is who is on call over some days.
type onCallDays struct {
	Zone  string
	Spans []appliance.OnCallSpan
}

func newOnCallShow(e *env) *cobra.Command {
	var s showing
	var week bool
	c := &cobra.Command{
		Use: "show", Short: "Show who is on call over a week, a month, or from one day to another", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if week && s.Month || (s.From == "") != (s.To == "") || s.From != "" && (week || s.Month) {
				return usageError{errors.New("give --week, or --month, or both --from and --to")}
			}
			answer, err := put(c.Context(), e, askOnCallShow, s, nil)
			if err != nil {
				return err
			}
			zone := onCallAnswer{Zone: answer.Zone}.zone()
			return list(e, answer.Spans, "FROM\tTO\tWHO\tWHY", func(s appliance.OnCallSpan) []string { return spanCells(s, zone) }, "No time to show.")
		},
	}
	c.Flags().BoolVar(&week, "week", false, "seven days from today (as without any flag)")
	c.Flags().BoolVar(&s.Month, "month", false, "31 days from today")
	c.Flags().StringVar(&s.From, "from", "", "first day: 2026-11-01")
	c.Flags().StringVar(&s.To, "to", "", "first day that is not shown any more")
	return c
}

func spanCells(s appliance.OnCallSpan, zone *time.Location) []string {
	const layout = "Mon Jan 2 15:04 MST"
	who, why := make([]string, 0, len(s.People)), s.Why
	for _, p := range s.People {
		who = append(who, p.Name+layerIn(p))
	}
	switch {
	case len(who) == 0:
		who = []string{"NOBODY"}
	case !s.Everybody:
		why = s.People[0].Why
	}
	return []string{s.From.In(zone).Format(layout), s.To.In(zone).Format(layout), strings.Join(who, ", "), why}
}

func layerIn(p appliance.OnCall) string {
	if p.Schedule == "" {
		return ""
	}
	return " (" + p.Layer + ")"
}

var askOnCallShow = ask[showing, onCallDays]{"oncall-show", func(_ context.Context, a *appliance.Appliance, s showing, _ progress) (answer onCallDays, err error) {
	zone := a.Practice().Zone
	answer.Zone = zone.String()
	from, to, err := s.days(a.Clock.Now().In(zone))
	if err != nil {
		return answer, err
	}
	answer.Spans, err = a.OnCallSpans(from, to)
	return answer, err
}}

// mostDays is how many days are shown at once: two years, as far as files reach.
const mostDays = 2 * 366

// days are the midnights between which to show.
func (s showing) days(now time.Time) (from, to time.Time, err error) {
	y, m, d := now.Date()
	from = time.Date(y, m, d, 0, 0, 0, 0, now.Location())
	switch {
	case s.From != "":
		var errs [2]error
		from, errs[0] = time.ParseInLocation(time.DateOnly, s.From, now.Location())
		to, errs[1] = time.ParseInLocation(time.DateOnly, s.To, now.Location())
		if errors.Join(errs[:]...) != nil || !to.After(from) || to.After(from.AddDate(0, 0, mostDays)) {
			return from, to, &appliance.Advice{What: "those days cannot be shown", Do: "give two of them like 2026-11-01, the later one second, two years apart at most"}
		}
		return from, to, nil
	case s.Month:
		return from, from.AddDate(0, 0, 31), nil
	}
	return from, from.AddDate(0, 0, 7), nil
}
