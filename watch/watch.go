// Package watch looks at an appliance from another machine and raises the alarm
// by channels of its own when it does not answer, when its bell does not go
// round, or when an urgent call has used up everybody who could be rung.
//
// It knows nothing of messages and people: it asks /readyz, which anybody may,
// and says what it saw. It runs where the appliance does not, so it uses none of
// the appliance's settings, channels or disks. ui/cli runs it.
package watch

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Options are what a watch needs.
type Options struct {
	URL    string       // https://HOST[:PORT] of the appliance
	Client *http.Client // with the authority that vouches for it; its redirects are not followed
	Voices []Voice      // by which the alarm is raised, all of them

	Every time.Duration // between two looks; 0: half a minute
	After int           // failed looks in a row before it is an alarm; 0: three
	Again time.Duration // between two alarms while it lasts; 0: a quarter of an hour
	Late  time.Duration // how old the bell's last round may be; 0: a minute
	Grace time.Duration // without alarms after the watch itself was off; 0: two minutes

	State string                  // file that remembers what was seen over a restart; "" for none
	Clock clockwork.Clock         // nil: the real one
	Tell  func(Notice)            // is told each notice too, for the terminal; nil: nobody
	Warn  func(voice, why string) // is told when a voice was not heard; nil: nobody
}

// Voice is one way to raise the alarm.
type Voice interface {
	// Say hands a notice over. It is called again with the newest notice after
	// it failed. The error is for people, and holds no secret.
	Say(ctx context.Context, n Notice) error
	String() string // for people: without its secrets
}

// Notice is what a watch says. It holds no PHI: the watch has never seen any.
type Notice struct {
	What    What      `json:"what"`
	Trouble Trouble   `json:"trouble,omitempty"`
	Host    string    `json:"host"`
	Text    string    `json:"text"`
	At      time.Time `json:"at"`
	Since   time.Time `json:"since,omitzero"` // since when it is so
}

// What is the kind of a notice.
type What string

const (
	Alarm What = "alarm"
	Well  What = "well" // after an alarm
	Note  What = "note" // about the watch itself
)

// Watch is one watch over one appliance.
type Watch struct {
	o    Options
	host string

	machine machine
	unheard map[Voice]Notice // the newest notice that a voice did not hand over
}

// New makes a watch. It refuses an address that is not https.
func New(o Options) (*Watch, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("give the appliance's address as https://HOST, or https://HOST:PORT")
	}
	o.fill()
	return &Watch{
		o: o, host: u.Host, unheard: map[Voice]Notice{},
		machine: machine{host: u.Host, after: o.After, again: o.Again},
	}, nil
}

func (o *Options) fill() {
	for _, d := range []struct {
		into *time.Duration
		is   time.Duration
	}{{&o.Every, 30 * time.Second}, {&o.Again, 15 * time.Minute}, {&o.Late, time.Minute}, {&o.Grace, 2 * time.Minute}} {
		if *d.into == 0 {
			*d.into = d.is
		}
	}
	if o.After == 0 {
		o.After = 3
	}
	if o.Clock == nil {
		o.Clock = clockwork.NewRealClock()
	}
	if o.Tell == nil {
		o.Tell = func(Notice) {}
	}
	if o.Warn == nil {
		o.Warn = func(string, string) {}
	}
}

// Run watches until the context ends.
func (w *Watch) Run(ctx context.Context) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	last := w.now()
	for {
		w.tell(ctx, w.machine.see(w.look(ctx)))
		if err := w.save(); err != nil {
			w.o.Warn(w.o.State, "what was seen cannot be remembered over a restart")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-w.o.Clock.After(w.o.Every):
		}
		now := w.now()
		switch off := now.Sub(last); {
		case off > w.outage():
			w.tell(ctx, w.wasOff(last, now))
		case off < 0: // the clock was set back: no grace period grows by that
			w.machine.grace = w.machine.grace.Add(off)
		}
		last = now
	}
}

// outage is how far apart two looks are when this machine slept in between.
func (w *Watch) outage() time.Duration { return 2*w.o.Every + patience + voicePatience }

func (w *Watch) now() time.Time { return w.o.Clock.Now().Round(0).UTC() } // the wall clock: it goes on in a machine that sleeps

// begin takes up what the watch before this one saw.
func (w *Watch) begin(ctx context.Context) error {
	before, err := w.load()
	if err != nil {
		return err
	}
	now := w.now()
	w.machine.grace = now.Add(w.o.Grace)
	if before.Looked.IsZero() {
		w.tell(ctx, []Notice{w.note(now, fmt.Sprintf("The watch over %s begins. Nothing is an alarm for the first %s, but an urgent call that nobody answers.", w.host, spell(w.o.Grace)))})
		return nil
	}
	w.machine.resume(before)
	if now.Sub(before.Looked) > w.outage() {
		w.tell(ctx, w.wasOff(before.Looked, now))
	}
	return nil
}

// wasOff begins a grace period, and says that there was nobody watching.
func (w *Watch) wasOff(from, to time.Time) []Notice {
	w.machine.off(to.Add(w.o.Grace))
	n := w.note(to, fmt.Sprintf("Nobody watched %s for %s, since %s: the watch was off. It is back; for %s more a missing answer is no alarm.",
		w.host, spell(to.Sub(from)), from.Local().Format("Jan 2 15:04"), spell(w.o.Grace)))
	n.Since = from
	return []Notice{n}
}

func (w *Watch) note(at time.Time, text string) Notice {
	return Notice{What: Note, Host: w.host, Text: text, At: at}
}

// voicePatience is how long a voice may take; the next look waits for it.
const voicePatience = 20 * time.Second

// tell says the notices, and what was not heard before, by every voice at once.
func (w *Watch) tell(ctx context.Context, list []Notice) {
	for _, n := range list {
		w.o.Tell(n)
		for _, v := range w.o.Voices {
			if have, waits := w.unheard[v]; !waits || n.What != Note || have.What == Note {
				w.unheard[v] = n // a note never takes the place of an alarm
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, voicePatience)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	for v, n := range maps.Clone(w.unheard) {
		all.Go(func() {
			err := v.Say(ctx, n)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				w.o.Warn(v.String(), err.Error())
				return
			}
			delete(w.unheard, v)
		})
	}
	all.Wait()
}
