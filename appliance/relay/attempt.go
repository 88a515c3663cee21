package relay

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/delivery"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// unwritten is how long to wait when the store did not take an outcome.
const unwritten = 30 * time.Second

// errMessageGone says that the message of a letter was deleted meanwhile.
var errMessageGone = errors.New("its message is gone")

// attempt tries to deliver one mail and commits what came of it. It answers how
// long to wait before another look when that could not be committed.
func (q *Queue) attempt(ctx context.Context, id message.ID) (again time.Duration) {
	var e queued
	var found bool
	err := q.o.Store.View(func(tx *store.Tx) (err error) {
		e, found, err = outbox().Get(tx, string(id))
		return err
	})
	if err != nil {
		q.o.Log.Error("queue: a mail cannot be read", "mail", id, "err", err)
		return unwritten
	}
	if !found || e.State != StateWaiting {
		return 0 // withdrawn, or replaced
	}
	failed := q.deliver(ctx, e)
	if failed != nil && ctx.Err() != nil {
		return 0 // cut off by the end of Run: it says nothing about the mail
	}
	now := q.o.Clock.Now().UTC()
	wait := delivery.Backoff(e.Attempts+1, e.Urgent, rand.N[time.Duration])
	// What happened outside is written down even when Run is ending.
	err = q.o.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return q.settle(tx, e, failed, now, wait) })
	if err != nil {
		q.o.Log.Error("queue: an outcome was not written down", "mail", id, "err", err)
		return unwritten
	}
	if e.Blob && (failed == nil || failed.gone) {
		if err := q.o.Store.RemoveBlob(e.ID); err != nil { // it is swept at the next start
			q.o.Log.Warn("queue: a blob was not removed", "mail", id, "err", err)
		}
	}
	if failed == nil {
		q.o.Log.Info("mail handed to the smarthost", "mail", id, "kind", string(e.Kind))
		return 0
	}
	q.o.Log.Warn("mail not handed over", "mail", id, "kind", string(e.Kind), "why", failed.why)
	return 0
}

// deliver hands one mail to the smarthost.
func (q *Queue) deliver(ctx context.Context, e queued) *failure {
	h, failed, err := q.ready()
	if err != nil {
		return &failure{why: whyStore}
	}
	if failed != nil {
		return failed
	}
	l := letter{id: e.ID, host: h.self, date: e.QueuedAt, from: h.from, to: e.To, subject: oneLine(e.Subject), text: e.Text}
	if e.Kind == KindSecure {
		if l.to, failed = q.address(e); failed != nil {
			return failed
		}
		file, sealed, err := q.sealed(e)
		if err != nil {
			return &failure{why: whyNoContent, forGood: errors.Is(err, fs.ErrNotExist), address: true}
		}
		defer sealed.Close()
		l.subject, l.text, l.file, l.content = secureSubject+e.Number.String(), secureText(file), file, content{sealed}
	}
	_, failed = h.send(ctx, l)
	return failed
}

// address opens the sealed address of a letter.
func (q *Queue) address(e queued) (to string, failed *failure) {
	reader, err := q.o.Vault.Reader()
	if err == nil {
		err = q.o.Store.View(func(tx *store.Tx) error {
			env, found, err := store.GetEnvelope(tx, e.Message)
			if err != nil {
				return err
			}
			for _, part := range env.Parts {
				if found && part.ID == e.Address {
					rec, err := reader.Record(tx, e.Message, part)
					to = rec.Field(fieldSentTo).Reveal()
					return err
				}
			}
			return errMessageGone
		})
	}
	switch {
	case err == nil && to != "":
		return to, nil
	case errors.Is(err, vault.ErrLocked):
		return "", &failure{why: whyLocked, held: true}
	case errors.Is(err, errMessageGone), errors.Is(err, vault.ErrGone):
		return "", &failure{why: whyMessageGone, gone: true}
	case err == nil, errors.Is(err, vault.ErrForged):
		return "", &failure{why: whyForged, forGood: true, address: true}
	}
	return "", &failure{why: whyNoAddress, address: true} // the key may come back: a disk that is mended, a copy from a backup
}

// sealed is the age file of a letter, and its name.
func (q *Queue) sealed(e queued) (name string, file io.ReadCloser, err error) {
	name = e.Number.String() + ".age"
	if !e.Blob {
		return name, io.NopCloser(bytes.NewReader(e.Content)), nil
	}
	file, err = q.o.Store.OpenBlob(e.ID)
	return name, file, err
}

// settle writes down the outcome of an attempt. e is the mail as it was when the
// attempt began: it may have been withdrawn or replaced since.
func (q *Queue) settle(tx *store.Tx, e queued, failed *failure, now time.Time, wait time.Duration) error {
	have, found, err := outbox().Get(tx, string(e.ID))
	if err != nil {
		return err
	}
	if err := keepHealth(tx, e, failed, now); err != nil {
		return err
	}
	if failed == nil || failed.gone {
		if found {
			if err := remove(tx, have); err != nil {
				return err
			}
		}
		return q.tell(tx, e, failed, now)
	}
	news := e.Why != failed.why || !failed.held
	if found && news {
		if err := put(tx, after(have, failed, now, wait)); err != nil {
			return err
		}
	}
	if !news {
		return nil // still held for the same reason
	}
	return q.tell(tx, e, failed, now)
}

// after is a mail after a failure; see State.
func after(e queued, failed *failure, now time.Time, wait time.Duration) queued {
	e.Why = failed.why
	switch {
	case failed.forGood:
		e.State, e.NextAt = StateRefused, time.Time{}
		e.Attempts++
	case failed.held:
		e.NextAt = time.Time{}
	default:
		e.NextAt = now.Add(wait)
		e.Attempts++
	}
	return e
}

// tell lets whoever sent a mail know how it fared.
func (q *Queue) tell(tx *store.Tx, e queued, failed *failure, now time.Time) error {
	if e.Kind == KindSecure {
		return tellLetter(tx, e, failed, now)
	}
	switch {
	case q.o.Outcome == nil:
		return nil
	case failed == nil:
		return q.o.Outcome.Delivered(tx, e.notice().Page(), now)
	}
	return q.o.Outcome.Failed(tx, e.notice().Page(), now)
}

// tellLetter writes the end of a letter's way into its message's timeline and
// the log: who was sent what must be known for years.
func tellLetter(tx *store.Tx, e queued, failed *failure, now time.Time) error {
	what, event := audit.Sent, message.EventDelivered
	switch {
	case failed == nil:
	case failed.forGood, failed.gone:
		what, event = audit.SendRefused, message.EventFailed
	default:
		return nil // it is tried again
	}
	if _, found, err := store.GetEnvelope(tx, e.Message); err != nil {
		return err
	} else if found {
		err := store.AddEvent(tx, e.Message, message.Event{At: now, What: event, Whom: e.Person, Detail: "secure-mail", Part: e.Address})
		if err != nil {
			return err
		}
	}
	_, err := audit.Append(tx, audit.Leaf{At: now, Who: audit.System, What: what, About: []string{string(e.Message), string(e.Address)}})
	return err
}
