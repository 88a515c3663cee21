package notify

import (
	"fmt"
	"time"

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

// Page is the notice that the mail carries.
func (m Mail) Page() Page {
	return Page{Message: m.Message, Person: m.Person, Kind: KindMail, At: m.At}
}

// MailOutbox is the durable queue that mail goes out by; relay has it.
type MailOutbox interface {
	// Enqueue puts a mail into the queue. One of the same Key that was not yet
	// handed to the smarthost is replaced: after an outage a phone is rung
	// once, not once a step.
	Enqueue(tx *store.Tx, m Mail) error
	// Withdraw drops the mail of a key that was not yet handed to the smarthost.
	Withdraw(tx *store.Tx, key string) error
}

// MailHealth is what the owner of the way out knows about it.
type MailHealth interface {
	// Mail answers Absent when no smarthost is set, Doubtful when the last try
	// or test for this address failed, else Working; and why, in words.
	Mail(tx *store.Tx, address string) (Condition, string)
}

// MailOptions are what the mail channel needs from the rooms around it.
type MailOptions struct {
	Outbox MailOutbox
	Health MailHealth
	Say    Speech
}

// NewMail makes the mail channel.
func NewMail(o MailOptions) Channel { return &mailChannel{o} }

type mailChannel struct{ o MailOptions }

func (c *mailChannel) Kind() Kind   { return KindMail }
func (c *mailChannel) Leaves() bool { return true }

func (c *mailChannel) Check(tx *store.Tx, to Address) (Condition, string, error) {
	return best(to.To(KindMail), noAddress(KindMail), func(address string) (Condition, string) { return c.o.Health.Mail(tx, address) })
}

func (c *mailChannel) Begin(tx *store.Tx, n Notice, to Address, at time.Time) error {
	addresses := to.To(KindMail)
	if len(addresses) == 0 {
		return errNoAddress
	}
	said := c.o.Say.Say(tx, KindMail, n, to.Person, at)
	for i, address := range addresses[:min(len(addresses), maxWays)] {
		m := Mail{
			ID:      noticeID(n, to.Person, KindMail, i, at),
			Key:     noticeKey(n.Message, to.Person, KindMail, i),
			Message: n.Message,
			Person:  to.Person,
			To:      address,
			Subject: said.Title,
			Text:    said.Text,
			Urgent:  n.Urgency == message.Urgent,
			At:      at.UTC(),
		}
		if err := c.o.Outbox.Enqueue(tx, m); err != nil {
			return fmt.Errorf("queueing a notice of message %s: %w", n.Message, err)
		}
	}
	return nil
}

func (c *mailChannel) End(tx *store.Tx, id message.ID, to Address) error {
	for i := range maxWays {
		if err := c.o.Outbox.Withdraw(tx, noticeKey(id, to.Person, KindMail, i)); err != nil {
			return fmt.Errorf("withdrawing a notice of message %s: %w", id, err)
		}
	}
	return nil
}
