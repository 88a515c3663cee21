package appliance

import (
	"context"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
)

// Waiting answers the mail that is on its way out, or waits.
func (a *Appliance) Waiting() (entries []relay.Entry, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		entries, err = a.Queue.Entries(tx)
		return err
	})
	return entries, err
}

// RetryMail has a mail of the queue sent at once, one that was refused too.
func (a *Appliance) RetryMail(ctx context.Context, by string, id message.ID) error {
	leaf := audit.Leaf{At: a.Clock.Now().UTC(), Who: by, What: audit.MailRetried, About: []string{string(id)}}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.Queue.Retry(tx, id, leaf.At); err != nil {
			return err
		}
		_, err := audit.Append(tx, leaf)
		return err
	})
}

// DropMail takes a mail out of the queue, unsent. A bell that it belonged to
// goes on by itself.
func (a *Appliance) DropMail(ctx context.Context, by string, id message.ID) error {
	leaf := audit.Leaf{At: a.Clock.Now().UTC(), Who: by, What: audit.MailDropped, About: []string{string(id)}}
	return a.Store.Update(ctx, func(tx *store.Tx) error {
		if err := a.Queue.Drop(tx, id); err != nil {
			return err
		}
		_, err := audit.Append(tx, leaf)
		return err
	})
}
