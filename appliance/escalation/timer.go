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
	Message  message.ID       `json:"message"`
	Number   message.Number   `json:"number"`
	Type     message.CallType `json:"type"`
	Urgency  message.Urgency  `json:"urgency"`
	Assignee message.PersonID `json:"assignee,omitempty"`
	State    State            `json:"state"`
	Reason   notify.Reason    `json:"reason"`           // which bout this is
	Since    time.Time        `json:"since"`            // since when the caller waits
	Step     int              `json:"step"`             // how many steps of this bout were run
	Times    int              `json:"times"`            // how often it rang, in all bouts
	RangAt   time.Time        `json:"rang_at,omitzero"` // when it rang last
	Last     bool             `json:"last,omitempty"`   // the step that rings now was for everybody
	Nobody   bool             `json:"nobody,omitempty"` // and it reached nobody outside the building
	Rung     []Rung           `json:"rung,omitempty"`   // whom this bout rang, in the order they were rung first

	Rev     int64     `json:"rev"`     // another one each time it is written
	Written time.Time `json:"written"` // when that was
	Next    time.Time `json:"next"`    // when the next step is due
}

// Rung is one person whom a bout rang.
type Rung struct {
	Person message.PersonID `json:"person"`
	At     time.Time        `json:"at"`               // last time, UTC
	Times  int              `json:"times"`            // in this bout
	Failed bool             `json:"failed,omitempty"` // the last time did not reach them
}

func (t *timer) rung(p message.PersonID) *Rung {
	i := slices.IndexFunc(t.Rung, func(r Rung) bool { return r.Person == p })
	if i < 0 {
		return nil
	}
	return &t.Rung[i]
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
