package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
	"nightbell/appliance/vault"
)

type problemView struct {
	*frame
	What, Do   string
	Href, Link string
}

// failed answers an error that no handler put into its page: a page for people,
// problem+json for machines, and a redirect to the door for who is not signed in.
func (s *Server) failed(err error, c echo.Context) {
	if c.Response().Committed {
		return
	}
	status, p := s.outcome(err)
	machine := strings.HasPrefix(c.Path(), "/api/") || strings.HasPrefix(c.Path(), "/hooks/") || c.Path() == "/metrics"
	var details problemDetails
	if machine {
		details = problemFor(c, status, err)
		status = details.Status
	}
	if status >= http.StatusInternalServerError && !refusesForNow(err) && !left(c, err) {
		s.log.Error("a request failed", "route", c.Path(), "err", err)
	}
	var answer error
	switch {
	case machine:
		answer = problemJSON(c, details)
	case errors.Is(err, errSignIn):
		answer = s.toTheDoor(c)
	case c.Request().Method == http.MethodHead:
		answer = c.NoContent(status)
	default:
		answer = s.problemPage(c, status, p)
	}
	if answer != nil {
		s.log.Error("an error could not be answered", "route", c.Path(), "err", answer)
	}
}

// left says whether a request failed because whoever asked has gone: that needs
// nobody's eye, and a stranger could fill the log with it.
func left(c echo.Context, err error) bool {
	return errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil
}

// toTheDoor sends people to sign in, and back to the page they asked for; what a
// module asked for itself is only told.
func (s *Server) toTheDoor(c echo.Context) error {
	r := c.Request()
	mode := r.Header.Get("Sec-Fetch-Mode")
	if r.Method != http.MethodGet || (mode != "" && mode != "navigate") {
		return c.NoContent(http.StatusUnauthorized)
	}
	to := "/sign-in"
	if r.URL.Path != "/" && r.URL.Path != "/inbox" {
		to += "?next=" + strings.ReplaceAll(r.URL.EscapedPath(), "&", "%26")
	}
	return c.Redirect(http.StatusSeeOther, to)
}

func (s *Server) problemPage(c echo.Context, status int, p problem) error {
	f, err := s.frame(c, "problem", "problem.title")
	if err != nil { // the store itself may be what failed
		f = &frame{Title: s.words.say("problem.title"), Page: "problem", Practice: s.app.Practice().Name, NowMS: s.app.Clock.Now().UnixMilli()}
	}
	v := problemView{frame: f, What: p.Text, Do: p.Do, Href: "/inbox", Link: s.words.say("problem.inbox")}
	return s.page(c, status, "problem_page", v)
}

// outcome answers the status and the words of an error.
func (s *Server) outcome(err error) (int, problem) {
	var http_ *echo.HTTPError
	var denied *access.Denied
	var tooMany *access.TooMany
	w := s.words
	switch {
	case errors.Is(err, errSignIn):
		return http.StatusUnauthorized, problem{w.say("problem.sign-in"), w.say("problem.sign-in-do")}
	case errors.As(err, &denied):
		if denied.Asleep {
			return http.StatusForbidden, problem{w.say("banner.asleep"), w.say("banner.asleep-do")}
		}
		return http.StatusForbidden, problem{w.say("problem.denied"), w.say("problem.denied-do")}
	case errors.As(err, &tooMany):
		return http.StatusTooManyRequests, problem{w.say("signin.too-many"), w.say("signin.too-many-do", w.span(tooMany.After))}
	case errors.Is(err, store.ErrFull):
		return http.StatusInsufficientStorage, s.explain(err)
	case refusesForNow(err):
		return http.StatusServiceUnavailable, s.explain(err)
	case errors.Is(err, errNotFound):
		return http.StatusNotFound, problem{w.say("problem.not-found"), w.say("problem.not-found-do")}
	case errors.Is(err, vault.ErrForged):
		return http.StatusInternalServerError, problem{w.say("sealed.why.forged"), w.say("sealed.do.forged")}
	case errors.As(err, &http_):
		return http_.Code, s.statusWords(http_.Code)
	}
	return http.StatusInternalServerError, problem{w.say("problem.ours"), w.say("problem.ours-do")}
}

var errNotFound = errors.New("there is no such thing here")

func (s *Server) statusWords(code int) problem {
	w := s.words
	switch code {
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return problem{w.say("problem.not-found"), w.say("problem.not-found-do")}
	case http.StatusForbidden:
		return problem{w.say("problem.foreign"), w.say("problem.foreign-do")}
	case http.StatusRequestEntityTooLarge:
		return problem{w.say("problem.too-large"), w.say("problem.too-large-do")}
	case http.StatusBadRequest:
		return problem{w.say("problem.unread"), w.say("problem.unread-do")}
	}
	return problem{w.say("problem.ours"), w.say("problem.ours-do")}
}

// explain puts an error into words for a form: what happened and what to do.
// An error that was made for people says it itself; of others only the kind is
// told, since their text is for the log.
func (s *Server) explain(err error) problem {
	var advice interface {
		error
		Todo() string
	}
	var invalid *access.Invalid
	var needed *access.Needed
	var refused *settings.Refused
	var denied *access.Denied
	w := s.words
	switch {
	case errors.As(err, &advice):
		return problem{sentence(advice.Error()), sentence(advice.Todo())}
	case errors.As(err, &invalid):
		return problem{Text: sentence(invalid.Why)}
	case errors.As(err, &needed):
		return problem{Text: sentence(needed.Why)}
	case errors.As(err, &refused):
		return problem{Text: sentence(refused.Why)}
	case errors.As(err, &denied):
		_, p := s.outcome(err)
		return p
	case errors.Is(err, store.ErrFull):
		return problem{w.say("problem.full"), w.say("problem.full-do")}
	case errors.Is(err, store.ErrUnknown):
		return problem{w.say("problem.unknown"), w.say("problem.unknown-do")}
	case errors.Is(err, store.ErrMoved):
		return problem{w.say("problem.moved"), w.say("problem.moved-do")}
	case errors.Is(err, store.ErrBroken), errors.Is(err, store.ErrReadOnly):
		return problem{w.say("problem.broken"), w.say("problem.broken-do")}
	case errors.Is(err, access.ErrRefused):
		return problem{w.say("signin.refused"), w.say("signin.refused-do")}
	}
	s.log.Error("a change failed", "err", err)
	return problem{w.say("problem.ours"), w.say("problem.ours-do")}
}

// statusOf answers the status of a form's page after what it asked for.
func statusOf(err error) int {
	switch {
	case err == nil:
		return http.StatusOK
	case errors.Is(err, store.ErrFull):
		return http.StatusInsufficientStorage
	case refusesForNow(err):
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}

// refusesForNow says whether an error is a refusal that was planned for: it is
// answered with a temporary code and is no fault of the program.
func refusesForNow(err error) bool {
	return errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrMoved) || errors.Is(err, store.ErrUnknown) || errors.Is(err, store.ErrBroken) || errors.Is(err, store.ErrReadOnly)
}

// sentence makes an error's text one for people: a capital and a full stop.
func sentence(text string) string {
	if text == "" {
		return ""
	}
	text = strings.ToUpper(text[:1]) + text[1:]
	if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "?") {
		text += "."
	}
	return text
}

func retryAfter(c echo.Context, d time.Duration) {
	s := int((d + time.Second - 1) / time.Second)
	c.Response().Header().Set("Retry-After", strconv.Itoa(max(1, s)))
}

func itoa(n int) string { return strconv.Itoa(n) }
