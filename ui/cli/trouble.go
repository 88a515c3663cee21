package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
	"nightbell/install"
)

// lookAgain is how often a store that could not be written is tried again.
const lookAgain = 5 * time.Second

// openForService opens the appliance. A store that cannot be written is no
// reason to end and be started over and over without a word: the pages' address
// then says what is wrong, and it is tried again until it can be written. It
// answers nil when the context ended before.
func (e *env) openForService(ctx context.Context, data string, at addresses, log *slog.Logger) (*appliance.Appliance, error) {
	if err := practiceIn(data); err != nil {
		return nil, err
	}
	open := func() (*appliance.Appliance, error) {
		return appliance.Open(ctx, appliance.Options{Dir: data, Log: log})
	}
	a, err := open()
	if !cannotWrite(err) {
		return a, err
	}
	log.Error("the store cannot be written; no calls are taken", "err", err)
	e.say("The store cannot be written: %v. No calls are taken. Mend the disk; this goes on by itself.", err)
	page := showTrouble(ctx, data, at.https, log)
	defer page.end()
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
		if a, err = open(); !cannotWrite(err) {
			return a, err
		}
	}
}

func cannotWrite(err error) bool {
	return errors.Is(err, store.ErrReadOnly) || errors.Is(err, store.ErrFull)
}

// troublePage is all there is to see while the store cannot be written.
const troublePage = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta http-equiv="refresh" content="5"><title>Nightbell cannot write</title>
<h1>No calls are taken: the server's disk cannot be written.</h1>
<p>What was saved before is safe. Answer the phone on paper until this is mended.</p>
<p>Look at the server: its disk may be full, broken, or set to read only. This page goes away by itself.</p></html>
`

// trouble is the page while it is shown.
type trouble struct {
	cancel context.CancelFunc
	done   chan struct{}
}

func showTrouble(ctx context.Context, data, addr string, log *slog.Logger) trouble {
	ctx, cancel := context.WithCancel(ctx)
	t := trouble{cancel, make(chan struct{})}
	go func() {
		defer close(t.done)
		if err := serveTrouble(ctx, data, addr); err != nil {
			log.Error("the page that says so cannot be shown", "err", err)
		}
	}()
	return t
}

func (t trouble) end() {
	t.cancel()
	<-t.done
}

// serveTrouble answers every request with the page, over TLS as ever.
func serveTrouble(ctx context.Context, data, addr string) error {
	secrets, err := vault.LoadSecrets(data)
	if err != nil {
		return err
	}
	names, err := install.LocalNames("localhost")
	if err != nil {
		return err
	}
	cert, err := install.Authority{Certificate: secrets.CACert, Key: secrets.CAKey}.Issue(names, time.Now())
	if err != nil {
		return err
	}
	pair, err := cert.TLS()
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listening on %s: %w", addr, err)
	}
	srv := &http.Server{
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
		ReadHeaderTimeout: lookAgain,
		Handler:           http.HandlerFunc(answerTrouble),
	}
	stop := context.AfterFunc(ctx, func() { srv.Close() })
	defer stop()
	if err := srv.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func answerTrouble(w http.ResponseWriter, _ *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Retry-After", "5")
	w.WriteHeader(http.StatusServiceUnavailable)
	fmt.Fprint(w, troublePage)
}
