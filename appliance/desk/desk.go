// Package desk is the working of messages for somebody who is signed in: the
// list, opening one and its files, taking it, handing it on, a note, a call
// back, closing it with an outcome, opening it again, the text for the chart,
// and sending it securely.
//
// It decides who sees what of which message and writes the leaf of every read
// and every change. It takes no messages in (intake), rings nobody (escalation,
// which it tells) and knows no pages: ui/web and ui/cli call it.
package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Bell is told, inside the change and with the envelope as it stands after it,
// what a person did to a message or answered.
type Bell interface {
	Taken(tx *store.Tx, e message.Envelope, at time.Time) error
	HandedOff(tx *store.Tx, e message.Envelope, at time.Time) error
	CalledBack(tx *store.Tx, e message.Envelope, reached bool, at time.Time) error
	Closed(tx *store.Tx, e message.Envelope, at time.Time) error
	Reopened(tx *store.Tx, e message.Envelope, at time.Time) error
	Urgency(tx *store.Tx, e message.Envelope, was message.Urgency, by message.PersonID, at time.Time) error

	Snoozed(tx *store.Tx, e message.Envelope, until, at time.Time) error
	Declined(tx *store.Tx, e message.Envelope, who message.PersonID, at time.Time) error
	Heard(tx *store.Tx, e message.Envelope, who message.PersonID, at time.Time) error

	// Standing answers how the bell of a message stands, and towards one person.
	Standing(tx *store.Tx, id message.ID, who message.PersonID) message.Standing
}

// Sender mails what a message says, sealed to a person's own key.
type Sender interface {
	// Prepare seals the letter. What it answers puts the letter into the queue,
	// inside the change that records it; it may alter the message's envelope.
	Prepare(ctx context.Context, l Letter) (enqueue func(tx *store.Tx, at time.Time) error, err error)
}

// Letter is a message on its way to a person. It prints as "[sealed]" where it
// holds PHI.
type Letter struct {
	Message message.ID
	Number  message.Number
	To      access.Person
	Content message.Clear
}

// Rules answer a version of the protocol and the practice's calendar: what a
// message is routed by.
type Rules func(tx *store.Tx, version int) (protocol.Protocol, protocol.Calendar, error)

// Options are what a Desk works with.
type Options struct {
	Store     *store.Store
	Vault     *vault.Vault
	Access    *access.Access
	Protocols *protocol.Shelf
	Rules     Rules // nil: the Shelf's versions, in Zone and without holidays
	Bell      Bell
	Sender    Sender
	Zone      *time.Location  // the practice's, for what people copy and print; nil is UTC
	Clock     clockwork.Clock // nil is the real one
	Log       *slog.Logger    // nil is slog's default
}

// Desk works messages. Its methods may be called from any goroutine.
type Desk struct {
	store     *store.Store
	vault     *vault.Vault
	access    *access.Access
	protocols *protocol.Shelf
	rules     Rules
	bell      Bell
	sender    Sender
	zone      *time.Location
	clock     clockwork.Clock
	log       *slog.Logger

	lines *lines // inbox lines that were opened, while the appliance is open
	reads *reads // reads that could not be recorded yet
	bad   *bad   // parts that were met and are not what was sealed
}

// New answers a Desk. Run keeps its record of reads whole.
func New(o Options) *Desk {
	d := &Desk{
		store: o.Store, vault: o.Vault, access: o.Access, protocols: o.Protocols, rules: o.Rules, bell: o.Bell, sender: o.Sender,
		zone: o.Zone, clock: o.Clock, log: o.Log,
		lines: newLines(), reads: &reads{}, bad: &bad{},
	}
	if d.zone == nil {
		d.zone = time.UTC
	}
	if d.rules == nil {
		d.rules = func(tx *store.Tx, version int) (protocol.Protocol, protocol.Calendar, error) {
			p, err := d.protocols.Of(tx, version)
			return p, protocol.Calendar{Zone: d.zone}, err
		}
	}
	if d.clock == nil {
		d.clock = clockwork.NewRealClock()
	}
	if d.log == nil {
		d.log = slog.Default()
	}
	d.vault.OnChange(func(locked bool) {
		if locked {
			d.lines.forget()
		}
	})
	return d
}

func (d *Desk) now() time.Time { return d.clock.Now().UTC().Truncate(time.Microsecond) }

// ErrNotFound says that there is no such message, or no such file in it.
var ErrNotFound = errors.New("there is no such message")

// Invalid says what a person has to see to, in words for them.
type Invalid struct {
	Field string
	Words string
}

func (e *Invalid) Error() string { return e.Words }

// Conflict says that a message is not where the person saw it any more: somebody
// else did something meanwhile. Nothing was changed.
type Conflict struct {
	Who    message.PersonID // whose it is now; "" for nobody's
	Name   string           // what they are called
	Status message.Status   // where it stands now
}

func (e *Conflict) Error() string {
	switch {
	case e.Status == message.Closed:
		return "Somebody closed this message meanwhile. Look at it again."
	case e.Name == "":
		return "Somebody changed this message meanwhile. Look at it again."
	}
	return fmt.Sprintf("%s has this message now. Look at it again, and take it over if you must.", e.Name)
}

// NoKey says that a person has no key on file to seal a mail to.
type NoKey struct{ Name string }

func (e *NoKey) Error() string {
	return fmt.Sprintf("%s has no key on file, so nothing was sent. Put their age recipient on the People page, or read it to them on the phone.", e.Name)
}

func (d *Desk) envelope(id message.ID) (e message.Envelope, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		e, err = find(tx, id)
		return err
	})
	return e, err
}

func find(tx *store.Tx, id message.ID) (message.Envelope, error) {
	e, ok, err := store.GetEnvelope(tx, id)
	if err != nil {
		return e, fmt.Errorf("reading message %s: %w", id, err)
	}
	if !ok {
		return e, ErrNotFound
	}
	return e, nil
}

// callee answers what a person is called, or "" for nobody. Staff's names are no PHI.
func (d *Desk) callee(tx *store.Tx, id message.PersonID) (string, error) {
	if id == "" {
		return "", nil
	}
	p, ok, err := d.access.Person(tx, id)
	if err != nil || !ok {
		return string(id), err
	}
	return p.Call(), nil
}
