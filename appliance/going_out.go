package appliance

import (
	"context"
	"errors"
	"fmt"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// WaitingPages answers the pages of SMS, voice, push and webhook that are on
// their way out, or wait.
func (a *Appliance) WaitingPages() (list []notify.Entry, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		list = notify.Pages(tx)
		return nil
	})
	return list, err
}

// RetryPage has a page of the outbox sent at once, one that was refused too.
func (a *Appliance) RetryPage(ctx context.Context, by, key string) error {
	at := a.Clock.Now().UTC()
	return a.changePage(ctx, by, key, audit.MailRetried, func(tx *store.Tx) error { return notify.RetryPage(tx, key, at) })
}

// DropPage takes a page out of the outbox, unsent. The bell that it belonged to
// goes on by itself.
func (a *Appliance) DropPage(ctx context.Context, by, key string) error {
	return a.changePage(ctx, by, key, audit.MailDropped, func(tx *store.Tx) error { return notify.DropPage(tx, key) })
}

func (a *Appliance) changePage(ctx context.Context, by, key string, what audit.What, change func(*store.Tx) error) error {
	leaf := audit.Leaf{At: a.Clock.Now().UTC(), Who: by, What: what}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		leaf.About = nil
		for _, p := range notify.Pages(tx) {
			if p.Key == key {
				leaf.About = []string{string(p.Message), string(p.Person)}
			}
		}
		if err := change(tx); err != nil {
			return err
		}
		_, err := audit.Append(tx, leaf)
		return err
	})
}

// WaysOf answers how somebody is reached, in their order; none where they are
// nobody who can be rung.
func (a *Appliance) WaysOf(tx *store.Tx, person message.PersonID) ([]notify.Way, error) {
	who, here, err := (bellPeople{a}).Contact(tx, person)
	if err != nil && !errors.Is(err, store.ErrDamaged) {
		return nil, fmt.Errorf("reading how %s is reached: %w", person, err)
	}
	if !here {
		return nil, nil
	}
	return who.Address.Ways, nil
}
