package demo

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// server is the program serving, as a child process.
type server struct {
	https, smtps string // host:port
	cmd          *exec.Cmd
	errs         strings.Builder
	drained      chan struct{}
}

// stopWithin is how long the program may take to end: it promises ten seconds.
const stopWithin = 15 * time.Second

// serve starts the program and answers when it says where it listens.
func (d *day) serve(ctx context.Context) error {
	s := &server{drained: make(chan struct{})}
	s.cmd = exec.Command(d.o.Program, "serve", "--data", d.path("data"), "--https", d.o.HTTPS, "--smtps", "127.0.0.1:0")
	s.cmd.Stderr = &s.errs
	s.cmd.SysProcAttr = ownGroup()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("starting serve: %w", err)
	}
	if err := s.cmd.Start(); err != nil {
		return fmt.Errorf("starting serve: %w", err)
	}
	d.server = s
	lines := bufio.NewScanner(out)
	for s.https == "" || s.smtps == "" {
		if !lines.Scan() {
			close(s.drained)
			return fmt.Errorf("serve ended at its start: %w", s.wait())
		}
		s.heard(lines.Text())
	}
	go func() {
		defer close(s.drained)
		_, _ = io.Copy(io.Discard, out) // what it says later stays unread, but the pipe must not fill
	}()
	return ctx.Err()
}

// heard picks the addresses out of what serve says on start.
func (s *server) heard(line string) {
	for i, word := range strings.Fields(line) {
		if addr, ok := strings.CutPrefix(word, "https://"); ok && i == 1 {
			s.https = addr
		}
		if addr, ok := strings.CutPrefix(word, "smtps://"); ok {
			s.smtps = addr
		}
	}
}

// stop asks it to end and waits.
func (s *server) stop() error {
	if s.cmd.ProcessState != nil {
		return nil
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stopping serve: %w", err)
	}
	late := time.AfterFunc(stopWithin, func() { s.cmd.Process.Kill() })
	defer late.Stop()
	<-s.drained
	return s.wait()
}

// kill ends it as a power cut would.
func (s *server) kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("killing serve: %w", err)
	}
	<-s.drained
	_ = s.cmd.Wait() // it was killed: that is all it can say
	return nil
}

func (s *server) wait() error {
	if err := s.cmd.Wait(); err != nil {
		return fmt.Errorf("serve: %w: %s", err, lastLine(s.errs.String()))
	}
	return nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}

// tls trusts this practice's own authority and nothing else.
func (d *day) tls() (*tls.Config, error) {
	pem, err := os.ReadFile(d.path("data/ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("reading the practice's CA certificate: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("the practice's CA certificate cannot be read")
	}
	return &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, nil
}
