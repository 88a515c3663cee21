// Package appliance is the running machine: it opens the rooms of a data folder,
// hands each what it needs of the others, and runs their background jobs.
//
// It holds no rule of its own. What crosses rooms and is asked by both doors
// (pages and command line) is a method here, one file a concern; the rest the
// doors ask of the rooms themselves.
package appliance

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/escalation"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/protocol"
	"nightbell/appliance/relay"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/backup"
	"nightbell/install"
)

// Options are what an appliance is opened with.
type Options struct {
	Dir   string          // the data folder
	Clock clockwork.Clock // nil: the real one
	Log   *slog.Logger    // nil: nothing is logged

	// Synced says whether a time server keeps the clock; nil: the system is asked.
	Synced func() bool

	// Store is laid over the store's own options; tests inject beneath it.
	Store store.Options
}

// Appliance is one practice's machine. Its rooms may be used as soon as Open
// answered; their background jobs run while Run does.
type Appliance struct {
	Store     *store.Store // what the practice keeps; travels in backups
	Node      *store.Store // what belongs to this machine alone
	Vault     *vault.Vault
	Access    *access.Access
	Intake    *intake.Intake
	Desk      *desk.Desk
	Drafts    *desk.Drafts // calls that are being typed
	Bell      *escalation.Engine
	Protocols *protocol.Shelf // versions of the practice's protocol
	Desks     *notify.Desks
	Tokens    notify.Tokens // of answers to notices
	Queue     *relay.Queue
	Pages     *notify.Outbox
	Hearing   *notify.Hearing
	Backup    *backup.Backup
	Clock     clockwork.Clock
	Log       *slog.Logger

	practice Practice
	synced   func() bool
	last     time.Time // newest commit before anything was done here
	mail     *relay.Server
	secrets  sync.Mutex // one change of the machine's secrets at a time
	cert     certificate
	asked    askedFor
	codes    wrongCodes
	blobs    []message.ID // that lay on the disk before anything was taken
	where    addresses
	otherLog atomic.Bool                       // the audit log is not the one that this machine knows
	hung     atomic.Bool                       // the bell hung: whatever holds it may hold the stores
	channels []notify.Channel                  // that the bell rings by
	held     atomic.Pointer[map[string]string] // the channels' secrets
	heart    heartbeat
}

// Open opens a data folder, locked. It answers store.ErrInUse when another
// process has it, and errNoPractice when it was never set up.
func Open(ctx context.Context, o Options) (_ *Appliance, err error) {
	a := &Appliance{Protocols: protocol.NewShelf(), Clock: o.Clock, Log: o.Log, synced: o.Synced}
	if a.synced == nil {
		a.synced = install.ClockSynced
	}
	if a.Clock == nil {
		a.Clock = clockwork.NewRealClock()
	}
	if a.Log == nil {
		a.Log = slog.New(slog.DiscardHandler)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if err := a.openStores(ctx, o); err != nil {
		return nil, err
	}
	if a.practice, err = readPractice(a.Store); err != nil {
		return nil, err
	}
	a.Vault, err = vault.Open(ctx, vault.Options{Store: a.Store, Zone: a.practice.Zone, Clock: a.Clock, Log: a.Log})
	if err != nil {
		return nil, err
	}
	a.wire()
	if err := a.findBlobs(ctx); err != nil {
		return nil, err
	}
	if err := a.loadCertificate(); err != nil {
		return nil, err
	}
	return a, a.bindMailPassword()
}

func (a *Appliance) openStores(ctx context.Context, o Options) (err error) {
	main := o.Store
	main.Dir, main.Clock, main.Log = o.Dir, a.Clock, a.Log
	if a.Store, err = store.Open(ctx, main); err != nil {
		return whatToDo(err)
	}
	a.last = a.Store.LastCommit()
	return a.openNode(ctx, o.Dir)
}

// wire makes the rooms, each with what it needs of the others.
func (a *Appliance) wire() {
	a.Access = access.New(access.Options{Store: a.Store, Vault: a.Vault, Clock: a.Clock, Log: a.Log})
	a.Desks = notify.NewDesks(a.Clock)
	a.Tokens = a.answerTokens()
	a.Queue = relay.NewQueue(relay.OutOptions{Store: a.Store, Vault: a.Vault, Outcome: bellOutcome{a}, Clock: a.Clock, Log: a.Log})
	a.Bell = escalation.New(escalation.Options{
		Store: a.Store, Node: a.Node, People: bellPeople{a}, LastCommit: a.last, Clock: a.Clock, Log: a.Log,
		Channels: a.wireChannels(),
	})
	a.Intake = intake.New(intake.Options{Store: a.Store, Vault: a.Vault, Rules: a.Rules, Flags: a.Protocols.Flags, Staff: a.Access, Clock: a.Clock, Bell: a.Bell, Log: a.Log})
	a.Desk = desk.New(desk.Options{Store: a.Store, Vault: a.Vault, Access: a.Access, Protocols: a.Protocols, Rules: a.Rules, Clock: a.Clock, Bell: a.Bell, Sender: sealedMail{a}, Zone: a.practice.Zone, Log: a.Log})
	a.Drafts = desk.NewDrafts(a.Node, a.Desk)
	a.Backup = backup.New(backup.Options{Store: a.Store, Vault: a.Vault, Node: a.Node, Clock: a.Clock, Log: a.Log})
}

// Practice is what the first run fixed.
func (a *Appliance) Practice() Practice { return a.practice }

// TLS is what the pages and the mail door serve with: the practice's own
// certificate, TLS 1.2 at least.
func (a *Appliance) TLS() *tls.Config { return a.cert.config() }

// link is where a notice is answered: with what it names, no sign-in is needed.
func (a *Appliance) link(token notify.Token) string {
	return "https://" + a.practice.Host + a.where.port() + "/answer/" + token.Reveal()
}

// Lock locks the appliance: whatever it holds in memory that opens messages is
// dropped. Calls are still taken and rung.
func (a *Appliance) Lock(ctx context.Context, by string) error { return a.Vault.Lock(ctx, by) }

// Close closes what Open opened. Run has to have ended. After a bell that hung
// it closes nothing, as nothing may answer: the end of the process does.
func (a *Appliance) Close() error {
	if a.hung.Load() {
		return nil
	}
	var errs []error
	if a.Vault != nil {
		errs = append(errs, a.Vault.Close())
	}
	if a.Node != nil {
		errs = append(errs, a.Node.Close())
	}
	if a.Store != nil {
		errs = append(errs, a.Store.Close())
	}
	return errors.Join(errs...)
}
