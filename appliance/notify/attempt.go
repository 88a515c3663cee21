package notify

import (
	"context"
	"fmt"
	"time"

	"nightbell/appliance/delivery"
	"nightbell/appliance/store"
)

// attempt tries to hand one page over and commits what came of it. It answers how
// long to wait before another look when that could not be committed.
func (b *Outbox) attempt(ctx context.Context, key string) (again time.Duration) {
	var q queued
	var conf Config
	var found bool
	err := b.o.Store.View(func(tx *store.Tx) (err error) {
		q, found, err = pages.Get(tx, key)
		conf = b.settled(tx)
		return err
	})
	if err != nil {
		b.o.Log.Error("a page cannot be read", "err", err)
		return unwritten
	}
	if !found || q.State != PageWaiting {
		return 0 // a person took the message
	}
	got := b.send(ctx, conf, q.Outgoing)
	if !got.Sent && ctx.Err() != nil {
		return 0 // cut off by the end of Run: it says nothing about the page
	}
	now := b.o.Clock.Now().UTC()
	wait := max(b.backoff(q.Attempts+1, q.Urgent()), min(got.After, delivery.LongestWait(q.Urgent())))
	// What happened outside is written down even when Run is ending.
	err = b.o.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return b.settle(tx, q, got, now, wait) })
	if err != nil {
		b.o.Log.Error("what came of a page was not written down", "page", string(q.ID), "err", err)
		return unwritten
	}
	b.o.Log.Info("page", "page", string(q.ID), "channel", string(q.Kind), "sent", got.Sent, "why", got.Why)
	return 0
}

// settled is the configuration as it stands now, to be used past the transaction.
func (b *Outbox) settled(tx *store.Tx) Config {
	return b.configOf(settingsOf(tx).get)
}

// send makes the request of a page and reads the answer.
func (b *Outbox) send(ctx context.Context, c Config, p Outgoing) (got Result) {
	defer func() {
		if v := recover(); v != nil { // one broken gateway must not end the others
			got = Result{Why: whyBroken}
			b.o.Log.Error("a gateway panicked", "channel", string(p.Kind), "value", fmt.Sprintf("%T", v))
		}
	}()
	g, known := b.gateways[p.Kind]
	if !known {
		return Result{ForGood: true, Why: whyNoGateway}
	}
	if why := g.Ready(c); why != "" {
		return Result{Why: why}
	}
	ctx, cancel := context.WithTimeout(ctx, b.o.Patience)
	defer cancel()
	req, err := g.Request(ctx, c, p)
	if err != nil {
		return Result{ForGood: true, Address: true, Why: whyAddress}
	}
	answer, why := b.net.ask(ctx, c, req, b.o.Clock.Now)
	if why != "" {
		return Result{Why: why}
	}
	return g.Read(c, answer)
}

// settle writes down what came of an attempt. q is the page as it was when the
// attempt began: a person may have taken the message since, or it rang again.
func (b *Outbox) settle(tx *store.Tx, q queued, got Result, now time.Time, wait time.Duration) error {
	key := q.key()
	have, found, err := pages.Get(tx, key)
	if err != nil {
		return err
	}
	mine := found && have.ID == q.ID
	if err := keepHealth(tx, q, got, now); err != nil {
		return err
	}
	test := q.Notice.Message == ""
	switch {
	case mine && (got.Sent || test): // a person waits for what a test says: it is not tried again
		err = pages.Delete(tx, key)
	case mine:
		have.Attempts++
		have.Why, have.NextAt = got.Why, now.Add(wait)
		if got.ForGood {
			have.State, have.NextAt = PageRefused, time.Time{}
		}
		err = pages.Put(tx, key, have)
	}
	if err != nil {
		return err
	}
	if got.Sent && got.Ref != "" {
		if err := remember(tx, q, got.Ref, now); err != nil {
			return err
		}
	}
	switch {
	case b.o.Outcome == nil:
		return nil
	case got.Sent:
		return b.o.Outcome.Delivered(tx, q.Page(), now)
	}
	return b.o.Outcome.Failed(tx, q.Page(), now)
}
