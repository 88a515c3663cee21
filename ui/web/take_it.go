package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// takeIt makes a message the session's own. It ends the ringing of an urgent one.
func (s *Server) takeIt(c echo.Context) error {
	return s.work(c, deed{did: "taken", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.Take(ctx, who, id, readSeen(c))
	}})
}
