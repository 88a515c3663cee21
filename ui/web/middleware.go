package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime/debug"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	"nightbell/appliance/access"
)

// Most bytes of a request's body. A form is text that a person typed; a machine
// may send a long one.
const (
	maxForm = "1M"
	maxAPI  = "2M"
)

// policy lets a page load what this server serves and nothing else: no inline
// script or style, no frame around it, no form that posts elsewhere.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// router builds what answers requests: the table of routes with what stands
// before each of them.
func (s *Server) router() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = s.failed
	e.Use(s.logged, s.recovered, guarded)
	for _, r := range s.routes() {
		limit := maxForm
		if r.who == device || r.sends {
			limit = maxAPI
		}
		e.Add(r.method, r.path, r.handle, middleware.BodyLimit(limit), s.sameOrigin(r), s.admitted(r))
	}
	return e
}

// guarded sets what every answer carries. Whoever answers something that may be
// kept, such as a style sheet, says so afterwards.
func guarded(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin") // with "no-referrer" a browser hides the Origin of our own forms too
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), interest-cohort=()")
		h.Set("Strict-Transport-Security", "max-age=31536000")
		h.Set("Cache-Control", "no-store")
		return next(c)
	}
}

// logged writes one line a request: the route's pattern, never the address that
// was asked for, a query or anything of a body.
func (s *Server) logged(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := time.Now() // of the line, not of the practice
		if err := next(c); err != nil {
			c.Error(err)
		}
		status := c.Response().Status
		s.counts.add(c.Request().Method, status)
		route := c.Path()
		if route == "" {
			route = "none"
		}
		s.log.Debug("http", "method", knownMethod(c.Request().Method), "route", route, "status", status, "took", time.Since(began).Round(time.Microsecond), "from", clientAddr(c).String())
		return nil
	}
}

// recovered turns a panic into an answer. Its value may hold anything, so only
// its type and the stack are logged.
func (s *Server) recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if e, ok := p.(error); ok && errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			s.log.Error("a request panicked", "route", c.Path(), "kind", fmt.Sprintf("%T", p), "stack", string(debug.Stack()))
			err = echo.NewHTTPError(http.StatusInternalServerError)
		}()
		return next(c)
	}
}

// sameOrigin refuses what another site made a browser send. A browser says where
// a request comes from; what says nothing is no browser, and has no cookie that
// would matter. A machine's own credential is never sent by a browser by itself,
// and who knows a secret address needs no browser of somebody else's.
func (s *Server) sameOrigin(r route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r.method == http.MethodGet || r.method == http.MethodHead || r.who == device || r.secret {
				return next(c)
			}
			h := c.Request().Header
			switch site := h.Get("Sec-Fetch-Site"); site {
			case "same-origin", "none":
			case "":
				if h.Get("Origin") == "" {
					return errForeign
				}
			default:
				return errForeign
			}
			if origin := h.Get("Origin"); origin != "" {
				u, err := url.Parse(origin)
				if err != nil || u.Scheme != "https" || !strings.EqualFold(u.Host, c.Request().Host) {
					return errForeign
				}
			}
			return next(c)
		}
	}
}

var errForeign = echo.NewHTTPError(http.StatusForbidden, "cross-origin")

// toldKey is under what the request keeps the hub's count at its beginning.
const toldKey = "told"

// byItself is the header of a request that a module sends without anybody's
// doing: like a quiet route, it keeps no session alive.
const byItself = "Nightbell-By-Itself"

// admitted lets through who may ask for the route, and puts their session where
// handlers find it.
func (s *Server) admitted(r route) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			if r.who == device {
				return next(c)
			}
			look := s.app.Access.Session
			if r.quiet || c.Request().Header.Get(byItself) != "" {
				look = s.app.Access.Peek
			}
			session, ok := look(tokenOf(c))
			if ok {
				c.Set(sessionKey, session)
			}
			c.Set(toldKey, s.hub.count()) // before anything is read for the page
			if r.who == anyone {
				return next(c)
			}
			if !ok {
				return errSignIn
			}
			if err := s.allowed(c, session, r); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// allowed asks access whether one of the route's permissions is there. The last
// one that is not is the refusal that is recorded.
func (s *Server) allowed(c echo.Context, session access.Session, r route) error {
	for _, p := range r.need {
		if session.May(p) {
			return nil
		}
	}
	if len(r.need) == 0 {
		return nil
	}
	return s.app.Access.Require(c.Request().Context(), session, r.need[0], r.method+":"+r.path)
}

var errSignIn = errors.New("nobody is signed in")

// knownMethod keeps made-up words out of the log.
func knownMethod(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodPatch:
		return m
	}
	return "other"
}

// posted answers a field of the request's body. What stands in an address is
// never taken for one, so that nothing typed can be sent there.
func posted(c echo.Context, name string) string { return c.Request().PostFormValue(name) }
