// Package intake is the one way in. Whatever brings a call message (a desk, a
// mail, a machine) hands it to Take, which checks it, seals it, routes it and
// commits it: envelope, sealed record, audit leaf, timeline, first timer of the
// bell and first notices in one transaction. When Take answers a receipt, the
// message is on disk.
//
// It works while the appliance is locked and never waits for a person. Nothing
// that it answers or logs holds what the message says.
package intake

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Bell is rung by new messages: it writes the first timer and the first notices
// of one into the transaction that holds it.
type Bell interface {
	Begin(tx *store.Tx, e message.Envelope, at time.Time) error
}

// Rules answer a version of the protocol, or for 0 the one that counts now, and
// the calendar of the practice: the same that a page or a command explains.
type Rules func(tx *store.Tx, version int) (protocol.Protocol, protocol.Calendar, error)

// Staff says who is there to work messages.
type Staff interface {
	Works(tx *store.Tx, id message.PersonID) bool
	Staffed(tx *store.Tx, team message.TeamID) bool
}

// RedFlags makes a protocol's red flags ready to be looked for; it is asked for
// each message, and so keeps them.
type RedFlags func(protocol.Protocol) *protocol.Flags

// Options are what an Intake works with.
type Options struct {
	Store *store.Store
	Vault *vault.Vault
	Bell  Bell
	Rules Rules           // nil: what was shipped, in UTC and without holidays
	Flags RedFlags        // nil: it keeps them itself
	Staff Staff           // nil: everybody is there
	Clock clockwork.Clock // nil is the real one
	Log   *slog.Logger    // nil is slog's default
}

// Intake takes messages. Its methods may be called from any goroutine.
type Intake struct {
	store *store.Store
	vault *vault.Vault
	bell  Bell
	rules Rules
	flags RedFlags
	staff Staff
	clock clockwork.Clock
	log   *slog.Logger
}

// New answers an Intake.
func New(o Options) *Intake {
	in := &Intake{store: o.Store, vault: o.Vault, bell: o.Bell, rules: o.Rules, flags: o.Flags, staff: o.Staff, clock: o.Clock, log: o.Log}
	if in.rules == nil {
		in.rules = shipped
	}
	if in.flags == nil {
		in.flags = protocol.NewShelf().Flags
	}
	if in.clock == nil {
		in.clock = clockwork.NewRealClock()
	}
	if in.log == nil {
		in.log = slog.Default()
	}
	return in
}

func shipped(*store.Tx, int) (protocol.Protocol, protocol.Calendar, error) {
	return protocol.BuiltIn(), protocol.Calendar{Zone: time.UTC}, nil
}

// Receipt says what was taken, for the caller on the phone, the SMTP client or
// the machine.
type Receipt struct {
	ID         message.ID     `json:"id"`
	Number     message.Number `json:"number"`
	ReceivedAt time.Time      `json:"received_at"`
	Again      bool           `json:"again"` // the same key was taken before; this is that message
}

// Take takes a message and answers when it is durable. What is not fit to be
// taken is an *Invalid, with words for whoever typed it. A full disk is
// store.ErrFull; store.ErrUnknown means that the message may have been kept:
// trying again with the same key makes no second one, and a key that was taken
// already answers its receipt. Any other error means that nothing was taken.
func (in *Intake) Take(ctx context.Context, t Taking) (Receipt, error) {
	if again, ok, err := in.before(t); ok || err != nil {
		return again, err
	}
	if err := in.store.Accepting(); err != nil {
		return Receipt{}, fmt.Errorf("taking a message: %w", err)
	}
	p, cal, err := in.current(t.Protocol)
	if err != nil {
		return Receipt{}, err
	}
	typ, err := t.check(p)
	if err != nil {
		return Receipt{}, err
	}
	d := &draft{in: in, taking: t, typ: typ, protocol: p, calendar: cal}
	r, err := d.take(ctx)
	if err != nil {
		return Receipt{}, err
	}
	if r.Again {
		return r, nil
	}
	in.log.Info("message taken", "id", r.ID, "number", r.Number.String(), "type", typ.ID, "channel", t.Channel, "urgency", d.urgency.String())
	return r, nil
}

func (in *Intake) current(version int) (p protocol.Protocol, cal protocol.Calendar, err error) {
	err = in.store.View(func(tx *store.Tx) error {
		p, cal, err = in.rules(tx, version)
		return err
	})
	if err != nil {
		return p, cal, fmt.Errorf("reading the protocol: %w", err)
	}
	return p, cal, nil
}

// before answers the receipt of an earlier taking under the same key. It is
// asked first, so that a retry is answered on a full disk too.
func (in *Intake) before(t Taking) (r Receipt, ok bool, err error) {
	if t.Key == "" {
		return Receipt{}, false, nil
	}
	err = in.store.View(func(tx *store.Tx) error {
		r, ok, err = lookUp(tx, t)
		return err
	})
	if err != nil {
		return Receipt{}, false, fmt.Errorf("looking for an earlier taking: %w", err)
	}
	return r, ok, nil
}
