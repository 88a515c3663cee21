package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// protocolView is the way into the protocol: what counts, and the draft.
type protocolView struct {
	*protocolFrame
	Name     string
	Version  int
	Versions []versionRow
}

// versionRow is one version that was published.
type versionRow struct {
	Number   int
	At       when
	By, Note string
	Current  bool
}

func (s *Server) protocolPage(c echo.Context) error {
	f, d, err := s.protocolFrame(c, "overview", "protocol.title")
	if err != nil {
		return err
	}
	v := protocolView{protocolFrame: f, Name: d.Protocol.Title}
	err = s.view(func(tx *store.Tx) error {
		now, err := s.app.Protocols.Current(tx)
		if err != nil {
			return err
		}
		v.Version = now.Version
		list, err := protocol.Versions(tx)
		for _, one := range list {
			v.Versions = append(v.Versions, versionRow{Number: one.Number, At: s.today().when(one.At), By: s.app.DoneBy(tx, one.By), Note: one.Note, Current: one.Number == now.Version})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "protocol", v)
}

// undoProtocol takes the last change of the draft back and shows the page again
// where the button stood.
func (s *Server) undoProtocol(c echo.Context) error {
	if err := s.app.UndoProtocol(c.Request().Context(), string(sessionOf(c).Who)); err != nil {
		return err
	}
	back := posted(c, "back")
	if back != "/protocol" && !strings.HasPrefix(back, "/protocol/") {
		back = "/protocol"
	}
	return c.Redirect(http.StatusSeeOther, back)
}
