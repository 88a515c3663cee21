package appliance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/notify"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

const (
	beatEvery    = time.Minute
	beatPatience = 20 * time.Second
	beatMisses   = 3 // calls in a row that fail before a person is told: a line that drops one is no news
)

// heartbeat is how the calls to the watchdog outside fare.
type heartbeat struct {
	mu     sync.Mutex
	missed int
	since  time.Time // of the first of them
	why    string
}

func (h *heartbeat) went(at time.Time, why string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if why == "" {
		h.missed = 0
		return
	}
	if h.missed++; h.missed == 1 {
		h.since = at
	}
	h.why = why
}

// callWatchdog calls the address of watch.heartbeat each minute while calls are
// taken and the bell goes round. It stops calling while an urgent call has used
// up everybody: the watchdog's alarm is part of the last resort.
func (a *Appliance) callWatchdog(ctx context.Context) error {
	return a.every(ctx, beatEvery, func() { a.beat(ctx) })
}

func (a *Appliance) beat(ctx context.Context) {
	at, ca := a.watchdog()
	if at == "" {
		a.heart.went(a.Clock.Now(), "")
		return
	}
	if a.Ready(ctx) != nil || a.Pulse().LastResort {
		return // its own finding says so
	}
	why := callOnce(ctx, at, ca)
	if ctx.Err() != nil {
		return
	}
	if why != "" {
		a.Log.Warn("the watchdog outside was not reached", "why", why)
	}
	a.heart.went(a.Clock.Now(), why)
}

func (a *Appliance) watchdog() (at, ca string) {
	err := a.Store.View(func(tx *store.Tx) error {
		at, ca = settings.Get(tx, settings.WatchHeartbeat), settings.Get(tx, settings.ChannelsCA)
		return nil
	})
	if err != nil {
		a.Log.Error("the watchdog's address cannot be read", "err", err)
	}
	return at, ca
}

// callOnce calls an address and says why it could not, never quoting the
// address: whoever knows it can call it too.
func callOnce(ctx context.Context, at, ca string) (why string) {
	conf, why := notify.TLS(ca)
	if why != "" {
		return why
	}
	ctx, cancel := context.WithTimeout(ctx, beatPatience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return "its address cannot be used"
	}
	client := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := client.Do(req)
	var asked *url.Error
	if errors.As(err, &asked) {
		return asked.Err.Error()
	}
	if err != nil {
		return "there was no answer"
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10)) // what it says does not matter
	if resp.StatusCode/100 != 2 {
		return fmt.Sprintf("it answered %d", resp.StatusCode)
	}
	return ""
}

func (h *heartbeat) findings(zone *time.Location) []finding.Finding {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missed < beatMisses {
		return nil
	}
	return []finding.Finding{{ID: "watch.heartbeat", Severity: finding.Warning,
		Text: fmt.Sprintf("The watchdog outside has not been reached since %s: %s.", h.since.In(zone).Format("Mon Jan 2, 3:04 pm"), h.why),
		Do:   "Look at the internet line, and at watch.heartbeat in the settings; its alarm may be raised meanwhile."}}
}
