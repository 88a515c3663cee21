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

// AskedFlag is a red flag that the words typed so far made the desk ask about,
// with what the taker answered.
type AskedFlag struct {
	ID     string // in the protocol's version
	Raised bool   // it is what it looks like: the call is as urgent as the flag says
}

// Flagged is one red flag whose words stood in what a caller said, kept in the
// record.
type Flagged struct {
	Flag string    // its id in the protocol's version
	Said FlagWord  // what the taker said to it
	At   time.Time // UTC: when the message was taken
}

// FlagWord is what a call taker says when a red flag asks.
type FlagWord string

const (
	FlagUnasked FlagWord = "unasked" // nobody was there to ask: it raised the urgency
	FlagYes     FlagWord = "yes"     // it is what it looks like: it raised the urgency
	FlagNo      FlagWord = "no"      // the caller said that it is not
)
