package web

import (
	"fmt"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// requestCounts counts answers by method and status class: few series, whatever
// is asked for.
type requestCounts struct {
	mu sync.Mutex
	n  map[[2]string]int64
}

func newRequestCounts() *requestCounts { return &requestCounts{n: map[[2]string]int64{}} }

func (r *requestCounts) add(method string, status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n[[2]string{knownMethod(method), fmt.Sprintf("%dxx", status/100)}]++
}

func (r *requestCounts) all() map[[2]string]int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.n)
}

// metrics answers numbers in Prometheus' text format, to this machine itself or
// to who holds a device's credential. There is no label that anybody typed.
func (s *Server) metrics(c echo.Context) error {
	if !clientAddr(c).IsLoopback() {
		if _, err := s.machine(c); err != nil {
			return err
		}
	}
	var b strings.Builder
	if err := s.view(func(tx *store.Tx) error { return s.storeMetrics(&b, tx) }); err != nil {
		return err
	}
	s.ownMetrics(&b)
	return c.Blob(http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", []byte(b.String()))
}

func (s *Server) storeMetrics(b *strings.Builder, tx *store.Tx) error {
	n, err := store.CountEnvelopes(tx)
	if err != nil {
		return err
	}
	p, err := s.app.Protocols.Current(tx)
	if err != nil {
		return err
	}
	metric(b, "nightbell_messages_total", "counter", "Messages taken.", float64(n.Total))
	head(b, "nightbell_messages_open", "gauge", "Messages that somebody still has to do something about.")
	for _, t := range p.Types {
		fmt.Fprintf(b, "nightbell_messages_open{type=%q} %d\n", t.ID, n.OpenByType[t.ID])
	}
	head(b, "nightbell_messages_open_by_urgency", "gauge", "The same by urgency.")
	for _, u := range []message.Urgency{message.Routine, message.SameDay, message.Urgent} {
		fmt.Fprintf(b, "nightbell_messages_open_by_urgency{urgency=%q} %d\n", u.String(), n.OpenByUrgency[u])
	}
	now := s.app.Clock.Now()
	live, err := s.app.Bell.Live(tx, now)
	if err != nil {
		return err
	}
	ringing, oldest := 0, 0.0
	for _, l := range live {
		if l.State == escalation.Ringing {
			ringing++
			oldest = max(oldest, now.Sub(l.Since).Seconds())
		}
	}
	metric(b, "nightbell_urgent_ringing", "gauge", "Urgent messages that nobody has taken.", float64(ringing))
	metric(b, "nightbell_urgent_oldest_seconds", "gauge", "How long the oldest of them waits.", oldest)
	return nil
}

func (s *Server) ownMetrics(b *strings.Builder) {
	locked := 0.0
	if s.app.Vault.Locked() {
		locked = 1
	}
	metric(b, "nightbell_locked", "gauge", "1 while reading is locked.", locked)
	if t := s.app.Bell.Tick(); !t.IsZero() {
		metric(b, "nightbell_bell_heartbeat_timestamp_seconds", "gauge", "When the bell last went round.", float64(t.Unix()))
	}
	metric(b, "nightbell_commits_total", "counter", "Transactions of the store.", float64(s.app.Store.Seq()))
	metric(b, "nightbell_event_streams", "gauge", "Open pages that are told of changes.", float64(s.hub.open()))
	head(b, "nightbell_http_requests_total", "counter", "Requests answered.")
	counts := s.counts.all()
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b [2]string) int { return strings.Compare(a[0]+a[1], b[0]+b[1]) })
	for _, k := range keys {
		fmt.Fprintf(b, "nightbell_http_requests_total{method=%q,status=%q} %d\n", k[0], k[1], counts[k])
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	metric(b, "nightbell_heap_bytes", "gauge", "Live heap.", float64(m.HeapAlloc))
	metric(b, "nightbell_goroutines", "gauge", "Goroutines.", float64(runtime.NumGoroutine()))
}

func head(b *strings.Builder, name, kind, help string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func metric(b *strings.Builder, name, kind, help string, v float64) {
	head(b, name, kind, help)
	fmt.Fprintf(b, "%s %g\n", name, v)
}
