// Package kill_test shows invariants 1 and 4: a serve under load, killed at a
// random moment again and again, loses nothing that it acknowledged, keeps
// nothing twice, and goes on ringing.
package kill_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"nightbell/appliance"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

func TestMain(m *testing.M) { appliancetest.Main(m) }

const (
	httpSenders = 4
	smtpSenders = 4
	maxAcks     = 60 // a round is over after 1 to this many acknowledgements
)

// practice is a data folder and what was acknowledged in it.
type practice struct {
	dir, kit, user, password string
	tls                      *tls.Config

	mu      sync.Mutex
	acked   map[string]bool // the word that a message carries: true once it was acknowledged
	open    map[string]bool // idempotency keys of posts whose outcome is unknown
	next    int
	checked map[message.ID]string // messages seen in an earlier round, with their word
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) {
	rounds := appliancetest.Rounds(30, 500) // how often the process is killed
	p := newPractice(t)
	for round := range rounds {
		child := appliancetest.Serve(t, p.dir)
		p.load(t, child, 1+rand.IntN(maxAcks))
		p.check(t, round)
	}
	if len(p.acked) < rounds {
		t.Fatalf("only %d messages were acknowledged; the test shows nothing", len(p.acked))
	}
	t.Logf("%d kills, %d messages sent, each acknowledged one kept once", rounds, p.next)
}

func newPractice(t *testing.T) *practice {
	root := t.TempDir()
	p := &practice{dir: filepath.Join(root, "data"), kit: filepath.Join(root, "kit.txt"), acked: map[string]bool{}, open: map[string]bool{}, checked: map[message.ID]string{}}
	pw := filepath.Join(root, "pw")
	if err := os.WriteFile(pw, []byte(appliancetest.Admin.Password), 0o600); err != nil {
		t.Fatal(err)
	}
	appliancetest.CLI(t, "init", "--data", p.dir, "--practice", "Kill Test", "--timezone", "America/New_York",
		"--host", "nightbell.local", "--admin", appliancetest.Admin.Name, "--password-file", pw, "--recovery-kit", p.kit)
	appliancetest.CLI(t, "oncall", "set", appliancetest.Admin.Name, "--data", p.dir)
	var d struct{ User, Password string }
	if err := json.Unmarshal([]byte(appliancetest.CLI(t, "device", "add", "load", "--data", p.dir, "--json")), &d); err != nil {
		t.Fatal(err)
	}
	p.user, p.password = d.User, d.Password
	pem, err := os.ReadFile(filepath.Join(p.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	p.tls = &tls.Config{RootCAs: pool, ServerName: "localhost"}
	return p
}

// load sends from all sides until so many messages were acknowledged, and kills
// the process with the others still under way.
func (p *practice) load(t *testing.T, child *appliancetest.Child, acks int) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	left := make(chan struct{}, 1024)
	var senders sync.WaitGroup
	for range httpSenders {
		senders.Go(func() { p.post(ctx, child.HTTPS, left) })
	}
	for range smtpSenders {
		senders.Go(func() { p.mail(ctx, child.SMTPS, left) })
	}
	finished := make(chan struct{})
	go func() { senders.Wait(); close(finished) }()
	for range acks {
		select {
		case <-left:
		case <-finished:
			t.Fatalf("the senders ended before the kill:\n%s", child.Stderr())
		}
	}
	child.Kill()
	cancel()
	<-finished
}

// word makes the text that one message carries and nothing else does.
func (p *practice) word() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	return fmt.Sprintf("heron-%06d-", p.next)
}

func (p *practice) ack(word string, left chan<- struct{}) {
	p.mu.Lock()
	p.acked[word] = true
	p.mu.Unlock()
	select {
	case left <- struct{}{}:
	default:
	}
}

// post sends over HTTP until the process is gone. What was under way then is
// sent again in the next round, under the same key.
func (p *practice) post(ctx context.Context, addr string, left chan<- struct{}) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: p.tls}}
	defer client.CloseIdleConnections()
	for {
		word := p.unknown()
		kind, text := "other", fmt.Sprintf(`"caller":"Ines Holm","callback":"none","reason":%q`, word)
		if strings.HasSuffix(word, "7-") {
			kind, text = "urgent", fmt.Sprintf(`"caller":"Ines Holm","callback":"none","symptoms":%q`, word)
		}
		body := fmt.Sprintf(`{"call_type":%q,"form":{%s}}`, kind, text)
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+addr+"/api/v1/messages", strings.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Authorization", "Bearer "+p.password)
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Idempotency-Key", word)
		resp, err := client.Do(req)
		if err != nil {
			return
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode/100 != 2 {
			return
		}
		p.mu.Lock()
		delete(p.open, word)
		p.mu.Unlock()
		p.ack(word, left)
	}
}

