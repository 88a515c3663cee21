package notify

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/delivery"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// OutboxOptions are what an Outbox needs. Outcome, Clock, Log, Jitter and
// Patience may be left zero.
type OutboxOptions struct {
	Store    *store.Store
	Gateways []Gateway
	Outcome  Outcome                                 // is told how each page fared
	Secret   func(name, server string) string        // of the machine's secrets, where it was given for that server
	Jitter   func(limit time.Duration) time.Duration // a random time below the limit
	Patience time.Duration                           // with a gateway, for one page; 20 s
	Clock    clockwork.Clock
	Log      *slog.Logger
}

// Outbox is the durable outbox of the channels that speak HTTP. A page is handed
// over at least once: one that was sent just before a crash goes again, with the
// same key against repeats where the other side knows one.
//
// No page waits for another: each kind has workers of its own, and what a
// gateway says about one page puts off that page alone.
type Outbox struct {
	o        OutboxOptions
	gateways map[Kind]Gateway
	net      network
	wake     chan struct{}

	mu      sync.Mutex
	touched map[string]struct{} // keys of pages that changed in the store
	anew    bool                // what waits may go now: a setting changed
}

const (
	pageWorkers   = 8   // of each kind: one slow answer must not keep the others waiting
	urgentWorkers = 256 // beyond any practice: an urgent page waits for no slow one

	unwritten = 5 * time.Second // how long to wait when the store did not take an outcome
)

// NewOutbox makes the outbox over a store; Run sends what is in it.
func NewOutbox(o OutboxOptions) *Outbox {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Jitter == nil {
		o.Jitter = rand.N[time.Duration]
	}
	if o.Patience == 0 {
		o.Patience = 20 * time.Second
	}
	if o.Secret == nil {
		o.Secret = func(string, string) string { return "" }
	}
	b := &Outbox{o: o, gateways: map[Kind]Gateway{}, wake: make(chan struct{}, 1), touched: map[string]struct{}{}}
	for _, g := range o.Gateways {
		b.gateways[g.Kind()] = g
	}
	o.Store.Watch(b.watch)
	return b
}

// watch is called by the committer and must not block.
func (b *Outbox) watch(w store.WriteSet) {
	if settings.Changed(w) {
		b.LookAnew()
	}
	if !w.Touches(pageBucket) {
		return
	}
	b.mu.Lock()
	for _, op := range w.Ops {
		if op.Bucket == pageBucket {
			b.touched[op.Key] = struct{}{}
		}
	}
	b.mu.Unlock()
	b.nudge()
}

// LookAnew makes everything due that waits. The outbox sees by itself when a
// setting changed; whoever changes a secret says so here.
func (b *Outbox) LookAnew() {
	b.net.forget()
	b.mu.Lock()
	b.anew = true
	b.mu.Unlock()
	b.nudge()
}

func (b *Outbox) nudge() {
	select {
	case b.wake <- struct{}{}:
	default:
	}
}

// config is what the channels are set up with, read in a transaction.
func (b *Outbox) config(tx *store.Tx) Config {
	return b.configOf(func(k settings.Key) string { return settings.Get(tx, k) })
}

// secretOpens are the settings that say which server a secret is sent to. One
// that was given for another server is none.
var secretOpens = map[string][]settings.Key{
	SecretNtfy: {settings.NtfyServer}, SecretReplies: {settings.RepliesServer}, SecretGateway: {settings.GatewayPreset, settings.GatewayURL},
}

// ServerOf answers which server a secret is sent to, as it is set up now: "" for
// none, and for a secret that is never sent.
func ServerOf(secret string, setting func(settings.Key) string) string {
	var server []string
	for _, key := range secretOpens[secret] {
		server = append(server, setting(key))
	}
	return strings.TrimSpace(strings.Join(server, " "))
}

func (b *Outbox) configOf(setting func(settings.Key) string) Config {
	return Config{Setting: setting, Secret: func(name string) string {
		return b.o.Secret(name, ServerOf(name, setting))
	}}
}

// Run sends what is due until ctx ends, and waits for what it has under way: a
// page that was taken in that moment is still written down as handed over.
func (b *Outbox) Run(ctx context.Context) error {
	r := &sender{b: b, plan: map[string]planned{}, busy: map[Kind]int{}, under: map[string]int{}, done: make(chan tried)}
	if err := r.load(); err != nil {
		return err
	}
	return delivery.Run(ctx, b.o.Clock, b.wake, r.done, r)
}
