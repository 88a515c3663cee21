// Package ringkill_test shows invariant 4 under kill -9: while urgent calls ring,
// the process is killed again and again, mostly in the middle of a send. No step
// is skipped, none runs twice or before its time, and every call rings on.
package ringkill_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/audit"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

func TestMain(m *testing.M) { appliancetest.Main(m) }

const (
	step  = 5 * time.Second // the shortest there is
	calls = 5

	// early is what two readings of a clock, one for the store and one for the
	// time to wait, may be apart.
	early = 50 * time.Millisecond
)

// practice is a data folder, and the mail server that its notices go to.
type practice struct {
	dir, bearer string
	mail        *smarthost.Server
	trust       *tls.Config
}

func TestEveryUrgentCallRingsOnWhenTheProcessIsKilled(t *testing.T) {
	rounds := appliancetest.Rounds(10, 100) // how often the process is killed
	p := newPractice(t)
	child := appliancetest.Serve(t, p.dir)
	for range calls {
		p.call(t, child)
	}
	for round := range rounds {
		if round > 0 {
			child = appliancetest.Serve(t, p.dir)
		}
		if round%4 == 3 {
			p.mail.Do(smarthost.DropAtEnd) // it took the mail, and never says so
		}
		p.until(t, "a notice on its way", func(ctx context.Context) error {
			return p.mail.WaitAttempts(ctx, p.mail.Attempts()+1+rand.IntN(3))
		})
		child.Kill()
		p.mail.Do(smarthost.Take)
		p.check(t, round)
	}
	rang := p.check(t, rounds)
	child = appliancetest.Serve(t, p.dir)
	p.until(t, "each call's newest notice", func(ctx context.Context) error {
		for n := len(p.mail.Mails()); !p.told(rang); n++ {
			if _, err := p.mail.Wait(ctx, n+1); err != nil {
				return err
			}
		}
		return nil
	})
	child.Stop(t)
	t.Logf("%d kills, %d notices", rounds, len(p.mail.Mails()))
}

func newPractice(t *testing.T) *practice {
	root := t.TempDir()
	p := &practice{dir: filepath.Join(root, "data")}
	var err error
	if p.mail, err = smarthost.Start(smarthost.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.mail.Close)
	ca, pw, mailPW := filepath.Join(root, "ca.pem"), filepath.Join(root, "pw"), filepath.Join(root, "mailpw")
	for _, err := range []error{p.mail.CA().WriteFile(ca), os.WriteFile(pw, []byte(appliancetest.Admin.Password), 0o600), os.WriteFile(mailPW, []byte("correct horse"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	appliancetest.CLI(t, "init", "--data", p.dir, "--practice", "Ring Test", "--timezone", "America/New_York",
		"--host", "nightbell.local", "--admin", appliancetest.Admin.Name, "--password-file", pw, "--recovery-kit", filepath.Join(root, "kit.txt"))
	for _, name := range []string{"okafor", "lind"} {
		appliancetest.CLI(t, "user", "add", name, "--role", "provider", "--mail", name+"@example.com", "--password-file", pw, "--data", p.dir)
	}
	appliancetest.CLI(t, "oncall", "set", "okafor,lind", "--data", p.dir)
	for key, value := range map[string]string{
		"bell.step": step.String(), "mail.smarthost": p.mail.URL(), "mail.ca": ca, "mail.user": "nightbell",
		"mail.password-file": mailPW, "mail.from": "nightbell@example.com",
	} {
		appliancetest.CLI(t, "config", "set", key, value, "--data", p.dir)
	}
	var d struct{ Password string }
	if err := json.Unmarshal([]byte(appliancetest.CLI(t, "device", "add", "partner", "--data", p.dir, "--json")), &d); err != nil {
		t.Fatal(err)
	}
	p.bearer = d.Password
	p.trust = appliancetest.TrustOf(t, p.dir)
	p.trust.ServerName = "localhost"
	return p
}

// call takes an urgent call.
func (p *practice) call(t *testing.T, child *appliancetest.Child) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.trust}}
	defer client.CloseIdleConnections()
	body := `{"call_type":"urgent","form":{"caller":"Ines Holm","callback":"none","symptoms":"hard to wake"}}`
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+child.HTTPS+"/api/v1/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+p.bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if answer, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusCreated {
		t.Fatalf("a call is answered %d %s", resp.StatusCode, answer)
	}
}

