package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// daysView is the page of a month.
type daysView struct {
	*frame
	Days *weekView // nil where the plain list counts
}

const monthLayout = "2006-01"

// month shows who is on call on each day of a month.
func (s *Server) month(c echo.Context) error {
	f, err := s.frame(c, "on-call", "month.title")
	if err != nil {
		return err
	}
	v := daysView{frame: f}
	day := s.typedDay(monthLayout, c.QueryParam("month"))
	first := time.Date(day.Year, day.Month, 1, 0, 0, 0, 0, time.UTC)
	next := first.AddDate(0, 1, 0)
	err = s.view(func(tx *store.Tx) (err error) {
		v.Days, err = s.daysOf(tx, sessionOf(c), oncall.DateOf(first), int(next.Sub(first)/(24*time.Hour)))
		return err
	})
	if err != nil {
		return err
	}
	if v.Days != nil {
		v.Days.Title = first.Format("January 2006")
		v.Days.Before, v.Days.After = first.AddDate(0, -1, 0).Format(monthLayout), next.Format(monthLayout)
	}
	return s.page(c, http.StatusOK, "month", v)
}
