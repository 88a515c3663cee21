// Package outside tests the default way of acknowledging from where a doctor is:
// a network that can reach nothing of the appliance.
package outside

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/ntfy"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

const (
	outsideEnv = "NIGHTBELL_TEST_OUTSIDE" // folder that the outside shares with the test
	targetsEnv = "NIGHTBELL_TEST_TARGETS" // the appliance's addresses
	token      = "tk_of_the_practice"
	topic      = "okafor-k7fm"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(outsideEnv); dir != "" {
		if err := outside(dir); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestTakenFromANetworkThatReachesNothingOfTheAppliance rings a doctor whose
// phone and ntfy server are in a network namespace of their own. The only wire
// between is the appliance's own connection to the ntfy server.
func TestTakenFromANetworkThatReachesNothingOfTheAppliance(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	who := p.AddPerson(appliancetest.Login{Name: "okafor", Password: "seven quiet herons at the lake"}, "", access.Provider)
	dir := t.TempDir()
	server, words := startOutside(t, dir, p.HTTPS, p.SMTPS)
	wire(t, server, filepath.Join(dir, "wire"))
	err := p.SetReach(t.Context(), "test", who, oncall.Reach{Ways: []oncall.Way{{Kind: "ntfy", Address: topic}}})
	if err == nil {
		err = p.SetOnCallByName(t.Context(), "test", []string{"okafor"})
	}
	if err == nil {
		err = p.SetSettings(t.Context(), "test", map[settings.Key]string{
			settings.NtfyServer: server, settings.NtfyReplies: "replies", settings.ChannelsCA: filepath.Join(dir, "ca.pem")})
	}
	if err == nil {
		err = p.SetSecretFile(t.Context(), "test", settings.NtfyTokenFile, "", token)
	}
	if err != nil {
		t.Fatal(err)
	}
	user, _ := p.AddDevice("line")
	call, err := p.Intake.Take(t.Context(), intake.Taking{Type: message.TypeUrgent, Channel: message.ChannelAPI, Device: message.DeviceID(user),
		Form: map[string]message.Clear{"caller": "Marisol Quintero", "callback": "503 555 0123", "symptoms": "chest pain"}})
	if err != nil {
		t.Fatal(err)
	}
	if said := <-words; said != "pressed" {
		t.Fatalf("outside: %s", said)
	}
	p.Until(t, "taken", func() bool {
		var e message.Envelope
		_ = p.Store.View(func(tx *store.Tx) (err error) {
			e, _, err = store.GetEnvelope(tx, call.ID)
			return err
		})
		return e.Assignee == who && e.Status == message.Taken
	})
}

// startOutside starts the outside in a network of its own, and answers the
// address of its ntfy server there, and what it says next.
func startOutside(t *testing.T, dir string, targets ...string) (server string, words <-chan string) {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0])
	c.Env = append(os.Environ(), outsideEnv+"="+dir, targetsEnv+"="+strings.Join(targets, ","))
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	stdin, err := c.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatalf("starting a network namespace (it needs root): %v", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = c.Wait() // what went wrong there was said
	})
	said := make(chan string, 4)
	go func() {
		defer close(said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	if server = <-said; !strings.HasPrefix(server, "https://") {
		t.Fatalf("outside: %q", server)
	}
	return server, said
}

// wire carries what connects to the server's address here to the server there.
func wire(t *testing.T, server, socket string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go carry(ln, "unix", socket)
}

// carry joins each connection to one that it dials.
func carry(ln net.Listener, network, addr string) {
	for {
		from, err := ln.Accept()
		if err != nil {
			return
		}
		to, err := net.Dial(network, addr)
		if err != nil {
			from.Close()
			continue
		}
		for _, pair := range [][2]net.Conn{{from, to}, {to, from}} {
			go func() {
				_, _ = io.Copy(pair[0], pair[1])
				pair[0].Close()
			}()
		}
	}
}

// outside is the doctor's side: an ntfy server, and a phone that presses the
// button once it has seen that nothing of the appliance can be reached.
func outside(dir string) error {
	if err := loopback(); err != nil {
		return err
	}
	s, err := ntfy.Start(token, "replies")
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.CA.WriteFile(filepath.Join(dir, "ca.pem")); err != nil {
		return err
	}
	ln, err := net.Listen("unix", filepath.Join(dir, "wire"))
	if err != nil {
		return err
	}
	defer ln.Close()
	go carry(ln, "tcp", strings.TrimPrefix(s.URL, "https://"))
	fmt.Println(s.URL)

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pushes, err := s.Wait(ctx, topic, 1)
	if err != nil {
		return err
	}
	for _, target := range strings.Split(os.Getenv(targetsEnv), ",") {
		if conn, err := net.DialTimeout("tcp", target, time.Second); err == nil {
			conn.Close()
			return fmt.Errorf("the appliance can be reached at %s", target)
		}
	}
	if err := s.Press(ctx, pushes[0], "Take it"); err != nil {
		return err
	}
	fmt.Println("pressed")
	_, err = io.Copy(io.Discard, os.Stdin) // until the test is over
	return err
}

// loopback brings up the loopback of a new network namespace: nothing else is in it.
func loopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	lo.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, lo)
}
