package relay

import (
	"context"
	"fmt"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// Delivery is what is known of the last try.
type Delivery struct {
	At  time.Time `json:"at"`
	OK  bool      `json:"ok"`
	Why string    `json:"why,omitempty"` // when not OK
}

// deliveries holds the last try at the smarthost, and the last failure for each
// staff address. The addresses of letters are PHI and never stand here.
func deliveries() store.Table[Delivery] { return store.NewTable[Delivery]("outbox-health") }

const smarthostKey = "smarthost"

func addressKey(address string) string { return "address/" + address }

// keepHealth writes down what an attempt says about the smarthost and about
// the address.
func keepHealth(tx *store.Tx, e queued, failed *failure, now time.Time) error {
	if failed != nil && (failed.held || failed.gone) {
		return nil // nothing was tried
	}
	if failed == nil || !failed.address {
		d := Delivery{At: now, OK: failed == nil}
		if failed != nil {
			d.Why = failed.why
		}
		if err := deliveries().Put(tx, smarthostKey, d); err != nil {
			return err
		}
	}
	switch {
	case e.Kind == KindSecure:
		return nil
	case failed == nil:
		return deliveries().Delete(tx, addressKey(e.To))
	case failed.address:
		return deliveries().Put(tx, addressKey(e.To), Delivery{At: now, Why: failed.why})
	}
	return nil
}

// Last answers the last try at the smarthost, and whether there was one.
func (q *Queue) Last(tx *store.Tx) (Delivery, bool, error) {
	return deliveries().Get(tx, smarthostKey)
}

// Mail answers what can be expected of a notice to an address, and why.
func (q *Queue) Mail(tx *store.Tx, address string) (notify.Condition, string) {
	if _, failed := q.config(tx); failed != nil {
		return notify.Absent, failed.why
	}
	for _, key := range []string{smarthostKey, addressKey(address)} {
		if d, found, err := deliveries().Get(tx, key); err != nil {
			return notify.Doubtful, whyUnknown
		} else if found && !d.OK {
			return notify.Doubtful, d.Why
		}
	}
	return notify.Working, ""
}

// Unsent is why a test mail did not go, in a sentence for people.
type Unsent struct{ Why string }

func (e *Unsent) Error() string { return e.Why }

// Test sends a test mail now, past the queue, and answers in a sentence what
// happened; an *Unsent is the sentence when it did not go. What came of it is
// kept as the state of the smarthost.
func (q *Queue) Test(ctx context.Context, to string) (string, error) {
	id, err := message.NewID()
	if err != nil {
		return "", err
	}
	h, failed, err := q.ready()
	if err != nil {
		return "", fmt.Errorf("testing the smarthost: %w", err)
	}
	if failed != nil {
		return "", &Unsent{failed.why}
	}
	now := q.o.Clock.Now().UTC()
	e := queued{ID: id, Kind: KindNotice, To: to}
	version, failed := h.send(ctx, letter{id: id, host: h.self, date: now, from: h.from, to: to, subject: testSubject, text: testText})
	err = q.o.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return keepHealth(tx, e, failed, now) })
	if err != nil {
		q.o.Log.Error("queue: the outcome of a test was not written down", "err", err)
	}
	if failed != nil {
		return "", &Unsent{failed.why}
	}
	return testedWell(h.at(), to, version), nil
}
