// Package access knows the people of the practice and its machines: who they
// are, what their roles allow, whether the password they gave is theirs, and
// which browsers are signed in.
//
// It is in charge of accounts, sessions, device credentials and the order in
// which sign-ins are tried. It is not in charge of what a message says or who
// works it (desk), nor of the keys themselves (vault): for people who read, the
// opening of their key slot is the password check.
//
// ui/web asks it at each request, relay and the API for each machine that
// sends, desk before each thing a person does, and ui/cli when it changes people.
package access

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/jonboulle/clockwork"
	"golang.org/x/sync/errgroup"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

// Options is what Access works with.
type Options struct {
	Store *store.Store
	Vault *vault.Vault
	Clock clockwork.Clock // nil: the real one
	Log   *slog.Logger    // nil: slog's default

	// Idle ends a session whose person did nothing for so long, Absolute every
	// session so long after its sign-in. 0: an hour, and twelve, which is the
	// longest day at a desk.
	Idle, Absolute time.Duration
}

// Access is the practice's door. All methods may be called by several
// goroutines at once.
type Access struct {
	store   *store.Store
	vault   *vault.Vault
	clock   clockwork.Clock
	log     *slog.Logger
	repeats *audit.Repeats

	sessions *sessions
	line     *line    // whose turn it is to derive a key
	guesses  *guesses // sign-ins of people
	knocks   *guesses // credentials of machines

	strangers *strangers
	owed      owed
}

// New answers the door of a practice. A lock sends readers' sessions to sleep
// from now on.
func New(o Options) *Access {
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Idle == 0 {
		o.Idle = time.Hour
	}
	if o.Absolute == 0 {
		o.Absolute = 12 * time.Hour
	}
	a := &Access{
		store: o.Store, vault: o.Vault, clock: o.Clock, log: o.Log,
		repeats:  audit.NewRepeats(audit.RepeatsOptions{Store: o.Store, Clock: o.Clock}),
		sessions: newSessions(o.Idle, o.Absolute), line: &line{}, guesses: newGuesses(), knocks: newGuesses(),
		strangers: &strangers{last: map[string]time.Time{}},
	}
	a.vault.OnChange(func(locked bool) {
		if locked {
			a.sessions.change(func(*held) bool { return true }, func(h *held) { h.asleep = true })
		}
	})
	return a
}

// Run ends idle sessions and writes the refusals that were counted, until the
// context ends.
func (a *Access) Run(ctx context.Context) error {
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return a.repeats.Run(ctx) })
	both.Go(func() error {
		t := a.clock.NewTicker(sweepEvery)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return nil
			case <-t.Chan():
				now := a.now()
				a.sessions.end(func(h *held) bool { return a.sessions.over(h, now) })
			}
		}
	})
	return both.Wait()
}

// sweepEvery is how late an idle desk's open pages are told that its session ended.
const sweepEvery = 30 * time.Second

// Require says whether a session may do p now, to what is named (ids). A
// refusal is a *Denied and leaves a trace, counted when it repeats.
func (a *Access) Require(ctx context.Context, s Session, p Permission, about ...string) error {
	if s.May(p) {
		return nil
	}
	denied := &Denied{Need: p, Asleep: s.Asleep && Allowed(s.Roles, p)}
	a.Refused(ctx, audit.Leaf{What: audit.Refused, Who: string(s.Who), About: about, Why: string(p), From: address(s.From)})
	return denied
}

func (a *Access) now() time.Time { return a.clock.Now().UTC() }

// person is Person for what is decided outside of a change.
func (a *Access) person(id message.PersonID) (p Person, err error) {
	err = a.store.View(func(tx *store.Tx) (err error) {
		p, err = get(tx, id)
		return err
	})
	return p, err
}

// Refused records a refusal, counted when it repeats, also of somebody who has
// left meanwhile. The refusal stands whether or not it could be recorded. The
// leaf's time is set here.
func (a *Access) Refused(ctx context.Context, l audit.Leaf) {
	l.At = a.now()
	if err := a.repeats.Note(context.WithoutCancel(ctx), l); err != nil {
		a.log.Error("a refusal could not be recorded", "what", string(l.What), "err", err)
	}
}

// leaf records what a change does, within it.
func leaf(tx *store.Tx, l audit.Leaf) error {
	_, err := audit.Append(tx, l)
	return err
}

// nobody stands in the log for whoever gave a name or a credential that nobody has.
const nobody = "unknown"

// address is a client's address as it stands in the log.
func address(from netip.Addr) string {
	if !from.IsValid() {
		return nobody
	}
	return from.String()
}

func rolesText(roles []Role) string {
	words := make([]string, len(roles))
	for i, r := range roles {
		words[i] = string(r)
	}
	return strings.Join(words, ",")
}
