package web

import (
	"sync"

	"github.com/jonboulle/clockwork"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
)

// maxStreams bounds open event streams: a practice has a few dozen desks, and
// each stream is a goroutine and a connection.
const maxStreams = 500

// maxStreamsOfOne is how many of them one signed-in browser may have, so that
// none keeps the bell from the others' desks.
const maxStreamsOfOne = 20

// change is what a commit means to open pages.
type change struct {
	messages []message.ID
	alarm    bool
}

// hub tells open pages what changed. It holds no history: a page that was away
// asks anew. Telling never waits for a page.
type hub struct {
	clock clockwork.Clock
	desks *notify.Desks

	mu      sync.Mutex
	closed  bool
	told    uint64 // how often pages were told something
	streams map[*stream]bool
	over    chan struct{} // closed when the hub is
}

// stream is one open page's line. What it has to say is gathered until the
// stream's goroutine comes for it, so that a slow page costs a few ids.
type stream struct {
	session string
	wake    chan struct{} // 1 deep: something is there

	mu      sync.Mutex
	pending pending
}

// pending is what a stream has to say next.
type pending struct {
	messages []message.ID
	alarm    bool
	lock     *bool // locked, or opened
	ended    bool  // its session has
	backup   bool
}

// maxPending is how many messages a stream names one by one; beyond it the page
// is told to look at everything.
const maxPending = 200

func newHub(c clockwork.Clock, d *notify.Desks) *hub {
	return &hub{clock: c, desks: d, streams: map[*stream]bool{}, over: make(chan struct{})}
}

// join opens a stream of a session, or answers nil when there are too many, of
// this one or in all, or the hub is closed.
func (h *hub) join(session string) *stream {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.streams) >= maxStreams {
		return nil
	}
	mine := 0
	for s := range h.streams {
		if s.session == session {
			mine++
		}
	}
	if mine >= maxStreamsOfOne {
		return nil
	}
	s := &stream{session: session, wake: make(chan struct{}, 1)}
	h.streams[s] = true
	return s
}

func (h *hub) leave(s *stream) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.streams, s)
}

// count answers how often pages were told something. A page that was made at
// another count than its line was opened at has missed something.
func (h *hub) count() uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.told
}

func (h *hub) open() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.streams)
}

func (h *hub) changed(c change) {
	if len(c.messages) == 0 && !c.alarm {
		return
	}
	h.each(func(*stream) bool { return true }, func(p *pending) {
		p.alarm = p.alarm || c.alarm
		p.messages = append(p.messages, c.messages...)
	})
}

func (h *hub) lock(locked bool) {
	h.each(func(*stream) bool { return true }, func(p *pending) { p.lock = &locked })
}

func (h *hub) end(session string) {
	h.each(func(s *stream) bool { return s.session == session }, func(p *pending) { p.ended = true })
}

func (h *hub) backup() {
	h.each(func(*stream) bool { return true }, func(p *pending) { p.backup = true })
}

func (h *hub) each(whose func(*stream) bool, tell func(*pending)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.told++
	for s := range h.streams {
		if !whose(s) {
			continue
		}
		s.mu.Lock()
		tell(&s.pending)
		s.mu.Unlock()
		select {
		case s.wake <- struct{}{}:
		default: // it is awake already and will find this too
		}
	}
}

// take answers what the stream has to say, and empties it.
func (s *stream) take() pending {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pending
	s.pending = pending{}
	return p
}

// close ends all streams for good. An open stream would keep the server from
// shutting down.
func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.closed = true
		close(h.over)
	}
}
