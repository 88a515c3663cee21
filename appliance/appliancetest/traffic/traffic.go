// Package traffic sends a practice messages from both of its doors for machines,
// remembers what was acknowledged, and compares that with what is there. Each
// message carries a word of its own, which is also its idempotency key.
//
// It is for scenario tests: whatever they do to the practice meanwhile, Kept
// says what became of the messages.
package traffic

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"nightbell/appliance/message"
)

// Sender is a machine of the practice. It may be used from many goroutines.
type Sender struct {
	user, password string
	trust          *tls.Config

	mu           sync.Mutex
	https, smtps string
	next         int
	acked        []string
}

// New answers a machine with its credential, which trusts as it is told.
func New(user, password string, trust *tls.Config) *Sender {
	return &Sender{user: user, password: password, trust: trust}
}

// At says where the practice listens, at first and after each start.
func (s *Sender) At(https, smtps string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.https, s.smtps = https, smtps
}

var wordRule = regexp.MustCompile(`heron-\d{6}`)

// Word answers a word that no message carries yet.
func (s *Sender) Word() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next++
	return fmt.Sprintf("heron-%06d", s.next)
}

// Acked answers the words of what was acknowledged so far.
func (s *Sender) Acked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.acked)
}

func (s *Sender) ack(word string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked = append(s.acked, word)
}

// Answer is what the API answered; its ID is that of the message taken.
type Answer struct {
	Status int
	Header http.Header
	Body   string
	ID     message.ID
}

// Post posts a message of a call type with a text of a size. It closes its
// connection, so that nothing of it holds up the practice's end.
func (s *Sender) Post(ctx context.Context, callType message.CallType, word string, size int) (Answer, error) {
	field := "reason"
	if callType == message.TypeUrgent {
		field = "symptoms"
	}
	body, err := json.Marshal(map[string]any{"call_type": callType,
		"form": map[string]string{"caller": "Marisol Quintero", "callback": "none", field: word},
		"text": strings.Repeat("and the street is flooded ", size/26)})
	if err != nil {
		return Answer{}, err
	}
	s.mu.Lock()
	url := "https://" + s.https + "/api/v1/messages"
	s.mu.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Authorization", "Bearer "+s.password)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", word)
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: s.trust, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, err
	}
	return s.answered(word, Answer{Status: resp.StatusCode, Header: resp.Header, Body: string(answer)})
}

func (s *Sender) answered(word string, a Answer) (Answer, error) {
	if a.Status/100 != 2 {
		return a, nil
	}
	s.ack(word)
	var taken struct{ ID message.ID }
	err := json.Unmarshal([]byte(a.Body), &taken)
	a.ID = taken.ID
	return a, err
}

// Dial signs in at the mail door.
func (s *Sender) Dial() (*smtp.Client, error) {
	s.mu.Lock()
	addr := s.smtps
	s.mu.Unlock()
	c, err := smtp.DialTLS(addr, s.trust)
	if err != nil {
		return nil, err
	}
	if err := c.Auth(sasl.NewPlainClient("", s.user, s.password)); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// Begin begins a mail with a file of a size and leaves it without its end;
// Finish writes that.
func (s *Sender) Begin(c *smtp.Client, word string, size int) (*Mail, error) {
	if err := c.Mail("pbx@office.example", nil); err != nil {
		return nil, err
	}
	if err := c.Rcpt("billing@nightbell.local", nil); err != nil {
		return nil, err
	}
	w, err := c.Data()
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, "From: pbx@office.example\r\nTo: billing@nightbell.local\r\nSubject: "+word+"\r\nMIME-Version: 1.0\r\n"+
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nplease call\r\n"+
		"--b\r\nContent-Type: audio/wav\r\n\r\n"+strings.Repeat("ring ring\r\n", size/11)+"\r\n--b--\r\n")
	return &Mail{s, word, w}, err
}

// Mail is one that has no end yet.
type Mail struct {
	s    *Sender
	word string
	w    io.WriteCloser
}

// Finish ends the mail and answers the code that it was answered with; an error
// is a connection that broke.
func (m *Mail) Finish() (code int, err error) {
	err = m.w.Close()
	var refused *smtp.SMTPError
	switch {
	case err == nil:
		m.s.ack(m.word)
		return 250, nil
	case errors.As(err, &refused):
		return refused.Code, nil
	}
	return 0, err
}

// Mail sends one mail over a connection of its own, and answers as Finish does.
func (s *Sender) Mail(word string, size int) (code int, err error) {
	c, err := s.Dial()
	if err != nil {
		return 0, err
	}
	defer c.Close()
	m, err := s.Begin(c, word, size)
	if err != nil {
		return 0, err
	}
	return m.Finish()
}
