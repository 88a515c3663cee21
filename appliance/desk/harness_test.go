package desk_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/access"
	"nightbell/appliance/audit"
	"nightbell/appliance/desk"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

var (
	night   = time.Date(2026, 11, 24, 10, 7, 30, 0, time.UTC)
	pacific = time.FixedZone("PST", -8*3600)
)

// Sessions of people whose accounts the tests do not need.
var (
	ana    = access.Session{ID: "s1", Who: "p-ana", Roles: []access.Role{access.CallTaker}}
	bo     = access.Session{ID: "s2", Who: "p-bo", Roles: []access.Role{access.CallTaker}}
	rosa   = access.Session{ID: "s3", Who: "p-rosa", Roles: []access.Role{access.FrontDesk}, Reader: true}
	okafor = access.Session{ID: "s4", Who: "p-okafor", Roles: []access.Role{access.Provider}, Reader: true}
	dana   = access.Session{ID: "s5", Who: "p-dana", Roles: []access.Role{access.Admin}}
	paul   = access.Session{ID: "s6", Who: "p-paul", Roles: []access.Role{access.PrivacyOfficer}}
)

// office is a desk over a real store, vault, intake and access, with a bell and
// a sender that record.
type office struct {
	*testing.T
	dir    string
	store  *store.Store
	vault  *vault.Vault
	kit    *crypto.Kit
	access *access.Access
	intake *intake.Intake
	desk   *desk.Desk
	bell   *bell
	sender *sender
	clock  *clockwork.FakeClock
	log    *syncBuffer
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, dir: t.TempDir(), bell: &bell{}, sender: &sender{}, clock: clockwork.NewFakeClockAt(night), log: &syncBuffer{}}
	log := slog.New(slog.NewJSONHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	var err error
	o.store, err = store.Open(t.Context(), store.Options{Dir: o.dir, Clock: o.clock, ReserveBytes: 1 << 20})
	o.must(err)
	t.Cleanup(func() { o.store.Close() })
	public, _, err := ed25519.GenerateKey(nil)
	o.must(err)
	o.kit, err = crypto.NewKit("Cedar Street", night, public)
	o.must(err)
	o.vault, err = vault.Create(t.Context(), vault.Options{Store: o.store, Clock: o.clock, Log: log}, o.kit)
	o.must(err)
	t.Cleanup(func() { o.vault.Close() })
	o.access = access.New(access.Options{Store: o.store, Vault: o.vault, Clock: o.clock, Log: log})
	o.intake = intake.New(intake.Options{Store: o.store, Vault: o.vault, Clock: o.clock, Log: log, Bell: o.bell})
	o.desk = desk.New(desk.Options{Store: o.store, Vault: o.vault, Access: o.access, Protocols: protocol.NewShelf(), Clock: o.clock, Log: log, Bell: o.bell, Sender: o.sender, Zone: pacific})
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// staff makes the account of a session's person, without a key slot.
func (o *office) staff(s access.Session, fullName string) access.Session {
	o.Helper()
	p, err := o.access.AddPerson(o.Context(), audit.Owner, access.NewPerson{Name: string(s.Who), FullName: fullName, Roles: s.Roles, Password: "mauve otter 41 ladder"}, nil)
	o.must(err)
	s.Who = p.ID
	return s
}

func (o *office) contact(fullName, recipient string) access.Person {
	o.Helper()
	p, err := o.access.AddPerson(o.Context(), audit.Owner, access.NewPerson{FullName: fullName, Mail: "hale@elsewhere.example", AgeRecipient: recipient, Contact: true}, nil)
	o.must(err)
	return p
}

// take takes an urgent call that somebody typed.
func (o *office) take(by message.PersonID) message.ID {
	o.Helper()
	return o.takeIn(intake.Taking{Type: message.TypeUrgent, Channel: message.ChannelDesk, TypedBy: by, Form: map[string]message.Clear{
		"caller": "Marisol Quintero", "relation": "parent", "callback": "503 555 0148", "read_back": "yes", "patient": "Lucía Quintero", "born": "9/9/25",
		"symptoms": "fever 104 since midnight,\nhard to wake", "since": "midnight",
	}})
}

func (o *office) takeIn(in intake.Taking) message.ID {
	o.Helper()
	r, err := o.intake.Take(o.Context(), in)
	o.must(err)
	return r.ID
}

func (o *office) lock() {
	o.Helper()
	o.must(o.vault.Lock(o.Context(), "p-rosa"))
}

func (o *office) unlock() {
	o.Helper()
	o.must(o.vault.Unlock(o.Context(), o.kit.Identity))
}

func (o *office) look(s access.Session, id message.ID) desk.View {
	o.Helper()
	v, err := o.desk.Open(o.Context(), s, id)
	o.must(err)
	return v
}

func (o *office) envelope(id message.ID) (e message.Envelope) {
	o.Helper()
	o.must(o.store.View(func(tx *store.Tx) error {
		var ok bool
		var err error
		if e, ok, err = store.GetEnvelope(tx, id); err == nil && !ok {
			err = fmt.Errorf("there is no message %s", id)
		}
		return err
	}))
	return e
}

// leaves are the leaves of the log of these kinds, of all when none is named.
func (o *office) leaves(kinds ...audit.What) (list []audit.Leaf) {
	o.Helper()
	o.must(o.store.View(func(tx *store.Tx) error {
		all, err := audit.Range(tx, 0, 100_000)
		for _, l := range all {
			if len(kinds) == 0 || slices.Contains(kinds, l.What) {
				list = append(list, l)
			}
		}
		return err
	}))
	return list
}

// bell records what it is told, and fails when told to.
type bell struct {
	mu   sync.Mutex
	told []string
	fail error

	standing map[message.PersonID]message.Standing
}

func (b *bell) tell(tx *store.Tx, what string, e message.Envelope, at time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		return b.fail
	}
	b.told = append(b.told, fmt.Sprintf("%s %s %s", what, e.Status, e.Assignee))
	return tx.Put("timers", string(e.ID), []byte(at.Format(time.RFC3339Nano)))
}

