package notify

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/settings"
)

// Gateway is what pages of one kind go out by: an HTTP API. It makes a request
// and reads the answer; the Outbox sends it, over verified https only, tries
// again, and writes down what came of it. Its methods keep no state, so that one
// gateway is a file.
type Gateway interface {
	Kind() Kind

	// Ready answers "" when it is set up, else what is missing, in words.
	Ready(c Config) (why string)

	// Request makes the request of one page. Where the API knows a key against
	// repeats, it is p.ID: a page that was sent just before a crash goes again.
	Request(ctx context.Context, c Config, p Outgoing) (*http.Request, error)

	// Read says what an answer means; nothing of it may go into Result.Why.
	Read(c Config, a Answer) Result
}

// Config is what a channel is set up with, as it stands when a page is sent.
type Config struct {
	Setting func(settings.Key) string
	Secret  func(name string) string // of the machine's secrets; "" where there is none
}

// Answer is what an HTTP API answered. The body is cut off at its limit.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	At     time.Time
}

// Result is what came of one attempt.
type Result struct {
	Sent    bool          // the outside took the page: handed over, not acknowledged
	ForGood bool          // not sent, and another try would fare no better
	Address bool          // not sent, because of where it leads: the channel itself works
	After   time.Duration // not sent, and the other side asked to wait so long
	Why     string        // not sent: why, in a sentence of ours
	Ref     string        // sent: the other side's name for it, for later reports
}

// ReadStatus is the Result of a status code alone, by RFC 9110: what is no
// success is a failure, whatever the body says.
func ReadStatus(a Answer) Result {
	switch s := a.Status; {
	case s >= 200 && s < 300:
		return Result{Sent: true}
	case s >= 300 && s < 400:
		return Result{ForGood: true, Why: whyRedirect}
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		return Result{ForGood: true, Why: whySignIn(s)}
	case s == http.StatusTooManyRequests:
		return Result{After: retryAfter(a), Why: whyThrottled}
	case s == http.StatusRequestTimeout, s == http.StatusTooEarly, s >= 500:
		return Result{After: retryAfter(a), Why: whyLater(s)}
	}
	return Result{ForGood: true, Address: true, Why: whyRefused(a.Status)}
}

// retryAfter reads RFC 9110 10.2.3, in seconds or as a date; 0 for none.
func retryAfter(a Answer) time.Duration {
	v := a.Header.Get("Retry-After")
	if n, err := strconv.Atoi(v); err == nil && n > 0 {
		return time.Duration(min(n, 24*60*60)) * time.Second
	}
	if t, err := http.ParseTime(v); err == nil {
		return max(0, t.Sub(a.At))
	}
	return 0
}

// Outgoing is one page on its way out, as a Gateway is given it. Nothing in it
// tells of a patient.
type Outgoing struct {
	ID      message.ID       `json:"id"`     // one a notice and address: the same change run again makes the same
	Notice  Notice           `json:"notice"` // Message is empty in a test
	Person  message.PersonID `json:"person"`
	Kind    Kind             `json:"kind"`
	To      string           `json:"to"`
	Title   string           `json:"title,omitempty"` // for channels that have one
	Text    string           `json:"text"`            // in the channel's words
	Link    string           `json:"link,omitempty"`  // where it is read and taken
	Token   string           `json:"token"`           // what an answer has to carry
	BegunAt time.Time        `json:"begun_at"`        // UTC
}

// Page is the notice as reports speak of it.
func (p Outgoing) Page() Page {
	return Page{Message: p.Notice.Message, Person: p.Person, Kind: p.Kind, At: p.BegunAt}
}

// Urgent says whether somebody waits for the call that it is about.
func (p Outgoing) Urgent() bool { return p.Notice.Urgency == message.Urgent }
