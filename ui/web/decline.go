package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// decline says that somebody cannot take a message that rings, or gives back one
// that they have: the next one is rung at once.
func (s *Server) decline(c echo.Context) error {
	return s.work(c, deed{did: "declined", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.Decline(ctx, who, id)
	}})
}
