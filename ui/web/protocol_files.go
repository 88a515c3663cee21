package web

import (
	"fmt"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// protocolFile answers a version, or the draft, as the file that can be shared.
func (s *Server) protocolFile(c echo.Context) error {
	var file []byte
	var err error
	name := "protocol.yaml"
	switch which := c.QueryParam("version"); which {
	case "draft":
		d, draftErr := s.app.ProtocolDraft()
		if draftErr != nil {
			return draftErr
		}
		file, err = protocol.Encode(d.Protocol)
	default:
		n := versionIn(which)
		if n > 0 {
			name = fmt.Sprintf("protocol-%d.yaml", n)
			if err := s.view(func(tx *store.Tx) error { _, err := s.app.Protocols.At(tx, n); return err }); err != nil {
				return errNotFound
			}
		}
		file, err = s.app.ProtocolFile(n)
	}
	if err != nil {
		return err
	}
	c.Response().Header().Set(echo.HeaderContentDisposition, `attachment; filename="`+name+`"`)
	return c.Blob(http.StatusOK, "application/yaml; charset=utf-8", file)
}

// importProtocol makes the file that was sent the draft.
func (s *Server) importProtocol(c echo.Context) error {
	name, file, err := fileSent(c)
	if err != nil {
		return err
	}
	if name == "" {
		return s.protocolOverview(c, &noFile{s.words}, nil)
	}
	done, err := s.app.ImportProtocol(c.Request().Context(), string(sessionOf(c).Who), file)
	if err != nil {
		return s.protocolOverview(c, err, nil)
	}
	var notes []string
	if done.Comments {
		notes = append(notes, s.words.say("protocol.comments-lost"))
	}
	return s.protocolOverview(c, nil, append(notes, s.words.say("protocol.imported", done.Title)))
}

// noFile says that none was chosen.
type noFile struct{ words words }

func (e *noFile) Error() string { return e.words.say("import.no-file") }

// Todo says what to do.
func (e *noFile) Todo() string { return e.words.say("protocol.choose-file") }

// startFrom makes one of the shipped protocols the draft.
func (s *Server) startFrom(c echo.Context) error {
	p, err := protocol.Shipped(posted(c, "shipped"))
	if err != nil {
		return errNotFound
	}
	file, err := protocol.Encode(p)
	if err != nil {
		return err
	}
	if _, err := s.app.ImportProtocol(c.Request().Context(), string(sessionOf(c).Who), file); err != nil {
		return s.protocolOverview(c, err, nil)
	}
	return c.Redirect(http.StatusSeeOther, "/protocol/review")
}
