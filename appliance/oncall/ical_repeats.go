package oncall

import (
	"maps"
	"regexp"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"
)

const (
	maxRule  = 512     // a longer RRULE is no rota's
	maxADay  = 24      // times a day that a rule may name
	maxSteps = 200_000 // occurrences of a whole file, those before the time kept included
	maxRules = 500
)

// readRepeats reads what says that a shift comes again: RRULE, RDATE, EXDATE.
func (c *calendar) readRepeats(e *event, v *ics.VEvent) {
	for i := range v.Properties {
		p := &v.Properties[i]
		switch strings.ToUpper(p.IANAToken) {
		case "RRULE":
			if e.rule != "" {
				c.problem(e.where, "it repeats by two rules")
			}
			e.rule = strings.ToUpper(strings.TrimSpace(p.Value))
		case "EXRULE":
			c.problem(e.where, "it has an EXRULE, which is not understood")
		case "RDATE":
			e.more = append(e.more, c.stamps(e, p)...)
		case "EXDATE":
			e.without = append(e.without, c.stamps(e, p)...)
		}
	}
}

// stamps reads a property that holds several times, of the kind that the event
// begins with: an exception for a whole day would not take out a time in it.
func (c *calendar) stamps(e *event, p *ics.IANAProperty) (all []stamp) {
	zone, ok := c.zoneOf(e.where, p)
	if !ok {
		return nil
	}
	for _, one := range strings.Split(p.Value, ",") {
		s, ok := c.oneStamp(one, zone)
		if !ok || s.day != e.start.day {
			c.problem(e.where, "its %s cannot be read, or is no time like its beginning", strings.ToUpper(p.IANAToken))
			return nil
		}
		all = append(all, s)
	}
	return all
}

// expand adds the shifts of an event, and answers whether to go on.
func (c *calendar) expand(e event) bool {
	if e.cancelled {
		return true
	}
	if e.instead {
		return c.add(FileShift{Where: e.where, Person: e.name, From: e.from, To: e.to})
	}
	starts, ok := c.starts(e)
	if !ok {
		return false
	}
	gone := c.gone(e)
	for _, s := range starts {
		from, to := e.from, e.to
		if !s.wall.Equal(e.start.wall) || s.zone != e.start.zone {
			from = c.at(e.where, s)
			to = c.moment(e.where, s.wall.Add(e.wallLength()), s.zone)
		}
		if gone[from.Unix()] {
			continue
		}
		if !c.add(FileShift{Where: e.where, Person: e.name, From: from, To: to}) {
			return false
		}
	}
	return true
}

// gone are the occurrences that are taken out, or that another event stands for.
func (c *calendar) gone(e event) map[int64]bool {
	gone := map[int64]bool{}
	for _, s := range e.without {
		at, _ := onTheClock(s.wall, s.zone)
		gone[at.Unix()] = true
	}
	maps.Copy(gone, c.instead[e.id])
	return gone
}

// wallLength is how long the shift is by the clocks on the wall. A shift that
// repeats ends each time when they show what they showed the first time: in the
// night when they are moved there is then neither a gap nor a double.
func (e event) wallLength() time.Duration {
	end := e.to.Add(offset(e.start.zone, e.to))
	return end.Sub(e.start.wall)
}

// starts are the beginnings of an event: its own, the rule's, and further dates.
func (c *calendar) starts(e event) ([]stamp, bool) {
	all := append([]stamp{e.start}, e.more...)
	if e.rule == "" {
		return all, true
	}
	rule, why := c.rule(e)
	if why != "" {
		c.problem(e.where, "%s", why)
		return nil, false
	}
	if c.rules++; c.rules > maxRules {
		c.problem(e.where, "the file has too many shifts that repeat")
		return nil, false
	}
	if rule.GetUntil().Before(e.start.wall) {
		return all, true
	}
	next := rule.Iterator()
	wall, ok := next()
	if !ok { // it was looked for until the year 9999, which is not to be done for each event
		c.problem(e.where, "its rule never comes true")
		return nil, false
	}
	for ; ok; wall, ok = next() {
		if c.steps++; c.steps > maxSteps {
			c.problem(e.where, "the file repeats its shifts too often")
			return nil, false
		}
		if !wall.Equal(e.start.wall) {
			all = append(all, stamp{wall, e.start.zone, e.start.day})
		}
	}
	return all, true
}

// rule is an event's RRULE, over wall-clock times as if they were UTC: which
// moments those are is decided where the shifts are made.
func (c *calendar) rule(e event) (*rrule.RRule, string) {
	if len(e.rule) > maxRule {
		return nil, "its rule is too long"
	}
	o, err := rrule.StrToROption(e.rule)
	if err != nil {
		return nil, "its rule cannot be read"
	}
	if o.Freq > rrule.DAILY || max(1, len(o.Byhour))*max(1, len(o.Byminute))*max(1, len(o.Bysecond)) > maxADay {
		return nil, "its rule repeats within a day"
	}
	end := c.Now.Add(horizon - 24*time.Hour) // whatever the zone, before what add leaves out
	if until, given := c.until(e, o.Until); given && until.Before(end) {
		end = until
	}
	o.Dtstart, o.Until = e.start.wall, end
	rule, err := rrule.NewRRule(*o)
	if err != nil {
		return nil, "its rule says what cannot be"
	}
	return rule, ""
}

var untilForm = regexp.MustCompile(`(?:^|;)UNTIL=(\d{8})(T\d{6}(Z)?)?(?:;|$)`)

// until is the last wall-clock time of a rule. One that is a day includes it.
func (c *calendar) until(e event, read time.Time) (time.Time, bool) {
	if read.IsZero() {
		return read, false
	}
	form := untilForm.FindStringSubmatch(e.rule)
	switch {
	case form == nil || form[2] == "":
		return read.AddDate(0, 0, 1).Add(-time.Second), true
	case form[3] == "Z":
		return read.Add(offset(e.start.zone, read)), true
	}
	return read, true
}