// until fails the test when what is waited for does not come in some minutes.
func (p *practice) until(t *testing.T, what string, wait func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	if err := wait(ctx); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// check opens the folder as the process left it, and answers how often each call
// rang.
func (p *practice) check(t *testing.T, round int) map[message.Number]int {
	t.Helper()
	a, err := appliance.Open(t.Context(), appliance.Options{Dir: p.dir})
	if err != nil {
		t.Fatalf("round %d: the folder does not open: %v", round, err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Errorf("round %d: %v", round, err)
		}
	}()
	var live []escalation.Live
	rings, failed := map[message.ID][]audit.Leaf{}, map[message.ID][]time.Time{}
	err = a.Store.View(func(tx *store.Tx) (err error) {
		if live, err = a.Bell.Live(tx, a.Clock.Now()); err != nil {
			return err
		}
		leaves, err := audit.Range(tx, 0, 1_000_000)
		for _, l := range leaves {
			if l.What == audit.Rung || l.What == audit.RungNobody && l.Data != nil {
				rings[message.ID(l.About[0])] = append(rings[message.ID(l.About[0])], l)
			}
			if l.What == audit.NoticeFailed {
				failed[message.ID(l.About[0])] = append(failed[message.ID(l.About[0])], l.At)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(live) != calls {
		t.Errorf("round %d: %d of %d calls ring", round, len(live), calls)
	}
	rang := map[message.Number]int{}
	for _, l := range live {
		rang[l.Number] = l.Times
		if l.State != escalation.Ringing {
			t.Errorf("round %d: %s is %s", round, l.Number, l.State)
		}
		p.inOrder(t, round, l, rings[l.Message], failed[l.Message])
		p.restarts(t, a, round, l)
	}
	return rang
}

// inOrder sees that each step of a call ran once, in its order and time: no step
// comes early unless a notice of the one before failed, which is not waited out.
func (p *practice) inOrder(t *testing.T, round int, l escalation.Live, rings []audit.Leaf, failed []time.Time) {
	t.Helper()
	if len(rings) != l.Times {
		t.Errorf("round %d: %s rang %d times, and the log has %d", round, l.Number, l.Times, len(rings))
	}
	for i, ring := range rings {
		if ring.Data["step"] != strconv.Itoa(i+1) {
			t.Errorf("round %d: ring %d of %s is written down as %s", round, i+1, l.Number, ring.Data["step"])
		}
		unreached := i > 0 && slices.ContainsFunc(failed, func(at time.Time) bool { return !at.Before(rings[i-1].At) && !at.After(ring.At) })
		if i > 0 && !unreached && ring.At.Sub(rings[i-1].At) < step-early {
			t.Errorf("round %d: %s rang again after %s", round, l.Number, ring.At.Sub(rings[i-1].At))
		}
	}
}

// restarts sees that the timeline says of each start at most once that the
// process was away, and of those long ago that it was.
func (p *practice) restarts(t *testing.T, a *appliance.Appliance, round int, l escalation.Live) {
	t.Helper()
	n := 0
	err := a.Store.View(func(tx *store.Tx) error {
		events, err := store.Events(tx, l.Message)
		for _, e := range events {
			if e.What == message.EventRestarted {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if n > round || round > 3 && n == 0 {
		t.Errorf("round %d: the timeline of %s says %d times that the process was away", round, l.Number, n)
	}
}

var ringOf = regexp.MustCompile(`Subject: [^\r\n]*N-([0-9]+)[^\r\n]*`)

// told says whether each call's notices went out up to how often it rang, or
// further.
func (p *practice) told(rang map[message.Number]int) bool {
	newest := map[string]int{}
	for _, m := range p.mail.Mails() {
		found := ringOf.FindSubmatch(m.Data)
		if found == nil {
			continue
		}
		ring := 1
		if _, rest, ok := bytes.Cut(found[0], []byte("(ring ")); ok {
			fmt.Sscanf(string(rest), "%d", &ring)
		}
		newest["N-"+string(found[1])] = max(newest["N-"+string(found[1])], ring)
	}
	for number, times := range rang {
		if newest[number.String()] < times {
			return false
		}
	}
	return len(rang) == calls
}
