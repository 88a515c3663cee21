package desk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// mostCalled bounds the messages of a day that are looked through, newest first.
const mostCalled = 1000

// CalledToday answers the messages of the practice's day so far that have the same
// number to call back, as it is typed, the newest first: those that the session may
// read and that can be opened now. What is shown is one record in the log; nothing
// is when nothing is found, or the number is not whole.
func (d *Desk) CalledToday(ctx context.Context, s access.Session, typed message.Clear) ([]Row, error) {
	if err := d.access.Require(ctx, s, access.TakeMessage); err != nil {
		return nil, err
	}
	number := message.Clear(protocol.E164(typed.Reveal()))
	if number == "" {
		return nil, nil
	}
	at := d.now()
	rows, err := d.since(midnight(at, d.zone), s)
	if err != nil {
		return nil, fmt.Errorf("looking for calls of today: %w", err)
	}
	d.openLines(ctx, s, rows, at)
	rows = slices.DeleteFunc(rows, func(r Row) bool { return r.Seal != Opened || r.number != number })
	if len(rows) == 0 {
		return nil, nil
	}
	var shown []string
	for _, r := range rows {
		shown = append(shown, string(r.Envelope.ID))
	}
	err = d.recordRead(ctx, s, audit.Leaf{At: at, Who: string(s.Who), What: audit.ReadList, About: shown, From: from(s)})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

func midnight(at time.Time, zone *time.Location) time.Time {
	local := at.In(zone)
	return time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, zone)
}

// since answers the rows of what came in since a moment and the session sees. What
// is urgent stands before the rest in a list; the rest is in the order it came in.
func (d *Desk) since(from time.Time, s access.Session) (rows []Row, err error) {
	err = d.store.View(func(tx *store.Tx) error {
		var list []message.Envelope
		q := store.Query{State: store.ShowAll, Limit: 200}
		for looked := 0; looked < mostCalled; looked += q.Limit {
			page, next, err := store.ListEnvelopes(tx, q)
			if err != nil {
				return err
			}
			for _, e := range page {
				if !e.ReceivedAt.Before(from) && sees(s, e) {
					list = append(list, e)
				}
			}
			if n := len(page); next == "" || n > 0 && page[n-1].Urgency != message.Urgent && page[n-1].ReceivedAt.Before(from) {
				break
			}
			q.Before = next
		}
		rows, err = d.rows(tx, list)
		return err
	})
	return rows, err
}
