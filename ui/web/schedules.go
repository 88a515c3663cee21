package web

import (
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// schedulesView is the page of all schedules and holidays.
type schedulesView struct {
	*frame
	Problem       problem
	Done          string
	ByList        bool // the plain list counts
	Schedules     []scheduleRow
	Holidays      []holidayRow
	Layers, Staff []option
	Holiday       holidayForm
}

type scheduleRow struct {
	ID, Name, Topic, Owner string
	Layers                 string
	Reviewed, Due          when
	Late                   bool
}

type holidayRow struct{ ID, Name, Date, What string }

// holidayForm is a new holiday as it was typed.
type holidayForm struct{ Name, Date, From string }

func (s *Server) schedules(c echo.Context) error {
	return s.schedulesPage(c, nil, holidayForm{From: "07:00"})
}

func (s *Server) schedulesPage(c echo.Context, failed error, typed holidayForm) error {
	f, err := s.frame(c, "on-call", "schedules.title")
	if err != nil {
		return err
	}
	v := schedulesView{frame: f, Holiday: typed}
	if failed != nil {
		v.Problem = s.explain(failed)
	} else if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	if err := s.view(func(tx *store.Tx) error { return s.fillSchedules(tx, &v) }); err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "schedules", v)
}

func (s *Server) fillSchedules(tx *store.Tx, v *schedulesView) error {
	plan, err := oncall.Load(tx)
	if err != nil {
		return err
	}
	if v.Staff, err = s.staffOptions(tx, ""); err != nil {
		return err
	}
	names, cal := s.names(tx), s.today()
	v.ByList = plan.Uses != oncall.UsesSchedule
	v.Layers = s.layerOptions(plan, "")
	for _, one := range plan.Schedules {
		due := one.ReviewDue()
		row := scheduleRow{ID: one.ID, Name: one.Name, Topic: one.Topic, Owner: names.of(one.Owner),
			Reviewed: cal.when(one.ReviewedAt), Due: cal.when(due), Late: !due.After(cal.now)}
		var layers []string
		for _, l := range one.Layers {
			layers = append(layers, l.Name)
		}
		row.Layers = s.words.and(layers)
		v.Schedules = append(v.Schedules, row)
	}
	today := oncall.DateOf(cal.now.In(cal.zone))
	slices.SortStableFunc(plan.Holidays, func(a, b oncall.Holiday) int { return strings.Compare(a.Date.String(), b.Date.String()) })
	for _, h := range plan.Holidays {
		if h.Date.Before(today) {
			continue
		}
		row := holidayRow{ID: h.ID, Name: h.Name, Date: midnight(h.Date, cal.zone).Format("Mon Jan 2, 2006"), What: s.words.say("holiday.as-ever")}
		if len(h.People) > 0 {
			var who []string
			for _, p := range h.People {
				who = append(who, names.of(p))
			}
			row.What = s.words.say("holiday.covered", s.words.and(who), h.From.Said())
		}
		v.Holidays = append(v.Holidays, row)
	}
	return nil
}

// staffOptions are who can be put on call; who is chosen stands among them
// whatever became of their account.
func (s *Server) staffOptions(tx *store.Tx, chosen message.PersonID) ([]option, error) {
	people, err := s.app.Access.People(tx)
	if err != nil {
		return nil, err
	}
	var list []option
	found := chosen == ""
	for _, p := range people {
		if p.Staff() && worksMessages(p) {
			list = append(list, option{Value: string(p.ID), Label: s.names(tx).of(p.ID), Chosen: p.ID == chosen})
			found = found || p.ID == chosen
		}
	}
	if !found {
		list = append(list, option{Value: string(chosen), Label: s.names(tx).of(chosen), Chosen: true})
	}
	return list, nil
}

// layerOptions are the layers of all schedules, as "schedule/layer".
func (s *Server) layerOptions(plan oncall.Plan, chosen string) (list []option) {
	for _, one := range layerTargets(plan) {
		value := one.target.Schedule + "/" + one.target.Layer
		list = append(list, option{Value: value, Label: one.name, Chosen: value == chosen})
	}
	return list
}

// reviewSchedule says that somebody looked a schedule through.
func (s *Server) reviewSchedule(c echo.Context) error {
	return s.schedulesDone(c, s.app.ReviewSchedule(c.Request().Context(), string(sessionOf(c).Who), c.Param("id")))
}

func (s *Server) removeSchedule(c echo.Context) error {
	return s.schedulesDone(c, s.app.RemoveSchedule(c.Request().Context(), string(sessionOf(c).Who), c.Param("id")))
}

// useForOnCall chooses what counts: the plain list or the schedules.
func (s *Server) useForOnCall(c echo.Context) error {
	return s.schedulesDone(c, s.app.UseForOnCall(c.Request().Context(), string(sessionOf(c).Who), oncall.Uses(posted(c, "uses"))))
}

func (s *Server) schedulesDone(c echo.Context, err error) error {
	if err != nil {
		return s.schedulesPage(c, err, holidayForm{From: "07:00"})
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/schedules?saved=1")
}
