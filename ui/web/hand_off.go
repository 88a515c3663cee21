package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// handOff gives a message to somebody else.
func (s *Server) handOff(c echo.Context) error {
	return s.work(c, deed{did: "handed-off", form: "hand-off", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.HandOff(ctx, who, id, readSeen(c), message.PersonID(posted(c, "to")))
	}})
}
