package web

import (
	"errors"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/notify"
)

// maxHook is how much of a callback is read; more is no answer to a notice.
const maxHook = 64 << 10

// answerHook takes what a paging system sends back: signed, and with the token
// of the notice that it answers. The same answer again changes nothing.
func (s *Server) answerHook(c echo.Context) error {
	body, err := io.ReadAll(io.LimitReader(c.Request().Body, maxHook+1))
	if err != nil {
		return echo.ErrBadRequest
	}
	err = s.app.Callback(c.Request().Context(), c.Request().Header.Get(notify.SignatureHeader), body)
	var refusal *notify.Refusal
	switch {
	case err == nil:
		return c.NoContent(http.StatusNoContent)
	case errors.Is(err, notify.ErrSignature):
		if err := s.app.Access.Knock(clientAddr(c)); err != nil {
			return err
		}
		return c.JSON(http.StatusUnauthorized, map[string]string{"status": "refused", "why": "signature"})
	case errors.As(err, &refusal):
		return c.JSON(http.StatusConflict, map[string]string{"status": "refused", "why": string(refusal.Why)})
	}
	return err
}
