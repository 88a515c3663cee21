package message

import "fmt"

// Status is where a message stands on its way to its end.
//
//	new ──take──> taken ──call back──> called-back
//	 │ <─decline──  │  ^                  │
//	 │              │  └────hand off──────┤
//	 └────close─────┴───────close─────────┴──> closed ──reopen──> taken
//
// Until it is closed its urgency can be changed. One that was called back and is
// raised is taken again: there is something to do after all.
//
// Next is the only place that decides which step may follow which.
type Status string

const (
	New        Status = "new"
	Taken      Status = "taken"
	CalledBack Status = "called-back"
	Closed     Status = "closed"
)

// Step is what a person does to a message that moves its status.
type Step string

const (
	StepTake     Step = "take"
	StepHandOff  Step = "hand-off"
	StepCallBack Step = "call-back"
	StepClose    Step = "close"
	StepReopen   Step = "reopen"
	StepDecline  Step = "decline" // whose it is cannot do it
	StepRaise    Step = "raise"   // it is more urgent than it was
	StepLower    Step = "lower"   // it is less urgent
)

var steps = map[Status]map[Step]Status{
	New:        {StepTake: Taken, StepHandOff: New, StepCallBack: CalledBack, StepClose: Closed, StepDecline: New, StepRaise: New, StepLower: New},
	Taken:      {StepTake: Taken, StepHandOff: Taken, StepCallBack: CalledBack, StepClose: Closed, StepDecline: New, StepRaise: Taken, StepLower: Taken},
	CalledBack: {StepTake: CalledBack, StepHandOff: Taken, StepCallBack: CalledBack, StepClose: Closed, StepRaise: Taken, StepLower: CalledBack},
	Closed:     {StepReopen: Taken},
}

// StepError says that a step cannot be taken from where a message stands.
type StepError struct {
	From Status
	Step Step
}

func (e *StepError) Error() string {
	return fmt.Sprintf("cannot %s a message that is %s", e.Step, e.From)
}

// Next answers the status after a step, or a *StepError. Handing a new message
// to somebody leaves it new: nobody has taken it until a person does, and an
// urgent one rings until then. A reopened message is taken by whoever reopened it.
func (s Status) Next(step Step) (Status, error) {
	next, ok := steps[s][step]
	if !ok {
		return s, &StepError{From: s, Step: step}
	}
	return next, nil
}

// Outcome is how a message ended, chosen from a list so that it can be counted
// and shown while locked.
type Outcome string

const (
	OutcomeDone      Outcome = "done"        // what the caller needed was done
	OutcomeReached   Outcome = "reached"     // spoken with, nothing left to do
	OutcomeLeftWord  Outcome = "left-word"   // word was left as the caller allowed
	OutcomeReferred  Outcome = "referred"    // sent elsewhere: 911, emergency room, another practice
	OutcomeDuplicate Outcome = "duplicate"   // the same call is worked under another number
	OutcomeNoNeed    Outcome = "no-need"     // wrong number, sales, no longer needed
	OutcomeNoAnswer  Outcome = "not-reached" // tried as promised, nobody answered
)

// Outcomes are all outcomes in the order a desk offers them.
func Outcomes() []Outcome {
	return []Outcome{OutcomeDone, OutcomeReached, OutcomeLeftWord, OutcomeReferred, OutcomeDuplicate, OutcomeNoNeed, OutcomeNoAnswer}
}
