package escalation

// State is where the bell of one message stands.
//
//	          begin                        due: ring the next step
//	silent ──────────────> ringing ──┐ <───────────┐
//	  ^ │                   ^ │ ^    └─────────────┘
//	  │ │ take, snooze,     │ │ │      unreached, decline: the next step is due
//	  │ │ reopen,           │ │ │      now, when nobody of this one is left
//	  │ │ not reached       │ │ │    hear: one of several who must has answered
//	  │ v        hand off,  │ │ │
//	  │ promised ───────────┘ │ │ due (promise broken): ring again,
//	  │  │ ^  │    decline    │ │ from whoever took it
//	  │  │ │  └───────────────│─┘
//	  │  │ │                  │
//	  │  │ └── take, snooze, ─┘
//	  │  │     reopen, not reached
//	  └──┴── called back, closed (from ringing too)
//
// Its urgency may change meanwhile: raised by another than whose it is, it rings
// from the first step, wherever it stood; lowered to where no policy rings it, it
// is silent.
//
// A message rings until a person takes or closes it; taking it is a promise to
// call back or close it in time, and a broken promise rings again. Only what a
// person does leads out of ringing. The steps of a bout are data (Policy); used
// up, they start over with the last resort beside them. moves is the whole machine.
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
	take                   // a person took it, or the last of those who must answered
	snooze                 // a person took it and calls back at a time of their own
	hear                   // a person answered, and others must too
	decline                // a person cannot take it, or not any more
	handOff                // it was given to somebody, who has not taken it
	reached                // somebody called back and reached the caller
	missed                 // somebody called back and reached nobody
	closes                 // a person closed it
	reopen                 // a person opened it again, and works it
	unreached              // a notice of the step that rings now could not be delivered
	raise                  // a person made it more urgent, and it is not theirs
	raiseOwn               // whoever has it made it more urgent
	lower                  // a person made it less urgent, and it still rings
	calm                   // a person made it so little urgent that no policy rings it
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
	hurry                // make the next step due when nobody of this one is left
	goOn                 // ring on as before
	givenBack            // ring from the first step: who took it cannot
	hasten               // the promise is the one of what is more urgent, and not later than it was
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
		snooze:  {Promised, promise},
		handOff: {Ringing, ringAgain},
		missed:  {Promised, promise},
		reopen:  {Promised, promise},

		raise:    {Ringing, ringFirst},
		raiseOwn: {Promised, promise},
	},
	Ringing: {
		due:       {Ringing, ringNext},
		take:      {Promised, promise},
		snooze:    {Promised, promise},
		hear:      {Ringing, goOn},
		decline:   {Ringing, hurry},
		handOff:   {Ringing, ringAgain},
		reached:   {Silent, stop},
		missed:    {Promised, promise},
		closes:    {Silent, stop},
		reopen:    {Promised, promise},
		unreached: {Ringing, hurry},
		raise:     {Ringing, ringFirst},
		raiseOwn:  {Ringing, ringFirst},
		lower:     {Ringing, goOn},
		calm:      {Silent, stop},
	},
	Promised: {
		due:     {Ringing, breaks},
		take:    {Promised, promise},
		snooze:  {Promised, promise},
		decline: {Ringing, givenBack},
		handOff: {Ringing, ringAgain},
		reached: {Silent, stop},
		missed:  {Promised, promise},
		closes:  {Silent, stop},
		reopen:  {Promised, promise},

		raise:    {Ringing, ringFirst},
		raiseOwn: {Promised, hasten},
		lower:    {Promised, goOn},
		calm:     {Silent, stop},
	},
}
