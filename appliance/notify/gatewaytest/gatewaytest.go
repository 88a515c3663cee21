// Package gatewaytest is the SMS and voice gateways for tests: servers that speak
// the HTTP API of each provider over TLS, with phones behind them that a test
// answers. It is for tests only.
//
// A server refuses what the real one refuses: a wrong sign-in, a missing field, a
// number that is not one.
package gatewaytest

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
)

// From is the number of the practice at every gateway.
const From = "+12125550100"

// Secret is the token or key of its account: what the tests of notify answer for it.
const Secret = "secret of gateway.secret"

// Providers are the gateways that there are, by their presets.
var Providers = []string{"twilio", "vonage", "telnyx", "clicksend"}

// Page is a text or a call that was taken.
type Page struct {
	Kind     notify.Kind
	Ref      string // the gateway's name for it
	To, From string
	Text     string
	At       time.Time

	fate Fate
	key  string
}

// Fate is what became of a page.
type Fate int

const (
	OnItsWay  Fate = iota
	Delivered      // a text is on the phone; a call was picked up
	Lost           // a text came back; nobody picked a call up
	Voicemail      // a machine picked the call up
)

type text struct {
	id, from, body string
	at             time.Time
}

// Gateway is a running server.
type Gateway struct {
	URL      string
	Provider string

	ours   func() time.Time // the test's clock
	api    api
	server *http.Server

	mu      sync.Mutex
	pages   []*Page
	texts   []text
	script  []func(w http.ResponseWriter)
	down    bool
	off     time.Duration // its clock less the test's
	urls    []string
	asked   int
	perList int // how many entries of a list go into one answer; 0: as the provider does
	waiting chan struct{}
}

// api is one provider.
type api interface {
	settings() map[settings.Key]string
	routes(g *Gateway) *http.ServeMux
}

// Start starts a server that ends with the test, and answers the file of its CA.
func Start(t testing.TB, provider string, now func() time.Time) (g *Gateway, caFile string) {
	t.Helper()
	ca, err := smarthost.NewCA()
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "gateway-ca.pem")
	if err := ca.WriteFile(caFile); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if g, err = Serve(provider, l, ca, now); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { g.Close() })
	return g, caFile
}

// Serve serves a provider's API on a listener, with a certificate for its address.
func Serve(provider string, l net.Listener, ca *smarthost.CA, now func() time.Time) (*Gateway, error) {
	apis := map[string]api{"twilio": twilio{}, "vonage": vonage{}, "telnyx": telnyx{}, "clicksend": clicksend{}}
	g := &Gateway{URL: "https://" + l.Addr().String(), Provider: provider, ours: now, api: apis[provider], waiting: make(chan struct{})}
	if g.api == nil {
		return nil, fmt.Errorf("there is no gateway %q", provider)
	}
	conf, err := ca.ServerTLS(l.Addr().(*net.TCPAddr).IP)
	if err != nil {
		return nil, err
	}
	mux := g.api.routes(g)
	g.server = &http.Server{ErrorLog: log.New(io.Discard, "", 0), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if g.enter(w, r) {
			mux.ServeHTTP(w, r)
		}
	})}
	go g.server.Serve(tls.NewListener(l, conf))
	return g, nil
}

// Close ends the server.
func (g *Gateway) Close() error { return g.server.Close() }

func (g *Gateway) now() time.Time { return g.ours().Add(g.off) }

// ClockOff has the gateway's clock differ from the test's, from before its first
// request on.
func (g *Gateway) ClockOff(d time.Duration) { g.off = d }

// Settings are what a practice enters for this gateway; its secret is Secret.
func (g *Gateway) Settings() map[settings.Key]string {
	all := g.api.settings()
	all[settings.GatewayPreset], all[settings.GatewayURL] = g.Provider, g.URL
	if all[settings.GatewayFrom] == "" {
		all[settings.GatewayFrom] = From
	}
	return all
}

// enter answers whether the provider's own code is asked.
func (g *Gateway) enter(w http.ResponseWriter, r *http.Request) bool {
	w.Header().Set("Date", g.now().UTC().Format(http.TimeFormat))
	w.Header().Set("Content-Type", "application/json")
	g.mu.Lock()
	defer g.mu.Unlock()
	g.urls = append(g.urls, r.URL.String())
	g.asked++
	g.wake()
	if g.down {
		w.WriteHeader(http.StatusBadGateway)
		return false
	}
	if r.Method == http.MethodPost && len(g.script) > 0 {
		g.script[0](w)
		g.script = g.script[1:]
		return false
	}
	return true
}

