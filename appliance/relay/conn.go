package relay

import (
	"net"
	"sync"
	"time"
)

// conns tracks the connections of one Serve, so that it can end them: go-smtp
// waits for idle clients and forgets the others.
type conns struct {
	limits Limits

	mu      sync.Mutex
	open    map[*conn]struct{}
	ending  time.Time     // zero, or when the last word must have been said
	drained chan struct{} // closed when ending and the last connection is gone
}

func newConns(limits Limits) *conns {
	return &conns{limits: limits, open: make(map[*conn]struct{}), drained: make(chan struct{})}
}

// add wraps a connection that was just accepted.
func (cs *conns) add(raw net.Conn) *conn {
	c := &conn{Conn: raw, all: cs, strange: time.Now().Add(cs.limits.SignIn)}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.open[c] = struct{}{}
	if !cs.ending.IsZero() {
		c.end(cs.ending)
	}
	return c
}

func (cs *conns) remove(c *conn) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	delete(cs.open, c)
	cs.report()
}

// report must be called with cs.mu held.
func (cs *conns) report() {
	if cs.ending.IsZero() || len(cs.open) > 0 {
		return
	}
	select {
	case <-cs.drained:
	default:
		close(cs.drained)
	}
}

// end tells every connection to finish: idle ones now, one that is being given
// a mail by the deadline.
func (cs *conns) end(deadline time.Time) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	cs.ending = deadline
	for c := range cs.open {
		c.end(deadline)
	}
	cs.report()
}

// cutOff closes what is still open.
func (cs *conns) cutOff() {
	cs.mu.Lock()
	var open []*conn
	for c := range cs.open {
		open = append(open, c)
	}
	cs.mu.Unlock()
	for _, c := range open {
		c.Close()
	}
}

// conn is a client's connection, wrapped below TLS: go-smtp needs to see a bare
// *tls.Conn, and deadlines and counting belong to the wire.
//
// A read that failed is the last one: after a broken DATA nothing of its rest
// may be taken for commands (go-smtp would read on after a time-out).
type conn struct {
	net.Conn
	all *conns

	mu       sync.Mutex
	deadline time.Time // what go-smtp asked for
	strange  time.Time // when it must have signed in; zero once it has
	data     time.Time // zero, or when the DATA under way must have ended
	ending   time.Time // zero, or when the server has ended
	failed   error     // of the first read that failed
	closed   sync.Once
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.closed.Do(func() { c.all.remove(c) })
	return err
}

func (c *conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	err := c.failed
	if err == nil && !c.data.IsZero() {
		c.setReadDeadline() // a client that stalls in the middle of a mail is given up sooner than one that is slow
	}
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	n, err := c.Conn.Read(b)
	if err != nil {
		c.mu.Lock()
		c.failed = err
		c.mu.Unlock()
	}
	return n, err
}

// SetDeadline is not for go-smtp, which sets each side alone.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.SetReadDeadline(t); err != nil {
		return err
	}
	return c.SetWriteDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return c.setReadDeadline()
}

// setReadDeadline must be called with c.mu held.
func (c *conn) setReadDeadline() error {
	deadline := c.deadline
	if !c.strange.IsZero() && (deadline.IsZero() || c.strange.Before(deadline)) {
		deadline = c.strange
	}
	if !c.data.IsZero() {
		deadline = earlier(c.data, time.Now().Add(c.all.limits.Stall))
		if !c.ending.IsZero() {
			deadline = earlier(deadline, c.ending)
		}
	} else if !c.ending.IsZero() {
		deadline = time.Unix(1, 0) // long past: the next command is not waited for
	}
	return c.Conn.SetReadDeadline(deadline)
}

// beginData is called when a mail begins to come in, endData when it was
// answered.
func (c *conn) beginData() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data = time.Now().Add(c.all.limits.Data)
	c.setReadDeadline()
}

func (c *conn) endData() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data = time.Time{}
	c.setReadDeadline()
}

// signedIn is called when it is known who speaks.
func (c *conn) signedIn() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.strange = time.Time{}
	c.setReadDeadline()
}

// end makes the connection finish what it is at, and no more.
func (c *conn) end(deadline time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ending = deadline
	c.setReadDeadline()
}

func (c *conn) isEnding() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.ending.IsZero()
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
