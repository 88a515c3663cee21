package notify

import (
	"fmt"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// Health is what is known of a channel, or of one address of it.
type Health struct {
	LastOK     time.Time `json:"last_ok,omitzero"`
	LastFailed time.Time `json:"last_failed,omitzero"`
	Why        string    `json:"why,omitempty"`   // of the last failure
	Fails      bool      `json:"fails,omitempty"` // the last try was the failure
}

// healthBucket holds it by kind, and by kind and address.
const healthBucket = "page-health"

var health = store.NewTable[Health](healthBucket)

func addressKey(kind Kind, to string) string { return string(kind) + "/" + to }

// keepHealth writes down what an attempt says about the channel and the address.
func keepHealth(tx *store.Tx, q queued, got Result, now time.Time) error {
	if got.Sent {
		if err := worked(tx, addressKey(q.Kind, q.To), now); err != nil {
			return err
		}
		return worked(tx, string(q.Kind), now)
	}
	if got.Address {
		return failedAt(tx, addressKey(q.Kind, q.To), got.Why, now)
	}
	return failedAt(tx, string(q.Kind), got.Why, now)
}

func worked(tx *store.Tx, key string, now time.Time) error {
	h, _, _ := health.Get(tx, key) // one that cannot be read is written anew
	h.LastOK, h.Fails = now, false
	return health.Put(tx, key, h)
}

func failedAt(tx *store.Tx, key, why string, now time.Time) error {
	h, _, _ := health.Get(tx, key)
	h.LastFailed, h.Fails, h.Why = now, true, why
	return health.Put(tx, key, h)
}

// HealthOf answers what is known of a channel, or of one address of it where to
// is not empty; zero when nothing was tried.
func HealthOf(tx *store.Tx, kind Kind, to string) Health {
	key := string(kind)
	if to != "" {
		key = addressKey(kind, to)
	}
	h, _, err := health.Get(tx, key)
	if err != nil {
		return Health{Fails: true, Why: whyUnknown}
	}
	return h
}

// condition is what can be expected of a page to an address.
func (b *Outbox) condition(tx *store.Tx, kind Kind, to string) (Condition, string) {
	g, known := b.gateways[kind]
	if !known {
		return Absent, whyNoGateway
	}
	if why := g.Ready(b.config(tx)); why != "" {
		return Absent, why
	}
	for _, h := range []Health{HealthOf(tx, kind, ""), HealthOf(tx, kind, to)} {
		if h.Fails {
			return Doubtful, h.Why
		}
	}
	return Working, ""
}

// Findings says what about the channels needs a person.
func (b *Outbox) Findings(tx *store.Tx, at time.Time) []finding.Finding {
	var list []finding.Finding
	for _, g := range b.o.Gateways {
		if g.Ready(b.config(tx)) != "" {
			continue // not used here
		}
		if h := HealthOf(tx, g.Kind(), ""); h.Fails {
			list = append(list, channelFails(g.Kind(), h.Why))
		}
	}
	refused, late := 0, 0
	eachPage(tx, func(_ string, q queued) {
		if q.State == PageRefused {
			refused++
		} else if at.Sub(q.BegunAt) > overdue {
			late++
		}
	})
	if refused > 0 {
		list = append(list, pagesRefused(refused))
	}
	if late > 0 {
		list = append(list, pagesWait(late))
	}
	return list
}

// overdue is how long a page may wait before a person is told.
const overdue = 5 * time.Minute

// values are settings read in a transaction, to be used past its end.
type values map[settings.Key]string

func settingsOf(tx *store.Tx) values {
	v := values{}
	for _, s := range settings.All(tx) {
		v[s.Key] = s.Value
	}
	return v
}

func (v values) get(k settings.Key) string { return v[k] }

func (k Kind) known() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("channel %q", string(k))
}

// Ready answers "" when pages of a kind can go out by this outbox, else what is
// missing, in words.
func (b *Outbox) Ready(tx *store.Tx, kind Kind) (why string) {
	g, known := b.gateways[kind]
	if !known {
		return whyNoGateway
	}
	return g.Ready(b.config(tx))
}
