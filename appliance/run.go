package appliance

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"nightbell/appliance/relay"
)

// Run runs the background jobs and the mail door until the context ends, and
// waits for all of them. It ends by itself, with an error, when a write could
// not be made durable: what was said then is unknown, and only a new start
// knows what the disk has. When the bell hangs it ends without waiting for what
// may hang too.
func (a *Appliance) Run(ctx context.Context, mail net.Listener) error {
	a.mail = relay.NewServer(relay.InOptions{
		Store: a.Store, Intake: mailIntake{a}, Devices: a.Access,
		Protocols: a.Protocols, TLS: a.TLS(), Domain: a.practice.Host, Log: a.Log,
	})
	jobs := map[string]func(context.Context) error{
		"bell":        a.Bell.Run,
		"mail out":    a.Queue.Run,
		"pages":       a.Pages.Run,
		"answers":     a.Hearing.Run,
		"mail in":     func(ctx context.Context) error { return a.mail.Serve(ctx, mail) },
		"backup":      a.Backup.Run,
		"access":      a.Access.Run,
		"desk":        a.Desk.Run,
		"drafts":      a.Drafts.Run,
		"certificate": a.renewCertificate,
		"digest":      a.tellOwners,
		"store":       a.watchStore,
		"epochs":      a.mendEpochs,
		"keys":        a.forgetKeys,
		"blobs":       a.sweepBlobs,
		"watchdog":    a.callWatchdog,
		"checkpoint":  a.noteCheckpoints,
		"clock":       a.believeTimeServer,
	}
	group, ctx := errgroup.WithContext(ctx)
	for name, job := range jobs {
		group.Go(func() error {
			if err := job(ctx); err != nil && !errors.Is(err, context.Canceled) {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	ended := make(chan error, 1)
	go func() { ended <- group.Wait() }()
	hung := make(chan error, 1)
	go func() { hung <- a.watchBell(ctx) }()
	select {
	case err := <-ended:
		a.asked.stop()
		return err
	case err := <-hung:
		if err != nil {
			return err
		}
		err = <-ended
		a.asked.stop()
		return err
	}
}

// watchBell answers an error when the bell hangs, and nil when the run ends.
func (a *Appliance) watchBell(ctx context.Context) error {
	if err := a.Bell.Watch(ctx); err != nil {
		a.hung.Store(true)
		return &Advice{What: "the bell hung, and the process ends so that it can start anew", Do: "nothing that was confirmed is lost; the service starts again by itself. If this comes back, look whether the disk is failing", Err: err}
	}
	return nil
}

// every does something each time a while has passed, until the context ends.
func (a *Appliance) every(ctx context.Context, while time.Duration, do func()) error {
	tick := a.Clock.NewTicker(while)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.Chan():
			do()
		}
	}
}

// mendEpochs looks once, after a start, whether each epoch file and its copy are
// whole, and mends one from the other. What it cannot mend is a finding.
func (a *Appliance) mendEpochs(ctx context.Context) error {
	mended, err := a.Vault.MendEpochs(ctx)
	if err != nil && ctx.Err() == nil {
		a.Log.Error("the epoch files could not be checked", "err", err)
	}
	if len(mended) > 0 {
		a.Log.Warn("epoch files were mended from their copies", "count", len(mended))
	}
	return nil
}

// watchStore ends the run when the store broke.
func (a *Appliance) watchStore(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-a.Store.Broken():
		return &Advice{What: "the disk did not keep what was written", Do: "nothing that was confirmed is lost; the service starts again by itself. If this comes back, the disk is failing: restore the newest backup on another one", Err: a.Store.Err()}
	case <-a.Node.Broken():
		return fmt.Errorf("the disk did not keep what was written: %w", a.Node.Err())
	}
}

// addresses are where the doors listen.
type addresses struct {
	mu           sync.Mutex
	https, smtps string
}

// ListeningAt is told where the doors listen; Status says it and links use it.
func (a *Appliance) ListeningAt(https, smtps string) {
	a.where.mu.Lock()
	defer a.where.mu.Unlock()
	a.where.https, a.where.smtps = https, smtps
}

func (w *addresses) both() (https, smtps string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.https, w.smtps
}

// port is the pages' port as a link carries it: nothing where it is the usual one.
func (w *addresses) port() string {
	https, _ := w.both()
	_, port, err := net.SplitHostPort(https)
	if err != nil || port == "443" {
		return ""
	}
	return ":" + port
}
