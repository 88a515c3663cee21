package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// sendSecurely mails a message to somebody, sealed to their own key.
func (s *Server) sendSecurely(c echo.Context) error {
	return s.work(c, deed{did: "sent", form: "send", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.SendSecurely(ctx, who, id, message.PersonID(posted(c, "to")))
	}})
}
