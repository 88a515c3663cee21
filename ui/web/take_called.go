package web

import (
	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
)

// calledView is a call of today from the number that is typed.
type calledView struct{ ID, Words string }

// calledToday says whether a number called today already, to who may read that.
func (s *Server) calledToday(c echo.Context) error {
	rows, err := s.app.Desk.CalledToday(c.Request().Context(), sessionOf(c), message.Clear(posted(c, "number")))
	if err != nil {
		return err
	}
	var list []calledView
	for _, r := range rows {
		words := s.words.say("called.one", r.Envelope.Number.String(), r.TypeName, s.today().when(r.Envelope.ReceivedAt).Said)
		if r.Assignee != "" {
			words += " " + s.words.say("called.has", r.Assignee)
		}
		list = append(list, calledView{string(r.Envelope.ID), words})
	}
	return s.part(c, "take", "called", list)
}
