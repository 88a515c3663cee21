package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// asker is how a preset asks its provider: only outwards, so that a practice
// needs no open port.
type asker struct {
	Config
	ask   func(ctx context.Context, req *http.Request) (Answer, string)
	known func(id string) bool // a reply that was handled
	now   time.Time
}

// reply is a text that came in at the gateway.
type reply struct {
	id   string
	from string // E.164
	text string
	at   time.Time // as the gateway says
}

// handedRef is a page that was handed over, as far as a provider knows it.
type handedRef struct {
	kind Kind
	ref  string
	at   time.Time
}

// fate is what became of a page. The zero fate is "not known yet".
type fate struct {
	arrived bool   // at a phone, not at a person
	failed  bool   // it never got there
	why     string // failed: in a sentence of ours
	pressed string // the key that a person pressed in a call
}

// get asks for JSON and reads it. Its why never quotes what came back.
func (l asker) get(ctx context.Context, from string, sign func(*http.Request), into any) (Answer, string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return Answer{}, whyOddAnswer
	}
	sign(req)
	a, why := l.ask(ctx, req)
	if why != "" {
		return a, why
	}
	if got := ReadStatus(a); !got.Sent {
		return a, got.Why
	}
	if json.Unmarshal(a.Body, into) != nil {
		return a, whyOddAnswer
	}
	return a, ""
}

// pagesOfAList bounds how far one look goes back: a provider whose "next page"
// never ends must not hold the bell's ear.
const pagesOfAList = 40

// clockOf is the provider's clock, as an answer says it, else ours: what it
// keeps bears its times.
func clockOf(a Answer, ours time.Time) time.Time {
	if t, err := http.ParseTime(a.Header.Get("Date")); err == nil {
		return t
	}
	return ours
}
