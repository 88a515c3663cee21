package install

import (
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/jonboulle/clockwork"
)

// Crowd bounds how many connections a door holds at once, so that no single
// machine on the network keeps everybody else out.
type Crowd struct {
	PerAddress int                   // of one address
	All        int                   // of all addresses together
	Exempt     func(netip.Addr) bool // who is not counted; nil: nobody
	Clock      clockwork.Clock       // nil: the real one
	Log        *slog.Logger          // nil: nothing is logged
}

// sayAgain is how often a crowded door is logged at most: whoever crowds it must
// not fill the disk.
const sayAgain = time.Minute

// Listen answers a listener that closes at once what is above the bounds. It
// does not wait: a door that waits is what a flood wants.
func (c Crowd) Listen(l net.Listener) net.Listener {
	if c.Clock == nil {
		c.Clock = clockwork.NewRealClock()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &crowded{Listener: l, bounds: c, here: map[netip.Addr]int{}}
}

type crowded struct {
	net.Listener
	bounds Crowd

	mu     sync.Mutex
	here   map[netip.Addr]int
	all    int
	away   int // turned away since it was logged last
	logged time.Time
}

func (d *crowded) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from := addressOf(conn)
		if d.bounds.Exempt != nil && d.bounds.Exempt(from) {
			return conn, nil
		}
		if d.enter(from) {
			return &visitor{Conn: conn, leave: sync.OnceFunc(func() { d.leave(from) })}, nil
		}
		conn.Close()
	}
}

func (d *crowded) enter(from netip.Addr) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.here[from] < d.bounds.PerAddress && d.all < d.bounds.All {
		d.here[from]++
		d.all++
		return true
	}
	d.away++
	if now := d.bounds.Clock.Now(); d.logged.IsZero() || now.Sub(d.logged) >= sayAgain {
		d.bounds.Log.Warn("connections are turned away, because too many are open", "from", from.String(), "of_it", d.here[from], "of_all", d.all, "turned_away", d.away)
		d.logged, d.away = now, 0
	}
	return false
}

func (d *crowded) leave(from netip.Addr) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all--
	if d.here[from]--; d.here[from] == 0 {
		delete(d.here, from)
	}
}

// addressOf is the zero address where a connection has none: those share one bound.
func addressOf(conn net.Conn) netip.Addr {
	at, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr().Unmap().WithZone("")
}

// visitor gives its place back when it is closed.
type visitor struct {
	net.Conn
	leave func()
}

func (v *visitor) Close() error {
	defer v.leave()
	return v.Conn.Close()
}
