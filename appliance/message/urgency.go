package message

import "fmt"

// Urgency orders messages; a larger one is rung and shown first.
type Urgency int8

const (
	Routine Urgency = iota // in the order they came
	SameDay                // today
	Urgent                 // rings until a person takes it
)

var urgencyNames = [...]string{Routine: "routine", SameDay: "same-day", Urgent: "urgent"}

func (u Urgency) String() string {
	if u < Routine || u > Urgent {
		return fmt.Sprintf("urgency(%d)", int8(u))
	}
	return urgencyNames[u]
}

// ParseUrgency reads what String writes.
func ParseUrgency(s string) (Urgency, error) {
	for u, name := range urgencyNames {
		if s == name {
			return Urgency(u), nil
		}
	}
	return Routine, fmt.Errorf("urgency is routine, same-day or urgent")
}

// MarshalText writes the urgency's name.
func (u Urgency) MarshalText() ([]byte, error) {
	if u < Routine || u > Urgent {
		return nil, fmt.Errorf("urgency %d does not exist", int8(u))
	}
	return []byte(urgencyNames[u]), nil
}

// UnmarshalText reads the urgency's name.
func (u *Urgency) UnmarshalText(b []byte) (err error) {
	*u, err = ParseUrgency(string(b))
	return err
}
