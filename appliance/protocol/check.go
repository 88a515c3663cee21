package protocol

import (
	"slices"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Office is what a protocol is checked against before it is published: who is
// there, and what rings.
type Office interface {
	Works(message.PersonID) bool                  // the person is there to work messages
	Staffed(message.TeamID) bool                  // somebody of the team is
	Rings(message.CallType, message.Urgency) bool // the escalation policy of such calls reaches somebody
}

// Check answers what a protocol lacks to be published, each with its place. What
// is not even a protocol is among it.
func (p Protocol) Check(o Office, today time.Time) []Fault {
	f := faults(p.malformed())
	for _, t := range p.Types {
		at := "call_types." + string(t.ID)
		if t.Owner == "" {
			f.add(at+".owner", "%s has no owner: choose the team that answers for it.", t.Name)
		} else if !o.Staffed(t.Owner) {
			f.add(at+".owner", "%s is owned by %s, in which nobody works messages.", t.Name, p.TeamName(t.Owner))
		}
		if t.Urgency == message.Urgent && !o.Rings(t.ID, message.Urgent) {
			f.add(at+".urgency", "%s is urgent, and how such calls ring names nobody who is there: put somebody on call, or change how they ring.", t.Name)
		}
		t.checkScript(&f, at)
	}
	p.checkRoutes(&f, o)
	p.checkCoverage(&f, today)
	return f
}

func (p Protocol) checkRoutes(f *faults, o Office) {
	shadowed := p.Shadowed()
	for _, r := range p.Routes {
		at := "routes." + r.ID
		switch {
		case slices.Contains(shadowed, r.ID):
			f.add(at, "This rule can never match: the rules above it take every call that it means.")
		case r.To.Person != "" && !o.Works(r.To.Person):
			f.add(at+".to", "This rule sends calls to somebody who does not work messages any more.")
		case !r.To.OnCall && r.To.Person == "" && !o.Staffed(r.To.Team):
			f.add(at+".to", "This rule sends calls to %s, in which nobody works messages.", p.TeamName(r.To.Team))
		}
	}
}

func (p Protocol) checkCoverage(f *faults, today time.Time) {
	for _, w := range p.WeekFaults() {
		from, to := WeekTime(w.From), WeekTime(w.To)
		if len(w.Windows) == 0 {
			f.add("coverage", "From %s to %s nobody is named to answer.", from, to)
			continue
		}
		var names []string
		for _, id := range w.Windows {
			one, _ := p.Window(id)
			names = append(names, one.Name)
		}
		f.add("coverage."+w.Windows[1], "From %s to %s there are several at once: %s.", from, to, strings.Join(names, ", "))
	}
	for _, w := range p.Coverage {
		if w.To != "" && !w.To.Yearly() && string(w.To) < today.Format(time.DateOnly) {
			f.add("coverage."+w.ID+".to", "%s is over: give it new dates, or take it out.", w.Name)
		}
	}
}

// checkScript walks every way through a script: each has to read the call back
// number back before it ends, unless it ends in the emergency sentence.
func (t Type) checkScript(f *faults, at string) {
	if len(t.Script) == 0 {
		f.add(at+".script", "%s has no script.", t.Name)
		return
	}
	type state struct {
		step     int
		readBack bool
	}
	seen := map[state]bool{}
	var walk func(s state)
	walk = func(s state) {
		if seen[s] {
			return
		}
		seen[s] = true
		step := t.Script[s.step]
		read := s.readBack || step.Kind == ReadBack
		for _, next := range t.leads(s.step) {
			switch {
			case next >= 0:
				walk(state{next, read})
			case !read && step.Kind != Emergency:
				f.add(at+".script."+step.ID, "%s can end with “%s” before the call back number was read back.", t.Name, step.Title)
			}
		}
	}
	walk(state{0, false})
	*f = slices.CompactFunc(*f, func(a, b Fault) bool { return a == b })
}

// leads answers the steps that may follow a step, -1 for the end. A branch into
// another kind of call goes on with that one's script.
func (t Type) leads(i int) (next []int) {
	step := t.Script[i]
	to := func(name string) int {
		switch {
		case name == End:
			return -1
		case name != "":
			return slices.IndexFunc(t.Script, func(s Step) bool { return s.ID == name })
		case i+1 < len(t.Script):
			return i + 1
		}
		return -1
	}
	if len(step.Answers) == 0 || step.Next != "" {
		next = append(next, to(step.Next))
	}
	for _, a := range step.Answers {
		if a.Type == "" {
			next = append(next, to(a.Next))
		}
	}
	return next
}
