package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
)

type deskView struct {
	*frame
	Problem    problem
	Done       string
	SignInName string
	Rule       string // of a new password
	Fewest     int
}

// menu is the way around on a phone.
func (s *Server) menu(c echo.Context) error {
	f, err := s.frame(c, "menu", "menu.title")
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "menu", f)
}

// showDesk shows what belongs to this desk and its person: sound and password.
func (s *Server) showDesk(c echo.Context) error {
	v := deskView{}
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("password.changed")
	}
	return s.deskPage(c, http.StatusOK, v)
}

func (s *Server) deskPage(c echo.Context, status int, v deskView) error {
	f, err := s.frame(c, "desk", "desk.title")
	if err != nil {
		return err
	}
	session := sessionOf(c)
	reads := access.Reads(session.Roles)
	v.frame, v.SignInName, v.Rule, v.Fewest = f, session.Name, s.passwordRule(reads), fewest(reads)
	return s.page(c, status, "desk", v)
}

// changePassword gives the session's person a new password.
func (s *Server) changePassword(c echo.Context) error {
	if posted(c, "new") != posted(c, "again") {
		return s.deskPage(c, http.StatusUnprocessableEntity, deskView{Problem: problem{Text: s.words.say("password.differ")}})
	}
	err := s.app.Access.ChangePassword(c.Request().Context(), sessionOf(c), posted(c, "old"), posted(c, "new"))
	if err != nil {
		status, p := s.passwordProblem(err)
		return s.deskPage(c, status, deskView{Problem: p})
	}
	return c.Redirect(http.StatusSeeOther, "/desk?saved=1")
}

func (s *Server) passwordProblem(err error) (int, problem) {
	var tooMany *access.TooMany
	switch {
	case errors.Is(err, access.ErrRefused):
		return http.StatusUnprocessableEntity, problem{Text: s.words.say("password.wrong")}
	case errors.As(err, &tooMany):
		return s.outcome(err)
	}
	return http.StatusUnprocessableEntity, s.explain(err)
}
