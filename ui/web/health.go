package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// healthz: the process lives and answers.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// readiness is what /readyz says: nothing of a message, a person or a machine.
type readiness struct {
	Status     string   `json:"status"`
	State      string   `json:"state,omitempty"`
	Why        string   `json:"why,omitempty"`
	Bell       *float64 `json:"bell_seconds,omitempty"` // since the bell last went round; absent: it never did
	LastResort bool     `json:"last_resort"`            // an urgent call has used up everybody
}

// readyz: it can commit, and the bell moves. A load balancer or `nightbell watch`
// may ask anybody's way, so it says which of them in a word and no more.
func (s *Server) readyz(c echo.Context) error {
	pulse := s.app.Pulse()
	r := readiness{Status: "ready", State: "open", LastResort: pulse.LastResort}
	if pulse.Beats {
		seconds := pulse.Beat.Round(time.Millisecond).Seconds()
		r.Bell = &seconds
	}
	if err := s.app.Ready(c.Request().Context()); err != nil {
		r.Status, r.State, r.Why = "not ready", "", s.explain(err).Text
		return c.JSON(http.StatusServiceUnavailable, r)
	}
	if s.app.Vault.Locked() {
		r.State = "locked"
	}
	return c.JSON(http.StatusOK, r)
}

// certificate hands out the practice's own certificate authority, so that a new
// browser can trust this server. It is public.
func (s *Server) certificate(c echo.Context) error {
	pem, err := s.app.CACert()
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `attachment; filename="nightbell-ca.crt"`)
	return c.Blob(http.StatusOK, "application/x-x509-ca-cert", pem)
}
