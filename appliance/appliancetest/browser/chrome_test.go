package browser_test

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
)

const (
	root       = "../../.." // of the checkout, from this package
	chromium   = "/usr/bin/chromium"
	axeScript  = root + "/testing/browser/node_modules/axe-core/axe.min.js"
	howToSetUp = "run testing/setup.sh, which `make test` does by itself"
)

// The people of the practice beside its admin.
var (
	okafor    = appliancetest.Login{Name: "okafor", Password: "marble stairs and an open door"}
	lindqvist = appliancetest.Login{Name: "lindqvist", Password: "a field of late white clover"}
	ana       = appliancetest.Login{Name: "ana", Password: "seven grey herons on the river"}
)

// chrome is the browser process, and two practices to start from: keys are
// derived once for the package and not once for each scenario.
type chrome struct {
	ctx     context.Context
	axe     string // the script that looks for barriers
	bare    start  // as `init` leaves it
	staffed start  // with people, and somebody on call
	spent   spent  // by looking at pages
}

// start is a data folder to copy, with the file of its recovery kit.
type start struct{ data, kit string }

// launch starts the browser. A tool that is missing is a failure and no reason to skip.
func launch(t *testing.T) *chrome {
	t.Helper()
	if _, err := os.Stat(chromium); err != nil {
		t.Fatalf("Chromium is missing: %v; %s", err, howToSetUp)
	}
	axe, err := os.ReadFile(axeScript)
	if err != nil {
		t.Fatalf("axe-core is missing: %v; %s", err, howToSetUp)
	}
	c := &chrome{axe: string(axe)}
	pin := c.found(t)
	alloc, stop := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.NoSandbox, // tests run as root in containers, where it cannot start
		chromedp.DisableGPU,
		chromedp.Flag("headless", "new"),
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", false), // a page that scrolls sideways only because of one must show it
		chromedp.Flag("autoplay-policy", "document-user-activation-required"),
		// Chromium takes an authority only from the desktop's key store, which a
		// test must not touch. So it trusts this one key and no other.
		chromedp.Flag("ignore-certificate-errors-spki-list", pin),
	)...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("Chromium does not start: %v", err)
	}
	c.ctx = ctx
	return c
}

// foundedBefore is how long before the tests the practice was founded: longer
// than any scenario reaches back, and not so long that its certificate is renewed.
const foundedBefore = 30 * 24 * time.Hour

// found makes the practices that scenarios start from, and answers the pin of
// the key that they all serve with.
func (c *chrome) found(t *testing.T) (pin string) {
	t.Helper()
	folder := t.TempDir()
	p := appliancetest.Start(t, appliancetest.In(folder), func(o *appliancetest.Options) { o.At = time.Now().Add(-foundedBefore) })
	cert, err := p.TLS().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(cert.Leaf.RawSubjectPublicKeyInfo)
	p.Stop()
	c.bare = start{p.Dir, p.Kit}.copy(t)

	p.Run()
	p.Open()
	staff(t, p)
	p.Stop()
	c.staffed = start{p.Dir, p.Kit}
	return base64.StdEncoding.EncodeToString(sum[:])
}

// staff hires the practice's people and puts the doctors on call.
func staff(t *testing.T, p *appliancetest.Practice) {
	t.Helper()
	reader, err := p.Vault.Reader()
	if err != nil {
		t.Fatal(err)
	}
	rosa := "Rosa Delgado"
	if _, err := p.Access.SetPerson(t.Context(), "owner", idOf(t, p, appliancetest.Admin), access.Change{FullName: &rosa}, reader); err != nil {
		t.Fatal(err)
	}
	for _, n := range []access.NewPerson{
		{Name: okafor.Name, Password: okafor.Password, FullName: "Dr. Okafor", Mail: "okafor@cedarstreet.example", Roles: []access.Role{access.Provider}},
		{Name: lindqvist.Name, Password: lindqvist.Password, FullName: "Dr. Lindqvist", Mail: "lindqvist@cedarstreet.example", Roles: []access.Role{access.Provider}},
		{Name: ana.Name, Password: ana.Password, FullName: "Ana Brandt", Roles: []access.Role{access.CallTaker}},
	} {
		if _, err := p.Access.AddPerson(t.Context(), "owner", n, reader); err != nil {
			t.Fatalf("hiring %s: %v", n.Name, err)
		}
	}
	if err := p.SetOnCallByName(t.Context(), "owner", []string{okafor.Name, lindqvist.Name}); err != nil {
		t.Fatal(err)
	}
}

func (s start) copy(t *testing.T) start {
	t.Helper()
	folder := t.TempDir()
	to := start{filepath.Join(folder, "data"), filepath.Join(folder, "kit.txt")}
	if err := os.CopyFS(to.data, os.DirFS(s.data)); err != nil {
		t.Fatalf("copying a practice: %v", err)
	}
	kit, err := os.ReadFile(s.kit)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to.kit, kit, 0o600); err != nil {
		t.Fatal(err)
	}
	return to
}

// practice starts a practice with people, on the machine's own clock.
func (c *chrome) practice(t *testing.T, opts ...func(*appliancetest.Options)) *appliancetest.Practice {
	t.Helper()
	at := c.staffed.copy(t)
	return appliancetest.Start(t, append(opts, appliancetest.On(at.data, at.kit, time.Now()), appliancetest.RealClock)...)
}
