package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Staff is what other rooms know of people.
type Staff interface {
	// Account answers what somebody is called, and whether they can be rung.
	Account(tx *store.Tx, who message.PersonID) (name string, is Account, err error)
	// Kinds answers the kinds of channel that leave the building and work for them.
	Kinds(tx *store.Tx, who message.PersonID) ([]string, error)
}

// Account says whether somebody can be rung.
type Account int8

const (
	AccountNone  Account = iota // never had one: they came with an import, which says so
	AccountOff                  // gone, disabled, or works no messages
	AccountRings                // can be rung
)

const (
	fortnight   = 14 * 24 * time.Hour // how far ahead gaps and conflicts are shown
	soon        = 24 * time.Hour      // before a shift in which there is time to mend a channel
	confirmDays = 90                  // how long a phone number is believed
	enoughKinds = 2                   // of channels for what is urgent: one of them can be down
	doReview    = "Look the schedule through with the people in it, then say that it is reviewed."
)

// concern is a finding and the schedules whose owners it concerns; none: all.
type concern struct {
	finding.Finding
	schedules []string
}

// Stale says what has grown old or is about to go wrong: a schedule that nobody
// reviewed, gaps and conflicts ahead, people who could not be reached.
func Stale(tx *store.Tx, at time.Time, staff Staff) ([]finding.Finding, error) {
	all, err := concerns(tx, at, staff)
	list := make([]finding.Finding, 0, len(all))
	for _, c := range all {
		list = append(list, c.Finding)
	}
	finding.Sort(list)
	return list, err
}

func concerns(tx *store.Tx, at time.Time, staff Staff) ([]concern, error) {
	p, err := Load(tx)
	if err != nil {
		return nil, err
	}
	l := &look{tx: tx, at: at, plan: p, staff: staff, spans: Spans(p, at, at.Add(fortnight))}
	if p.Uses == UsesSchedule {
		for _, s := range p.Schedules {
			l.review(s)
			l.empty(s)
		}
		l.conflicts()
		l.gaps()
	}
	for _, who := range p.Everyone() {
		l.person(who)
	}
	return l.found, l.err
}

// look goes through a plan.
type look struct {
	tx    *store.Tx
	at    time.Time
	plan  Plan
	staff Staff
	spans []Span
	found []concern
	err   error // the first of what could not be read; the rest is said all the same
}

func (l *look) say(severity finding.Severity, id, text, do string, schedules ...string) {
	l.found = append(l.found, concern{finding.Finding{ID: "oncall." + id, Severity: severity, Text: text, Do: do}, schedules})
}

func (l *look) name(who message.PersonID) string {
	name, _, err := l.staff.Account(l.tx, who)
	l.err = cmp.Or(l.err, err)
	return name
}

// review says that a schedule is due for review, and why.
func (l *look) review(s Schedule) {
	owner := "Nobody owns it"
	if s.Owner != "" {
		owner = l.name(s.Owner) + " looks after it"
	}
	if due := s.ReviewDue(); !l.at.Before(due) {
		l.say(finding.Warning, "review/"+s.ID, fmt.Sprintf("The schedule %s was due for review on %s. %s.", s.Name, l.day(due), owner), doReview, s.ID)
		return
	}
	if s.changed() {
		l.say(finding.Warning, "review/"+s.ID, fmt.Sprintf("The people in the schedule %s changed since it was reviewed. %s.", s.Name, owner), doReview, s.ID)
	}
}

func (l *look) empty(s Schedule) {
	if slices.ContainsFunc(l.spans, func(span Span) bool { return len(span.Answer.InLayer(s.ID, "")) > 0 }) {
		return
	}
	l.say(finding.Warning, "empty/"+s.ID, fmt.Sprintf("The schedule %s has nobody in the next two weeks.", s.Name),
		"Put people into it, or remove it.", s.ID)
}

func (l *look) gaps() {
	var first *Gap
	count := 0
	for _, g := range gaps(l.plan, l.spans) {
		if g.Schedule == "" {
			if count++; first == nil {
				first = &g
			}
		}
	}
	if first == nil || (first.From.Equal(l.at) && count == 1 && first.To.Equal(l.at.Add(fortnight))) {
		return // the whole fortnight is said of each schedule
	}
	text := fmt.Sprintf("Nobody is on call from %s to %s", l.moment(first.From), l.moment(first.To))
	switch {
	case count == 2:
		text += ", and once more in the next two weeks"
	case count > 2:
		text += fmt.Sprintf(", and %d times more in the next two weeks", count-1)
	}
	l.say(finding.Warning, "gap", text+".", "Have somebody cover it. Until then an urgent call at that time rings everybody who works messages.")
}

func (l *look) conflicts() {
	said := map[string]bool{}
	for _, c := range conflictsIn(l.spans) {
		id := string(c.Kind) + "/" + c.Schedule + "/" + string(c.People[0])
		if said[id] {
			continue
		}
		said[id] = true
		text := fmt.Sprintf("%s stands in two layers at once from %s on: nobody else is behind them.", l.name(c.People[0]), l.moment(c.From))
		if c.Kind == Overlap {
			var names []string
			for _, who := range c.People {
				names = append(names, l.name(who))
			}
			text = fmt.Sprintf("Two shifts of one layer overlap from %s on: %s.", l.moment(c.From), strings.Join(names, " and "))
		}
		l.say(finding.Note, id, text, "Change one of the two, if it is not meant so.", c.Schedule)
	}
}

func (l *look) day(at time.Time) string { return at.In(l.plan.Zone).Format("2 January 2006") }

func (l *look) moment(at time.Time) string { return at.In(l.plan.Zone).Format("Mon 2 Jan 3:04 pm") }

// changed says whether other people are in the schedule than when it was reviewed.
func (s Schedule) changed() bool {
	was, is := slices.Sorted(slices.Values(s.ReviewedOf)), slices.Sorted(slices.Values(s.people()))
	return !slices.Equal(was, is)
}
