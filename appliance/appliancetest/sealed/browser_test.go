package sealed_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"nightbell/appliance/appliancetest"
)

// wire looks at everything that the pages' server answers, to whom it may
// concern: proxies, histories, the next page's Referer.
type wire struct {
	http.RoundTripper
	t *testing.T
	w words

	mu     sync.Mutex
	pages  int
	events []byte // of event streams
}

// watch puts the wire under a client.
func (w words) watch(t *testing.T, c *appliancetest.Client) *wire {
	tap := &wire{RoundTripper: c.Transport, t: t, w: w}
	c.Transport = tap
	return tap
}

func (l *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	name := r.Method + " " + r.URL.Path
	var head bytes.Buffer
	if err := resp.Header.Write(&head); err != nil {
		return nil, err
	}
	report(l.t, l.w.in("the header of "+name, head.Bytes()))
	kind := resp.Header.Get("Content-Type")
	if strings.HasPrefix(kind, "text/event-stream") {
		resp.Body = &eventTap{resp.Body, l}
		return resp, nil
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body.Close()
	resp.Body = io.NopCloser(bytes.NewReader(body))
	l.look(name, kind, body)
	return resp, nil
}

// look sees that nothing leaves a page that is not its content, and that what
// is not a page of contents has none.
func (l *wire) look(name, kind string, body []byte) {
	l.mu.Lock()
	l.pages++
	l.mu.Unlock()
	if strings.HasPrefix(kind, "text/html") {
		for _, s := range outside(string(body)) {
			report(l.t, l.w.in("the title and addresses of "+name, []byte(s)))
		}
	}
	if strings.HasPrefix(kind, "application/problem+json") || strings.HasPrefix(kind, "application/json") {
		report(l.t, l.w.in("the answer to "+name, body))
	}
}

type eventTap struct {
	io.ReadCloser
	l *wire
}

func (e *eventTap) Read(b []byte) (int, error) {
	n, err := e.ReadCloser.Read(b)
	e.l.mu.Lock()
	defer e.l.mu.Unlock()
	e.l.events = append(e.l.events, b[:n]...)
	return n, err
}

func (l *wire) streamed() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.events)
}
