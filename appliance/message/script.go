package message

import "time"

// Spoken is one step of the script that a call taker followed. It is kept in the
// record, sealed: an answer may say something of a patient.
type Spoken struct {
	Step    string    // its id in the protocol's version
	At      time.Time // UTC: when the taker came to it
	Skipped bool      // passed over; At is when
	Answer  Clear     // the label of the branch that was chosen
}

// Flagged is one red flag that a caller's words raised, kept in the record.
type Flagged struct {
	Flag string    // its id in the protocol's version
	Said FlagWord  // what the taker said to it
	At   time.Time // UTC: when it was said, or raised
	Why  Clear     // why not, in the taker's words
}

// FlagWord is what a call taker says when a red flag asks.
type FlagWord string

const (
	FlagUnasked FlagWord = "unasked" // nobody was there to ask: it raised the urgency
	FlagYes     FlagWord = "yes"     // it is what it looks like: it raised the urgency
	FlagNo      FlagWord = "no"      // it is not, and Why says how the taker knows
)
