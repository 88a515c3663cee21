package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/escalation"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// wallView is the week on paper, for the wall.
type wallView struct {
	*frame
	Week   *weekView // nil where the plain list counts
	List   []string
	Phones []string // to call when nobody answers
	Zone   string
}

// printWeek shows the week, or the list, as it goes on the wall.
func (s *Server) printWeek(c echo.Context) error {
	f, err := s.frame(c, "print", "wall.title")
	if err != nil {
		return err
	}
	v := wallView{frame: f, Zone: s.app.Practice().Zone.String()}
	err = s.view(func(tx *store.Tx) (err error) {
		if v.Phones, err = lastPhones(tx); err != nil {
			return err
		}
		if v.Week, err = s.week(tx, access.Session{}, c.QueryParam("week")); err != nil || v.Week != nil {
			return err
		}
		order, err := oncall.Order(tx)
		names := s.names(tx)
		for _, id := range order {
			v.List = append(v.List, names.of(id))
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "on_call_print", v)
}

// lastPhones are the phones of the last resort, each once.
func lastPhones(tx *store.Tx) (phones []string, err error) {
	list, err := escalation.Policies(tx)
	seen := map[escalation.LastResort]bool{{}: true}
	for _, p := range list {
		if last := p.LastResort; !seen[last] && last.Phone != "" {
			seen[last] = true
			phones = append(phones, strings.TrimSpace(last.PhoneName+" "+last.Phone))
		}
	}
	return phones, err
}
