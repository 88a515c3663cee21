package notify

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Mail is one PHI-free notice on its way out.
type Mail struct {
	ID      message.ID       // one a notice: the same change run again makes the same
	Key     string           // one a message and person: a newer mail replaces a waiting one
	Message message.ID       // what it is about
	Person  message.PersonID // whom it tells
	To      string
	Subject string
	Text    string
	Urgent  bool
	At      time.Time // UTC
}

// Outbox is the durable queue that mail goes out by; relay has it.
type Outbox interface {
	// Enqueue puts a mail into the queue. One of the same Key that was not yet
	// handed to the smarthost is replaced: after an outage a phone is rung
	// once, not once a step.
	Enqueue(tx *store.Tx, m Mail) error
	// Withdraw drops the mail of a key that was not yet handed to the smarthost.
	Withdraw(tx *store.Tx, key string) error
}

// Health is what the owner of the way out knows about it.
type Health interface {
	// Mail answers Absent when no smarthost is set, Doubtful when the last try
	// or test for this address failed, else Working; and why, in words.
	Mail(tx *store.Tx, address string) (Condition, string)
}

// MailOptions are what the mail channel needs from the rooms around it.
type MailOptions struct {
	Outbox Outbox
	Health Health
	Link   func(tx *store.Tx, id message.ID) string // page of a message on this practice's own server
	Zone   func(tx *store.Tx) *time.Location        // the practice's
}

// NewMail makes the mail channel.
func NewMail(o MailOptions) Channel { return &mailChannel{o} }

type mailChannel struct{ o MailOptions }

func (c *mailChannel) Kind() Kind   { return KindMail }
func (c *mailChannel) Leaves() bool { return true }

func (c *mailChannel) Check(tx *store.Tx, to Address) (Condition, string, error) {
	if to.Mail == "" {
		return Absent, noAddress, nil
	}
	condition, why := c.o.Health.Mail(tx, to.Mail)
	return condition, why, nil
}

// errNoAddress is for code: escalation asks Check before it begins.
var errNoAddress = errors.New("this person has no mail address")

func (c *mailChannel) Begin(tx *store.Tx, n Notice, to Address, at time.Time) error {
	if to.Mail == "" {
		return errNoAddress
	}
	subject, text := mailWords(n, c.o.Link(tx, n.Message), at.In(c.o.Zone(tx)))
	m := Mail{
		ID:      noticeID(n, to, at),
		Key:     mailKey(n.Message, to),
		Message: n.Message,
		Person:  to.Person,
		To:      to.Mail,
		Subject: subject,
		Text:    text,
		Urgent:  n.Urgency == message.Urgent,
		At:      at.UTC(),
	}
	if err := c.o.Outbox.Enqueue(tx, m); err != nil {
		return fmt.Errorf("queueing a notice of message %s: %w", n.Message, err)
	}
	return nil
}

func (c *mailChannel) End(tx *store.Tx, id message.ID, to Address) error {
	if err := c.o.Outbox.Withdraw(tx, mailKey(id, to)); err != nil {
		return fmt.Errorf("withdrawing a notice of message %s: %w", id, err)
	}
	return nil
}

// mailKey goes by person, not by address: somebody whose address was changed in
// the meantime is told at the new one only.
func mailKey(id message.ID, to Address) string {
	return "bell/" + string(id) + "/" + string(to.Person)
}

// noticeID makes the UUIDv7 of a notice out of what it is, so that a change that
// runs again, on this machine or another, makes the same mail.
func noticeID(n Notice, to Address, at time.Time) message.ID {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n%s\n%d\n%d", n.Message, to.Person, n.Step, at.UnixNano())
	var u uuid.UUID
	copy(u[:], h.Sum(nil))
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(u[:6], ms[2:])     // RFC 9562 5.7: 48 bits of milliseconds,
	u[6] = u[6]&0x0f | 0x70 // the version,
	u[8] = u[8]&0x3f | 0x80 // and the variant
	return message.ID(u.String())
}
