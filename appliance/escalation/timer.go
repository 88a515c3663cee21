package escalation

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// bucket holds one timer a message whose bell is not silent, by message id.
const bucket = "escalations"

var timers = store.NewTable[timer](bucket)

// timer is what the bell of one message does next, as it lies in the store. It
// holds all that ringing needs, so that a due step reads nothing that could be
// missing. All times are UTC.
type timer struct {
	Message  message.ID         `json:"message"`
	Number   message.Number     `json:"number"`
	Type     message.CallType   `json:"type"`
	Urgency  message.Urgency    `json:"urgency"`
	OnCall   bool               `json:"on_call,omitempty"` // it rings whatever its urgency
	Assignee message.PersonID   `json:"assignee,omitempty"`
	Given    message.PersonID   `json:"given,omitempty"` // whom it came in for: rung before the policy's first step
	State    State              `json:"state"`
	Reason   notify.Reason      `json:"reason"`           // which bout this is
	Bout     time.Time          `json:"bout,omitzero"`    // when it began: a name for it, never moved with the clock
	Policy   *Policy            `json:"policy,omitempty"` // that it began with; nil: the usual one
	Since    time.Time          `json:"since"`            // since when the caller waits
	Step     int                `json:"step"`             // how many steps of this bout were run, repeats counted
	Times    int                `json:"times"`            // how often it rang, in all bouts
	RangAt   time.Time          `json:"rang_at,omitzero"` // when it rang last
	Last     bool               `json:"last,omitempty"`   // the steps are used up: everybody rings too
	Nobody   bool               `json:"nobody,omitempty"` // what rings now reached nobody outside the building
	Asked    []message.PersonID `json:"asked,omitempty"`  // whom the step that rings now rings
	All      bool               `json:"all,omitempty"`    // and each of them must answer
	Rung     []Rung             `json:"rung,omitempty"`   // whom this bout rang or heard, in that order
	Until    time.Time          `json:"until,omitzero"`   // somebody calls back in this time, if that is before the promise
	Over     time.Duration      `json:"over,omitempty"`   // how long after Next the promise is broken, however often it is put off

	Rev     int64     `json:"rev"`     // another one each time it is written
	Written time.Time `json:"written"` // when that was
	Next    time.Time `json:"next"`    // when the next step is due
}

// Rung is one person whom a bout rang, or who answered it unrung.
type Rung struct {
	Person message.PersonID `json:"person"`
	At     time.Time        `json:"at,omitzero"`      // last time, UTC
	Times  int              `json:"times"`            // in this bout
	Failed bool             `json:"failed,omitempty"` // the last time did not reach them
	Ways   []notify.Kind    `json:"ways,omitempty"`   // channels of the last time that may still reach them
	Said   Said             `json:"said,omitempty"`   // what they answered
	SaidAt time.Time        `json:"said_at,omitzero"`
}

// Said is what somebody answered to a bout.
type Said string

const (
	saidNothing Said = ""
	SaidYes     Said = "yes" // they take it, or have heard it where all must
	SaidNo      Said = "no"  // they cannot take it
)

// lost is told that a way did not reach somebody: they are unreached when none
// of this ringing is left.
func (r *Rung) lost(k notify.Kind) {
	r.Ways = slices.DeleteFunc(r.Ways, func(w notify.Kind) bool { return w == k })
	r.Failed = len(r.Ways) == 0
}

func (t *timer) rung(p message.PersonID) *Rung {
	i := slices.IndexFunc(t.Rung, func(r Rung) bool { return r.Person == p })
	if i < 0 {
		return nil
	}
	return &t.Rung[i]
}

// policy is what this bout rings by.
func (t *timer) policy() Policy {
	if t.Policy == nil || len(t.Policy.Steps) == 0 {
		return usual()
	}
	return *t.Policy
}

// says notes what somebody answered.
func (t *timer) says(p message.PersonID, what Said, at time.Time) {
	r := t.rung(p)
	if r == nil {
		t.Rung = append(t.Rung, Rung{Person: p})
		r = &t.Rung[len(t.Rung)-1]
	}
	r.Said, r.SaidAt = what, at.UTC()
}

// declined are those who said no, as a further bout knows them.
func (t *timer) declined() (list []Rung) {
	for _, r := range t.Rung {
		if r.Said == SaidNo {
			list = append(list, Rung{Person: r.Person, Said: SaidNo, SaidAt: r.SaidAt})
		}
	}
	return list
}

// waitsFor are those who must answer the step that rings now and have not,
// where all must.
func (t *timer) waitsFor() (people []message.PersonID) {
	if t.State != Ringing || !t.All {
		return nil
	}
	for _, p := range t.Asked {
		if r := t.rung(p); r == nil || r.Said == saidNothing {
			people = append(people, p)
		}
	}
	return people
}

// answered says whether what was answered ends the ringing.
func (t *timer) answered() bool {
	yes := func(r Rung) bool { return r.Said == SaidYes }
	return len(t.waitsFor()) == 0 && slices.ContainsFunc(t.Rung, yes)
}

// wait is how long the timer had to wait when it was written.
func (t *timer) wait() time.Duration { return max(0, t.Next.Sub(t.Written)) }

// put writes the timer with the moment its next step is due.
func (t *timer) put(tx *store.Tx, at, next time.Time) error {
	t.Rev++
	t.Written, t.Next = at.UTC(), next.UTC()
	if err := timers.Put(tx, string(t.Message), *t); err != nil {
		return fmt.Errorf("writing the timer of message %s: %w", t.Message, err)
	}
	return nil
}

// getTimer answers the timer of a message, or one that is silent. One that
// cannot be read is none: no broken bytes may keep a person from taking a
// message. Its bell is begun anew (findMissing).
func getTimer(tx *store.Tx, id message.ID) timer {
	t, _, err := timers.Get(tx, string(id))
	if err != nil {
		return timer{}
	}
	return t
}

// eachTimer calls f for every timer that can be read, and answers the messages
// of those that cannot: one of them must not hide what else rings.
func eachTimer(tx *store.Tx, f func(timer) error) (unreadable []message.ID, err error) {
	tx.Ascend(bucket, "", func(key string, value []byte) bool {
		var t timer
		if json.Unmarshal(value, &t) != nil {
			unreadable = append(unreadable, message.ID(key))
			return true
		}
		err = f(t)
		return err == nil
	})
	return unreadable, err
}
