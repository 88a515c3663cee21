// Package oncall answers who takes urgent calls at a moment, in which order and
// by which rule. The data is a plain list or schedules in layers with exceptions
// and holidays, a switch "on call now: NAME" that puts one person in front, and
// a doubt about the clock that puts everybody on call. How people are reached is
// kept here too (Reach), and what about all this needs a person (Findings).
//
// Resolve is a pure function over that data; display, feed and ringing all use
// it, so that they cannot disagree. It knows persons by their ids only: not
// their names, not their accounts, not when the next is rung (escalation).
package oncall

import (
	"slices"
	"time"

	"nightbell/appliance/message"
)

// Plan is the data an answer is made from.
type Plan struct {
	Zone      *time.Location // the practice's; nil: UTC
	List      []message.PersonID
	Uses      Uses // what counts; empty: the list
	Schedules []Schedule
	Overrides []Override
	Holidays  []Holiday
	Now       *Switch
	Doubt     *Doubt
	Past      bool // it is asked for what was: the switch counts from when it was made
}

// Uses is what a plan counts: the plain list, the simplest schedule, or the
// schedules. In a gap of the schedules nobody is on call: the list does not
// fill it silently.
type Uses string

const (
	UsesList     Uses = "list"
	UsesSchedule Uses = "schedule"
)

// Switch is "on call now: NAME".
type Switch struct {
	Person message.PersonID `json:"person"`
	Since  time.Time        `json:"since"`          // UTC
	Until  time.Time        `json:"until,omitzero"` // UTC; zero: until somebody switches
}

// holds says whether the switch is on at a moment.
func (s *Switch) holds(at time.Time) bool {
	return s != nil && (s.Until.IsZero() || at.Before(s.Until))
}

// Why is the rule that an answer, or a person in it, came from.
type Why string

const (
	WhyList     Why = "list"     // stands on the list
	WhySwitch   Why = "switch"   // "on call now"
	WhyRotation Why = "rotation" // it is their turn
	WhyShift    Why = "shift"    // a fixed shift
	WhyHoliday  Why = "holiday"  // covers a holiday
	WhyOverride Why = "override" // stands in for somebody
	WhySchedule Why = "schedule" // of an answer: the schedules say so
	WhyClock    Why = "clock"    // the clock is not believed: everybody is on call
	WhyNobody   Why = "nobody"   // the list is empty and nobody is switched on
	WhyGap      Why = "gap"      // the schedules have nobody at that time
)

// Turn.Layer of whoever stands on the list, of whoever was switched on, and of
// who is on call only because everybody is.
const (
	LayerList      = "list"
	LayerSwitch    = "on call now"
	LayerEverybody = "everybody"
)

// Text says the rule in words.
func (w Why) Text() string {
	switch w {
	case WhyList:
		return "in the order of the list"
	case WhySwitch:
		return "switched to “on call now”"
	case WhyRotation:
		return "it is their turn"
	case WhyShift:
		return "a fixed shift"
	case WhyHoliday:
		return "covers a holiday"
	case WhyOverride:
		return "stands in for somebody"
	case WhySchedule:
		return "by the schedule"
	case WhyClock:
		return "the server's clock is not believed, so everybody is on call"
	case WhyNobody:
		return "nobody is on the list"
	case WhyGap:
		return "the schedule has nobody at that time"
	}
	return string(w)
}

// Turn is one person's place in an answer.
type Turn struct {
	Person    message.PersonID
	Schedule  string    // id; empty: of no schedule
	Layer     string    // id, or one of the words above
	LayerName string    // what people call the layer
	From      time.Time // UTC; zero: since always
	To        time.Time // UTC; zero: without an end
	Why       Why
	Rule      string           // the rule in words, without people: "weekly rotation Nights, handover Mon 7:00 am"
	Instead   message.PersonID // whose place it is, where somebody stands in
	Override  *Override        // by which they do
}

// Text says the rule that the turn came from in words, with the people's names.
func (t Turn) Text(zone *time.Location, name func(message.PersonID) string) string {
	if t.Override == nil {
		return t.Rule
	}
	o := *t.Override
	who := func(id string) string { return name(message.PersonID(id)) }
	text := string(o.Kind) + ": " + name(t.Person)
	if t.Instead != "" {
		text += " for " + name(t.Instead)
	}
	if o.AskedBy == o.AgreedBy {
		text += ", set by " + who(o.AskedBy)
	} else {
		text += ", asked by " + who(o.AskedBy) + ", agreed by " + who(o.AgreedBy)
	}
	text += " on " + o.AgreedAt.In(location(zone)).Format("2 Jan 2006")
	if t.Rule != "" {
		text += "; " + t.Rule
	}
	return text
}

// Answer is who takes urgent calls at one moment.
type Answer struct {
	Turns     []Turn // in the order they are rung
	Everybody bool   // all of them are rung at once, nobody waits for the one before
	Why       Why
}

// Text says in words why it is these people.
func (a Answer) Text() string { return a.Why.Text() }

// People are the persons of the answer in the order they are rung, each once.
func (a Answer) People() []message.PersonID {
	return persons(a.Turns, func(Turn) bool { return true })
}

// InLayer are the persons who are on in one layer, or in all of one schedule
// where the layer is empty.
func (a Answer) InLayer(schedule, layer string) []message.PersonID {
	return persons(a.Turns, func(t Turn) bool { return t.Schedule == schedule && (layer == "" || t.Layer == layer) })
}

func persons(turns []Turn, want func(Turn) bool) []message.PersonID {
	list := []message.PersonID{}
	for _, t := range turns {
		if want(t) && !slices.Contains(list, t.Person) {
			list = append(list, t.Person)
		}
	}
	return list
}

func location(zone *time.Location) *time.Location {
	if zone == nil {
		return time.UTC
	}
	return zone
}
