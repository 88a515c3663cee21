package appliancetest

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"nightbell/ui/cli"
)

// childEnv tells a test binary that it is to be the program.
const childEnv = "NIGHTBELL_TEST_CHILD"

// Main lets the tests of a package start the real program as a child process:
// call it from TestMain. The child is the test binary itself, so that what runs
// is what was compiled.
func Main(m *testing.M) {
	if os.Getenv(childEnv) != "" {
		os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// Command is the program with these arguments, not started yet.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, os.Args[0], args...)
	c.Env = append(os.Environ(), childEnv+"=1")
	return c
}

// CLI runs the program to its end and answers what it printed; it fails the
// test when the exit code is not 0.
func CLI(t testing.TB, args ...string) string {
	t.Helper()
	c := Command(t.Context(), args...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		t.Fatalf("nightbell %s: %v\n%s", strings.Join(args, " "), err, errs.Bytes())
	}
	return string(out)
}

// Child is a running `serve`.
type Child struct {
	HTTPS, SMTPS string // host:port
	cmd          *exec.Cmd
	stderr       *tail
	drained      sync.WaitGroup
}

// Serve starts the program on a data folder, on free ports, and answers when it
// listens. It is killed with the test, if it still runs then.
func Serve(t testing.TB, data string) *Child {
	t.Helper()
	c := &Child{stderr: &tail{}, cmd: Command(context.Background(), "serve", "--data", data, "--https", "127.0.0.1:0", "--smtps", "127.0.0.1:0")}
	c.cmd.Stderr = c.stderr
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatalf("starting serve: %v", err)
	}
	t.Cleanup(c.Kill)
	lines := bufio.NewScanner(out)
	for c.HTTPS == "" || c.SMTPS == "" {
		if !lines.Scan() {
			c.cmd.Wait()
			t.Fatalf("serve ended before it listened:\n%s", c.stderr)
		}
		c.heard(lines.Text())
	}
	c.drained.Go(func() { io.Copy(io.Discard, out) })
	return c
}

// heard picks the addresses out of what serve says on start.
func (c *Child) heard(line string) {
	for i, word := range strings.Fields(line) {
		if addr, ok := strings.CutPrefix(word, "https://"); ok && i == 1 {
			c.HTTPS = addr
		}
		if addr, ok := strings.CutPrefix(word, "smtps://"); ok {
			c.SMTPS = addr
		}
	}
}

// Kill ends the process as a power cut would, and waits for it.
func (c *Child) Kill() {
	if c.cmd.ProcessState == nil {
		c.cmd.Process.Kill()
		c.drained.Wait()
		c.cmd.Wait()
	}
}

// stopWithin is what serve promises, and as much again for a busy machine.
const stopWithin = 20 * time.Second

// Stop asks the process to end, as a service manager does, and fails the test
// when it does not end well, or not in time.
func (c *Child) Stop(t testing.TB) {
	t.Helper()
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(stopWithin, func() {
		t.Errorf("serve did not end within %s", stopWithin)
		c.cmd.Process.Kill()
	})
	defer late.Stop()
	c.drained.Wait()
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("serve did not end well: %v\n%s", err, c.stderr)
	}
}

// Pid names the process to the kernel.
func (c *Child) Pid() int { return c.cmd.Process.Pid }

// Stderr is the last of what the process logged.
func (c *Child) Stderr() string { return c.stderr.String() }

// tail keeps the end of what was written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const tailSize = 16 << 10

func (w *tail) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf = append(w.buf, b...)
	if over := len(w.buf) - tailSize; over > 0 {
		w.buf = append(w.buf[:0], w.buf[over:]...)
	}
	return len(b), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.buf)
}
