package escalation

import (
	"strconv"
	"strings"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// trouble is what went wrong with the engine itself. It lives in memory: what
// cannot be committed cannot be written down either.
type trouble struct {
	since    time.Time // zero while steps are committed
	untraced int       // steps that rang without being written down, since the start
}

func (e *Engine) wentWrong() {
	now := e.clock.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.trouble.since.IsZero() {
		e.trouble.since = now
	}
}

func (e *Engine) wentWell(how care) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.trouble.since = time.Time{}
	if how > full {
		e.trouble.untraced++
	}
}

// Findings says what keeps an urgent call from being heard: who is on call, who
// cannot be reached, what rings and reaches nobody, and how the engine is.
func (e *Engine) Findings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	list, err := oncall.Findings(tx, at)
	if err != nil {
		return nil, err
	}
	reach, err := e.reachFindings(tx, at)
	if err != nil {
		return nil, err
	}
	list = append(list, reach...)
	lost, err := eachTimer(tx, func(t timer) error {
		if t.State == Ringing && t.Nobody {
			list = append(list, rungNobody(t))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, id := range lost {
		list = append(list, unreadable(id))
	}
	if !policiesAreWhole(tx) {
		list = append(list, finding.Finding{ID: "bell.policies", Severity: finding.Warning,
			Text: "A policy for who is rung cannot be read; its calls are rung as usual: the next, the next, everybody.",
			Do:   "Make that policy anew."})
	}
	list = append(list, e.ownFindings()...)
	finding.Sort(list)
	return list, nil
}

// reachFindings says who on call cannot be reached.
func (e *Engine) reachFindings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	answer, err := oncall.Now(tx, at)
	if err != nil {
		return nil, err
	}
	var list []finding.Finding
	wayOut := false
	for _, id := range answer.People() {
		who, here, err := e.people.Contact(tx, id)
		if notDamage(err) {
			return nil, err
		}
		if !here {
			list = append(list, gone(id))
			continue
		}
		works, why, err := e.condition(tx, who.Address)
		if err != nil {
			return nil, err
		}
		if wayOut = wayOut || works; !works {
			list = append(list, unreachable(id, who.Name, why))
		}
	}
	if !wayOut {
		list = append(list, noWayOut())
	}
	return list, nil
}

func (e *Engine) ownFindings() []finding.Finding {
	e.mu.Lock()
	t := e.trouble
	e.mu.Unlock()
	var list []finding.Finding
	starting := e.Tick().IsZero() && e.clock.Since(e.made) <= lateAfter
	if err := e.Alive(); err != nil && !starting {
		list = append(list, finding.Finding{ID: "bell.stopped", Severity: finding.Alarm,
			Text: "The bell does not move: no further person is rung.",
			Do:   "Restart Nightbell, and watch the desks until it rings again."})
	}
	if !t.since.IsZero() {
		list = append(list, finding.Finding{ID: "bell.stuck", Severity: finding.Alarm,
			Text: "The bell cannot write its steps to the disk and keeps trying.",
			Do:   "Look whether the disk is full, and watch the desks until it rings again."})
	}
	if long := e.gone.long(); long >= worthSaying && e.clock.Since(e.made) <= grace && e.missed.Load() {
		list = append(list, finding.Finding{ID: "bell.restarted", Severity: finding.Note,
			Text: "Nightbell was away for " + minutes(long) + " while an urgent call rang. What came due meanwhile was rung when it was back.",
			Do:   "Look at what is overdue, and find out why the server was off."})
	}
	if t.untraced > 0 {
		list = append(list, finding.Finding{ID: "bell.untraced", Severity: finding.Warning,
			Text: "The bell rang without writing it into the audit log, because that failed.",
			Do:   "Run “nightbell audit verify” and look at the log of the service."})
	}
	return list
}

func rungNobody(t timer) finding.Finding {
	return finding.Finding{ID: "bell.nobody/" + t.Number.String(), Severity: finding.Alarm,
		Text: "Urgent message " + t.Number.String() + " rings and reaches nobody outside the building.",
		Do:   "Take it at a desk, or phone somebody who can."}
}

func unreadable(id message.ID) finding.Finding {
	return finding.Finding{ID: "bell.unreadable/" + string(id), Severity: finding.Alarm,
		Text: "The bell of an urgent message cannot be read, and does not ring.",
		Do:   "Take the message at a desk, then restart Nightbell: what is not taken rings anew."}
}

func gone(id message.PersonID) finding.Finding {
	return finding.Finding{ID: "bell.gone/" + string(id), Severity: finding.Warning,
		Text: "Somebody on the on-call list has no account any more, or it is disabled.",
		Do:   "Take them off the list."}
}

func unreachable(id message.PersonID, name, why string) finding.Finding {
	text := name + " is on call and has no working way to be reached"
	if why != "" {
		text += ": " + strings.TrimSuffix(why, ".")
	}
	return finding.Finding{ID: "bell.person/" + string(id), Severity: finding.Warning,
		Text: text + ".", Do: "Set a mail address for them that takes mail, and send a test."}
}

// NoWayOut is the id of the finding that every page says: nothing that rings
// leaves the building.
const NoWayOut = "bell.no-way-out"

func noWayOut() finding.Finding {
	return finding.Finding{ID: NoWayOut, Severity: finding.Alarm,
		Text: "No working channel leaves the building: an urgent call rings at the desks only.",
		Do:   "Set the mail server in the settings, give the people on call a mail address, and send a test."}
}

func minutes(d time.Duration) string {
	if d < 2*time.Hour {
		return strconv.Itoa(int(d.Minutes())) + " minutes"
	}
	return strconv.Itoa(int(d.Hours())) + " hours"
}
