package protocol

import "nightbell/appliance/message"

// Step is one step of a script: the exact words to say and what may follow. The
// first step of a type's script is where a call begins; a step goes on to the
// next in the list unless it or an answer says otherwise.
type Step struct {
	ID      string   `yaml:"id"`    // stable within the type: the record of a call names it
	Title   string   `yaml:"title"` // in the list beside the form: "Who is the patient?"
	Kind    StepKind `yaml:"kind,omitempty"`
	Say     string   `yaml:"say,omitempty"`     // word by word, to the caller
	Note    string   `yaml:"note,omitempty"`    // to the taker: what to do or look for
	Fields  []string `yaml:"fields,omitempty"`  // what is filled during it
	Answers []Branch `yaml:"answers,omitempty"` // what the caller may say, each with its key
	Next    string   `yaml:"next,omitempty"`    // id of the step after it; "end": the script is over; "": the next in the list
}

// End is the Next of a step after which the script is over.
const End = "end"

// StepKind says what a step is for.
type StepKind string

const (
	Talk      StepKind = ""          // say or ask it
	Hold      StepKind = "hold"      // put the caller on hold, and come back
	Transfer  StepKind = "transfer"  // give the call to somebody; Note says to whom and how
	Emergency StepKind = "emergency" // the emergency sentence: hang up and dial 911
	ReadBack  StepKind = "read-back" // the call back number is read back, and ticked
	Closing   StepKind = "closing"   // what happens next, and the message's number
)

// Branch is one answer to a step.
type Branch struct {
	Label string           `yaml:"label"`          // "No", "Yes, right now"
	Next  string           `yaml:"next,omitempty"` // as a step's
	To    *message.Urgency `yaml:"raise_to,omitempty"`
	Type  message.CallType `yaml:"call_type,omitempty"` // the call is of this type then, and its script begins
}
