package escalation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"nightbell/appliance/escalation"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/notify/channeltest"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

const (
	step    = 5 * time.Minute  // bell.step's default
	promise = 30 * time.Minute // of a policy for urgent calls
)

// ring is one ringing of one message, as the store saw it.
type ring struct {
	message message.ID
	at      time.Duration // elapsed
}

// practice is a bell with everything around it, inside a synctest bubble.
type practice struct {
	t       *testing.T
	dir     string
	began   time.Time
	clock   *wallClock
	staff   *staff
	desks   *notify.Desks
	spoiler *spoiler // a channel that leaves the building
	inside  *spoiler // one that does not

	store  *store.Store
	node   *store.Store // nil unless a test wants one
	bell   *escalation.Engine
	cancel context.CancelFunc
	ended  chan error

	mu    sync.Mutex
	rings []ring
	made  int
}

// inPractice runs a test in a bubble, with the bell running and some people on
// the list, each with a mail address.
func inPractice(t *testing.T, test func(p *practice), order ...message.PersonID) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		p := newPractice(t, order...)
		test(p)
		p.stop()
	})
}

func newPractice(t *testing.T, order ...message.PersonID) *practice {
	p := &practice{
		t: t, dir: t.TempDir(), began: time.Now(), clock: newWallClock(), staff: &staff{people: map[message.PersonID]escalation.Person{}},
		spoiler: &spoiler{leaves: true}, inside: &spoiler{},
	}
	p.desks = notify.NewDesks(p.clock)
	for _, id := range order {
		p.staff.add(id, string(id)+"@example.com")
	}
	p.open()
	p.run()
	p.must(func(tx *store.Tx) error { return oncall.Set(tx, "dana", order, p.clock.Now()) })
	return p
}

func (p *practice) open() {
	p.t.Helper()
	s, err := store.Open(p.t.Context(), store.Options{Dir: p.dir, Clock: p.clock, ReserveBytes: 64 << 10})
	if err != nil {
		p.t.Fatal(err)
	}
	p.store = s
	s.Watch(p.listen)
}

// run starts an engine on the open store.
func (p *practice) run() {
	p.bell = escalation.New(escalation.Options{
		Store: p.store, Node: p.node, People: p.staff, Clock: p.clock,
		Channels: []notify.Channel{p.mail(), texts{}, p.spoiler, notify.NewAlarm(p.desks), p.inside},
	})
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.ended = cancel, make(chan error, 1)
	bell := p.bell
	ended := p.ended
	go func() { ended <- bell.Run(ctx) }()
	synctest.Wait()
}

func (p *practice) mail() notify.Channel {
	return notify.NewMail(notify.MailOptions{
		Outbox: channeltest.Outbox{}, Health: channeltest.Outbox{},
		Say: notify.Speech{
			Link: func(_ *store.Tx, id message.ID, _ notify.Token) string {
				return "https://nightbell.local/messages/" + string(id)
			},
			Zone: func(*store.Tx) *time.Location { return time.UTC },
		},
	})
}

// listen notes each ringing: the desk alarm is begun with every one.
func (p *practice) listen(ws store.WriteSet) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, op := range ws.Ops {
		if op.Bucket == "alarms" && !op.Delete {
			p.rings = append(p.rings, ring{message: message.ID(op.Key), at: p.elapsed()})
		}
	}
}

func (p *practice) elapsed() time.Duration { return time.Since(p.began) }

func (p *practice) stop() {
	p.t.Helper()
	p.cancel()
	if err := <-p.ended; err != nil {
		p.t.Errorf("the bell ended with %v", err)
	}
	if err := p.store.Close(); err != nil {
		p.t.Error(err)
	}
}

// off is the time between the end of the process and its next start.
func (p *practice) restart(off time.Duration) {
	p.t.Helper()
	p.stop()
	p.after(off)
	p.open()
	p.run()
}

// after lets time pass, and everything that it brings about.
func (p *practice) after(d time.Duration) {
	if d > 0 {
		<-time.After(d)
	}
	synctest.Wait()
}

func (p *practice) must(f func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.store.Update(p.t.Context(), f); err != nil {
		p.t.Fatal(err)
	}
	synctest.Wait()
}

func (p *practice) read(f func(tx *store.Tx) error) {
	p.t.Helper()
	if err := p.store.View(f); err != nil {
		p.t.Fatal(err)
	}
}

// newMessage makes the envelope of a call that comes in now.
func (p *practice) newMessage(u message.Urgency) message.Envelope {
	p.made++
	return message.Envelope{
		ID: message.ID(fmt.Sprintf("01936000-0000-7000-8000-%012d", p.made)), Number: message.Number(1000 + p.made),
		ReceivedAt: p.clock.Now(), Channel: message.ChannelDesk, CallType: message.TypeUrgent, Urgency: u,
		Status: message.New, Team: message.Everybody,
	}
}

var errRefused = errors.New("refused on purpose")

// call takes a message in, as intake does.
func (p *practice) call(u message.Urgency) message.ID {
	p.t.Helper()
	id, err := p.tryCall(u)
	if err != nil {
		p.t.Fatal(err)
	}
	return id
}

