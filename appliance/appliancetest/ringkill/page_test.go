package ringkill_test

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/escalation"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// pager is a paging system over TLS. While it holds, it takes a request and says
// nothing until the other side is gone.
type pager struct {
	*httptest.Server
	holds atomic.Bool
	asked chan string // ids of pages, as they come
}

func newPager(t *testing.T) *pager {
	p := &pager{asked: make(chan string, 100)}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var page struct{ ID string }
		if err := json.NewDecoder(r.Body).Decode(&page); err != nil {
			t.Error(err)
		}
		holds := p.holds.Load()
		p.asked <- page.ID
		if holds {
			<-r.Context().Done()
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// TestAPageGoesAgainWhenTheProcessIsKilledInTheMiddleOfIt: under the same id, by
// which its taker knows it, until it was taken. Meanwhile no step comes early.
func TestAPageGoesAgainWhenTheProcessIsKilledInTheMiddleOfIt(t *testing.T) {
	p, pages := newPractice(t), newPager(t)
	ca, key := filepath.Join(t.TempDir(), "ca.pem"), filepath.Join(t.TempDir(), "key")
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pages.Certificate().Raw})
	for file, content := range map[string][]byte{ca: cert, key: []byte("a key of thirty-two characters at least")} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, set := range [][2]string{{"webhook.url", pages.URL}, {"webhook.key-file", key}, {"channels.ca", ca}, {"bell.step", "1h"}} {
		appliancetest.CLI(t, "config", "set", set[0], set[1], "--data", p.dir)
	}
	p.open(t, func(a *appliance.Appliance) error { return onlyByPage(t, a) })

	pages.holds.Store(true)
	child := appliancetest.Serve(t, p.dir)
	p.call(t, child)
	first := p.page(t, pages)
	child.Kill()
	for range appliancetest.Rounds(4, 40) {
		child = appliancetest.Serve(t, p.dir)
		if again := p.page(t, pages); again != first {
			t.Errorf("the page goes again as %s, not as %s", again, first)
		}
		child.Kill()
	}
	pages.holds.Store(false)
	child = appliancetest.Serve(t, p.dir)
	if last := p.page(t, pages); last != first {
		t.Errorf("the page goes at last as %s, not as %s", last, first)
	}
	child.Stop(t)
	p.open(t, func(a *appliance.Appliance) error {
		return a.Store.View(func(tx *store.Tx) error {
			live, err := a.Bell.Live(tx, a.Clock.Now())
			if err == nil && (len(live) != 1 || live[0].State != escalation.Ringing || live[0].Times != 1) {
				t.Errorf("the bell is %+v", live)
			}
			return err
		})
	})
}

// onlyByPage has Dr. Okafor reached by the paging system alone.
func onlyByPage(t *testing.T, a *appliance.Appliance) error {
	var who access.Person
	err := a.Store.View(func(tx *store.Tx) (err error) { who, _, err = a.Access.FindPerson(tx, "okafor"); return err })
	if err != nil {
		return err
	}
	none := ""
	if _, err := a.Access.SetPerson(t.Context(), "owner", who.ID, access.Change{Mail: &none}, nil); err != nil {
		return err
	}
	return a.SetReach(t.Context(), "owner", who.ID, oncall.Reach{Ways: []oncall.Way{{Kind: "webhook", Address: "okafor"}}})
}

// page waits for the next page.
func (p *practice) page(t *testing.T, pages *pager) string {
	t.Helper()
	select {
	case id := <-pages.asked:
		return id
	case <-time.After(3 * time.Minute):
		t.Fatal("no page came")
	}
	return ""
}

// open does something with the folder while no process has it.
func (p *practice) open(t *testing.T, do func(*appliance.Appliance) error) {
	t.Helper()
	a, err := appliance.Open(t.Context(), appliance.Options{Dir: p.dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := do(a); err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}
