package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// addNote adds a note to a message.
func (s *Server) addNote(c echo.Context) error {
	return s.work(c, deed{did: "noted", form: "note", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.Note(ctx, who, id, noteOf(c))
	}})
}
