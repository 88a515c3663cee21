package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// deed is something that a person does to a message.
type deed struct {
	did    string // the word that is said about it afterwards
	form   string // which of the message's forms it came from, "" for a button
	leaves bool   // the message is done with: back to the list
	do     func(ctx context.Context, session access.Session, id message.ID) (message.Envelope, error)
}

// work does one thing to a message and leads back to where it was done. When it
// could not be done, the message is shown as it stands now, with what happened,
// what to do, and what was typed.
func (s *Server) work(c echo.Context, d deed) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	back := ours(posted(c, "back"), "/messages/"+string(id))
	_, err = d.do(c.Request().Context(), sessionOf(c), id)
	if err == nil {
		if d.leaves {
			back = inboxOf(back)
		}
		return c.Redirect(http.StatusSeeOther, withDid(back, d.did, id))
	}
	status, p, mine := s.deedProblem(err)
	if !mine {
		return notThere(err)
	}
	pane, err := s.pane(c, id, back)
	if err != nil {
		return err
	}
	pane.Problem, pane.Do = p, d.form
	pane.keep(typed{Note: posted(c, "note"), Reached: posted(c, "reached"), To: posted(c, "to"), Outcome: posted(c, "outcome"), Minutes: posted(c, "minutes"), Urgency: posted(c, "urgency")})
	return s.messagePage(c, status, pane)
}

// deedProblem puts an error into words for the person who wanted to do something;
// mine is false when it is not theirs to mend on the message's page.
func (s *Server) deedProblem(err error) (status int, p problem, mine bool) {
	var conflict *desk.Conflict
	var invalid *desk.Invalid
	var noKey *desk.NoKey
	var late *desk.TooLate
	var step *message.StepError
	w := s.words
	switch {
	case errors.As(err, &conflict):
		return http.StatusConflict, problem{Text: conflict.Error()}, true
	case errors.As(err, &late):
		return http.StatusConflict, problem{Text: late.Error()}, true
	case errors.As(err, &invalid):
		return http.StatusUnprocessableEntity, problem{Text: invalid.Words}, true
	case errors.As(err, &noKey):
		return http.StatusUnprocessableEntity, problem{Text: noKey.Error()}, true
	case errors.As(err, &step):
		return http.StatusConflict, problem{w.say("do.step"), w.say("do.step-do")}, true
	case refusesForNow(err):
		status, p := s.outcome(err)
		return status, p, true
	}
	var advice interface {
		error
		Todo() string
	}
	if errors.As(err, &advice) {
		return http.StatusUnprocessableEntity, s.explain(err), true
	}
	return 0, problem{}, false
}

// keep puts back what was typed.
func (p *paneView) keep(t typed) {
	p.Typed = t
	choose := func(list []option, value string) {
		for i := range list {
			list[i].Chosen = list[i].Value == value
		}
	}
	choose(p.Colleagues, t.To)
	choose(p.Recipients, t.To)
	choose(p.Outcomes, t.Outcome)
	choose(p.Urgencies, t.Urgency)
	if t.Minutes != "" {
		choose(p.Snoozes, t.Minutes)
	}
}

// withDid adds to an address what was just done, for a word about it.
func withDid(to, did string, id message.ID) string {
	u, err := url.Parse(to)
	if err != nil {
		return "/inbox"
	}
	q := u.Query()
	q.Set("did", did+":"+string(id))
	u.RawQuery = q.Encode()
	return u.String()
}

// notThere turns "no such message" into the page that says so.
func notThere(err error) error {
	if errors.Is(err, desk.ErrNotFound) {
		return errNotFound
	}
	return err
}

func noteOf(c echo.Context) message.Clear { return message.Clear(posted(c, "note")) }
