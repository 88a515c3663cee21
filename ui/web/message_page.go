package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

type messageView struct {
	*frame
	Pane     *paneView
	BackHref string
}

// message shows one message on a page of its own, or as the piece that stands
// beside the list.
func (s *Server) message(c echo.Context) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	if c.QueryParam("pane") != "" {
		pane, err := s.pane(c, id, ours(c.QueryParam("back"), "/inbox"))
		if err != nil {
			return err
		}
		return s.part(c, "pane", "body", messageView{Pane: pane})
	}
	pane, err := s.pane(c, id, "/messages/"+string(id))
	if err != nil {
		return err
	}
	return s.messagePage(c, http.StatusOK, pane)
}

func (s *Server) messagePage(c echo.Context, status int, pane *paneView) error {
	f, err := s.frame(c, "message", "message.title")
	if err != nil {
		return err
	}
	return s.page(c, status, "message", messageView{frame: f, Pane: pane, BackHref: inboxOf(pane.Back)})
}

// inboxOf answers the inbox that somebody came from.
func inboxOf(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.Path != "/inbox" {
		return "/inbox"
	}
	q := u.Query()
	q.Del("open")
	q.Del("did")
	u.RawQuery = q.Encode()
	return u.String()
}

// printMessage shows a message as it goes on paper.
func (s *Server) printMessage(c echo.Context) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	pane, err := s.pane(c, id, "/messages/"+string(id))
	if err != nil {
		return err
	}
	pane.forPaper()
	f, err := s.frame(c, "print", "print.title")
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "print", messageView{frame: f, Pane: pane})
}

type chartView struct {
	*frame
	ID, Text string
}

// chart answers a message as text for the chart: plain for the module that copies
// it, a page to copy it from by hand for browsers without one.
func (s *Server) chart(c echo.Context) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	text, err := s.app.Desk.Chart(c.Request().Context(), sessionOf(c), id)
	if err != nil {
		return notThere(err)
	}
	if c.QueryParam("plain") != "" {
		return c.String(http.StatusOK, text.Reveal())
	}
	f, err := s.frame(c, "chart", "chart.title")
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "chart", chartView{frame: f, ID: string(id), Text: text.Reveal()})
}

// findNumber leads to the message of a number. It is posted, so that what
// somebody types by mistake stands in no address.
func (s *Server) findNumber(c echo.Context) error {
	n, err := message.ParseNumber(strings.TrimSpace(posted(c, "number")))
	if err != nil {
		return errNotFound
	}
	var id message.ID
	var found bool
	err = s.view(func(tx *store.Tx) error { id, found = store.FindNumber(tx, n); return nil })
	if err != nil {
		return err
	}
	if !found {
		return errNotFound
	}
	return c.Redirect(http.StatusSeeOther, "/messages/"+string(id))
}

func messageID(c echo.Context) (message.ID, error) {
	id, err := message.ParseID(c.Param("id"))
	if err != nil {
		return "", errNotFound
	}
	return id, nil
}

// seenOf writes what a page showed of a message, so that a change is refused
// when somebody else was quicker.
func seenOf(e message.Envelope) string { return string(e.Status) + "/" + string(e.Assignee) }

func readSeen(c echo.Context) desk.Seen {
	status, assignee, _ := strings.Cut(posted(c, "seen"), "/")
	return desk.Seen{Status: message.Status(status), Assignee: message.PersonID(assignee)}
}
