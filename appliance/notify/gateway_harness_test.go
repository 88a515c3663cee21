package notify_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/gatewaytest"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// eachProvider runs a test against every gateway that has a kind of page.
func eachProvider(t *testing.T, kind notify.Kind, f func(t *testing.T, p *practice, g *gatewaytest.Gateway)) {
	for _, name := range gatewaytest.Providers {
		if kind == notify.KindVoice && (name == "vonage" || name == "telnyx") {
			continue // their calls cannot be answered without an open port
		}
		t.Run(name, func(t *testing.T) {
			p := newPractice(t)
			f(t, p, p.provider(name))
		})
	}
}

// provider starts a gateway and sets the practice up with it.
func (p *practice) provider(name string) *gatewaytest.Gateway {
	p.t.Helper()
	g, ca := gatewaytest.Start(p.t, name, p.clock.Now)
	p.update(func(tx *store.Tx) error {
		for key, value := range g.Settings() {
			if err := settings.Set(tx, key, value); err != nil {
				return err
			}
		}
		return settings.Set(tx, settings.ChannelsCA, ca)
	})
	return g
}

// handedOver waits until the only page was handed over, and that is in the store.
func (p *practice) handedOver() {
	p.t.Helper()
	p.until("handed over", func() bool { return len(p.outcomes()) == 1 && len(p.pages()) == 0 })
}

// phoneEars hear what is answered by phone, and keep it.
type phoneEars struct {
	p    *practice
	stop func()

	mu    sync.Mutex
	heard []notify.Answered
	fails error // what every answer is met with
}

func (e *phoneEars) Answered(_ context.Context, a notify.Answered) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.fails != nil {
		return e.fails
	}
	e.heard = append(e.heard, a)
	return nil
}

func (e *phoneEars) fail(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fails = err
}

func (e *phoneEars) answers() []notify.Answered {
	e.mu.Lock()
	defer e.mu.Unlock()
	return append([]notify.Answered(nil), e.heard...)
}

// listen starts hearing on a kind; it ends with the test, or by stop.
func (p *practice) listen(kind notify.Kind) *phoneEars {
	p.t.Helper()
	e := &phoneEars{p: p}
	h := notify.NewHearing(notify.HearingOptions{Outbox: p.outbox, Answers: e, Listeners: []notify.Listener{notify.NewPhoneListener(p.outbox, kind)}})
	ctx, cancel := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	e.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			p.t.Error(err)
		}
	})
	p.t.Cleanup(e.stop)
	return e
}

// look has the listener ask once more, and waits until it has.
func (e *phoneEars) look() {
	e.p.t.Helper()
	for _, moves := range []bool{true, false} {
		if err := e.p.clock.BlockUntilContext(e.p.t.Context(), 1); err != nil {
			e.p.t.Fatal(err)
		}
		if moves {
			e.p.clock.Advance(time.Minute)
		}
	}
}

// code is what okafor's answer to the nth message carries.
func code(n int) string { return token(n).Code() }

func token(n int) notify.Token {
	return tokens().For(notice(n, 1).Message, message.Number(1041+n), "p1", bout)
}
