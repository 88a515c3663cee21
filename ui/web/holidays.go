package web

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
)

// addHoliday keeps a day that is covered otherwise, or only has a name.
func (s *Server) addHoliday(c echo.Context) error {
	typed := holidayForm{Name: trimmed(c, "name"), Date: trimmed(c, "date"), From: trimmed(c, "from")}
	h := oncall.Holiday{Name: typed.Name}
	h.Schedule, h.Layer, _ = strings.Cut(posted(c, "layer"), "/")
	for _, who := range c.Request().PostForm["people"] {
		if who != "" && !slices.Contains(h.People, message.PersonID(who)) {
			h.People = append(h.People, message.PersonID(who))
		}
	}
	err := h.Date.UnmarshalText([]byte(typed.Date))
	if err == nil {
		err = h.From.UnmarshalText([]byte(typed.From))
	}
	if err != nil {
		return s.schedulesPage(c, &oncall.Refused{Why: err.Error()}, typed)
	}
	if _, err := s.app.SaveHoliday(c.Request().Context(), string(sessionOf(c).Who), h); err != nil {
		return s.schedulesPage(c, err, typed)
	}
	return s.schedulesDone(c, nil)
}

func (s *Server) removeHoliday(c echo.Context) error {
	return s.schedulesDone(c, s.app.RemoveHoliday(c.Request().Context(), string(sessionOf(c).Who), c.Param("id")))
}
