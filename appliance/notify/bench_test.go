package notify_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/appliancetest/smarthost"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/store"
)

// BenchmarkCommitToGateway measures from the commit of a notice until its
// request is at the gateway, over TLS, on an outbox that is otherwise idle.
func BenchmarkCommitToGateway(b *testing.B) {
	came := make(chan time.Time, 1)
	ca, err := smarthost.NewCA()
	if err != nil {
		b.Fatal(err)
	}
	g := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { came <- time.Now() }))
	if g.TLS, err = ca.ServerTLS(); err != nil {
		b.Fatal(err)
	}
	g.StartTLS()
	defer g.Close()
	file := b.TempDir() + "/ca.pem"
	if err := ca.WriteFile(file); err != nil {
		b.Fatal(err)
	}
	st := channeltest.Open(b, b.TempDir())
	setUp(b, st, g.URL, file)
	outbox := notify.NewOutbox(notify.OutboxOptions{Store: st, Gateways: []notify.Gateway{notify.NewWebhook(time.Now)}, Secret: secret})
	ch := outbox.Channel(notify.KindWebhook, speech(time.UTC))
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- outbox.Run(ctx) }()
	var took []time.Duration
	for n := 0; b.Loop(); n++ {
		if err := st.Update(ctx, func(tx *store.Tx) error { return ch.Begin(tx, notice(n, 1), okafor(), time.Now()) }); err != nil {
			b.Fatal(err)
		}
		committed := time.Now()
		took = append(took, max(0, (<-came).Sub(committed)))
	}
	cancel()
	<-ended
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
}
