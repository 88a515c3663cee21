package notify

import (
	"context"
	"errors"
	"net/http"
	"time"

	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// Listener hears answers on one channel by outbound means: it holds a connection
// open, or asks again and again. No port of the practice is open for it.
type Listener interface {
	Kind() Kind

	// Ready answers "" when it is set up, else what is missing, in words.
	Ready(c Config) (why string)

	// Listen hears until ctx ends (nil), or the connection does: then its error
	// is a *Deaf, and it is called again after a while.
	Listen(ctx context.Context, line Line) error
}

// Line is what a Listener listens with.
type Line struct {
	Config
	HTTP     *http.Client // https alone, certificates verified, no redirects; ask by Get
	Position string       // what Heard was given last, over restarts; "" at first
	Now      func() time.Time
	Wait     func(ctx context.Context, d time.Duration) error // for whoever polls

	// Up says that the channel is heard: the connection stands, or a poll went well.
	Up func()

	// Heard takes what was heard: an answer, or why it is none, and the position
	// after it. It is kept together: nothing is lost, and what is heard again
	// after a crash changes nothing. An error ends Listen: it is heard again.
	Heard func(ctx context.Context, a Answered, refused RefusedFor, position string) error
}

// Deaf says why answers are not heard, in a sentence of ours.
type Deaf struct{ Why string }

func (e *Deaf) Error() string { return e.Why }

// HearingOptions are what a Hearing needs.
type HearingOptions struct {
	Outbox    *Outbox // its store, clock, log, secrets and network are used
	Listeners []Listener
	Answers   Answers
}

// Hearing listens for answers on all channels that can be answered by outbound
// means, and keeps how each of them fares.
type Hearing struct {
	o    HearingOptions
	b    *Outbox
	anew chan chan struct{} // holds the channel that is closed when something was set anew
}

// NewHearing makes the ears; Run listens.
func NewHearing(o HearingOptions) *Hearing {
	h := &Hearing{o: o, b: o.Outbox, anew: make(chan chan struct{}, 1)}
	h.anew <- make(chan struct{})
	h.b.o.Store.Watch(func(w store.WriteSet) {
		if settings.Changed(w) {
			h.LookAnew()
		}
	})
	return h
}

// LookAnew has every channel connected anew: whoever changes a secret says so.
func (h *Hearing) LookAnew() {
	close(<-h.anew)
	h.anew <- make(chan struct{})
}

func (h *Hearing) changed() chan struct{} {
	c := <-h.anew
	h.anew <- c
	return c
}

// Replies says whether an answer on a channel will be heard: it is set up, and
// has not been unheard for long. A line that broke a moment ago is held again soon,
// and whoever is asked to answer answers minutes later.
func (h *Hearing) Replies(tx *store.Tx, kind Kind) bool {
	at := h.b.o.Clock.Now()
	for _, l := range h.o.Listeners {
		if l.Kind() != kind || l.Ready(h.b.config(tx)) != "" {
			continue
		}
		return !hearingOf(tx, kind).deafAt(at)
	}
	return false
}

// deafAt says whether a channel has not been heard for longer than a line needs
// to be held again.
func (h Heard) deafAt(at time.Time) bool { return h.Fails && at.Sub(h.LastUp) > deafFor }

// Run listens until ctx ends.
func (h *Hearing) Run(ctx context.Context) error {
	done := make(chan struct{})
	for _, l := range h.o.Listeners {
		go func() {
			defer func() { done <- struct{}{} }()
			h.listen(ctx, l)
		}()
	}
	for range h.o.Listeners {
		<-done
	}
	return nil
}

// listen keeps one channel heard.
func (h *Hearing) listen(ctx context.Context, l Listener) {
	for attempt := 1; ctx.Err() == nil; attempt++ {
		anew := h.changed()
		up, err := h.once(ctx, l, anew)
		if up {
			attempt = 1
		}
		if ctx.Err() != nil {
			return
		}
		if err == nil { // not set up, or set anew
			continue
		}
		h.b.o.Log.Warn("answers are not heard", "channel", string(l.Kind()), "err", err)
		timer := h.b.o.Clock.NewTimer(h.b.backoff(attempt, true)) // before it is written down: whoever sees that may move the clock
		h.deaf(ctx, l.Kind(), err)
		select {
		case <-ctx.Done():
		case <-anew:
		case <-timer.Chan():
		}
		timer.Stop()
	}
}

// once listens until the connection ends. It answers nil where the channel is
// not set up and something changed, or something changed meanwhile.
func (h *Hearing) once(ctx context.Context, l Listener, anew <-chan struct{}) (up bool, err error) {
	line := Line{Now: h.b.o.Clock.Now, Wait: h.wait}
	err = h.b.o.Store.View(func(tx *store.Tx) error {
		line.Config = h.b.settled(tx)
		line.Position = hearingOf(tx, l.Kind()).Position
		return nil
	})
	if err != nil {
		return false, err
	}
	if l.Ready(line.Config) != "" {
		select {
		case <-ctx.Done():
		case <-anew:
		}
		return false, nil
	}
	var why string
	if line.HTTP, why = h.b.net.http(line.Config); why != "" {
		return false, &Deaf{why}
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-anew:
			cancel()
		case <-ctx.Done():
		}
	}()
	line.Up = func() { up = true; h.up(ctx, l.Kind()) }
	line.Heard = func(ctx context.Context, a Answered, refused RefusedFor, position string) error {
		return h.heard(ctx, l.Kind(), a, refused, position)
	}
	err = safely(func() error { return l.Listen(ctx, line) })
	if ctx.Err() != nil {
		err = nil
	}
	return up, err
}

// wait waits, for whoever polls.
func (h *Hearing) wait(ctx context.Context, d time.Duration) error {
	timer := h.b.o.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.Chan():
		return nil
	}
}

// heard hands an answer on, and keeps the position after it.
func (h *Hearing) heard(ctx context.Context, kind Kind, a Answered, refused RefusedFor, position string) error {
	at := h.b.o.Clock.Now().UTC()
	if refused == "" {
		a.By, a.At = kind, at
		err := h.o.Answers.Answered(ctx, a)
		var refusal *Refusal
		if errors.As(err, &refusal) {
			refused = refusal.Why
		} else if err != nil {
			return &Deaf{whyNotTaken}
		}
	}
	if refused != "" {
		h.b.o.Log.Warn("an answer counts for nothing", "channel", string(kind), "why", string(refused))
	}
	err := h.b.o.Store.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error {
		return keepHeard(tx, kind, refused, position, at)
	})
	if err != nil {
		return &Deaf{whyNotTaken}
	}
	return nil
}

func safely(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil { // one broken channel must not end the others
			err = &Deaf{whyBroken}
		}
	}()
	return f()
}
