package intake_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"nightbell/appliance/audit"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

// The commit loop with all that makes a message, through the intake and beside it
// bare: sealed with age, envelope, event, pack, leaf and timer put by hand, no
// intake and no vault. Both run in turns, so that whatever else the machine does
// slows both. "x-bare" is how many times longer the intake takes: at most 1.2.
func BenchmarkTake(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			loops := [2]loop{{take: bare(b, open(b))}, {take: through(open(b))}}
			for i := range loops {
				loops[i].run(b, 1, 1) // the first of the day makes its epoch
				loops[i].spent = 0
			}
			turn := max(64, 8*callers)
			b.ResetTimer()
			for left := b.N; left > 0; left -= turn {
				for i := range loops {
					loops[i].run(b, callers, min(left, turn))
				}
			}
			b.StopTimer()
			n := float64(b.N)
			b.ReportMetric(n/loops[0].spent.Seconds(), "bare/s")
			b.ReportMetric(n/loops[1].spent.Seconds(), "messages/s")
			b.ReportMetric(float64(loops[1].spent)/float64(loops[0].spent), "x-bare")
			b.ReportMetric(0, "ns/op") // of both together, which says nothing
		})
	}
}

// loop takes messages by one way and counts the time.
type loop struct {
	take  func() error
	spent time.Duration
}

// run takes n messages with so many callers.
func (l *loop) run(b *testing.B, callers, n int) {
	calls := make(chan struct{}, n)
	for range n {
		calls <- struct{}{}
	}
	close(calls)
	began := time.Now()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range calls {
				if err := l.take(); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	l.spent += time.Since(began)
}

// form is a call as it is typed, some 600 bytes.
func form() map[string]message.Clear {
	return map[string]message.Clear{
		"caller": "Priya Raman", "relation": "patient", "callback": "503 555 0148", "read_back": "yes", "born": "4/17/1961", "provider": "Dr. Hale",
		"medication": "Lisinopril", "dose": "10 mg, once a day", "pharmacy": "Elm Street Pharmacy, 1200 Elm Street", "days_left": "3-7", "allergies": "penicillin",
		"reason": "She picks it up on Thursday on her way from work, and asks that the pharmacy is told before noon, since the last time it was not ready.",
	}
}

func through(o *office) func() error {
	in := intake.New(intake.Options{Store: o.store, Vault: o.vault, Bell: o.bell, Clock: o.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	return func() error {
		_, err := in.Take(context.Background(), intake.Taking{Type: message.TypeRefill, Channel: message.ChannelDesk, TypedBy: "p-ana", Form: form()})
		return err
	}
}

// bare writes the same things without vault and intake: what the machine can do.
func bare(b *testing.B, o *office) func() error {
	epoch, err := age.GenerateHybridIdentity()
	if err != nil {
		b.Fatal(err)
	}
	to := epoch.Recipient()
	return func() error {
		var ids [3]message.ID
		for i := range ids {
			var err error
			if ids[i], err = message.NewID(); err != nil {
				return err
			}
		}
		line, err := message.Record{Message: ids[0], Part: ids[1], Kind: message.PartRecord, Salt: "GEZDGNBVGY3TQOJQGEZDGNBVGY", Form: form()}.Encode()
		if err != nil {
			return err
		}
		sealed, sum, err := crypto.SealPart(to, line)
		if err != nil {
			return err
		}
		commitment := fmt.Sprintf("%x", sum)
		e := message.Envelope{
			ID: ids[0], ReceivedAt: night, Channel: message.ChannelDesk, CallType: message.TypeRefill, Status: message.New, Team: message.Everybody,
			TypedBy: "p-ana", Protocol: 1, Due: night.Add(24 * time.Hour),
			Parts: []message.Part{{ID: ids[1], Kind: message.PartRecord, Epoch: "2026-11-24.calls.k7fm", Pack: ids[2], Size: int64(len(sealed)), Commitment: commitment}},
		}
		return o.store.Update(context.Background(), func(tx *store.Tx) error { return writeBare(tx, e, sealed, commitment) })
	}
}

func writeBare(tx *store.Tx, e message.Envelope, sealed message.Sealed, commitment string) (err error) {
	if e.Number, err = store.NextNumber(tx); err != nil {
		return err
	}
	if err := store.PutPack(tx, e.Parts[0].Pack, sealed); err != nil {
		return err
	}
	if err := store.PutEnvelope(tx, e); err != nil {
		return err
	}
	if err := store.AddEvent(tx, e.ID, message.Event{At: night, What: message.EventTaken, Who: e.TypedBy, Detail: string(e.Channel)}); err != nil {
		return err
	}
	leaf := audit.Leaf{At: night, Who: string(e.TypedBy), What: audit.Received, About: []string{string(e.ID)}, Data: map[string]string{string(e.Parts[0].ID): commitment}}
	if _, err := audit.Append(tx, leaf); err != nil {
		return err
	}
	return tx.Put(timers, string(e.ID), strconv.AppendInt(nil, night.UnixNano(), 10))
}
