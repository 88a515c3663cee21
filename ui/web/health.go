package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// healthz: the process lives and answers.
func (s *Server) healthz(c echo.Context) error {
	return c.JSON(http.StatusOK, map[string]string{"status": "ok"})
}

// readyz: it can commit, and the bell moves. A load balancer or a watchdog may
// ask anybody's way, so it says which of them in a word and no more.
func (s *Server) readyz(c echo.Context) error {
	if err := s.app.Ready(c.Request().Context()); err != nil {
		return c.JSON(http.StatusServiceUnavailable, map[string]string{"status": "not ready", "why": s.explain(err).Text})
	}
	state := "open"
	if s.app.Vault.Locked() {
		state = "locked"
	}
	return c.JSON(http.StatusOK, map[string]string{"status": "ready", "state": state})
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
