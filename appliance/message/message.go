// Package message is Nightbell's vocabulary: what a call message is, what of it
// anyone on the desk may see (the Envelope), what is sealed (the Record), and
// the names of persons, teams and devices that the other rooms speak of.
//
// It holds no state, does no I/O and imports nothing of ours; every other room
// imports it.
package message

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/google/uuid"
)

// ID names a message, a part or a pack: a UUIDv7 in its canonical text form, so
// that ids sort by the time they were made.
type ID string

// NewID makes an ID from a UUIDv7 generator's output. It fails only when the
// system's randomness does.
func NewID() (ID, error) {
	u, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("making an id: %w", err)
	}
	return ID(u.String()), nil
}

// ParseID accepts a UUID in canonical lower-case form and nothing else, so that
// an id is safe as a key and as a file name.
func ParseID(s string) (ID, error) {
	u, err := uuid.Parse(s)
	if err != nil || u.String() != s {
		return "", fmt.Errorf("%d characters are not a message id", len(s))
	}
	return ID(s), nil
}

// PersonID, TeamID and DeviceID name who took, works or sent a message. They are
// opaque, never a person's name.
type (
	PersonID string
	TeamID   string
	DeviceID string
)

// Everybody is the one team until teams are made with the protocol.
const Everybody TeamID = "everybody"

// Number is the short name of a message, said on the phone as "N ten forty-two".
// A practice never uses one twice.
type Number int64

// FirstNumber is where a practice starts, so that every number has four digits
// and none sounds like a count.
const FirstNumber Number = 1001

func (n Number) String() string { return "N-" + strconv.FormatInt(int64(n), 10) }

// ParseNumber reads "N-1042", "n1042" or "1042".
func ParseNumber(s string) (Number, error) {
	digits := strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(s), "N"), "-")
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("a message number looks like N-1042")
	}
	return Number(n), nil
}

// Channel is the way a message came in.
type Channel string

const (
	ChannelDesk  Channel = "desk"  // typed by a call taker
	ChannelMail  Channel = "mail"  // a device's mail: voicemail, fax, scanner
	ChannelAPI   Channel = "api"   // a machine over HTTP
	ChannelDrill Channel = "drill" // a scripted test call
)

// CallType is the id of a call type of the practice's protocol. The built-in
// ones are also the local parts of their mail addresses.
type CallType string

const (
	TypeNew       CallType = "new"       // new patient or appointment
	TypeChange    CallType = "change"    // reschedule, cancel, same-day change
	TypeRefill    CallType = "refill"    // prescription refill
	TypeUrgent    CallType = "urgent"    // urgent clinical
	TypeResults   CallType = "results"   // test results
	TypeBilling   CallType = "billing"   // billing or insurance
	TypePractice  CallType = "practice"  // another practice, or a pharmacy
	TypeComplaint CallType = "complaint" // an angry or complaining caller
	TypeWrong     CallType = "wrong"     // a wrong number, or sales
	TypeOther     CallType = "other"     // everything else, and what could not be told
)