func (p *practice) tryCall(u message.Urgency) (message.ID, error) {
	return p.tryMessage(p.newMessage(u))
}

func (p *practice) tryMessage(env message.Envelope) (message.ID, error) {
	at := p.clock.Now()
	err := p.store.Update(p.t.Context(), func(tx *store.Tx) error {
		if err := store.PutEnvelope(tx, env); err != nil {
			return err
		}
		return p.bell.Begin(tx, env, at)
	})
	synctest.Wait()
	return env.ID, err
}

// does moves a message as the desk does.
func (p *practice) does(id message.ID, s message.Step, who message.PersonID) {
	p.t.Helper()
	if err := p.try(id, s, who, true); err != nil {
		p.t.Fatal(err)
	}
}

func (p *practice) try(id message.ID, s message.Step, who message.PersonID, wasReached bool) error {
	at := p.clock.Now()
	err := p.store.Update(p.t.Context(), func(tx *store.Tx) error {
		env, _, err := store.GetEnvelope(tx, id)
		if err != nil {
			return err
		}
		if env.Status, err = env.Status.Next(s); err != nil {
			return err
		}
		if who != "" {
			env.Assignee = who
		}
		if err := store.PutEnvelope(tx, env); err != nil {
			return err
		}
		return p.door(tx, env, s, wasReached, at)
	})
	synctest.Wait()
	return err
}

// tryUrgency changes how urgent a message is, as the desk does.
func (p *practice) tryUrgency(id message.ID, to message.Urgency, who message.PersonID) error {
	at := p.clock.Now()
	err := p.store.Update(p.t.Context(), func(tx *store.Tx) error {
		env, _, err := store.GetEnvelope(tx, id)
		if err != nil {
			return err
		}
		was, s := env.Urgency, message.StepLower
		if to > was {
			s = message.StepRaise
		}
		if env.Status, err = env.Status.Next(s); err != nil {
			return err
		}
		env.Urgency = to
		if err := store.PutEnvelope(tx, env); err != nil {
			return err
		}
		return p.bell.Urgency(tx, env, was, who, at)
	})
	synctest.Wait()
	return err
}

func (p *practice) door(tx *store.Tx, env message.Envelope, s message.Step, wasReached bool, at time.Time) error {
	switch s {
	case message.StepTake:
		return p.bell.Taken(tx, env, at)
	case message.StepHandOff:
		return p.bell.HandedOff(tx, env, at)
	case message.StepCallBack:
		return p.bell.CalledBack(tx, env, wasReached, at)
	case message.StepClose:
		return p.bell.Closed(tx, env, at)
	case message.StepReopen:
		return p.bell.Reopened(tx, env, at)
	}
	return fmt.Errorf("no door for %s", s)
}

// ringsOf are the elapsed times at which a message rang.
func (p *practice) ringsOf(id message.ID) (list []time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.rings {
		if r.message == id {
			list = append(list, r.at)
		}
	}
	return list
}

func (p *practice) expectRings(id message.ID, want ...time.Duration) {
	p.t.Helper()
	if got := p.ringsOf(id); !slices.Equal(got, want) {
		p.t.Errorf("rang at %v, want %v", got, want)
	}
}

// alarms are the messages that ring the desks at this moment.
func (p *practice) alarms() (list []message.ID) {
	p.t.Helper()
	p.read(func(tx *store.Tx) error {
		alarms, err := notify.Alarms(tx)
		for _, a := range alarms {
			list = append(list, a.Message)
		}
		return err
	})
	return list
}

func (p *practice) live(id message.ID) (l escalation.Live, found bool) {
	p.t.Helper()
	p.read(func(tx *store.Tx) (err error) {
		l, found, err = p.bell.Of(tx, id, p.clock.Now())
		return err
	})
	return l, found
}

func (p *practice) findings() (ids []string) {
	p.t.Helper()
	var list []finding.Finding
	p.read(func(tx *store.Tx) (err error) {
		list, err = p.bell.Findings(tx, p.clock.Now())
		return err
	})
	for _, f := range list {
		if f.Text == "" || f.Do == "" {
			p.t.Errorf("finding %s has no words", f.ID)
		}
		ids = append(ids, f.ID)
	}
	return ids
}

func (p *practice) expectFindings(want ...string) {
	p.t.Helper()
	if got := p.findings(); !slices.Equal(got, want) {
		p.t.Errorf("findings %v, want %v", got, want)
	}
}

// events are a message's timeline: "rung okafor mail".
func (p *practice) events(id message.ID) (list []string) {
	p.t.Helper()
	p.read(func(tx *store.Tx) error {
		events, err := store.Events(tx, id)
		for _, e := range events {
			list = append(list, fmt.Sprintf("%s %s %s", e.What, e.Whom, e.Detail))
		}
		return err
	})
	return list
}

func (p *practice) set(key settings.Key, value string) {
	p.t.Helper()
	p.must(func(tx *store.Tx) error { return settings.Set(tx, key, value) })
}