// unknown answers a word to post: one whose outcome is unknown, else a new one.
func (p *practice) unknown() string {
	p.mu.Lock()
	for word, sending := range p.open {
		if !sending {
			p.open[word] = true
			p.mu.Unlock()
			return word
		}
	}
	p.mu.Unlock()
	word := p.word()
	p.mu.Lock()
	p.open[word] = true
	p.mu.Unlock()
	return word
}

func (p *practice) mail(ctx context.Context, addr string, left chan<- struct{}) {
	c, err := smtp.DialTLS(addr, p.tls)
	if err != nil {
		return
	}
	defer c.Close()
	if err := c.Auth(sasl.NewPlainClient("", p.user, p.password)); err != nil {
		return
	}
	for ctx.Err() == nil {
		word := p.word()
		to := "billing@nightbell.local"
		if strings.HasSuffix(word, "7-") {
			to = "urgent@nightbell.local"
		}
		text := fmt.Sprintf("From: pbx@office.example\r\nTo: %s\r\nSubject: message\r\n\r\n%s\r\n", to, word)
		if err := c.SendMail("pbx@office.example", []string{to}, strings.NewReader(text)); err != nil {
			return
		}
		p.ack(word, left)
	}
}

// check opens the folder as the process left it.
func (p *practice) check(t *testing.T, round int) {
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
	report, err := audit.Verify(t.Context(), a.Store)
	if err != nil || report.FirstBad != nil {
		t.Fatalf("round %d: the audit log does not verify: %v, %+v", round, err, report)
	}
	p.kept(t, a, round)
	p.ringing(t, a, round)
	p.mu.Lock()
	for word := range p.open {
		p.open[word] = false
	}
	p.mu.Unlock()
}

// kept compares what was acknowledged with what is there and opens.
func (p *practice) kept(t *testing.T, a *appliance.Appliance, round int) {
	kit, err := os.Open(p.kit)
	if err != nil {
		t.Fatal(err)
	}
	defer kit.Close()
	ids, err := crypto.ParseIdentities(kit)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := a.Vault.ReaderFor(ids...)
	if err != nil {
		t.Fatalf("round %d: the kit opens nothing: %v", round, err)
	}
	defer reader.Close()
	envelopes, err := a.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	found, numbers := map[string]message.ID{}, map[message.Number]bool{}
	for _, e := range envelopes {
		if numbers[e.Number] {
			t.Errorf("round %d: %s was given twice", round, e.Number)
		}
		numbers[e.Number] = true
		word, known := p.checked[e.ID]
		if !known {
			err := a.Store.View(func(tx *store.Tx) error {
				rec, err := reader.Record(tx, e.ID, e.Parts[0])
				word = wordOf(rec)
				return err
			})
			if err != nil {
				t.Fatalf("round %d: %s does not open: %v", round, e.Number, err)
			}
			p.checked[e.ID] = word
		}
		if other, twice := found[word]; twice && word != "" {
			t.Errorf("round %d: one message was kept twice, as %s and %s", round, other, e.ID)
		}
		found[word] = e.ID
	}
	for word := range p.acked {
		if found[word] == "" {
			t.Errorf("round %d: an acknowledged message is gone (%s)", round, word)
		}
	}
}

// wordOf finds the word that a record carries.
func wordOf(rec message.Record) string {
	all := rec.Text.Reveal()
	for _, v := range rec.Form {
		all += "\n" + v.Reveal()
	}
	if i := strings.Index(all, "heron-"); i >= 0 && len(all) >= i+len("heron-000000-") {
		return all[i : i+len("heron-000000-")]
	}
	return ""
}

// ringing sees that each urgent message nobody took still has its bell.
func (p *practice) ringing(t *testing.T, a *appliance.Appliance, round int) {
	rings := map[message.ID]bool{}
	err := a.Store.View(func(tx *store.Tx) error {
		live, err := a.Bell.Live(tx, a.Clock.Now())
		for _, r := range live {
			rings[r.Message] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	envelopes, err := a.Envelopes(0)
	if err != nil {
		t.Fatal(err)
	}
	urgent := 0
	for _, e := range envelopes {
		if e.Urgency == message.Urgent && e.Open() {
			urgent++
			if !rings[e.ID] {
				t.Errorf("round %d: %s is urgent and silent", round, e.Number)
			}
		}
	}
	if round > 5 && urgent == 0 {
		t.Error("no urgent message was ever taken; the test shows nothing about the bell")
	}
}
