package notify

import (
	"errors"
	"fmt"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// errNoAddress is for code: escalation asks Check before it begins.
var errNoAddress = errors.New("no address of this channel is on file")

// Channel answers the channel of one kind over this outbox.
func (b *Outbox) Channel(kind Kind, say Speech) Channel { return &paging{b, kind, say} }

// paging is a channel whose pages go out by a gateway.
type paging struct {
	outbox *Outbox
	kind   Kind
	say    Speech
}

func (c *paging) Kind() Kind   { return c.kind }
func (c *paging) Leaves() bool { return true }

func (c *paging) Check(tx *store.Tx, to Address) (Condition, string, error) {
	return best(to.To(c.kind), noAddress(c.kind), func(address string) (Condition, string) {
		return c.outbox.condition(tx, c.kind, address)
	})
}

func (c *paging) Begin(tx *store.Tx, n Notice, to Address, at time.Time) error {
	addresses := to.To(c.kind)
	if len(addresses) == 0 {
		return errNoAddress
	}
	said := c.say.Say(tx, c.kind, n, to.Person, at)
	for i, address := range addresses[:min(len(addresses), maxWays)] {
		q := queued{
			Outgoing: Outgoing{
				ID: noticeID(n, to.Person, c.kind, i, at), Notice: n, Person: to.Person, Kind: c.kind, To: address,
				Title: said.Title, Text: said.Text, Link: said.Link, Token: said.Token.Reveal(), BegunAt: at.UTC(),
			},
			State: PageWaiting, NextAt: at.UTC(), Way: i,
		}
		if err := pages.Put(tx, q.key(), q); err != nil {
			return fmt.Errorf("queueing a page of message %s: %w", n.Message, err)
		}
	}
	return nil
}

func (c *paging) End(tx *store.Tx, id message.ID, to Address) error {
	for i := range maxWays {
		if err := pages.Delete(tx, noticeKey(id, to.Person, c.kind, i)); err != nil {
			return fmt.Errorf("withdrawing a page of message %s: %w", id, err)
		}
	}
	return nil
}
