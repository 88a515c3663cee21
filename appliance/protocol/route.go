package protocol

import (
	"slices"
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Route says where calls go. Every part of its When must match; an empty part
// matches all. An urgent call is rung by its escalation policy wherever it goes:
// a route decides who works it, never whether somebody is woken.
type Route struct {
	ID   string   `yaml:"id"` // stable: envelopes and explanations name it
	When Match    `yaml:"when,omitempty"`
	To   Target   `yaml:"to"`
	Due  Duration `yaml:"due,omitempty"` // 0: as the type says
}

// FieldProvider is the form's field that rules for a provider look at.
const FieldProvider = "provider"

// Match is what a route looks at.
type Match struct {
	Types     []message.CallType `yaml:"call_types,omitempty"`
	Urgencies []message.Urgency  `yaml:"urgencies,omitempty"`
	Providers []string           `yaml:"providers,omitempty"` // of the form; see sameProvider
	Windows   []string           `yaml:"windows,omitempty"`   // ids of coverage windows
	Channels  []message.Channel  `yaml:"channels,omitempty"`
}

// All says whether every call matches.
func (m Match) All() bool {
	return len(m.Types)+len(m.Urgencies)+len(m.Providers)+len(m.Windows)+len(m.Channels) == 0
}

// Target is who gets a call: one team, one person, or whoever is on call.
type Target struct {
	Team   message.TeamID   `yaml:"team,omitempty"`
	Person message.PersonID `yaml:"person,omitempty"`
	OnCall bool             `yaml:"on_call,omitempty"` // it is rung by its escalation policy, whatever its urgency
}

// Call is a call as routing sees it. Provider is the form's field, which is kept
// sealed: a Call is not for keeping.
type Call struct {
	Type     message.CallType
	Urgency  message.Urgency
	Provider message.Clear
	Channel  message.Channel
	At       time.Time
}

// Routed is where a call goes, and why.
type Routed struct {
	Route  string         // id of the rule
	Window Window         // that counted; without an id where nobody was named
	Team   message.TeamID // always one
	Person message.PersonID
	OnCall bool
	Due    time.Time
	Passed []Passed // the rules before it, in order
}

// Passed is a rule that did not match.
type Passed struct {
	Route string
	For   Part // the first part that did not
}

// Part is one thing that a rule looks at.
type Part string

const (
	ByType     Part = "call type"
	ByUrgency  Part = "urgency"
	ByProvider Part = "provider"
	ByWindow   Part = "time"
	ByChannel  Part = "channel"
)

// catchAll is the rule that counts where a protocol has none that matches: a
// protocol that was published has one, but a call is never without a place.
var catchAll = Route{ID: "everybody", To: Target{Team: message.Everybody}}

// Route answers where a call goes: by the first rule that matches.
func (p Protocol) Route(cal Calendar, c Call) Routed {
	w, _ := p.WindowAt(cal, c.At)
	var passed []Passed
	for _, r := range p.Routes {
		if part, no := r.When.fails(c, w.ID); no {
			passed = append(passed, Passed{r.ID, part})
			continue
		}
		return p.routed(r, c, w, passed)
	}
	return p.routed(catchAll, c, w, passed)
}

func (p Protocol) routed(r Route, c Call, w Window, passed []Passed) Routed {
	d := Routed{Route: r.ID, Window: w, Team: r.To.Team, Person: r.To.Person, OnCall: r.To.OnCall, Passed: passed}
	if d.Team == "" {
		d.Team = message.Everybody
	}
	due := p.Show(c.Type).DueAfter(c.Urgency)
	if r.Due > 0 {
		due = time.Duration(r.Due)
		if c.Urgency == message.Urgent {
			due = min(due, dueUrgent) // a rule for many kinds of call does not put off the urgent one
		}
	}
	d.Due = c.At.Add(due)
	return d
}

// fails answers the first part of the match that the call is not.
func (m Match) fails(c Call, window string) (Part, bool) {
	switch {
	case len(m.Types) > 0 && !slices.Contains(m.Types, c.Type):
		return ByType, true
	case len(m.Urgencies) > 0 && !slices.Contains(m.Urgencies, c.Urgency):
		return ByUrgency, true
	case len(m.Channels) > 0 && !slices.Contains(m.Channels, c.Channel):
		return ByChannel, true
	case len(m.Windows) > 0 && !slices.Contains(m.Windows, window):
		return ByWindow, true
	case len(m.Providers) > 0 && !slices.ContainsFunc(m.Providers, func(name string) bool { return sameProvider(name, c.Provider.Reveal()) }):
		return ByProvider, true
	}
	return "", false
}

// titles are not part of a clinician's name.
var titles = []string{"dr", "doctor", "md", "do", "np", "pa", "rn", "dds", "dmd", "phd", "mr", "mrs", "ms"}

// sameProvider compares a name in a rule with one that was typed, without case,
// punctuation and titles: the words of the shorter must all stand in the longer,
// so that "Okafor" is "Dr. Amara Okafor".
func sameProvider(rule, typed string) bool {
	a, b := nameWords(rule), nameWords(typed)
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) == 0 {
		return false
	}
	return !slices.ContainsFunc(a, func(w string) bool { return !slices.Contains(b, w) })
}

func nameWords(name string) []string {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return strings.ContainsRune(" .,;-'’\t\n", r) })
	return slices.DeleteFunc(words, func(w string) bool { return slices.Contains(titles, w) })
}

// Shadowed answers the rules that can never match, because each call that one of
// them means goes by an earlier rule, by their ids.
func (p Protocol) Shadowed() []string {
	var never []string
	calls := p.everyCall()
	for i, r := range p.Routes {
		reached := slices.ContainsFunc(calls, func(c sample) bool {
			if _, no := r.When.fails(c.Call, c.window); no {
				return false
			}
			return !slices.ContainsFunc(p.Routes[:i], func(before Route) bool {
				_, no := before.When.fails(c.Call, c.window)
				return !no
			})
		})
		if !reached {
			never = append(never, r.ID)
		}
	}
	return never
}

// sample is a call in a window.
type sample struct {
	Call
	window string
}

// everyCall are calls of every type, urgency, channel, window and provider that
// the rules can tell apart, one each.
func (p Protocol) everyCall() []sample {
	windows, providers := []string{""}, []string{""}
	for _, w := range p.Coverage {
		windows = append(windows, w.ID)
	}
	for _, r := range p.Routes {
		for _, name := range r.When.Providers {
			if !slices.Contains(providers, name) {
				providers = append(providers, name)
			}
		}
	}
	var all []sample
	for _, t := range p.Types {
		for _, u := range []message.Urgency{message.Routine, message.SameDay, message.Urgent} {
			for _, ch := range []message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI, message.ChannelDrill} {
				for _, w := range windows {
					for _, name := range providers {
						all = append(all, sample{Call{Type: t.ID, Urgency: u, Channel: ch, Provider: message.Clear(name)}, w})
					}
				}
			}
		}
	}
	return all
}