// heard answers what it was told since the last time it was asked.
func (b *bell) heard() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	told := b.told
	b.told = nil
	return told
}

func (b *bell) Begin(tx *store.Tx, e message.Envelope, at time.Time) error {
	return b.tell(tx, "begin", e, at)
}
func (b *bell) Taken(tx *store.Tx, e message.Envelope, at time.Time) error {
	return b.tell(tx, "taken", e, at)
}
func (b *bell) HandedOff(tx *store.Tx, e message.Envelope, at time.Time) error {
	return b.tell(tx, "handed-off", e, at)
}
func (b *bell) CalledBack(tx *store.Tx, e message.Envelope, reached bool, at time.Time) error {
	return b.tell(tx, fmt.Sprintf("called-back:%v", reached), e, at)
}
func (b *bell) Closed(tx *store.Tx, e message.Envelope, at time.Time) error {
	return b.tell(tx, "closed", e, at)
}
func (b *bell) Reopened(tx *store.Tx, e message.Envelope, at time.Time) error {
	return b.tell(tx, "reopened", e, at)
}

func (b *bell) Urgency(tx *store.Tx, e message.Envelope, was message.Urgency, by message.PersonID, at time.Time) error {
	return b.tell(tx, fmt.Sprintf("urgency:%s-%s:%s", was, e.Urgency, by), e, at)
}

func (b *bell) Snoozed(tx *store.Tx, e message.Envelope, until, at time.Time) error {
	return b.tell(tx, "snoozed:"+until.Sub(at).String(), e, at)
}
func (b *bell) Declined(tx *store.Tx, e message.Envelope, who message.PersonID, at time.Time) error {
	return b.tell(tx, "declined:"+string(who), e, at)
}
func (b *bell) Heard(tx *store.Tx, e message.Envelope, who message.PersonID, at time.Time) error {
	return b.tell(tx, "heard:"+string(who), e, at)
}
func (b *bell) Standing(_ *store.Tx, _ message.ID, who message.PersonID) message.Standing {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.standing[who]
}

// sender keeps letters and queues their ids.
type sender struct {
	letters []desk.Letter
	closed  int // how many times the epoch of its note is closed meanwhile
	refuse  error
}

var errRefused = errors.New("no mail today")

func (s *sender) Prepare(_ context.Context, l desk.Letter) (func(*store.Tx, time.Time) error, error) {
	if s.refuse != nil {
		return nil, s.refuse
	}
	s.letters = append(s.letters, l)
	return func(tx *store.Tx, at time.Time) error {
		if s.closed > 0 {
			s.closed--
			return vault.ErrEpochClosed
		}
		return tx.Put("letters", string(l.Message), []byte(l.To.ID))
	}, nil
}

type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(b)
}

func (s *syncBuffer) Bytes() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.b.Bytes())
}
