package install_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"testing"

	"nightbell/install"
)

// greeter accepts for ever, says hello and holds the connection.
func greeter(t *testing.T, c install.Crowd) string {
	t.Helper()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := c.Listen(inner)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				io.WriteString(conn, "hello")
				io.Copy(io.Discard, conn) // until the other side goes
				conn.Close()
			}()
		}
	}()
	return inner.Addr().String()
}

// visit connects from an address of this machine and says whether it was let in.
func visit(t *testing.T, from, to string) (in bool, leave func()) {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	conn, err := d.DialContext(t.Context(), "tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	hello := make([]byte, 5)
	_, err = io.ReadFull(conn, hello)
	return err == nil, func() { conn.Close() }
}

func TestOneAddressDoesNotKeepTheOthersOut(t *testing.T) {
	var log bytes.Buffer
	at := greeter(t, install.Crowd{PerAddress: 2, All: 3, Log: slog.New(slog.NewTextHandler(&log, nil))})
	in := func(want bool, from string) (leave func()) {
		t.Helper()
		got, leave := visit(t, from, at)
		if got != want {
			t.Errorf("%s is let in: %v", from, got)
		}
		return leave
	}
	first := in(true, "127.0.0.1")
	in(true, "127.0.0.1")
	in(false, "127.0.0.1")
	in(true, "127.0.0.2")
	in(false, "127.0.0.3")
	first()
	for let := false; !let; { // its place is free once the door saw it go
		let, _ = visit(t, "127.0.0.3", at)
	}
	if n := strings.Count(log.String(), "turned away"); n != 1 {
		t.Errorf("it was logged %d times:\n%s", n, log.String())
	}
}

func TestWhoIsExemptIsNotCounted(t *testing.T) {
	at := greeter(t, install.Crowd{PerAddress: 1, All: 1, Exempt: netip.Addr.IsLoopback})
	for range 3 {
		if in, _ := visit(t, "127.0.0.1", at); !in {
			t.Error("this machine is turned away")
		}
	}
}
