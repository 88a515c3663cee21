package cli_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"

	"nightbell/appliance/appliancetest/smarthost"
)

// hooks are the webhooks of the scripts, by the folder of each.
var hooks sync.Map

// calls is what a webhook was told.
type calls struct {
	mu   sync.Mutex
	all  string
	news chan struct{} // has room for one
}

// hook starts a webhook and puts its address into HOOK, the file of its
// authority into HOOKCA: `hook`.
func hook(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: hook")
	}
	ca, err := smarthost.NewCA()
	ts.Check(err)
	trust, err := ca.ServerTLS()
	ts.Check(err)
	c := &calls{news: make(chan struct{}, 1)}
	server := httptest.NewUnstartedServer(c)
	server.TLS = trust
	server.StartTLS()
	file := filepath.Join(ts.Getenv("WORK"), "hook-ca.pem")
	ts.Check(ca.WriteFile(file))
	ts.Setenv("HOOK", server.URL+"/alarm")
	ts.Setenv("HOOKCA", file)
	hooks.Store(ts.Getenv("WORK"), c)
	ts.Defer(server.Close)
}

func (c *calls) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body) // the caller sees to it that it is whole
	c.mu.Lock()
	c.all += string(body) + "\n"
	c.mu.Unlock()
	select {
	case c.news <- struct{}{}:
	default:
	}
}

// heard waits until the webhook was told something: `heard PATTERN`.
func heard(ts *testscript.TestScript, neg bool, args []string) {
	c, ok := hooks.Load(ts.Getenv("WORK"))
	if neg || len(args) != 1 || !ok {
		ts.Fatalf("usage: heard PATTERN, after hook")
	}
	pattern := regexp.MustCompile(args[0])
	for h := c.(*calls); ; <-h.news {
		h.mu.Lock()
		all := h.all
		h.mu.Unlock()
		if pattern.MatchString(all) {
			return
		}
	}
}
