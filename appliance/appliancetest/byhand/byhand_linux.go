// Package byhand runs the commands of the pages that say how to do without
// Nightbell, exactly as they stand there, with the tools that go.mod names. It
// imports nothing of ours, so that any room's tests may use it.
package byhand

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Script answers the shell commands of a page, in their order.
func Script(t testing.TB, page string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	script, inside := "set -eu\n", false
	for line := range strings.Lines(string(text)) {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```sh\n"
		case inside:
			script += line
		}
	}
	return script
}

// Tools answers a PATH that begins with age, as `go tool age` runs it, and bbolt.
func Tools(t testing.TB) (path string) {
	t.Helper()
	dir := t.TempDir()
	run := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), "go", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.Symlink(run("tool", "-n", "age"), filepath.Join(dir, "age")); err != nil {
		t.Fatal(err)
	}
	run("build", "-o", filepath.Join(dir, "bbolt"), "go.etcd.io/bbolt/cmd/bbolt")
	return dir + string(os.PathListSeparator) + os.Getenv("PATH")
}

// Run runs a script in a folder, on a terminal of its own, and types the
// password when one is asked for. The environment is what is given and no more.
// It answers what the terminal showed, and fails the test when a command fails.
func Run(t testing.TB, dir, script, password string, env ...string) (shown string) {
	t.Helper()
	terminal, device := openTerminal(t)
	defer terminal.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", script)
	cmd.Dir, cmd.Env = dir, append(env, "HOME="+dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = device, device, device
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	err := cmd.Start()
	device.Close()
	if err != nil {
		t.Fatal(err)
	}
	var seen strings.Builder
	buffer := make([]byte, 1024)
	asked := false
	for {
		n, err := terminal.Read(buffer) // fails when the last process closed its end
		seen.Write(buffer[:n])
		if !asked && strings.Contains(seen.String(), "passphrase") {
			asked = true
			if _, err := terminal.WriteString(password + "\n"); err != nil {
				t.Fatal(err)
			}
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("the page's commands: %v\n%s", err, seen.String())
	}
	if asked != (password != "") {
		t.Errorf("a password was asked for: %t", asked)
	}
	return seen.String()
}

func openTerminal(t testing.TB) (terminal, device *os.File) {
	t.Helper()
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(terminal.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetUint32(int(terminal.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	device, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return terminal, device
}
