package notify_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

func TestAPageGoesOutAtOnceAndIsSigned(t *testing.T) {
	p := newPractice(t)
	var body []byte
	var header http.Header
	g := startGateway(t, func(_ int, w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		w.WriteHeader(http.StatusAccepted)
	})
	p.use(g)
	p.ring(notify.KindWebhook, 1, 1)
	p.until("handed over", func() bool { return slices.Equal(p.outcomes(), []string{"delivered webhook"}) })
	if len(p.pages()) != 0 {
		t.Error("what was handed over still waits")
	}
	when, sum, _ := strings.Cut(strings.TrimPrefix(header.Get("Nightbell-Signature"), "t="), ",v1=")
	mac := hmac.New(sha256.New, []byte("secret of webhook.key"))
	mac.Write([]byte(when + "."))
	mac.Write(body)
	if sum != hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("the signature %q is not that of the body", header.Get("Nightbell-Signature"))
	}
	var said map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{"to": "pager-17", "number": "N-1042", "urgency": "urgent", "reason": "waiting", "ring": 1.0,
		"id": header.Get("Idempotency-Key"), "token": tokens().For(notice(1, 1).Message, 1042, "p1", bout).Reveal()} {
		if said[field] != want {
			t.Errorf("%s is %v, want %v", field, said[field], want)
		}
	}
}

