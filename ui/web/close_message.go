package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
)

// closeMessage ends a message with an outcome.
func (s *Server) closeMessage(c echo.Context) error {
	return s.work(c, deed{did: "closed", form: "close", leaves: true, do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.Close(ctx, who, id, readSeen(c), message.Outcome(posted(c, "outcome")), noteOf(c))
	}})
}

// reopen opens a closed message again: the undo of closing it, or later.
func (s *Server) reopen(c echo.Context) error {
	return s.work(c, deed{did: "reopened", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		return s.app.Desk.Reopen(ctx, who, id, readSeen(c))
	}})
}
