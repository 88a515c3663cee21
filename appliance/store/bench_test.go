package store_test

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// BenchmarkCommit puts values of 2 KiB from 1, 16 and 64 callers: through the
// store, and through the barest loop over bbolt that takes whatever waits and
// commits once. Their ratio is what write sets, rules and safety cost.
func BenchmarkCommit(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("store/callers=%d", callers), func(b *testing.B) {
			s := open(b, store.Options{Dir: b.TempDir()})
			commitFrom(b, callers, func(key string, value []byte) error {
				return s.Update(background(), func(tx *store.Tx) error { return tx.Put("b", key, value) })
			})
		})
		b.Run(fmt.Sprintf("bare/callers=%d", callers), func(b *testing.B) {
			commitFrom(b, callers, bareLoop(b))
		})
	}
}

func commitFrom(b *testing.B, callers int, put func(key string, value []byte) error) {
	b.Helper()
	value := make([]byte, 2048)
	var next atomic.Int64
	var all sync.WaitGroup
	b.ResetTimer()
	for range callers {
		all.Go(func() {
			for {
				n := next.Add(1)
				if n > int64(b.N) {
					return
				}
				if err := put(fmt.Sprintf("%012d", n), value); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
}

// bareLoop is group commit and nothing else.
func bareLoop(b *testing.B) func(key string, value []byte) error {
	db, err := bbolt.Open(filepath.Join(b.TempDir(), "bare.db"), 0o600, &bbolt.Options{FreelistType: bbolt.FreelistMapType, InitialMmapSize: 8 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { db.Close() })
	type waiting struct {
		key   string
		value []byte
		done  chan error
	}
	queue := make(chan waiting, 1024)
	b.Cleanup(func() { close(queue) })
	go func() {
		for w := range queue {
			batch := []waiting{w}
			for more := true; more; {
				select {
				case w := <-queue:
					batch = append(batch, w)
				default:
					more = false
				}
			}
			err := db.Update(func(tx *bbolt.Tx) error {
				bucket, err := tx.CreateBucketIfNotExists([]byte("b"))
				for _, w := range batch {
					if err == nil {
						err = bucket.Put([]byte(w.key), w.value)
					}
				}
				return err
			})
			for _, w := range batch {
				w.done <- err
			}
		}
	}()
	return func(key string, value []byte) error {
		w := waiting{key, value, make(chan error, 1)}
		queue <- w
		return <-w.done
	}
}

// BenchmarkEnvelope keeps a new message: envelope with its indexes and counters,
// a pack of 1.5 KiB and the first line of its timeline.
func BenchmarkEnvelope(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s := open(b, store.Options{Dir: b.TempDir()})
			pack := make([]byte, 1500)
			var ids atomic.Int64
			commitFrom(b, callers, func(string, []byte) error {
				e := envelope(int(ids.Add(1)))
				return s.Update(background(), func(tx *store.Tx) (err error) {
					if e.Number, err = store.NextNumber(tx); err != nil {
						return err
					}
					if err := store.PutPack(tx, e.ID, pack); err != nil {
						return err
					}
					if err := store.AddEvent(tx, e.ID, message.Event{At: morning, What: message.EventTaken}); err != nil {
						return err
					}
					return store.PutEnvelope(tx, e)
				})
			})
		})
	}
}

// BenchmarkInbox shows pages of 50 at three sizes of a practice: what a desk sees
// first, one filter, and filters that hardly match.
func BenchmarkInbox(b *testing.B) {
	urgent := message.Urgent
	queries := []struct {
		name string
		q    store.Query
	}{
		{"open", store.Query{}},
		{"all", store.Query{State: store.ShowAll}},
		{"all-deep", store.Query{State: store.ShowAll, Before: "n1500"}},
		{"closed", store.Query{State: store.ShowClosed}},
		{"open-of-type", store.Query{Type: message.TypeBilling}},
		{"all-of-type", store.Query{State: store.ShowAll, Type: message.TypeBilling}},
		{"all-urgent", store.Query{State: store.ShowAll, Urgency: &urgent}},
		{"all-of-rare-assignee", store.Query{State: store.ShowAll, Assignee: "rare"}},
		{"called-back", store.Query{Status: message.CalledBack}},
		{"mine", store.Query{Assignee: "p1"}},
		{"typed-by-me", store.Query{State: store.ShowAll, TypedBy: "p2"}},
		{"hardly-any-match", store.Query{State: store.ShowAll, Type: message.TypeBilling, Urgency: &urgent, Assignee: "p1", TypedBy: "p2"}},
	}
	for _, size := range []int{1_000, 100_000, 1_000_000} {
		s := desk(b, size)
		for _, c := range queries {
			b.Run(fmt.Sprintf("messages=%d/%s", size, c.name), func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					start := time.Now()
					view(b, s, func(tx *store.Tx) error {
						_, _, err := store.ListEnvelopes(tx, c.q)
						return err
					})
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
				b.ReportMetric(0, "ns/op")
			})
		}
		b.Run(fmt.Sprintf("messages=%d/counts", size), func(b *testing.B) {
			for b.Loop() {
				view(b, s, func(tx *store.Tx) error { _, err := store.CountEnvelopes(tx); return err })
			}
		})
		s.Close()
	}
}

// desk is a practice with so many messages: all but the last two hundred closed.
func desk(b *testing.B, size int) *store.Store {
	b.Helper()
	s := open(b, store.Options{Dir: b.TempDir()})
	types := []message.CallType{message.TypeNew, message.TypeChange, message.TypeRefill, message.TypeUrgent, message.TypeBilling, message.TypeOther}
	for from := 0; from < size; from += 500 {
		update(b, s, func(tx *store.Tx) error {
			for i := from; i < min(from+500, size); i++ {
				if err := store.PutEnvelope(tx, past(i, size, types)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return s
}

func past(i, size int, types []message.CallType) message.Envelope {
	h := uint32(i) * 2654435761 // spreads what varies, the same way each time
	var mix [4]byte
	binary.LittleEndian.PutUint32(mix[:], h)
	e := envelope(i)
	e.CallType = types[int(mix[3])%len(types)]
	if e.CallType == message.TypeUrgent {
		e.Urgency = message.Urgent
	}
	e.TypedBy = message.PersonID(fmt.Sprint("p", mix[2]%8))
	e.Status, e.Assignee = message.Closed, message.PersonID(fmt.Sprint("p", mix[1]%8))
	if i >= size-200 {
		e.Status = []message.Status{message.New, message.Taken, message.CalledBack}[mix[0]%3]
	}
	if e.Status == message.New {
		e.Assignee = ""
	}
	if i%(size/10) == 0 {
		e.Assignee = "rare"
	}
	return e
}

// BenchmarkOpen opens the store of a practice with 100,000 messages.
func BenchmarkOpen(b *testing.B) {
	s := desk(b, 100_000)
	s.Close()
	for b.Loop() {
		s, err := store.Open(background(), store.Options{Dir: s.Dir()})
		if err != nil {
			b.Fatal(err)
		}
		s.Close()
	}
}
