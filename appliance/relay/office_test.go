package relay_test

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/relay"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/crypto"
)

// office is a store and a vault with a queue over them.
type office struct {
	t     *testing.T
	dir   string
	clock *clockwork.FakeClock
	kit   *crypto.Kit
	store *store.Store
	vault *vault.Vault
	queue *relay.Queue
	bell  *bell

	changed chan struct{} // closed and made anew at each commit
	mu      sync.Mutex
}

// bell hears how notices fared.
type bell struct {
	mu        sync.Mutex
	delivered []notify.Page
	failed    []notify.Page
}

func (b *bell) Delivered(_ *store.Tx, m notify.Page, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.delivered = append(b.delivered, m)
	return nil
}

func (b *bell) Failed(_ *store.Tx, m notify.Page, _ time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = append(b.failed, m)
	return nil
}

func (b *bell) heard() (delivered, failed int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.delivered), len(b.failed)
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, dir: t.TempDir(), clock: clockwork.NewFakeClockAt(time.Date(2026, 11, 24, 22, 0, 0, 0, time.UTC))}
	secrets, err := vault.NewSecrets()
	if err != nil {
		t.Fatal(err)
	}
	if err := vault.SaveSecrets(o.dir, secrets); err != nil {
		t.Fatal(err)
	}
	o.kit, err = crypto.NewKit("Test practice", o.clock.Now(), secrets.BackupSigning.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	o.open(func(vo vault.Options) (*vault.Vault, error) { return vault.Create(t.Context(), vo, o.kit) })
	t.Cleanup(o.close)
	return o
}

func (o *office) open(openVault func(vault.Options) (*vault.Vault, error)) {
	o.t.Helper()
	st, err := store.Open(o.t.Context(), store.Options{Dir: o.dir, Clock: o.clock})
	if err != nil {
		o.t.Fatal(err)
	}
	v, err := openVault(vault.Options{Store: st, Clock: o.clock})
	if err != nil {
		o.t.Fatal(err)
	}
	o.store, o.vault, o.bell, o.changed = st, v, &bell{}, make(chan struct{})
	o.queue = relay.NewQueue(relay.OutOptions{Store: st, Vault: v, Outcome: o.bell, Clock: o.clock, Patience: 5 * time.Second})
	st.Watch(func(store.WriteSet) {
		o.mu.Lock()
		defer o.mu.Unlock()
		close(o.changed)
		o.changed = make(chan struct{})
	})
}

func (o *office) close() {
	o.vault.Close()
	o.store.Close()
}

// restart closes everything and opens it again, locked.
func (o *office) restart() {
	o.t.Helper()
	o.close()
	o.open(func(vo vault.Options) (*vault.Vault, error) { return vault.Open(o.t.Context(), vo) })
}

// run starts the queue and answers what ends it and waits.
func (o *office) run() (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan error, 1)
	go func() { over <- o.queue.Run(ctx) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			o.t.Errorf("Run answered %v", err)
		}
	})
	o.t.Cleanup(end)
	return end
}

func (o *office) update(change func(*store.Tx) error) {
	o.t.Helper()
	if err := o.store.Update(o.t.Context(), change); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) set(values map[settings.Key]string) {
	o.t.Helper()
	o.update(func(tx *store.Tx) error {
		for key, value := range values {
			if err := settings.Set(tx, key, value); err != nil {
				return err
			}
		}
		return nil
	})
}

// use points the settings at a smarthost.
func (o *office) use(host *smarthost.Server) {
	o.t.Helper()
	ca := filepath.Join(o.dir, "ca.pem")
	if err := host.CA().WriteFile(ca); err != nil {
		o.t.Fatal(err)
	}
	o.password("correct horse")
	o.set(map[settings.Key]string{
		settings.MailSmarthost: host.URL(), settings.MailCA: ca, settings.MailUser: "nightbell",
		settings.MailFrom: "bell@practice.example",
	})
}

func (o *office) password(password string) {
	o.t.Helper()
	secrets, err := vault.LoadSecrets(o.dir)
	if err != nil {
		o.t.Fatal(err)
	}
	secrets.SmarthostPassword, secrets.SmarthostFor = password, ""
	if err := vault.SaveSecrets(o.dir, secrets); err != nil {
		o.t.Fatal(err)
	}
}

// passwordFor binds the password to a smarthost.
func (o *office) passwordFor(host string) {
	o.t.Helper()
	secrets, err := vault.LoadSecrets(o.dir)
	if err != nil {
		o.t.Fatal(err)
	}
	secrets.SmarthostFor = host
	if err := vault.SaveSecrets(o.dir, secrets); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) entries() (list []relay.Entry) {
	o.t.Helper()
	err := o.store.View(func(tx *store.Tx) (err error) {
		list, err = o.queue.Entries(tx)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

// until waits until the queue is as wanted and answers it.
func (o *office) until(what string, wanted func([]relay.Entry) bool) []relay.Entry {
	o.t.Helper()
	limit := time.After(20 * time.Second)
	for {
		o.mu.Lock()
		changed := o.changed
		o.mu.Unlock()
		list := o.entries()
		if wanted(list) {
			return list
		}
		select {
		case <-changed:
		case <-limit:
			o.t.Fatalf("waited in vain for %s; the queue is %+v", what, list)
		}
	}
}

func empty(list []relay.Entry) bool { return len(list) == 0 }

// tried is a queue of one mail after n attempts.
func tried(n int) func([]relay.Entry) bool {
	return func(list []relay.Entry) bool { return len(list) == 1 && list[0].Attempts == n }
}

func explained(list []relay.Entry) bool { return len(list) == 1 && list[0].Why != "" }

// turn moves the clock on, once the queue waits for it.
func (o *office) turn(d time.Duration) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 20*time.Second)
	defer cancel()
	if err := o.clock.BlockUntilContext(ctx, 1); err != nil {
		o.t.Fatal("the queue waits for no time")
	}
	o.clock.Advance(d)
}

func newID(t *testing.T) message.ID {
	t.Helper()
	id, err := message.NewID()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func (o *office) notice(urgent bool) notify.Mail {
	about := newID(o.t)
	return notify.Mail{ID: newID(o.t), Key: "bell/" + string(about) + "/p1", Message: about, Person: "p1", To: "doctor@hospital.example",
		Subject: "Urgent clinical call N-1042 waits", Text: "Take it: https://nightbell.local/m/1\n.\nYou are first — hurry.\n", Urgent: urgent, At: o.clock.Now().UTC()}
}

func (o *office) enqueue(m notify.Mail) {
	o.t.Helper()
	o.update(func(tx *store.Tx) error { return o.queue.Enqueue(tx, m) })
}

func startHost(t *testing.T, o smarthost.Options) *smarthost.Server {
	t.Helper()
	host, err := smarthost.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(host.Close)
	return host
}

// receive waits for n mails at the smarthost.
func receive(t *testing.T, host *smarthost.Server, n int) []smarthost.Mail {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	mails, err := host.Wait(ctx, n)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}