func TestAPageIsTriedAgainUntilItIsTaken(t *testing.T) {
	p := newPractice(t)
	g := startGateway(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	p.use(g)
	p.ring(notify.KindWebhook, 1, 1)
	for n := range 3 {
		g.next(t)
		p.until("a failure written down", func() bool { return len(p.outcomes()) == n+1 })
		if got, why := p.condition(notify.KindWebhook); got != notify.Doubtful || !strings.Contains(why, "503") {
			t.Errorf("after a failure the channel is %d (%s)", got, why)
		}
		if err := p.clock.BlockUntilContext(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		p.clock.Advance(time.Second << n)
	}
	p.until("taken", func() bool { return len(p.outcomes()) == 4 })
	if got := p.outcomes(); !slices.Equal(got, []string{"failed webhook", "failed webhook", "failed webhook", "delivered webhook"}) {
		t.Errorf("heard %v", got)
	}
	if got, why := p.condition(notify.KindWebhook); got != notify.Working {
		t.Errorf("after it went the channel is %d (%s)", got, why)
	}
}

func TestAProvidersRefusalIsAFailureAndTheNextNoticeGoes(t *testing.T) {
	p := newPractice(t)
	g := startGateway(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 0 {
			w.WriteHeader(http.StatusUnprocessableEntity)
		}
	})
	p.use(g)
	p.ring(notify.KindWebhook, 1, 1)
	p.until("refused", func() bool { l := p.pages(); return len(l) == 1 && l[0].State == notify.PageRefused })
	p.ring(notify.KindWebhook, 1, 2)
	p.until("the next went", func() bool { return len(p.pages()) == 0 })
	if got := p.outcomes(); !slices.Equal(got, []string{"failed webhook", "delivered webhook"}) {
		t.Errorf("heard %v", got)
	}
}

func TestNothingIsSentWhereItMayNotGo(t *testing.T) {
	t.Run("after a redirect", func(t *testing.T) {
		p := newPractice(t)
		g := startGateway(t, func(_ int, w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		})
		p.use(g)
		p.ring(notify.KindWebhook, 1, 1)
		p.until("refused", func() bool { return len(p.outcomes()) == 1 })
		if len(g.came) != 1 || p.outcomes()[0] != "failed webhook" {
			t.Errorf("%d requests, %v", len(g.came), p.outcomes())
		}
	})
	t.Run("to a certificate that nobody here trusts", func(t *testing.T) {
		p := newPractice(t)
		g := startGateway(t, func(int, http.ResponseWriter, *http.Request) {})
		setUp(t, p.store, g.URL, "")
		p.ring(notify.KindWebhook, 1, 1)
		p.until("failed", func() bool { return len(p.outcomes()) == 1 })
		if len(g.came) != 0 || !strings.Contains(p.pages()[0].Why, "channels.ca") {
			t.Errorf("%d requests, %q", len(g.came), p.pages()[0].Why)
		}
	})
	t.Run("in the clear", func(t *testing.T) {
		p := newPractice(t)
		err := p.store.Update(t.Context(), func(tx *store.Tx) error {
			return settings.Set(tx, settings.WebhookURL, "http://gateway.example.com")
		})
		if err == nil {
			t.Error("an address without TLS was kept")
		}
	})
}

// TestThrottlesNeverHoldBackAnUrgentCall: what a gateway says about one page puts
// off that page alone, and never for long.
func TestThrottlesNeverHoldBackAnUrgentCall(t *testing.T) {
	p := newPractice(t)
	g := startGateway(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 0 {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	p.use(g)
	p.ring(notify.KindWebhook, 1, 1)
	p.until("throttled", func() bool { return len(p.outcomes()) == 1 })
	p.ring(notify.KindWebhook, 2, 1)
	p.until("the other call's first notice", func() bool { return len(p.outcomes()) == 2 })
	p.ring(notify.KindWebhook, 1, 2)
	p.until("the repeat of the first", func() bool { return len(p.outcomes()) == 3 })
	if got := p.outcomes(); !slices.Equal(got, []string{"failed webhook", "delivered webhook", "delivered webhook"}) {
		t.Errorf("heard %v", got)
	}
}

func TestThrottledPageIsTriedAgainWithinAMinute(t *testing.T) {
	p := newPractice(t)
	g := startGateway(t, func(n int, w http.ResponseWriter, _ *http.Request) {
		if n == 0 {
			w.Header().Set("Retry-After", "86400")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	p.use(g)
	p.ring(notify.KindWebhook, 1, 1)
	p.until("throttled", func() bool { return len(p.outcomes()) == 1 })
	if err := p.clock.BlockUntilContext(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	p.clock.Advance(time.Minute)
	p.until("tried again", func() bool { return len(p.outcomes()) == 2 })
}

func TestASlowChannelHoldsBackNeitherAnotherNorItsOwnNextPage(t *testing.T) {
	p := newPractice(t)
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	t.Cleanup(letGo)
	g := startGateway(t, func(n int, _ http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/page" && n < 20 {
			<-release
		}
	})
	p.use(g)
	for n := range 20 {
		p.ring(notify.KindWebhook, n+1, 1)
		g.next(t)
	}
	p.ring(notify.KindNtfy, 1, 1)
	p.until("the other channel", func() bool { return slices.Equal(p.outcomes(), []string{"delivered ntfy"}) })
	p.ring(notify.KindWebhook, 1, 2) // the page that replaces a hanging one
	p.until("the repeat", func() bool { return slices.Contains(p.outcomes(), "delivered webhook") })
	letGo()
}

func TestWhatAPersonTookIsNotSent(t *testing.T) {
	p := newPractice(t)
	p.ring(notify.KindWebhook, 1, 1) // not set up: it waits
	p.until("it failed", func() bool { return len(p.outcomes()) == 1 })
	p.end(notify.KindWebhook, 1)
	g := startGateway(t, func(int, http.ResponseWriter, *http.Request) {})
	p.use(g)
	p.ring(notify.KindWebhook, 2, 1)
	p.until("the other went", func() bool { return len(p.outcomes()) == 2 })
	if len(g.came) != 1 {
		t.Errorf("%d pages were sent", len(g.came))
	}
}

// TestAPageCutOffInTheMiddleGoesAgainByTheSameKey ends the outbox while the
// gateway holds the request, as a kill does, and opens the store anew.
func TestAPageCutOffInTheMiddleGoesAgainByTheSameKey(t *testing.T) {
	p := newPractice(t)
	release := make(chan struct{})
	letGo := sync.OnceFunc(func() { close(release) })
	t.Cleanup(letGo)
	g := startGateway(t, func(n int, _ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if n == 0 {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}
	})
	p.use(g)
	p.ring(notify.KindWebhook, 1, 1)
	g.next(t)
	p.stop()
	if err := p.store.Close(); err != nil {
		t.Fatal(err)
	}
	if got := p.outcomes(); len(got) != 0 {
		t.Errorf("an attempt that was cut off said %v", got)
	}
	p.start()
	p.until("it goes again", func() bool { return slices.Equal(p.outcomes(), []string{"delivered webhook"}) })
	if a, b := g.came[0].Header.Get("Idempotency-Key"), g.came[1].Header.Get("Idempotency-Key"); a == "" || a != b {
		t.Errorf("it went by the keys %q and %q", a, b)
	}
}

// TestLateReportsNeverTurnAFailureIntoASuccess gives reports in every order.
func TestLateReportsNeverTurnAFailureIntoASuccess(t *testing.T) {
	p := newPractice(t)
	g := startGateway(t, func(_ int, w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"id":"ref-1"}`)) })
	p.use(g)
	p.ring(notify.KindNtfy, 1, 1)
	p.until("handed over", func() bool { return len(p.outcomes()) == 1 })
	report := func(ref string, arrived bool) {
		t.Helper()
		p.update(func(tx *store.Tx) error {
			return p.outbox.Reported(tx, notify.Report{Kind: notify.KindNtfy, Ref: ref, Arrived: arrived, Why: "the phone is off"}, p.clock.Now())
		})
	}
	report("ref-1", true)
	report("ref-2", false)
	if got := p.outcomes(); len(got) != 1 {
		t.Errorf("an arrival, or a report of nothing, changed something: %v", got)
	}
	report("ref-1", false)
	report("ref-1", true)
	report("ref-1", false)
	if got := p.outcomes(); !slices.Equal(got, []string{"delivered ntfy", "failed ntfy"}) {
		t.Errorf("heard %v", got)
	}
	if got, why := p.condition(notify.KindNtfy); got != notify.Doubtful || why != "the phone is off" {
		t.Errorf("the channel is %d (%s)", got, why)
	}
}

func TestTheListTellsNeitherWhereNorWith(t *testing.T) {
	p := newPractice(t)
	p.ring(notify.KindWebhook, 1, 1)
	shown, err := json.Marshal(p.pages())
	if err != nil {
		t.Fatal(err)
	}
	for _, hidden := range []string{"pager-17", tokens().For(notice(1, 1).Message, 1042, "p1", bout).Code()} {
		if strings.Contains(string(shown), hidden) {
			t.Errorf("%q stands in the list", hidden)
		}
	}
	key := p.pages()[0].Key
	p.update(func(tx *store.Tx) error { return notify.RetryPage(tx, key, p.clock.Now()) })
	p.update(func(tx *store.Tx) error { return notify.DropPage(tx, key) })
	if len(p.pages()) != 0 {
		t.Error("a dropped page waits")
	}
}
