package web

import (
	"context"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// callBack records that somebody called back, and whether they were reached.
func (s *Server) callBack(c echo.Context) error {
	return s.work(c, deed{did: "called-back", form: "call-back", do: func(ctx context.Context, who access.Session, id message.ID) (message.Envelope, error) {
		reached := posted(c, "reached")
		if reached != "yes" && reached != "no" {
			return message.Envelope{}, &desk.Invalid{Field: "reached", Words: s.words.say("do.reached-missing")}
		}
		return s.app.Desk.CallBack(ctx, who, id, reached == "yes", noteOf(c))
	}})
}
