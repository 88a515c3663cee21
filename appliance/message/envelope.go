package message

import "time"

// Envelope is what anyone on the desk may see of a message, while the appliance
// is locked too. Nothing of a patient or caller stands in it.
type Envelope struct {
	ID         ID        `json:"id"`
	Number     Number    `json:"number"`
	ReceivedAt time.Time `json:"received_at"` // UTC
	Channel    Channel   `json:"channel"`
	CallType   CallType  `json:"call_type"`
	Urgency    Urgency   `json:"urgency"`
	Status     Status    `json:"status"`
	Team       TeamID    `json:"team"`
	Assignee   PersonID  `json:"assignee,omitempty"` // who works it now
	TypedBy    PersonID  `json:"typed_by,omitempty"` // the call taker, where a person took it
	Device     DeviceID  `json:"device,omitempty"`   // the machine, where one sent it
	Protocol   int       `json:"protocol"`           // version it was taken under
	Clinical   bool      `json:"clinical,omitempty"` // of a type that every provider may read
	Route      string    `json:"route,omitempty"`    // id of the protocol's rule that it went by
	OnCall     bool      `json:"on_call,omitempty"`  // it went to whoever is on call: it is rung, whatever its urgency
	Due        time.Time `json:"due,omitzero"`       // UTC
	TakenAt    time.Time `json:"taken_at,omitzero"`  // first time a person took it
	ClosedAt   time.Time `json:"closed_at,omitzero"` // zero while open
	Outcome    Outcome   `json:"outcome,omitempty"`  // how it was closed
	Flags      []Flag    `json:"flags,omitempty"`    // what a person should look at
	Parts      []Part    `json:"parts"`
}

// Flag marks an envelope that a person should look at before trusting it.
type Flag string

const (
	FlagUnknownAddress Flag = "unknown-address" // sent to a local part that names no call type
	FlagHungUp         Flag = "hung-up"         // the caller was gone before it was complete
	FlagRedFlag        Flag = "red-flag"        // its words, not a person, made it more urgent
	FlagUnreadable     Flag = "unreadable"      // no text was found; the mail as it came is kept
)

// Has says whether the envelope carries the flag.
func (e Envelope) Has(f Flag) bool {
	for _, have := range e.Flags {
		if have == f {
			return true
		}
	}
	return false
}

// Open says whether somebody still has to do something about the message.
func (e Envelope) Open() bool { return e.Status != Closed }

// PartKind says what a sealed part is.
type PartKind string

const (
	PartRecord PartKind = "record" // what the intake took: one a message, its first part
	PartNote   PartKind = "note"   // added while working it: a note, a call back, a typed reason
	PartBlob   PartKind = "blob"   // a file beside a record: over 64 KiB
)

// Part is where a sealed part lies and how a reader knows that it is the right
// one. It says nothing about the contents.
type Part struct {
	ID         ID       `json:"id"`
	Kind       PartKind `json:"kind"`
	Epoch      string   `json:"epoch,omitempty"` // name of the epoch a record or note is sealed to; a blob has its own key
	Pack       ID       `json:"pack,omitempty"`  // the age file that a record or note lies in
	Line       int      `json:"line,omitempty"`  // its line there, from 0
	Size       int64    `json:"size"`            // bytes of ciphertext: of the pack, or of the blob
	Commitment string   `json:"commitment"`      // hex SHA-256: of the clear line, or of a blob's ciphertext
}

// Event is one line of a message's timeline. It holds no PHI: what was typed
// stands in the part it names.
type Event struct {
	At     time.Time `json:"at"` // UTC
	What   EventKind `json:"what"`
	Who    PersonID  `json:"who,omitempty"`    // who did it
	Whom   PersonID  `json:"whom,omitempty"`   // who was rung, handed to, written to
	Device DeviceID  `json:"device,omitempty"` // the machine that did it
	Detail string    `json:"detail,omitempty"` // a code of ours: a channel, an outcome, a step; never typed text
	Part   ID        `json:"part,omitempty"`   // the sealed part that came with it
}

// EventKind is what happened to a message.
type EventKind string

const (
	EventTaken      EventKind = "received"    // taken in, sealed and committed
	EventRung       EventKind = "rung"        // a person was rung on a channel
	EventRungAll    EventKind = "rung-all"    // everybody was rung
	EventNobody     EventKind = "rung-nobody" // nobody could be rung; the desks ring
	EventDelivered  EventKind = "delivered"   // a notice was handed to the outside
	EventFailed     EventKind = "failed"      // a notice could not be delivered
	EventAccepted   EventKind = "taken"       // a person took it
	EventAnswered   EventKind = "answered"    // a person has heard it, where several must
	EventDeclined   EventKind = "declined"    // a person cannot take it
	EventSnoozed    EventKind = "snoozed"     // a person took it and calls back in some minutes
	EventHandedOff  EventKind = "handed-off"  // given to another person
	EventNoted      EventKind = "noted"       // a note was added
	EventCalledBack EventKind = "called-back" // somebody called back
	EventOverdue    EventKind = "overdue"     // promised and not worked in time: it rings again
	EventSent       EventKind = "sent"        // sent securely
	EventClosed     EventKind = "closed"      // closed with an outcome
	EventReopened   EventKind = "reopened"    // opened again
	EventUrgency    EventKind = "urgency"     // a person changed how urgent it is
	EventRestarted  EventKind = "restarted"   // the appliance was away while it rang
)

// Answer is what somebody says to a bell that rings them.
type Answer string

const (
	AnswerTake    Answer = "take"    // they take the message
	AnswerDecline Answer = "decline" // they cannot
	AnswerSnooze  Answer = "snooze"  // they take it and call back in ten minutes
)

// Standing is how the bell of a message stands, and towards one person.
type Standing struct {
	Rings    bool          // now
	Promised bool          // a person took it: it rings again when it is not worked in time
	Bout     time.Time     // when this ringing began, or the one before the promise: answers by token are bound to it
	Asked    bool          // this person must answer, though another has taken it
	Heard    bool          // this person answered, and others must too
	Declined bool          // this person said that they cannot take it
	Until    time.Time     // whose it is calls back in this time, by their own word
	Promise  time.Duration // in which a message that is taken now must be worked
	Broken   time.Time     // when the promise that was made is broken, however often the call back is put off
}
