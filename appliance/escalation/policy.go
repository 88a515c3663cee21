package escalation

import (
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
)

// Policy is how calls of one type and urgency are rung. Its steps run one after
// the other until a person answers; when all are used up they start over, and
// everybody is rung beside them (the last resort).
type Policy struct {
	Type       message.CallType `json:"type,omitempty"` // "": of every type that has none of its own
	Urgency    message.Urgency  `json:"urgency"`
	Steps      []Step           `json:"steps"`           // while nobody has taken it
	Again      []Step           `json:"again,omitempty"` // after a hand-off or a broken promise; none: the assignee, then Steps
	Promise    time.Duration    `json:"promise"`         // in which a taken message must be worked, in nanoseconds
	LastResort LastResort       `json:"last_resort,omitzero"`
}

// LastResort is what people at a desk can still do when all steps are used up.
type LastResort struct {
	Phone     string `json:"phone,omitempty"` // to call now
	PhoneName string `json:"phone_name,omitempty"`
}

// Step rings some people at one moment and waits.
type Step struct {
	Whom     []Target      `json:"whom"`
	Channels []notify.Kind `json:"channels,omitempty"` // none: all that a person has
	Wait     time.Duration `json:"wait,omitempty"`     // in nanoseconds; 0: as the setting bell.step says
	Repeat   int           `json:"repeat,omitempty"`   // how often the same people are rung again
	All      bool          `json:"all,omitempty"`      // each of them must answer, not one
}

// Target is one entry of whom a step rings.
type Target struct {
	Kind     Whom             `json:"kind"`
	Schedule string           `json:"schedule,omitempty"` // id of a layer's schedule
	Layer    string           `json:"layer,omitempty"`    // id; none: all layers of the schedule
	Person   message.PersonID `json:"person,omitempty"`
}

// Whom says which people a target means.
type Whom string

const (
	Next      Whom = "next"      // the first on call whom this bout has not rung
	Assignee  Whom = "assignee"  // who took it, or was given it
	Layer     Whom = "layer"     // who is on call in one layer of the schedule
	OnePerson Whom = "person"    // somebody by name
	Everybody Whom = "everybody" // all who are on call, and the assignee
	Staff     Whom = "staff"     // everybody who may take a message
)

// usualPromise is what a practice promises an urgent caller when no policy says
// otherwise.
const usualPromise = 30 * time.Minute

// usual is how urgent calls are rung where nobody made a policy.
func usual() Policy {
	step := func(w Whom) Step { return Step{Whom: []Target{{Kind: w}}} }
	return Policy{
		Urgency: message.Urgent,
		Steps:   []Step{step(Next), step(Next), step(Everybody)},
		Again:   []Step{step(Assignee), step(Next), step(Everybody)},
		Promise: usualPromise,
	}
}

// place is one step of a bout as it is rung, repeats spelled out.
type place struct {
	Step
	n     int  // which step of the policy, from 1
	of    int  // of how many
	again bool // the same people once more
}

// places are the steps of the bout that a bell is in: who was given the message
// is rung before anybody else.
func (t *timer) places() []place {
	p, steps := t.policy(), t.policy().Steps
	switch {
	case t.Reason != notify.Waiting && len(p.Again) > 0:
		steps = p.Again
	case t.Reason != notify.Waiting:
		steps = append([]Step{{Whom: []Target{{Kind: Assignee}}}}, steps...)
	case t.Given != "":
		steps = append([]Step{{Whom: []Target{{Kind: OnePerson, Person: t.Given}}}}, steps...)
	}
	var list []place
	for i, s := range steps {
		for again := range 1 + s.Repeat {
			list = append(list, place{Step: s, n: i + 1, of: len(steps), again: again > 0})
		}
	}
	return list
}

// wait is how long the step waits for an answer.
func (s Step) wait(usual time.Duration) time.Duration {
	if s.Wait > 0 {
		return s.Wait
	}
	return usual
}