// Next has the next page answered with a status, headers and a body; a nil body
// of 0 drops the connection.
func (g *Gateway) Next(status int, header map[string]string, body string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.script = append(g.script, func(w http.ResponseWriter) {
		if status == 0 {
			panic(http.ErrAbortHandler)
		}
		for k, v := range header {
			w.Header().Set(k, v)
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

// Down has every request answered 502, until it is up again.
func (g *Gateway) Down(down bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.down = down
}

// ListBy has lists cut into pages of n entries.
func (g *Gateway) ListBy(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.perList = n
}

// Pages answers what was taken so far.
func (g *Gateway) Pages() []Page {
	g.mu.Lock()
	defer g.mu.Unlock()
	var list []Page
	for _, p := range g.pages {
		list = append(list, *p)
	}
	return list
}

// URLs answers the addresses that were asked for: no secret may stand in one.
func (g *Gateway) URLs() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.urls)
}

// Asked says how many requests there were.
func (g *Gateway) Asked() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.asked
}

// AskedMore waits until there were more than n requests.
func (g *Gateway) AskedMore(ctx context.Context, n int) error {
	for {
		g.mu.Lock()
		waiting, asked := g.waiting, g.asked
		g.mu.Unlock()
		if asked > n {
			return nil
		}
		select {
		case <-waiting:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Taken waits until n pages were taken, and answers the n-th.
func (g *Gateway) Taken(t testing.TB, n int) Page {
	t.Helper()
	for {
		g.mu.Lock()
		waiting := g.waiting
		if len(g.pages) >= n {
			p := *g.pages[n-1]
			g.mu.Unlock()
			return p
		}
		g.mu.Unlock()
		select {
		case <-waiting:
		case <-t.Context().Done():
			t.Fatalf("page %d never came", n)
		}
	}
}

// take keeps a page and answers its name.
func (g *Gateway) take(p Page, name func(n int) string) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	p.Ref, p.At = name(len(g.pages)+1), g.now().UTC()
	g.pages = append(g.pages, &p)
	g.wake()
	return p.Ref
}

func (g *Gateway) wake() {
	close(g.waiting)
	g.waiting = make(chan struct{})
}

// page answers a page by its name.
func (g *Gateway) page(ref string) (Page, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.pages {
		if p.Ref == ref {
			return *p, true
		}
	}
	return Page{}, false
}

// Becomes sets what became of a page.
func (g *Gateway) Becomes(ref string, f Fate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.pages {
		if p.Ref == ref {
			p.fate = f
		}
	}
}

// Press has a person pick a call up and press a key.
func (g *Gateway) Press(ref, key string) {
	g.Becomes(ref, Delivered)
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, p := range g.pages {
		if p.Ref == ref {
			p.key = key
		}
	}
}

// Reply has a text come in at the practice's number, now.
func (g *Gateway) Reply(from, body string) { g.ReplyAt(from, body, g.now()) }

// ReplyAt has a text show up that came in at some time.
func (g *Gateway) ReplyAt(from, body string, at time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	id := fmt.Sprintf("SM%032x", 0xa000+len(g.texts))
	g.texts = append(g.texts, text{id: id, from: from, body: body, at: at.UTC()})
}

// received answers a page of the texts that came in at or after a moment.
func (g *Gateway) received(since time.Time, newestFirst bool, page, size int) (list []text, last int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, x := range g.texts {
		if !x.at.Before(since) {
			list = append(list, x)
		}
	}
	slices.SortStableFunc(list, func(a, b text) int { return a.at.Compare(b.at) })
	if newestFirst {
		slices.Reverse(list)
	}
	if g.perList > 0 {
		size = g.perList
	}
	last = max(1, (len(list)+size-1)/size)
	from := min(len(list), (page-1)*size)
	return list[from:min(len(list), from+size)], last
}

func (g *Gateway) text(id string) (text, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	i := slices.IndexFunc(g.texts, func(x text) bool { return x.id == id })
	if i < 0 {
		return text{}, false
	}
	return g.texts[i], true
}

// isNumber says whether a gateway could dial this.
func isNumber(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && len(digits) >= 8 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}
