package notify

import (
	"time"

	"nightbell/appliance/store"
)

// handed is a page that a gateway took, by the gateway's name for it: a later
// report may say that it did not arrive.
type handed struct {
	Page   Page      `json:"page"`
	To     string    `json:"to"`
	At     time.Time `json:"at"`               // UTC: when it was handed over
	Failed bool      `json:"failed,omitempty"` // a report said so, and stays

	Token   string `json:"token,omitempty"`   // what an answer by a key in a call stands for
	Settled bool   `json:"settled,omitempty"` // nothing more is to be heard of it
}

// handedBucket holds them by kind and the gateway's name.
const handedBucket = "pages-handed"

var handedOver = store.NewTable[handed](handedBucket)

// keepHanded is how long a gateway may take to report: the large ones say within
// minutes, and give up after some hours.
const keepHanded = 24 * time.Hour

func handedKey(kind Kind, ref string) string { return string(kind) + "/" + ref }

// maxRef is the longest name that is kept; gateways use some forty characters.
const maxRef = 200

func remember(tx *store.Tx, q queued, ref string, now time.Time) error {
	if err := forgetHanded(tx, now); err != nil {
		return err
	}
	if len(ref) > maxRef {
		return nil // no name that a report could come under
	}
	return handedOver.Put(tx, handedKey(q.Kind, ref), handed{Page: q.Page(), To: q.To, At: now, Token: q.Token})
}

func forgetHanded(tx *store.Tx, now time.Time) error {
	var old []string
	_ = handedOver.Each(tx, "", func(key string, h handed) error {
		if now.Sub(h.At) > keepHanded {
			old = append(old, key)
		}
		return nil
	}) // one that cannot be read is passed by: it names no page any more
	for _, key := range old {
		if err := handedOver.Delete(tx, key); err != nil {
			return err
		}
	}
	return nil
}

// Report is what a gateway says later about a page that it took.
type Report struct {
	Kind    Kind
	Ref     string // the gateway's name for the page
	Arrived bool   // at a phone, not at a person: it acknowledges nothing
	Why     string // not arrived: why, in a sentence of ours
}

// Reported writes a report down. The first failure stays: whatever comes late,
// again or out of order afterwards changes nothing. A report about a page that
// is not known does nothing.
func (b *Outbox) Reported(tx *store.Tx, r Report, at time.Time) error {
	h, found, err := handedOver.Get(tx, handedKey(r.Kind, r.Ref))
	if err != nil || !found || h.Failed || h.Settled || r.Arrived {
		return err
	}
	h.Failed = true
	if err := handedOver.Put(tx, handedKey(r.Kind, r.Ref), h); err != nil {
		return err
	}
	if err := failedAt(tx, addressKey(r.Kind, h.To), r.Why, at); err != nil {
		return err
	}
	if b.o.Outcome == nil {
		return nil
	}
	return b.o.Outcome.Failed(tx, h.Page, at)
}
