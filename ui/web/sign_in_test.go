package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
)

var ana = appliancetest.Login{Name: "ana", Password: "violet umbrella carries seven"}

// noRedirects shows each answer as it is.
func noRedirects(c *appliancetest.Client) *appliancetest.Client {
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Each of these leaves the practice as it found it; a practice and a sign-in cost
// a second each.
func TestAtTheDoor(t *testing.T) {
	p := appliancetest.Start(t)
	c := p.SignIn(t, appliancetest.Admin)
	t.Run("the cookie is bound to this server", func(t *testing.T) { theCookieIsBoundToThisServer(t, p) })
	t.Run("every answer is guarded", func(t *testing.T) { everyAnswerIsGuarded(t, p, c) })
	t.Run("a wrong password and an unknown name look alike", func(t *testing.T) { aWrongPasswordAndAnUnknownNameLookAlike(t, p) })
	t.Run("nothing is taken from an address", func(t *testing.T) { nothingIsTakenFromAnAddress(t, p) })
	t.Run("other sites are refused", func(t *testing.T) { otherSitesAreRefused(t, p, c) })
	t.Run("a link leads back after signing in", func(t *testing.T) { aLinkLeadsBackAfterSigningIn(t, p) })
	t.Run("signing out ends the session", func(t *testing.T) { signingOutEndsTheSession(t, p, c) })
}

func theCookieIsBoundToThisServer(t *testing.T, p *appliancetest.Practice) {
	c := noRedirects(p.Client(t))
	answer := c.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}})
	cookie := answer.Header.Get("Set-Cookie")
	for _, want := range []string{"__Host-nightbell=", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, without %q", cookie, want)
		}
	}
	if strings.Contains(cookie, "Domain") || strings.Contains(cookie, "Expires") || strings.Contains(cookie, "Max-Age") {
		t.Errorf("the cookie outlives the browser or leaves the host: %q", cookie)
	}
}

func everyAnswerIsGuarded(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	for _, path := range []string{"/inbox", "/sign-in", "/nothing", "/healthz", "/messages/no"} {
		h := c.Get(path).Header
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
		} {
			if !strings.Contains(h.Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if strings.Contains(h.Get("Content-Security-Policy"), "unsafe") {
			t.Errorf("%s: the policy allows something unsafe", path)
		}
	}
}

func aWrongPasswordAndAnUnknownNameLookAlike(t *testing.T, p *appliancetest.Practice) {
	c := p.Client(t)
	wrong := c.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {"not the one it is at all"}})
	unknown := c.Post("/sign-in", url.Values{"name": {"nosuch"}, "password": {"not the one it is at all"}})
	if wrong.Status != http.StatusUnauthorized || unknown.Status != http.StatusUnauthorized {
		t.Errorf("answered %d and %d", wrong.Status, unknown.Status)
	}
	if a, b := strings.ReplaceAll(wrong.Main(), appliancetest.Admin.Name, "X"), strings.ReplaceAll(unknown.Main(), "nosuch", "X"); a != b {
		t.Error("the pages differ")
	}
	if strings.Contains(wrong.Body, "not the one it is") {
		t.Error("the password stands in the page")
	}
}

func nothingIsTakenFromAnAddress(t *testing.T, p *appliancetest.Practice) {
	c := p.Client(t)
	q := url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}}
	if page := c.Post("/sign-in?"+q.Encode(), nil); page.Status != http.StatusUnauthorized {
		t.Errorf("a password in the address was taken (%d)", page.Status)
	}
}

func otherSitesAreRefused(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	for name, header := range map[string]map[string]string{
		"another site":              {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another site, old browser": {"Origin": "https://evil.example"},
		"a neighbour":               {"Sec-Fetch-Site": "same-site"},
		"another port":              {"Sec-Fetch-Site": "same-origin", "Origin": "https://" + strings.Split(p.HTTPS, ":")[0] + ":1"},
		"a copy of it without TLS":  {"Sec-Fetch-Site": "same-origin", "Origin": "http://" + p.HTTPS},
		"no origin told":            {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
		"nothing told":              {},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.Base+"/lock", strings.NewReader(""))
		if err != nil {
			t.Fatal(err)
		}
		for k, v := range header {
			r.Header.Set(k, v)
		}
		answer, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusForbidden {
			t.Errorf("%s: answered %d", name, answer.StatusCode)
		}
	}
	if p.Vault.Locked() {
		t.Error("somebody else's page locked it")
	}
}

func signingOutEndsTheSession(t *testing.T, p *appliancetest.Practice, c *appliancetest.Client) {
	c.Post("/sign-out", nil)
	if page := c.Get("/inbox"); page.At.Path != "/sign-in" {
		t.Errorf("the inbox still answers at %s", page.At)
	}
}

func aLinkLeadsBackAfterSigningIn(t *testing.T, p *appliancetest.Practice) {
	c := p.Client(t)
	page := c.Get("/messages/019ab000-0000-7000-8000-000000000000")
	if page.At.Path != "/sign-in" || page.At.Query().Get("next") != "/messages/019ab000-0000-7000-8000-000000000000" {
		t.Fatalf("led to %s", page.At)
	}
	page = c.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}, "next": {page.At.Query().Get("next")}})
	if !strings.HasPrefix(page.At.Path, "/messages/") {
		t.Errorf("led back to %s", page.At)
	}
}

func TestLockedItTakesAndShowsNoNames(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(ana, "", access.CallTaker)
	taker, reader := p.SignIn(t, ana), p.SignIn(t, appliancetest.Admin)
	open := take(t, taker, refill("Priya Raman"))
	if page := reader.Get("/inbox"); !strings.Contains(page.Body, "Priya Raman") {
		t.Fatal("a reader does not see the name")
	}
	p.Advance(time.Minute)
	reader.Post("/lock", nil)
	if page := taker.Get("/take"); page.Status != http.StatusOK {
		t.Errorf("locked, the form answers %d", page.Status)
	}
	take(t, taker, refill("Harold Beck"))
	door := p.Client(t).Get("/sign-in")
	for _, want := range []string{"Calls are still taken and paged.", "1 message is sealed and waiting."} {
		if !strings.Contains(door.Body, want) {
			t.Errorf("the door does not say %q", want)
		}
	}
	for _, path := range []string{"/inbox", open} {
		page := reader.Get(path)
		if strings.Contains(page.Body, "Priya") || strings.Contains(page.Body, "Harold") || strings.Contains(page.Body, "Lisinopril") {
			t.Errorf("%s shows a name while locked", path)
		}
		if !strings.Contains(page.Body, "Sealed") {
			t.Errorf("%s does not say that it is sealed", path)
		}
	}
	page := reader.Post("/sign-in", url.Values{"name": {appliancetest.Admin.Name}, "password": {appliancetest.Admin.Password}})
	if !strings.Contains(page.Body, "Harold Beck") {
		t.Error("giving the password again does not open it")
	}
}

func TestEveryPageSaysThatNoChannelLeavesTheBuilding(t *testing.T) {
	p := appliancetest.Start(t) // without a smarthost
	const words = "No working channel leaves the building"
	if page := p.Client(t).Get("/sign-in"); !strings.Contains(page.Body, words) {
		t.Error("the sign-in page does not say so")
	}
	rosa := p.SignIn(t, appliancetest.Admin)
	for _, path := range []string{"/inbox", "/take", "/people", "/devices", "/on-call", "/settings", "/backups", "/queue", "/audit", "/findings", "/menu", "/desk"} {
		if page := rosa.Get(path); !strings.Contains(page.Body, words) {
			t.Errorf("%s does not say so", path)
		}
	}
}
