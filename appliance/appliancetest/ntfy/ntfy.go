// Package ntfy is a server for tests that speaks the parts of the ntfy protocol
// that Nightbell uses: publishing as JSON, action buttons, and a topic held open
// as a stream of JSON lines with since=. It speaks HTTPS by an authority of its
// own. It is for tests only.
package ntfy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"nightbell/appliance/appliancetest/smarthost"
)

// Message is a message of a topic, as the server streams it.
type Message struct {
	ID       string   `json:"id"`
	Time     int64    `json:"time"`
	Event    string   `json:"event"`
	Topic    string   `json:"topic"`
	Title    string   `json:"title,omitempty"`
	Message  string   `json:"message,omitempty"`
	Priority int      `json:"priority,omitempty"`
	Click    string   `json:"click,omitempty"`
	Actions  []Action `json:"actions,omitempty"`
}

// Action is a button of a message.
type Action struct {
	Action string `json:"action"`
	Label  string `json:"label"`
	URL    string `json:"url"`
	Method string `json:"method"`
	Body   string `json:"body"`
	Clear  bool   `json:"clear"`
}

// Server is an ntfy server. What needs its token is publishing to any topic but
// Open, and reading all of them.
type Server struct {
	URL   string
	CA    *smarthost.CA
	Token string // access token
	Open  string // the topic that everybody may write to, and nobody read

	http    *httptest.Server
	mu      sync.Mutex
	list    []Message
	said    int            // messages published, for their ids
	waited  map[string]int // how many messages of a topic the test waited for
	answer  func(w http.ResponseWriter, r *http.Request) bool
	changed chan struct{} // closed and made anew at each message
	streams context.CancelFunc
	alive   context.Context
}

// Start starts a server.
func Start(token, open string) (*Server, error) {
	ca, err := smarthost.NewCA()
	if err != nil {
		return nil, err
	}
	conf, err := ca.ServerTLS()
	if err != nil {
		return nil, err
	}
	s := &Server{CA: ca, Token: token, Open: open, changed: make(chan struct{}), waited: map[string]int{}}
	s.alive, s.streams = context.WithCancel(context.Background())
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.http.TLS = conf
	s.http.Config.ErrorLog = log.New(io.Discard, "", 0) // clients that went away
	s.http.StartTLS()
	s.URL = s.http.URL
	return s, nil
}

// Close stops it.
func (s *Server) Close() {
	s.Cut()
	s.http.CloseClientConnections()
	s.http.Close()
}

// Cut ends all streams, as a network that went away does; new ones are served.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams()
	s.alive, s.streams = context.WithCancel(context.Background())
}

// Instead has a function answer requests; it says whether it did. Nil ends it.
func (s *Server) Instead(f func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = f
}

// Wait waits until a topic has n messages, and answers them.
func (s *Server) Wait(ctx context.Context, topic string, n int) ([]Message, error) {
	for {
		s.mu.Lock()
		s.waited[topic] = max(s.waited[topic], n)
		list, changed := s.of(topic, ""), s.changed
		s.mu.Unlock()
		if len(list) >= n {
			return list, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("the topic has %d messages, not %d: %w", len(list), n, ctx.Err())
		case <-changed:
		}
	}
}

// Unexpected answers how many messages a topic has that the test never waited for.
func (s *Server) Unexpected(topic string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.of(topic, "")) - s.waited[topic]
}

// Press does what a phone does when somebody presses a button.
func (s *Server) Press(ctx context.Context, m Message, label string) error {
	for _, a := range m.Actions {
		if a.Label != label || a.Action != "http" {
			continue
		}
		req, err := http.NewRequestWithContext(ctx, a.Method, a.URL, strings.NewReader(a.Body))
		if err != nil {
			return err
		}
		resp, err := s.http.Client().Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("pressing %q: %s", label, resp.Status)
		}
		return nil
	}
	return fmt.Errorf("the push has no button %q", label)
}

// Publish puts a message into a topic, past the protocol.
func (s *Server) Publish(topic, text string) { s.add(Message{Topic: topic, Message: text}) }

func (s *Server) add(m Message) Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said++
	m.ID, m.Event, m.Time = fmt.Sprintf("m%011d", s.said), "message", int64(s.said)
	s.list = append(s.list, m)
	close(s.changed)
	s.changed = make(chan struct{})
	return m
}

// of are the messages of a topic after one, "" or "all" for all of them.
func (s *Server) of(topic, since string) (list []Message) {
	for _, m := range s.list {
		if m.Topic == topic && (since == "all" || m.ID > since) {
			list = append(list, m)
		}
	}
	return list
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	if answer != nil && answer(w, r) {
		return
	}
	signedIn := r.Header.Get("Authorization") == "Bearer "+s.Token
	topic, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodPost && topic == "":
		s.publishJSON(w, r, signedIn)
	case r.Method == http.MethodPost && rest == "":
		if topic != s.Open && !signedIn {
			http.Error(w, `{"code":40301,"http":403,"error":"forbidden"}`, http.StatusForbidden)
			return
		}
		body, _ := io.ReadAll(io.LimitReader(r.Body, 4096))
		_ = json.NewEncoder(w).Encode(s.add(Message{Topic: topic, Message: string(body)}))
	case r.Method == http.MethodGet && rest == "json":
		if !signedIn {
			http.Error(w, `{"code":40301,"http":403,"error":"forbidden"}`, http.StatusForbidden)
			return
		}
		s.stream(w, r, topic)
	default:
		http.NotFound(w, r)
	}
}

func (s *Server) publishJSON(w http.ResponseWriter, r *http.Request, signedIn bool) {
	var m Message
	if !signedIn {
		http.Error(w, `{"code":40301,"http":403,"error":"forbidden"}`, http.StatusForbidden)
		return
	}
	d := json.NewDecoder(io.LimitReader(r.Body, 64<<10))
	d.DisallowUnknownFields()
	if d.Decode(&m) != nil || m.Topic == "" || len(m.Actions) > 3 {
		http.Error(w, `{"code":40024,"http":400,"error":"invalid request"}`, http.StatusBadRequest)
		return
	}
	_ = json.NewEncoder(w).Encode(s.add(m))
}

func (s *Server) stream(w http.ResponseWriter, r *http.Request, topic string) {
	since := r.URL.Query().Get("since")
	out := json.NewEncoder(w)
	flush := w.(http.Flusher).Flush
	_ = out.Encode(Message{ID: "open", Event: "open", Topic: topic})
	flush()
	s.mu.Lock()
	alive := s.alive
	s.mu.Unlock()
	for {
		s.mu.Lock()
		list, changed := s.of(topic, since), s.changed
		s.mu.Unlock()
		for _, m := range list {
			since = m.ID
			if out.Encode(m) != nil {
				return
			}
		}
		flush()
		select {
		case <-changed:
		case <-alive.Done():
			return
		case <-r.Context().Done():
			return
		}
	}
}
