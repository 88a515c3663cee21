// Package web is the practice's pages and its door for machines: sign-in, the
// inbox, taking and working a message, the office's pages, live events, and the
// HTTP interface.
//
// A handler decodes, calls one method of the appliance and renders; rules and
// storage lie below. routes.go is the whole list of what can be asked for, with
// what somebody must be allowed for it. ui/cli starts a Server beside the
// appliance that it shows.
package web

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/store"
)

// Times of the HTTP server. A page is small and a form too; what takes longer
// than this is a broken or a hostile client. A large file over a phone's line
// takes longest to write; an event stream sets its own limit, event by event.
const (
	readHeaderTime = 10 * time.Second
	readTime       = 60 * time.Second
	answerTime     = 10 * time.Minute
	idleTime       = 2 * time.Minute
	shutdownTime   = 3 * time.Second // for requests under way; streams are closed before
	maxHeader      = 32 << 10
)

// Server serves the pages of one appliance.
type Server struct {
	app    *appliance.Appliance
	log    *slog.Logger
	echo   *echo.Echo
	words  words
	assets *assets
	render *renderer
	hub    *hub
	counts *requestCounts

	jobs sync.WaitGroup // what tells pages of a running backup
}

// New makes the server of an appliance; it serves nothing before Serve.
func New(a *appliance.Appliance) (*Server, error) {
	w, err := readWords("words/en.txt")
	if err != nil {
		return nil, err
	}
	files, err := readAssets()
	if err != nil {
		return nil, err
	}
	r, err := newRenderer(w, files)
	if err != nil {
		return nil, err
	}
	s := &Server{app: a, log: a.Log, words: w, assets: files, render: r, hub: newHub(a.Clock, a.Desks), counts: newRequestCounts()}
	s.echo = s.router()
	a.Store.Watch(func(ws store.WriteSet) { s.hub.changed(changeOf(ws)) })
	a.Bell.OnHang(func() { s.hub.changed(change{alarm: true}) })
	a.Vault.OnChange(s.hub.lock)
	a.Access.OnEnd(s.hub.end)
	return s, nil
}

// Handler is the whole of it, for tests that bring their own server.
func (s *Server) Handler() http.Handler { return s.echo }

// Serve answers requests on the listener over TLS until the context ends. It
// closes the listener, and ends within seconds: open event streams first, then
// what is under way.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.echo,
		TLSConfig:         s.app.TLS(),
		ReadHeaderTimeout: readHeaderTime,
		ReadTimeout:       readTime,
		WriteTimeout:      answerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.ServeTLS(l, "", "") }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	s.CloseEvents()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := server.Shutdown(end); err != nil {
		server.Close()
	}
	s.jobs.Wait()
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// CloseEvents ends all open event streams, and lets no new one begin.
func (s *Server) CloseEvents() { s.hub.close() }

// view reads the store.
func (s *Server) view(read func(*store.Tx) error) error { return s.app.Store.View(read) }

// today says times in the practice's zone.
func (s *Server) today() calendar {
	return calendar{now: s.app.Clock.Now(), zone: s.app.Practice().Zone, words: s.words}
}

// changeOf says what of a commit open pages care about.
func changeOf(ws store.WriteSet) change {
	return change{messages: ws.Messages(), alarm: ws.Touches(alarmBucket) || ws.Touches(escalationBucket)}
}
