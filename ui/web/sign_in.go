package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/store"
)

type signInView struct {
	*frame
	Locked      bool
	LockedSince when
	Waiting     string // how many messages came in since
	Asleep      string // whoever is signed in and has to give the password again
	Name, Next  string
	Problem     problem
	Done        string
	NoWayOut    string // that an urgent call rings at the desks only
}

// home leads to the inbox, or to the door.
func (s *Server) home(c echo.Context) error { return c.Redirect(http.StatusSeeOther, "/inbox") }

// stillSignedIn is asked by a page whose event stream was refused.
func (s *Server) stillSignedIn(c echo.Context) error { return c.NoContent(http.StatusNoContent) }

func (s *Server) showSignIn(c echo.Context) error {
	session := sessionOf(c)
	if signedIn(c) && !session.Asleep {
		return c.Redirect(http.StatusSeeOther, ours(c.QueryParam("next"), "/inbox"))
	}
	return s.signInPage(c, http.StatusOK, signInView{Name: session.Name, Next: c.QueryParam("next")})
}

func (s *Server) signInPage(c echo.Context, status int, v signInView) error {
	f, err := s.frame(c, "sign-in", "signin.title")
	if err != nil {
		return err
	}
	if session := sessionOf(c); signedIn(c) && session.Asleep {
		v.Asleep = deskName(session)
	}
	f.Me = nil // the door shows nothing of what lies behind it
	v.frame = f
	v.Locked = s.app.Vault.Locked()
	if v.Locked {
		v.LockedSince = s.today().when(s.app.Vault.LockedSince())
		if v.Waiting, err = s.waiting(); err != nil {
			return err
		}
	}
	found, err := s.app.Findings(c.Request().Context())
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(found, isNoWayOut); i >= 0 {
		v.NoWayOut = found[i].Text
	}
	if c.QueryParam("locked") != "" {
		v.Done = s.words.say("signin.locked-now")
	}
	return s.page(c, status, "sign_in", v)
}

// maxWaiting is where the door stops counting.
const maxWaiting = 200

// waiting says how many open messages came in since the lock.
func (s *Server) waiting() (string, error) {
	since, n := s.app.Vault.LockedSince(), 0
	err := s.view(func(tx *store.Tx) error {
		list, _, err := store.ListEnvelopes(tx, store.Query{State: store.ShowOpen, Limit: maxWaiting})
		for _, e := range list {
			if !e.ReceivedAt.Before(since) {
				n++
			}
		}
		return err
	})
	switch {
	case err != nil:
		return "", err
	case n == 0:
		return s.words.say("signin.waiting.none"), nil
	case n >= maxWaiting:
		return s.words.say("signin.waiting.more", n), nil
	}
	return s.words.count("signin.waiting", n), nil
}

// signIn lets somebody in. For a reader it opens the appliance; for one whose
// session slept through a lock it wakes that session.
func (s *Server) signIn(c echo.Context) error {
	name, password, next := posted(c, "name"), posted(c, "password"), posted(c, "next")
	ctx := c.Request().Context()
	session := sessionOf(c)
	if signedIn(c) && session.Asleep && strings.EqualFold(strings.TrimSpace(name), session.Name) {
		if err := s.app.Access.Unlock(ctx, session, password, clientAddr(c)); err != nil {
			return s.notLetIn(c, err, name, next)
		}
		return c.Redirect(http.StatusSeeOther, ours(next, "/inbox"))
	}
	_, token, err := s.app.Access.SignIn(ctx, name, password, clientAddr(c))
	if err != nil {
		return s.notLetIn(c, err, name, next)
	}
	if old := tokenOf(c); old != "" {
		if err := s.app.Access.SignOut(ctx, old); err != nil {
			s.log.Error("an earlier session of a browser could not be ended", "err", err)
		}
	}
	setToken(c, token)
	return c.Redirect(http.StatusSeeOther, ours(next, "/inbox"))
}

func (s *Server) notLetIn(c echo.Context, err error, name, next string) error {
	if left(c, err) {
		return err
	}
	v := signInView{Name: name, Next: next}
	var tooMany *access.TooMany
	switch {
	case errors.Is(err, access.ErrRefused):
		v.Problem = problem{s.words.say("signin.refused"), s.words.say("signin.refused-do")}
		return s.signInPage(c, http.StatusUnauthorized, v)
	case errors.As(err, &tooMany):
		retryAfter(c, tooMany.After)
		v.Problem = problem{s.words.say("signin.too-many"), s.words.say("signin.too-many-do", s.words.span(tooMany.After))}
		return s.signInPage(c, http.StatusTooManyRequests, v)
	}
	s.log.Error("a sign-in failed", "err", err)
	v.Problem = s.explain(err)
	return s.signInPage(c, http.StatusServiceUnavailable, v)
}

func (s *Server) signOut(c echo.Context) error {
	if err := s.app.Access.SignOut(c.Request().Context(), tokenOf(c)); err != nil {
		return err
	}
	setToken(c, "")
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}

// lock locks the appliance for everybody.
func (s *Server) lock(c echo.Context) error {
	if err := s.app.Lock(c.Request().Context(), string(sessionOf(c).Who)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in?locked=1")
}

// ours answers an address to go to when it is a page of ours, else the fallback.
func ours(to, fallback string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") || strings.HasPrefix(to, "/sign-in") {
		return fallback
	}
	return to
}
