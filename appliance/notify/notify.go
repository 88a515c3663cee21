// Package notify carries the bell to people: notices that cannot hold PHI, the
// channels they go out by, and the desks that can ring.
//
// It knows addresses, not people, and decides nothing about who is rung or when
// (escalation does). A channel only commits the intent, inside the transaction
// of what caused it; whoever owns the way out (relay, the desk page) acts on it
// afterwards and commits the outcome.
package notify

import (
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Notice is what a person is told. It is built from an envelope and has no
// field that text of a patient, or anybody's, fits into: ids, numbers, times
// and codes of ours, each looked up when it is put into words.
type Notice struct {
	Message message.ID       `json:"message"`
	Number  message.Number   `json:"number"`
	Type    message.CallType `json:"type"`
	Urgency message.Urgency  `json:"urgency"`
	Since   time.Time        `json:"since"` // UTC: since when it waits
	Reason  Reason           `json:"reason"`
	Step    int              `json:"step"`             // how often it rang, this time counted
	Bout    time.Time        `json:"bout,omitzero"`    // UTC: when this ringing began; answers are bound to it
	Others  int              `json:"others,omitempty"` // further messages that ring this person now
}

// Reason is why it rings.
type Reason string

const (
	Waiting   Reason = "waiting"    // nobody has taken it
	HandedOff Reason = "handed-off" // it was given to somebody who has not taken it
	Overdue   Reason = "overdue"    // somebody took it and it was not worked in time
	Test      Reason = "test"       // nothing rings: a channel is tried
)

// Address is how one person is reached, in the order that they chose. The zero
// Address is every desk.
type Address struct {
	Person message.PersonID
	Ways   []Way
}

// Way is one channel to a person and where it leads there: a mail address, a
// phone number, a topic, a URL. Staff's own, not PHI.
type Way struct {
	Kind Kind   `json:"kind"`
	To   string `json:"to"`
}

// To answers where one channel leads for this person; nothing where it does not.
func (a Address) To(kind Kind) []string {
	var list []string
	for _, w := range a.Ways {
		if w.Kind == kind && w.To != "" {
			list = append(list, w.To)
		}
	}
	return list
}

// Page is one notice, to one person on one channel, as reports speak of it.
type Page struct {
	Message message.ID // empty: a test notice
	Person  message.PersonID
	Kind    Kind
	At      time.Time // UTC: when the notice was begun
}

// Kind names a channel. It stands in events and findings.
type Kind string

const (
	KindMail    Kind = "mail"
	KindSMS     Kind = "sms"
	KindVoice   Kind = "voice"
	KindNtfy    Kind = "ntfy"
	KindWebhook Kind = "webhook"
	KindDesk    Kind = "desk"
)

// Condition is what can be expected of a channel for one address.
type Condition int8

const (
	Absent   Condition = iota // no way there: not set up, or no address
	Doubtful                  // set up, but the last try failed: used, not trusted
	Working                   // set up, and nothing speaks against it
)

// Channel is one way to reach people. All its methods run inside a change:
// they read and write through the transaction alone, and may run again.
// Every channel passes channeltest.Run.
type Channel interface {
	Kind() Kind

	// Leaves says whether it reaches people outside the building. One that does
	// is asked for each person; one that does not rings for everybody there, is
	// given the zero Address, and never counts as having reached somebody.
	Leaves() bool

	// Check answers what can be expected for an address and, when it is not
	// Working, why, in words for a person.
	Check(tx *store.Tx, to Address) (Condition, string, error)

	// Begin commits the intent to tell somebody. What an earlier notice of the
	// same message to the same address began, and is still waiting, is replaced.
	// Beginning with a Condition of Absent is an error.
	Begin(tx *store.Tx, n Notice, to Address, at time.Time) error

	// End drops what is still waiting for an address: a person took the message.
	// Ending what never began is not an error.
	End(tx *store.Tx, id message.ID, to Address) error
}

// Outcome is told how a notice fared, in the transaction that commits the
// outcome of one attempt. Repeats are fine; a failure after a success, or a
// success after a failure, changes nothing that was decided on the first.
// Delivered says that the outside took the notice, never that a person did.
type Outcome interface {
	Delivered(tx *store.Tx, p Page, at time.Time) error
	Failed(tx *store.Tx, p Page, at time.Time) error
}
