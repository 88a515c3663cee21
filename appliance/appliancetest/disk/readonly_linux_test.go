package disk_test

import (
	"bufio"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/store"
)

func TestMain(m *testing.M) { appliancetest.Main(m) }

// freePort answers an address of 127.0.0.1 that nothing listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestAReadOnlyDataFolderIsAPageThatSaysSoUntilItCanBeWritten(t *testing.T) {
	dir := mount(t, "64m")
	p := appliancetest.Start(t, appliancetest.In(dir), appliancetest.Locked, appliancetest.RealClock)
	p.Stop()
	remount := func(flags uintptr) {
		t.Helper()
		if err := unix.Mount("tmpfs", dir, "tmpfs", unix.MS_REMOUNT|flags, ""); err != nil {
			t.Fatal(err)
		}
	}
	remount(unix.MS_RDONLY)
	if _, err := appliance.Open(t.Context(), appliance.Options{Dir: p.Dir}); !errors.Is(err, store.ErrReadOnly) {
		t.Errorf("opening it answers %v", err)
	}

	addr := freePort(t)
	serve := appliancetest.Command(t.Context(), "serve", "--data", p.Dir, "--https", addr, "--smtps", "127.0.0.1:0")
	out, err := serve.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	said := bufio.NewScanner(out)
	waitFor := func(words string) {
		t.Helper()
		for said.Scan() {
			if strings.Contains(said.Text(), words) {
				return
			}
		}
		t.Fatalf("serve ended before it said %q", words)
	}
	waitFor("cannot be written")
	browser := appliancetest.ClientOf(t, p.Dir, addr)
	if page := eventually(t, browser); page.Status != http.StatusServiceUnavailable || !strings.Contains(page.Body, "disk cannot be written") {
		t.Errorf("the page (%d) does not say what is wrong:\n%s", page.Status, page.Body)
	}
	remount(0)
	waitFor("Nightbell is running")
	if page := browser.Get("/readyz"); page.Status != http.StatusOK {
		t.Errorf("/readyz answers %d %s", page.Status, page.Body)
	}
	if err := serve.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	waitFor("Stopped")
	if err := serve.Wait(); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

// eventually asks for the first page until something listens there.
func eventually(t *testing.T, c *appliancetest.Client) appliancetest.Page {
	t.Helper()
	for late := time.Now().Add(patience); ; {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.Base, "https://"))
		if err == nil {
			conn.Close()
			return c.Get("/")
		}
		if time.Now().After(late) {
			t.Fatal("nothing listens where the pages were")
		}
	}
}
