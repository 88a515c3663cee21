package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/oncall"
)

// feedsView is the page of a person's own calendar addresses.
type feedsView struct {
	*frame
	Problem problem
	Done    string
	Address string // the new one: shown this once
	Feeds   []feedView
}

type feedView struct {
	ID, What string
	Made     when
}

// feed answers who is on call as a calendar program asks for it. The token in
// the address is all that lets it in: a calendar program cannot sign in.
func (s *Server) feed(c echo.Context) error {
	file, err := s.app.Feed(c.Request().Context(), strings.TrimSuffix(c.Param("token"), ".ics"))
	if errors.Is(err, oncall.ErrNoFeed) {
		return c.NoContent(http.StatusNotFound)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set("Content-Disposition", `inline; filename="on-call.ics"`)
	return c.Blob(http.StatusOK, "text/calendar; charset=utf-8", file)
}

func (s *Server) feeds(c echo.Context) error {
	return s.feedsPage(c, http.StatusOK, feedsView{Done: s.savedWord(c)})
}

func (s *Server) savedWord(c echo.Context) string {
	if c.QueryParam("saved") == "" {
		return ""
	}
	return s.words.say("saved.done")
}

func (s *Server) feedsPage(c echo.Context, status int, v feedsView) (err error) {
	if v.frame, err = s.frame(c, "on-call", "feed.title"); err != nil {
		return err
	}
	list, err := s.app.Feeds(sessionOf(c).Who)
	if err != nil {
		return err
	}
	cal := s.today()
	for _, f := range list {
		one := feedView{ID: f.ID, What: s.words.say("feed.own"), Made: cal.when(f.MadeAt)}
		if f.Whole {
			one.What = s.words.say("feed.whole")
		}
		v.Feeds = append(v.Feeds, one)
	}
	return s.page(c, status, "on_call_feed", v)
}

// makeFeed makes the person a calendar address, and shows it this once.
func (s *Server) makeFeed(c echo.Context) error {
	who := sessionOf(c).Who
	token, err := s.app.NewFeed(c.Request().Context(), string(who), who, posted(c, "whose") == "all")
	if err != nil {
		return s.feedsPage(c, statusOf(err), feedsView{Problem: s.explain(err)})
	}
	return s.feedsPage(c, http.StatusOK, feedsView{Address: c.Request().Host + "/feed/" + token + ".ics"})
}

// revokeFeed ends one of the person's own.
func (s *Server) revokeFeed(c echo.Context) error {
	who := sessionOf(c).Who
	if err := s.app.RevokeFeed(c.Request().Context(), string(who), posted(c, "id"), who); err != nil {
		return s.feedsPage(c, statusOf(err), feedsView{Problem: s.explain(err)})
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/subscribe?saved=1")
}
