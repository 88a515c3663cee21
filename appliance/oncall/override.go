package oncall

import (
	"errors"
	"time"

	"nightbell/appliance/message"
)

// Override is an exception from the schedule for a time: whoever has a place
// then keeps it for the others, and somebody else stands in it. It covers each
// shift that the time spans. Asked and agreed it counts; the two people need
// nobody else for it.
type Override struct {
	ID       string           `json:"id"`
	Kind     OverrideKind     `json:"kind"`
	Schedule string           `json:"schedule,omitempty"` // empty: wherever Replaced is on call
	Layer    string           `json:"layer,omitempty"`    // empty: each of the schedule
	From     time.Time        `json:"from"`               // UTC
	To       time.Time        `json:"to"`                 // UTC
	Replaced message.PersonID `json:"replaced,omitempty"` // empty: whoever is on in the layer, and nobody being on it
	By       message.PersonID `json:"by,omitempty"`       // who stands in
	Back     *Stretch         `json:"back,omitempty"`     // of a swap: when Replaced stands in for By; nil: at the same time

	State    OverrideState `json:"state"`
	AskedBy  string        `json:"asked_by"`
	AskedAt  time.Time     `json:"asked_at"` // UTC
	AgreedBy string        `json:"agreed_by,omitempty"`
	AgreedAt time.Time     `json:"agreed_at,omitzero"` // UTC: since when it counts
	EndedBy  string        `json:"ended_by,omitempty"` // who declined or undid it
	EndedAt  time.Time     `json:"ended_at,omitzero"`  // UTC: since when it counts no more
}

// Stretch is a time from one moment to another, UTC.
type Stretch struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// OverrideKind is what an override does.
type OverrideKind string

const (
	Cover  OverrideKind = "cover"  // By stands in for Replaced
	Swap   OverrideKind = "swap"   // By stands in for Replaced, and Replaced for By
	Remove OverrideKind = "remove" // Replaced is off, and nobody stands in
)

// OverrideState is where an override is on its way.
type OverrideState string

const (
	Asked    OverrideState = "asked"    // waits for the other person's word; changes nothing yet
	Agreed   OverrideState = "agreed"   // counts
	Declined OverrideState = "declined" // the other person said no
	Undone   OverrideState = "undone"   // taken back, or ended; what was before that moment stays
)

// OverrideAct is what a person does with an override.
type OverrideAct string

const (
	Agree   OverrideAct = "agree"
	Decline OverrideAct = "decline"
	Undo    OverrideAct = "undo"
)

// overrideMoves is the whole way of an override. The two are Replaced and By.
// Whoever asks is one of them, and the other answers. Whoever edits the schedule
// may do each of these too; what they ask for is agreed with it.
//
//	          agree (the other)         undo (either of the two)
//	asked ──────────────────────> agreed ──────────────────────> undone
//	  │ │                                                          ^
//	  │ └──────────────────────────────────────────────────────────┘
//	  │ decline (the other)            undo (whoever asked)
//	  └─────────────────────> declined
var overrideMoves = map[OverrideState]map[OverrideAct]struct {
	to  OverrideState
	who func(o Override, who string) bool
}{
	Asked: {
		Agree:   {Agreed, Override.answers},
		Decline: {Declined, Override.answers},
		Undo:    {Undone, func(o Override, who string) bool { return o.AskedBy == who }},
	},
	Agreed: {
		Undo: {Undone, Override.concerns},
	},
}

// concerns says whether somebody is one of the two.
func (o Override) concerns(who string) bool {
	return who != "" && (string(o.Replaced) == who || string(o.By) == who)
}

// answers says whether it is somebody's to agree or decline.
func (o Override) answers(who string) bool { return o.concerns(who) && o.AskedBy != who }

// May says whether somebody can do that with the override now, as one of the two.
func (o Override) May(who string, act OverrideAct) bool {
	move, ok := overrideMoves[o.State][act]
	return ok && move.who(o, who)
}

var (
	// ErrOverride says that an override is not where that can be done with it.
	ErrOverride = errors.New("that exception was answered or undone already")
	// ErrNotYours says that an override is other people's.
	ErrNotYours = errors.New("that exception is between other people")
	// ErrNoOverride says that there is no such override.
	ErrNoOverride = errors.New("there is no such exception")
)

// move answers the override after an act.
func (o Override) move(by string, act OverrideAct, edits bool, at time.Time) (Override, error) {
	move, ok := overrideMoves[o.State][act]
	switch {
	case !ok:
		return o, ErrOverride
	case !edits && !move.who(o, by):
		return o, ErrNotYours
	}
	if o.State = move.to; move.to == Agreed {
		o.AgreedBy, o.AgreedAt = by, at.UTC()
	} else {
		o.EndedBy, o.EndedAt = by, at.UTC()
	}
	return o, nil
}

// Check says what about an override cannot be kept; nil is a good one.
func (o Override) Check() error {
	switch {
	case o.ID == "":
		return errors.New("an override without an id")
	case o.From.IsZero() || !o.From.Before(o.To):
		return refuse("an exception ends after it begins")
	case o.Layer != "" && o.Schedule == "":
		return errors.New("an override of a layer without its schedule")
	case o.Back != nil && (o.Kind != Swap || !o.Back.From.Before(o.Back.To)):
		return refuse("what is given in return for a swap ends after it begins")
	}
	switch o.Kind {
	case Cover:
		if o.By == "" || o.By == o.Replaced {
			return refuse("to cover, somebody else has to stand in")
		}
		if o.Replaced == "" && o.Layer == "" {
			return refuse("to cover whoever is on call, say in which layer")
		}
	case Swap:
		if o.By == "" || o.Replaced == "" || o.By == o.Replaced {
			return refuse("a swap is between two people")
		}
	case Remove:
		if o.Replaced == "" || o.By != "" {
			return refuse("say who is taken off call")
		}
	default:
		return refuse("an exception is a cover, a swap or a removal")
	}
	return nil
}

// leg is one stretch in which an override puts somebody in another's place.
type leg struct {
	override     *Override
	from, to     time.Time
	replaced, by message.PersonID
}

// legs are what an override does, from when it was agreed until it was undone.
func (o *Override) legs() []leg {
	if o.AgreedAt.IsZero() {
		return nil
	}
	list := []leg{{o, o.From, o.To, o.Replaced, o.By}}
	if o.Kind == Swap {
		back := Stretch{o.From, o.To}
		if o.Back != nil {
			back = *o.Back
		}
		list = append(list, leg{o, back.From, back.To, o.By, o.Replaced})
	}
	counts := list[:0]
	for _, l := range list {
		l.from = later(l.from, o.AgreedAt)
		if o.State == Undone {
			l.to = sooner(l.to, o.EndedAt)
		}
		if l.from.Before(l.to) {
			counts = append(counts, l)
		}
	}
	return counts
}
