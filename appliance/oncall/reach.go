package oncall

import (
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Reach is how somebody is called and reached. Addresses are staff's own.
type Reach struct {
	Preferred     string  `json:"preferred,omitempty"`     // what they want to be called
	Pronunciation string  `json:"pronunciation,omitempty"` // how to say it
	Ways          []Way   `json:"ways,omitempty"`          // in the order they are tried
	Quiet         []Quiet `json:"quiet,omitempty"`         // never for what is urgent
}

// Way is one channel to somebody, and what is known of it. Kind is one of
// notify's: mail, sms, voice, ntfy, webhook.
type Way struct {
	Kind        string    `json:"kind"`
	Address     string    `json:"address"`
	ConfirmedAt time.Time `json:"confirmed_at,omitzero"` // UTC: the person answered a test
	TestedAt    time.Time `json:"tested_at,omitzero"`    // UTC: a test was sent last
	FailedAt    time.Time `json:"failed_at,omitzero"`    // UTC: the last test failed; zero: it did not
}

// Quiet is when somebody does not want to hear of what can wait. Nothing urgent
// asks for it.
type Quiet = Window

// reaches is the table of Reach by person.
var reaches = store.NewTable[Reach]("reach")

// ReachOf answers how somebody is reached; of who never said it, nothing.
func ReachOf(tx *store.Tx, who message.PersonID) (Reach, error) {
	r, _, err := reaches.Get(tx, string(who))
	if err != nil {
		return Reach{}, fmt.Errorf("reading how %s is reached: %w", who, err)
	}
	return r, nil
}

const (
	maxWays       = 20
	maxAddressLen = 500 // a webhook's URL
)

// Check says what about it cannot be kept; nil is a good one.
func (r Reach) Check() error {
	switch {
	case len([]rune(r.Preferred)) > maxNameLen || len([]rune(r.Pronunciation)) > maxNameLen:
		return refuse("a name, and how to say it, have at most %d characters", maxNameLen)
	case len(r.Ways) > maxWays || len(r.Quiet) > maxWays:
		return refuse("somebody has at most %d ways to be reached", maxWays)
	}
	for i, w := range r.Ways {
		if w.Kind == "" || w.Address == "" || len(w.Address) > maxAddressLen {
			return refuse("a way to reach somebody needs its kind and an address of at most %d characters", maxAddressLen)
		}
		if slices.ContainsFunc(r.Ways[:i], w.same) {
			return refuse("the same way to reach somebody stands there twice")
		}
	}
	for _, q := range r.Quiet {
		if !q.From.valid() || !q.To.valid() || len(q.Days) == 0 {
			return refuse("quiet hours are given by days, and by two times of the day")
		}
	}
	return nil
}

// QuietAt says whether somebody does not want to hear of what can wait.
func (r Reach) QuietAt(zone *time.Location, at time.Time) bool {
	_, _, quiet := open(r.Quiet, location(zone), at)
	return quiet
}

func (w Way) same(other Way) bool { return w.Kind == other.Kind && w.Address == other.Address }

// SetReach keeps how somebody is reached. What was known of a way that stays is
// kept, and that of a new one is nothing: a new number was confirmed by nobody.
func SetReach(tx *store.Tx, by string, who message.PersonID, r Reach, at time.Time) error {
	if err := r.Check(); err != nil {
		return err
	}
	before, err := ReachOf(tx, who)
	if err != nil {
		return err
	}
	r.Ways = slices.Clone(r.Ways)
	for i, w := range r.Ways {
		r.Ways[i] = Way{Kind: w.Kind, Address: w.Address}
		if j := slices.IndexFunc(before.Ways, w.same); j >= 0 {
			r.Ways[i] = before.Ways[j]
		}
	}
	if err := reaches.Put(tx, string(who), r); err != nil {
		return fmt.Errorf("keeping how %s is reached: %w", who, err)
	}
	return trace(tx, audit.ReachSet, by, []message.PersonID{who}, at)
}

// Tested says that a test was sent on a way of somebody's.
func Tested(tx *store.Tx, by string, who message.PersonID, kind, address string, at time.Time) error {
	return known(tx, audit.ChannelTested, by, who, Way{Kind: kind, Address: address}, at, func(w *Way) { w.TestedAt = at.UTC() })
}

// Confirmed says that the person answered a test that came on that way: the only
// proof that it reaches them.
func Confirmed(tx *store.Tx, by string, who message.PersonID, kind, address string, at time.Time) error {
	return known(tx, audit.ChannelConfirmed, by, who, Way{Kind: kind, Address: address}, at, func(w *Way) {
		w.ConfirmedAt, w.FailedAt = at.UTC(), time.Time{}
	})
}

// Failed says that the channel could not hand a test over.
func Failed(tx *store.Tx, by string, who message.PersonID, kind, address string, at time.Time) error {
	return known(tx, audit.ChannelTestFailed, by, who, Way{Kind: kind, Address: address}, at, func(w *Way) { w.FailedAt = at.UTC() })
}

// known keeps what became known of a way. One that stands nowhere yet, the mail
// address of the account, is kept with it, behind the others.
func known(tx *store.Tx, what audit.What, by string, who message.PersonID, way Way, at time.Time, f func(*Way)) error {
	r, err := ReachOf(tx, who)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(r.Ways, way.same)
	if i < 0 {
		i, r.Ways = len(r.Ways), append(r.Ways, way)
	}
	f(&r.Ways[i])
	if err := r.Check(); err != nil {
		return err
	}
	if err := reaches.Put(tx, string(who), r); err != nil {
		return fmt.Errorf("keeping how %s is reached: %w", who, err)
	}
	leaf := audit.Leaf{At: at.UTC(), Who: by, What: what, About: []string{string(who)}, Why: way.Kind}
	_, err = audit.Append(tx, leaf)
	return err
}
