package web

import (
	"net/http"
	"net/netip"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
)

// sessionCookie is bound to this host and to TLS by its prefix.
const sessionCookie = "__Host-nightbell"

const sessionKey = "session"

// sessionOf answers who asks. Routes that are not open to anyone always have one.
func sessionOf(c echo.Context) access.Session {
	s, _ := c.Get(sessionKey).(access.Session)
	return s
}

func signedIn(c echo.Context) bool {
	_, ok := c.Get(sessionKey).(access.Session)
	return ok
}

func tokenOf(c echo.Context) string {
	cookie, err := c.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return cookie.Value
}

// setToken gives the browser its session, or takes it away with an empty token.
// It lives as long as the browser is open; the session ends before that by itself.
func setToken(c echo.Context, token string) {
	cookie := &http.Cookie{Name: sessionCookie, Value: token, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if token == "" {
		cookie.MaxAge = -1
	}
	c.SetCookie(cookie)
}

// clientAddr is the address of the socket's other end.
func clientAddr(c echo.Context) netip.Addr {
	a, err := netip.ParseAddr(c.RealIP())
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap()
}

// deskName is how a desk is called in findings: whose it is.
func deskName(s access.Session) string {
	if s.FullName != "" {
		return s.FullName
	}
	return s.Name
}
