// Package oncall answers who takes urgent calls at a moment, in which order and
// by which rule. It is a plain list, a switch "on call now: NAME" that puts one
// person in front of it, and a doubt about the clock that puts everybody on call.
//
// Resolve is a pure function over that data; display and ringing both use it,
// so that they cannot disagree. It knows persons by their ids only: not their
// names, not how they are reached (notify), not when the next is rung (escalation).
package oncall

import (
	"slices"
	"time"

	"nightbell/appliance/message"
)

// Schedule is the data an answer is made from.
type Schedule struct {
	Order []message.PersonID `json:"order"` // who is rung, in order
	Now   *Switch            `json:"now,omitempty"`
	Doubt *Doubt             `json:"doubt,omitempty"`
}

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
	WhyList   Why = "list"   // stands on the list
	WhySwitch Why = "switch" // "on call now"
	WhyClock  Why = "clock"  // the clock is not believed: everybody is on call
	WhyNobody Why = "nobody" // the list is empty and nobody is switched on
)

// Turn.Layer of whoever stands on the list, and of whoever was switched on.
const (
	LayerList   = "list"
	LayerSwitch = "on call now"
)

// Text says the rule in words.
func (w Why) Text() string {
	switch w {
	case WhyList:
		return "in the order of the list"
	case WhySwitch:
		return "switched to “on call now”"
	case WhyClock:
		return "the server's clock is not believed, so everybody is on call"
	case WhyNobody:
		return "nobody is on the list"
	}
	return string(w)
}

// Turn is one person's place in an answer.
type Turn struct {
	Person message.PersonID
	Layer  string
	From   time.Time // UTC; zero: since always
	To     time.Time // UTC; zero: without an end
	Why    Why
}

// Answer is who takes urgent calls at one moment.
type Answer struct {
	Turns     []Turn // in the order they are rung
	Everybody bool   // all of them are rung at once, nobody waits for the one before
	Why       Why
}

// People are the persons of the answer in the order they are rung.
func (a Answer) People() []message.PersonID {
	list := make([]message.PersonID, len(a.Turns))
	for i, t := range a.Turns {
		list[i] = t.Person
	}
	return list
}

// Resolve answers who takes urgent calls at a moment. Whoever is switched on
// goes first, on the list or not; the list follows, each person once.
func Resolve(s Schedule, at time.Time) Answer {
	a := Answer{Why: WhyNobody}
	if s.Now.holds(at) {
		a.Why = WhySwitch
		a.Turns = append(a.Turns, Turn{Person: s.Now.Person, Layer: LayerSwitch, From: s.Now.Since, To: s.Now.Until, Why: WhySwitch})
	}
	for _, p := range s.Order {
		if slices.ContainsFunc(a.Turns, func(t Turn) bool { return t.Person == p }) {
			continue
		}
		a.Turns = append(a.Turns, Turn{Person: p, Layer: LayerList, Why: WhyList})
		if a.Why == WhyNobody {
			a.Why = WhyList
		}
	}
	if s.Doubt != nil {
		a.Everybody, a.Why = true, WhyClock
		// An end cannot be told by a clock that is wrong: who was switched on
		// and perhaps still is stays among everybody.
		if s.Now != nil && !s.Now.holds(at) && !slices.Contains(s.Order, s.Now.Person) {
			a.Turns = append(a.Turns, Turn{Person: s.Now.Person, Layer: LayerSwitch, From: s.Now.Since, To: s.Now.Until, Why: WhySwitch})
		}
	}
	return a
}
