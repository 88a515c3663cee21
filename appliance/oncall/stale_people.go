package oncall

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
)

// person says what keeps an urgent call from reaching somebody of the plan.
func (l *look) person(who message.PersonID) {
	name, account, err := l.staff.Account(l.tx, who)
	l.err = cmp.Or(l.err, err)
	in := l.schedules(who)
	if account == AccountNone {
		return
	}
	if account == AccountOff {
		l.say(finding.Warning, "account/"+string(who), fmt.Sprintf("%s is in the on-call schedule, and their account is disabled or works no messages.", name),
			"Take them out of the schedule, or enable the account.", in...)
		return
	}
	kinds, err := l.staff.Kinds(l.tx, who)
	l.err = cmp.Or(l.err, err)
	reach, err := ReachOf(l.tx, who)
	l.err = cmp.Or(l.err, err)
	switch begins, on := l.begins(who); {
	case on && len(kinds) < enoughKinds:
		// the bell and the channels say so of whoever is on call now
	case len(kinds) == 0 && !begins.IsZero() && begins.Before(l.at.Add(soon)):
		l.say(finding.Alarm, "soon/"+string(who), fmt.Sprintf("%s goes on call on %s and has no working way to be reached.", name, l.moment(begins)),
			"Set a working way for them and send a test before that, or have somebody cover.", in...)
	case len(kinds) == 0:
		l.say(finding.Warning, "reach/"+string(who), name+" has no working way to be reached.", "Set a way to reach them, and send a test.", in...)
	case len(kinds) < enoughKinds:
		l.say(finding.Note, "one-kind/"+string(who), fmt.Sprintf("%s is reached by %s alone: when that is down, an urgent call does not reach them.", name, kindName(kinds[0])),
			"Add a second kind of way to reach them.", in...)
	}
	for i, w := range reach.Ways {
		l.way(fmt.Sprintf("%s/%s-%d", who, w.Kind, i+1), name, w, in)
	}
}

// way says what is wrong with one way to reach somebody.
func (l *look) way(id, name string, w Way, in []string) {
	switch {
	case !w.FailedAt.IsZero():
		l.say(finding.Warning, "failed/"+id, fmt.Sprintf("The last test of %s’s %s failed, on %s.", name, kindName(w.Kind), l.day(w.FailedAt)),
			"Correct the address or the number, and send a test.", in...)
	case w.phone() && w.ConfirmedAt.IsZero():
		l.say(finding.Warning, "unconfirmed/"+id, fmt.Sprintf("%s never confirmed the number for %s.", name, kindName(w.Kind)),
			"Send a test, and have them answer it.", in...)
	case w.phone() && l.at.Sub(w.ConfirmedAt) > confirmDays*24*time.Hour:
		l.say(finding.Warning, "unconfirmed/"+id, fmt.Sprintf("%s confirmed the number for %s last on %s, more than %d days ago.", name, kindName(w.Kind), l.day(w.ConfirmedAt), confirmDays),
			"Send a test, and have them answer it.", in...)
	}
}

func (w Way) phone() bool { return w.Kind == "sms" || w.Kind == "voice" }

// kindName says a kind of channel in words.
func kindName(kind string) string {
	switch kind {
	case "sms":
		return "text messages"
	case "voice":
		return "phone calls"
	case "ntfy":
		return "push messages"
	case "webhook":
		return "pager"
	}
	return kind
}

// begins answers when somebody goes on call next within the fortnight, and
// whether they are on call already.
func (l *look) begins(who message.PersonID) (at time.Time, now bool) {
	for _, s := range l.spans {
		if slices.Contains(s.Answer.People(), who) {
			return s.From, s.From.Equal(l.at)
		}
	}
	return time.Time{}, false
}

// schedules are those that somebody is in.
func (l *look) schedules(who message.PersonID) (list []string) {
	for _, s := range l.plan.Schedules {
		if slices.Contains(s.people(), who) {
			list = append(list, s.ID)
		}
	}
	return list
}
