package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
)

const (
	// beat is how often a stream speaks when nothing happens, so that a page
	// knows of a dead line, and that the desk counts as there.
	beat = 15 * time.Second
	// gather is how long a stream waits for more before it speaks, so that a
	// burst of commits is one event. A row must be seen within a second.
	gather = 100 * time.Millisecond
	// writeTime is how long a page may take to accept an event.
	writeTime = 10 * time.Second
)

// events is the stream of what changed, for one open page. It says ids only;
// the page asks for what it may see.
func (s *Server) events(c echo.Context) error {
	session := sessionOf(c)
	st := s.hub.join(session.ID)
	if st == nil {
		return echo.NewHTTPError(http.StatusServiceUnavailable)
	}
	defer s.hub.leave(st)
	desk := uuid.NewString()
	s.app.Desks.Join(desk, deskName(session))
	defer s.app.Desks.Leave(desk)

	w := &eventWriter{c: c, control: http.NewResponseController(c.Response()), now: func() int64 { return s.app.Clock.Now().UnixMilli() }}
	_ = w.control.SetReadDeadline(time.Time{}) // the server's limit is for requests, not for how long they are answered
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // a proxy that gathers would make it late
	c.Response().WriteHeader(http.StatusOK)
	if err := w.send("hello", map[string]any{"desk": desk, "told": s.hub.count()}); err != nil {
		return nil
	}
	return s.stream(c, st, desk, w)
}

func (s *Server) stream(c echo.Context, st *stream, desk string, w *eventWriter) error {
	tick := s.app.Clock.NewTicker(beat)
	defer tick.Stop()
	gone := c.Request().Context().Done()
	for {
		var err error
		select {
		case <-gone:
			return nil
		case <-s.hub.over:
			return nil
		case <-tick.Chan():
			s.app.Desks.Heard(desk)
			if _, ok := s.app.Access.Peek(tokenOf(c)); !ok {
				_ = w.send("bye", nil)
				return nil
			}
			err = w.send("beat", nil)
		case <-st.wake:
			var end bool
			if end, err = s.tell(c, st, w); end {
				return nil
			}
		}
		if err != nil {
			return nil // the page is gone
		}
	}
}

// tell says what is pending, and whether the stream ends with it.
func (s *Server) tell(c echo.Context, st *stream, w *eventWriter) (end bool, err error) {
	p := st.take()
	if !p.ended && p.lock == nil {
		select {
		case <-s.app.Clock.After(gather):
		case <-c.Request().Context().Done():
			return true, nil
		case <-s.hub.over:
			return true, nil
		}
		p = p.and(st.take())
	}
	if p.ended {
		return true, w.send("bye", nil)
	}
	if p.lock != nil {
		name := "unlocked"
		if *p.lock {
			name = "locked"
		}
		if err := w.send(name, nil); err != nil {
			return false, err
		}
	}
	if len(p.messages) > 0 || p.alarm {
		if err := w.send("change", p.change()); err != nil {
			return false, err
		}
	}
	if p.backup {
		if err := w.send("backup", s.backupProgress()); err != nil {
			return false, err
		}
	}
	return false, nil
}

// and joins what came later.
func (p pending) and(later pending) pending {
	p.messages = append(p.messages, later.messages...)
	p.alarm = p.alarm || later.alarm
	p.backup = p.backup || later.backup
	p.ended = p.ended || later.ended
	if later.lock != nil {
		p.lock = later.lock
	}
	return p
}

// change is the event: each message once, and no more than a page can ask for.
func (p pending) change() map[string]any {
	slices.Sort(p.messages)
	ids := slices.Compact(p.messages)
	many := len(ids) > maxPending
	if many {
		ids = ids[len(ids)-maxPending:] // ids sort by time: the newest
	}
	if ids == nil {
		ids = []message.ID{}
	}
	return map[string]any{"messages": ids, "alarm": p.alarm, "many": many}
}

// eventWriter writes server-sent events.
type eventWriter struct {
	c       echo.Context
	control *http.ResponseController
	now     func() int64
}

// send writes one event with the server's time in it.
func (w *eventWriter) send(name string, data map[string]any) error {
	if data == nil {
		data = map[string]any{}
	}
	data["now"] = w.now()
	b, err := json.Marshal(data)
	if err != nil {
		return fmt.Errorf("encoding event %s: %w", name, err)
	}
	// The connection's own deadline is real time, whatever the injected clock says.
	// It is for this event alone: one that passes between two would end the stream.
	_ = w.control.SetWriteDeadline(time.Now().Add(writeTime))
	defer w.control.SetWriteDeadline(time.Time{})
	if _, err := fmt.Fprintf(w.c.Response(), "event: %s\ndata: %s\n\n", name, b); err != nil {
		return err
	}
	return w.control.Flush()
}
