package escalation_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// stopwatches gathers times for percentiles.
type stopwatches struct {
	mu   sync.Mutex
	list []time.Duration
}

func (s *stopwatches) add(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, d)
}

func (s *stopwatches) report(b *testing.B) {
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(s.list)
	for _, p := range []int{50, 99} {
		at := s.list[(len(s.list)-1)*p/100]
		b.ReportMetric(float64(at)/float64(time.Millisecond), fmt.Sprintf("p%d-ms", p))
	}
}

// benchBell is a bell on a real clock with two people on the list.
func benchBell(b *testing.B, st *store.Store) *escalation.Engine {
	people := &staff{people: map[message.PersonID]escalation.Person{}}
	people.add("okafor", "okafor@example.com")
	people.add("lindqvist", "lindqvist@example.com")
	p := practice{}
	bell := escalation.New(escalation.Options{Store: st, People: people, Channels: []notify.Channel{p.mail(), notify.NewAlarm(notify.NewDesks(nil))}})
	change(b, st, func(tx *store.Tx) error {
		return oncall.Set(tx, "dana", []message.PersonID{"okafor", "lindqvist"}, time.Now())
	})
	return bell
}

func change(b *testing.B, st *store.Store, f func(tx *store.Tx) error) {
	b.Helper()
	if err := st.Update(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}

func benchMessage(n int, at time.Time) message.Envelope {
	return message.Envelope{
		ID: message.ID(fmt.Sprintf("01936000-0000-7000-8000-%012d", n)), Number: message.Number(1000 + n), ReceivedAt: at,
		Channel: message.ChannelDesk, CallType: message.TypeUrgent, Urgency: message.Urgent, Status: message.New, Team: message.Everybody,
	}
}

// BenchmarkDueStep has 10,000 timers pending while 500 steps come due, one each
// 5 ms, and reports how long after its time each was committed.
func BenchmarkDueStep(b *testing.B) {
	late := &stopwatches{}
	for range b.N {
		dueSteps(b, late, 10_000, 500, 5*time.Millisecond)
	}
	late.report(b)
}

func dueSteps(b *testing.B, late *stopwatches, pending, count int, apart time.Duration) {
	st := channeltest.Open(b, b.TempDir())
	bell := benchBell(b, st)
	begin := func(stepTime time.Duration, first, n int, at func(i int) time.Time) {
		change(b, st, func(tx *store.Tx) error { return settings.Set(tx, settings.BellStep, stepTime.String()) })
		for i := 0; i < n; i += 100 {
			change(b, st, func(tx *store.Tx) error {
				for j := i; j < min(n, i+100); j++ {
					if err := bell.Begin(tx, benchMessage(first+j, at(j)), at(j)); err != nil {
						return err
					}
				}
				return nil
			})
		}
	}
	start := time.Now()
	begin(time.Hour, 0, pending, func(int) time.Time { return start })
	start = time.Now().Add(2 * time.Second) // when all is written
	dueAt := func(i int) time.Time { return start.Add(time.Duration(i) * apart) }
	begin(30*time.Second, pending, count, func(i int) time.Time { return dueAt(i).Add(-30 * time.Second) })

	bell = benchBell(b, st) // as after a restart
	due, done := map[string]time.Time{}, make(chan struct{}, count)
	for i := range count {
		due[string(benchMessage(pending+i, start).ID)] = dueAt(i)
	}
	st.Watch(func(ws store.WriteSet) {
		for _, op := range ws.Ops {
			if at, waits := due[op.Key]; waits && op.Bucket == "escalations" {
				late.add(time.Since(at))
				done <- struct{}{}
			}
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- bell.Run(ctx) }()
	for range count {
		<-done
	}
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkFirstNotice takes an urgent message in and reports the time until its
// first notice is with the channel, on disk.
func BenchmarkFirstNotice(b *testing.B) {
	st := channeltest.Open(b, b.TempDir())
	bell := benchBell(b, st)
	var began time.Time
	took := &stopwatches{}
	st.Watch(func(ws store.WriteSet) {
		if ws.Touches("test-outbox") {
			took.add(time.Since(began))
		}
	})
	for i := range b.N {
		began = time.Now()
		env := benchMessage(i, began)
		change(b, st, func(tx *store.Tx) error {
			if err := store.PutEnvelope(tx, env); err != nil {
				return err
			}
			return bell.Begin(tx, env, began)
		})
	}
	took.report(b)
}
