package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"nightbell/appliance"
	"nightbell/appliance/vault"
	"nightbell/install"
	"nightbell/ui/web"
)

// addresses are where serve listens. A port of 0 picks a free one.
type addresses struct{ https, smtps string }

func newServe(e *env) *cobra.Command {
	var at addresses
	c := &cobra.Command{
		Use: "serve", Short: "Run the appliance until it is told to stop", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			data, err := e.dataFolder()
			if err != nil {
				return err
			}
			if err := vault.NoCoreDumps(); err != nil {
				return err
			}
			return install.RunService(c.Context(), func(ctx context.Context) error { return e.serve(ctx, data, at) })
		},
	}
	c.Flags().StringVar(&at.https, "https", ":443", "address of the pages and the API")
	c.Flags().StringVar(&at.smtps, "smtps", ":465", "address that mail comes in on, with TLS from the first byte")
	return c
}

// serve runs the appliance with its doors. The order matters: the store's lock
// first, so that a second service on the folder stops before it touches a port.
func (e *env) serve(ctx context.Context, data string, at addresses) (err error) {
	log := slog.New(slog.NewTextHandler(e.errs, nil))
	a, err := e.openForService(ctx, data, at, log)
	if err != nil || a == nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()

	d, err := openDoors(data, at, log)
	if err != nil {
		return err
	}
	a.ListeningAt(d.https.Addr().String(), d.smtps.Addr().String())
	pages, err := web.New(a)
	if err != nil {
		return errors.Join(err, d.close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return a.Run(ctx, d.smtps) })
	group.Go(func() error { return pages.Serve(ctx, d.https) })
	group.Go(func() error { return control{a, log}.serve(ctx, d.socket) })
	e.sayWhere(ctx, a)
	if err := group.Wait(); err != nil {
		return err
	}
	e.say("Stopped. Nothing was lost.")
	return nil
}

// doors are the listeners of a service; whoever serves on one closes it.
type doors struct{ https, smtps, socket net.Listener }

// Bounds of what one machine of the network, and all together, may hold open. A
// browser keeps one connection, or six without HTTP/2; an office behind a proxy is
// one address. Phone systems and scanners open one a mail. This machine itself,
// and so a proxy on it, is not counted.
const (
	pagesPerAddress, pagesAll = 200, 1000
	mailPerAddress, mailAll   = 20, 200
)

func openDoors(data string, at addresses, log *slog.Logger) (d doors, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, d.close())
		}
	}()
	if d.https, err = net.Listen("tcp", at.https); err != nil {
		return d, cannotListen("pages", at.https, err)
	}
	if d.smtps, err = net.Listen("tcp", at.smtps); err != nil {
		return d, cannotListen("mail door", at.smtps, err)
	}
	for _, door := range []struct {
		l               *net.Listener
		perAddress, all int
	}{{&d.https, pagesPerAddress, pagesAll}, {&d.smtps, mailPerAddress, mailAll}} {
		*door.l = install.Crowd{PerAddress: door.perAddress, All: door.all, Exempt: netip.Addr.IsLoopback, Log: log}.Listen(*door.l)
	}
	d.socket, err = listenSocket(data)
	return d, err
}

func (d doors) close() error {
	var errs []error
	for _, l := range []net.Listener{d.https, d.smtps, d.socket} {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

func cannotListen(what, addr string, err error) error {
	return &remoteError{fmt.Sprintf("the %s cannot listen on %s: %v", what, addr, err), "stop what uses that port, or give another address"}
}

// sayWhere says on start where the service listens and in what state.
func (e *env) sayWhere(ctx context.Context, a *appliance.Appliance) {
	s, err := a.Status(ctx)
	if err != nil {
		return
	}
	state := "open"
	if s.State == "locked" {
		state = "locked: calls are taken and rung; the first of the readers to sign in opens it"
	}
	e.say("Nightbell is running, %s.", state)
	e.say("Pages   https://%s   (https://%s on the office network)", s.HTTPS, s.Host)
	e.say("Mail in smtps://%s", s.SMTPS)
	for _, f := range s.Findings {
		e.say("! %s %s", f.Text, f.Do)
	}
}
