package desk

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Row is one message in a list. It holds PHI in Who and What alone.
type Row struct {
	Envelope  message.Envelope
	TypeName  string
	TypeShort string
	Assignee  string // what whoever works it is called
	Seal      Seal   // why Who and What are empty
	Who       message.Clear
	What      message.Clear

	number message.Clear // to call back, in E.164
}

// LogValue logs the message's id and no more.
func (r Row) LogValue() slog.Value { return slog.StringValue(string(r.Envelope.ID)) }

// Page is a page of a list.
type Page struct {
	Rows   []Row
	Next   string // Query.Before of the page after it; "" at the end
	Counts store.Counts
	Locked bool
}

// List answers a page of messages: envelopes, with the names and matters of those
// that the session may read, if the appliance is open. Call takers see only what
// they typed. What is shown is one record in the log.
func (d *Desk) List(ctx context.Context, s access.Session, q store.Query) (Page, error) {
	if err := d.access.Require(ctx, s, access.SeeDesk); err != nil {
		return Page{}, err
	}
	if onlyOwn(s) {
		q.TypedBy = s.Who
	}
	page := Page{Locked: d.vault.Locked()}
	err := d.store.View(func(tx *store.Tx) error {
		list, next, err := store.ListEnvelopes(tx, q)
		if err != nil {
			return err
		}
		page.Next = next
		if page.Counts, err = store.CountEnvelopes(tx); err != nil {
			return err
		}
		page.Rows, err = d.rows(tx, list)
		return err
	})
	if err != nil {
		return Page{}, fmt.Errorf("listing messages: %w", err)
	}
	if onlyOwn(s) {
		page.Counts = store.Counts{} // of the practice, which is not theirs to see
	}
	return page, d.show(ctx, s, page.Rows)
}

// Rows answers named messages as List does: a live list asks for what changed.
// One that is gone, or not the session's to see, is left out.
func (d *Desk) Rows(ctx context.Context, s access.Session, ids ...message.ID) ([]Row, error) {
	if err := d.access.Require(ctx, s, access.SeeDesk); err != nil {
		return nil, err
	}
	var rows []Row
	err := d.store.View(func(tx *store.Tx) error {
		var list []message.Envelope
		for _, id := range ids {
			e, ok, err := store.GetEnvelope(tx, id)
			if err != nil {
				return err
			}
			if ok && sees(s, e) {
				list = append(list, e)
			}
		}
		var err error
		rows, err = d.rows(tx, list)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing messages: %w", err)
	}
	return rows, d.show(ctx, s, rows)
}

// rows answers the rows of envelopes, sealed.
func (d *Desk) rows(tx *store.Tx, list []message.Envelope) ([]Row, error) {
	names := map[message.PersonID]string{}
	versions := map[int]protocol.Protocol{}
	rows := make([]Row, len(list))
	for i, e := range list {
		p, known := versions[e.Protocol]
		var err error
		if !known {
			if p, err = d.protocols.Of(tx, e.Protocol); err != nil {
				return nil, err
			}
			versions[e.Protocol] = p
		}
		name, known := names[e.Assignee]
		if !known {
			if name, err = d.callee(tx, e.Assignee); err != nil {
				return nil, err
			}
			names[e.Assignee] = name
		}
		typ := p.Show(e.CallType)
		rows[i] = Row{Envelope: e, TypeName: typ.Name, TypeShort: typ.Short, Assignee: name}
	}
	return rows, nil
}

// show opens what the session may read of rows and records what it showed.
func (d *Desk) show(ctx context.Context, s access.Session, rows []Row) error {
	at := d.now()
	d.openLines(ctx, s, rows, at)
	var shown []string
	for _, r := range rows {
		if r.Seal == Opened {
			shown = append(shown, string(r.Envelope.ID))
		}
	}
	if len(shown) == 0 {
		return nil
	}
	err := d.recordRead(ctx, s, audit.Leaf{At: at, Who: string(s.Who), What: audit.ReadList, About: shown, From: from(s)})
	if err != nil {
		clear(rows)
	}
	return err
}

// openLines fills in Who and What of the rows that may be read: from the lines
// that are open already, the rest side by side.
func (d *Desk) openLines(ctx context.Context, s access.Session, rows []Row, at time.Time) {
	reader, err := d.vault.Reader()
	era := d.lines.now()
	var closed []*Row
	for i := range rows {
		r := &rows[i]
		if r.Seal = d.sealOf(s, r.Envelope, at); r.Seal != Opened {
			continue
		}
		if err != nil {
			r.Seal = Locked
			continue
		}
		if have, ok := d.lines.get(keyOf(r.Envelope, recordPart(r.Envelope))); ok {
			r.Who, r.What, r.number = have.who, have.what, have.number
			continue
		}
		closed = append(closed, r)
	}
	next := make(chan *Row)
	var wg sync.WaitGroup
	for range min(len(closed), runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for r := range next {
				d.openLine(ctx, reader, era, r)
			}
		})
	}
	for _, r := range closed {
		next <- r
	}
	close(next)
	wg.Wait()
}

func (d *Desk) openLine(ctx context.Context, reader *vault.Reader, era int, r *Row) {
	e := r.Envelope
	part := recordPart(e)
	err := d.store.View(func(tx *store.Tx) error {
		rec, err := reader.Record(tx, e.ID, part)
		if err != nil {
			return err
		}
		p, err := d.protocols.Of(tx, e.Protocol)
		if err != nil {
			return err
		}
		kind := p.Show(e.CallType)
		r.Who, r.What = kind.Summary(rec)
		r.number = kind.CallBack(rec)
		return nil
	})
	if err != nil {
		r.Seal = d.sealFor(ctx, e.ID, part.ID, err)
		return
	}
	d.lines.put(era, keyOf(e, part), line{r.Who, r.What, r.number})
}

// recordPart is the part with what the intake took; an envelope without one (a
// damaged store) answers a part that opens nothing.
func recordPart(e message.Envelope) message.Part {
	for _, p := range e.Parts {
		if p.Kind == message.PartRecord {
			return p
		}
	}
	return message.Part{Kind: message.PartRecord}
}

// sealFor tells from the error of an opening why contents are not shown. One
// that was forged is remembered until a person saw to it, and recorded.
func (d *Desk) sealFor(ctx context.Context, id, part message.ID, err error) Seal {
	switch {
	case errors.Is(err, vault.ErrLocked):
		return Locked
	case errors.Is(err, vault.ErrGone):
		return Gone
	case errors.Is(err, vault.ErrForged):
		d.forged(ctx, id, part, err)
		return Forged
	}
	d.log.Error("a part could not be opened", "message", id, "part", part, "err", err)
	return Broken
}
