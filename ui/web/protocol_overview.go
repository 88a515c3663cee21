package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// protocolView is the way into the protocol: what counts, the draft, and what was
// before.
type protocolView struct {
	*protocolFrame
	Name      string
	Version   int
	Reviewed  when
	ReviewDue when
	Late      bool // the review is overdue
	Changes   string
	Faults    []faultView
	Bad       []string // what is wrong with a file that was sent, a line each
	Notes     []string // of an import
	Versions  []versionRow
	Shipped   []option
}

// faultView is what has to be seen to, with a link to its place.
type faultView struct{ Words, Href string }

// versionRow is one version that was published.
type versionRow struct {
	Number   int
	At       when
	By, Note string
	Current  bool
}

func (s *Server) protocolPage(c echo.Context) error {
	return s.protocolOverview(c, nil, nil)
}

// protocolOverview shows the page, with what was wrong with an import or another
// change, and what came of one.
func (s *Server) protocolOverview(c echo.Context, failed error, notes []string) error {
	f, d, err := s.protocolFrame(c, "overview", "protocol.title")
	if err != nil {
		return err
	}
	v := protocolView{protocolFrame: f, Name: d.Protocol.Title, Notes: notes}
	var bad *protocol.BadFile
	switch {
	case errors.As(failed, &bad):
		v.Problem, v.Bad = problem{s.words.say("protocol.bad-file"), s.words.say("protocol.bad-file-do")}, bad.Lines()
	case failed != nil:
		v.Problem = s.explain(failed)
	}
	if v.Draft {
		changes, err := s.app.ProtocolChanges()
		if err != nil {
			return err
		}
		v.Changes = s.words.count("protocol.changes", len(changes))
	}
	if v.Faults, err = s.faults(d.Protocol); err != nil {
		return err
	}
	for _, name := range protocol.ShippedNames() {
		p, err := protocol.Shipped(name)
		if err != nil {
			return err
		}
		v.Shipped = append(v.Shipped, option{Value: name, Label: p.Title})
	}
	if err := s.view(func(tx *store.Tx) error { return s.fillVersions(tx, &v) }); err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol", v)
}

func (s *Server) fillVersions(tx *store.Tx, v *protocolView) error {
	now, err := s.app.Protocols.Current(tx)
	if err != nil {
		return err
	}
	v.Version = now.Version
	cal := s.today()
	review, found, err := protocol.LastReview(tx)
	if err != nil {
		return err
	}
	if found {
		due := now.ReviewDue(review)
		v.Reviewed, v.ReviewDue, v.Late = cal.when(review.At), cal.when(due), !due.After(cal.now)
	}
	list, err := protocol.Versions(tx)
	for _, one := range list {
		v.Versions = append(v.Versions, versionRow{Number: one.Number, At: cal.when(one.At), By: s.app.DoneBy(tx, one.By), Note: one.Note, Current: one.Number == now.Version})
	}
	return err
}

// faults answers what has to be seen to before a protocol can be published.
func (s *Server) faults(p protocol.Protocol) (list []faultView, err error) {
	faults, err := s.app.CheckProtocol(p)
	for _, f := range faults {
		list = append(list, faultView{sentence(f.Words), placeOfFault(f.Path)})
	}
	return list, err
}

// placeOfFault answers the page where a part of the protocol is written.
func placeOfFault(path string) string {
	part := strings.Split(path, ".")
	at := func(i int) string {
		if i < len(part) {
			return part[i]
		}
		return ""
	}
	switch part[0] {
	case "call_types":
		switch at(2) {
		case "script":
			return "/protocol/types/" + at(1) + "/script" + anchor("step-", at(3))
		case "fields":
			return "/protocol/types/" + at(1) + anchor("field-", at(3))
		case "urgency":
			return "/bell/policies/edit?type=" + at(1) + "&urgency=urgent"
		}
		return "/protocol/types/" + at(1)
	case "red_flags":
		return "/protocol/flags/" + at(1)
	case "routes":
		return "/protocol/routes" + anchor("", at(1))
	case "coverage":
		return "/protocol/coverage" + anchor("", at(1))
	}
	return "/protocol"
}

func anchor(kind, id string) string {
	if id == "" {
		return ""
	}
	return "#" + kind + id
}

// undoProtocol takes the last change of the draft back and shows the page again
// where the button stood.
func (s *Server) undoProtocol(c echo.Context) error {
	if err := s.app.UndoProtocol(c.Request().Context(), string(sessionOf(c).Who)); err != nil && !errors.Is(err, protocol.ErrNothingToUndo) {
		return err
	}
	back := posted(c, "back")
	if back != "/protocol" && !strings.HasPrefix(back, "/protocol/") {
		back = "/protocol"
	}
	return c.Redirect(http.StatusSeeOther, back)
}

// reviewedProtocol says that somebody looked what counts through.
func (s *Server) reviewedProtocol(c echo.Context) error {
	if err := s.app.ReviewProtocol(c.Request().Context(), string(sessionOf(c).Who)); err != nil {
		return s.protocolOverview(c, err, nil)
	}
	return c.Redirect(http.StatusSeeOther, "/protocol")
}
