package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/finding"
)

type findingsView struct {
	*frame
	List []findingView
}

type findingView struct {
	Kind, Severity string
	Text, Do       string
	Href, Link     string
}

// findings shows everything that needs a person, the gravest first.
func (s *Server) findings(c echo.Context) error {
	f, err := s.frame(c, "findings", "findings.page")
	if err != nil {
		return err
	}
	v := findingsView{frame: f}
	for _, one := range f.found {
		view := findingView{Severity: s.words.say("severity." + one.Severity.String()), Text: one.Text, Do: one.Do}
		switch one.Severity {
		case finding.Alarm:
			view.Kind = "chip--urgent"
		case finding.Warning:
			view.Kind = "chip--soon"
		}
		if href, word := mendedAt(one.ID); href != "" && mayAny(sessionOf(c), needOf(href)) {
			view.Href, view.Link = href, s.words.say(word)
		}
		v.List = append(v.List, view)
	}
	return s.page(c, http.StatusOK, "findings", v)
}
