package install

import (
	"context"
	"fmt"
	"os"
	"sync"

	"github.com/kardianos/service"
)

// RunService runs what the service does until the context ends. Under systemd,
// launchd and in a terminal that is all; the Windows service manager wants to be
// spoken to, and ends the context when it stops the service.
func RunService(ctx context.Context, run func(context.Context) error) error {
	if service.Platform() != "windows-service" || service.Interactive() {
		return run(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &program{ctx: ctx, cancel: cancel, run: run}
	s, err := service.New(p, &service.Config{Name: Name})
	if err != nil {
		return fmt.Errorf("speaking to the service manager: %w", err)
	}
	if err := s.Run(); err != nil {
		return fmt.Errorf("running under the service manager: %w", err)
	}
	return p.err
}

// program is the service as the manager sees it.
type program struct {
	ctx    context.Context
	cancel context.CancelFunc
	run    func(context.Context) error
	done   sync.WaitGroup
	err    error // of run, once done
}

// Start begins to run and answers at once, as the manager asks.
func (p *program) Start(s service.Service) error {
	p.done.Go(func() {
		if p.err = p.run(p.ctx); p.ctx.Err() != nil {
			return
		}
		// It ended by itself. A service that reports a stop is left alone by the
		// manager; one whose process is gone is started again.
		if log, err := s.Logger(nil); err == nil && p.err != nil {
			_ = log.Error(p.err) // where to say it otherwise, without a terminal
		}
		os.Exit(1)
	})
	return nil
}

// Stop ends it and waits.
func (p *program) Stop(service.Service) error {
	p.cancel()
	p.done.Wait()
	return nil
}
