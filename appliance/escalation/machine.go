package escalation

import (
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
)

// State is where the bell of one message stands.
//
//	          begin                        due: ring the next step
//	silent ──────────────> ringing ──┐ <───────────┐
//	  ^ │                   ^ │ ^    └─────────────┘
//	  │ │ take, reopen,     │ │ │      unreached: the next step is due now
//	  │ │ not reached       │ │ │
//	  │ v        hand off   │ │ │ due (promise broken): ring again,
//	  │ promised ───────────┘ │ │ from whoever took it
//	  │  │ ^  │               │ │
//	  │  │ │  └───────────────│─┘
//	  │  │ │                  │
//	  │  │ └── take, reopen, ─┘
//	  │  │     not reached
//	  └──┴── called back, closed (from ringing too)
//
// A message rings until a person takes or closes it; taking it is a promise to
// call back or close it in time, and a broken promise rings again. Only what a
// person does leads out of ringing. The steps of a bout are data (Policy); the
// last one is repeated without an end. moves is the whole machine.
type State string

const (
	Silent   State = ""         // nothing rings and nothing is promised: there is no timer
	Ringing  State = "ringing"  // the next step is due when its time comes
	Promised State = "promised" // a person took it; due when the promise is broken
)

// cause is what moves a bell.
type cause int

const (
	begin     cause = iota // an urgent message was committed
	due                    // the time of its timer came
	take                   // a person took it
	handOff                // it was given to somebody, who has not taken it
	reached                // somebody called back and reached the caller
	missed                 // somebody called back and reached nobody
	closes                 // a person closed it
	reopen                 // a person opened it again, and works it
	unreached              // a notice of the step that rings now could not be delivered
)

// act is what is done when a bell moves; bell.go has one method for each.
type act int

const (
	ringFirst act = iota // begin the first bout
	ringAgain            // begin another bout, from the assignee
	ringNext             // go on with the bout
	breaks               // say that the promise was broken, then ringAgain
	promise              // stop the ringing and wait for the promise
	stop                 // stop the ringing, forget the timer
	hurry                // make the next step due when nobody of this one was reached
)

type move struct {
	to State
	do act
}

// moves is every step there is: what is not here changes nothing.
var moves = map[State]map[cause]move{
	Silent: {
		begin:   {Ringing, ringFirst},
		take:    {Promised, promise},
		handOff: {Ringing, ringAgain},
		missed:  {Promised, promise},
		reopen:  {Promised, promise},
	},
	Ringing: {
		due:       {Ringing, ringNext},
		take:      {Promised, promise},
		handOff:   {Ringing, ringAgain},
		reached:   {Silent, stop},
		missed:    {Promised, promise},
		closes:    {Silent, stop},
		reopen:    {Promised, promise},
		unreached: {Ringing, hurry},
	},
	Promised: {
		due:     {Ringing, breaks},
		take:    {Promised, promise},
		handOff: {Ringing, ringAgain},
		reached: {Silent, stop},
		missed:  {Promised, promise},
		closes:  {Silent, stop},
		reopen:  {Promised, promise},
	},
}

// Whom says who a step rings.
type Whom int

const (
	TheAssignee Whom = iota // who took it, or was given it
	TheNext                 // the first on call whom this bout has not rung
	Everybody               // all who are on call, and the assignee
)

// Policy is how an urgency is rung.
type Policy struct {
	First   []Whom        // steps of the first bout; the last is repeated
	Again   []Whom        // steps of every further bout; the last is repeated
	Promise time.Duration // in which a taken message must be worked
}

// policyOf answers how an urgency is rung; false: not at all.
func policyOf(u message.Urgency) (Policy, bool) {
	if u != message.Urgent {
		return Policy{}, false
	}
	return Policy{
		First:   []Whom{TheNext, TheNext, Everybody},
		Again:   []Whom{TheAssignee, TheNext, Everybody},
		Promise: 30 * time.Minute, // what a practice promises an urgent caller
	}, true
}

// steps are those of the bout that the timer is in.
func (p Policy) steps(reason notify.Reason) []Whom {
	if reason == notify.Waiting {
		return p.First
	}
	return p.Again
}
