package web

import (
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// protocolFrame stands around every page that writes the protocol: its sections,
// and the draft that all of them change.
type protocolFrame struct {
	*frame
	Problem  problem
	Wrong    string // the input that could not be kept, where the form has one
	Done     string
	Sections []navLink
	Rev      int  // of the draft that the page shows; 0: there is none yet
	Draft    bool // what is shown is not what counts
	Undo     int  // how many changes can be taken back
	By       string
	At       when
	Back     string // where this page is, for what every page can do
}

// protocolSections are the pages of the protocol, in their order.
var protocolSections = []struct{ name, href, word string }{
	{"overview", "/protocol", "protocol.overview"},
	{"types", "/protocol/types", "protocol.types"},
	{"flags", "/protocol/flags", "protocol.flags"},
	{"routes", "/protocol/routes", "protocol.routes"},
	{"coverage", "/protocol/coverage", "protocol.coverage"},
	{"explain", "/protocol/explain", "protocol.explain"},
	{"practice", "/protocol/practice", "protocol.practice"},
}

// protocolFrame answers what stands around a page of the protocol, and the draft.
func (s *Server) protocolFrame(c echo.Context, section, title string) (*protocolFrame, protocol.Draft, error) {
	f, err := s.frame(c, "protocol", title)
	if err != nil {
		return nil, protocol.Draft{}, err
	}
	d, err := s.app.ProtocolDraft()
	if err != nil {
		return nil, d, err
	}
	v := &protocolFrame{frame: f, Rev: d.Rev, Draft: d.Rev > 0, Undo: d.Undo, Back: c.Request().URL.Path}
	v.Sections = s.protocolSections(section)
	if v.Draft {
		v.At = s.today().when(d.At)
		err = s.view(func(tx *store.Tx) error { v.By = s.app.DoneBy(tx, d.By); return nil })
	}
	switch {
	case c.QueryParam("saved") != "":
		v.Done = s.words.say("protocol.saved")
	case c.QueryParam("published") != "":
		v.Done = s.words.say("protocol.published-now", versionIn(c.QueryParam("published")))
	}
	return v, d, err
}

func (s *Server) protocolSections(current string) (links []navLink) {
	for _, one := range protocolSections {
		links = append(links, navLink{Href: one.href, Label: s.words.say(one.word), Current: one.name == current})
	}
	return links
}

// editProtocol makes one change of the draft that the page showed, and goes to a
// page. Where it cannot be made the error is for the form, which keeps what was
// typed: explain puts it into words.
func (s *Server) editProtocol(c echo.Context, to string, change func(*protocol.Protocol) error) error {
	rev := versionIn(posted(c, "rev"))
	if posted(c, "rev") == "0" {
		rev = protocol.NoDraft // so the page says it
	}
	err := s.app.EditProtocol(c.Request().Context(), string(sessionOf(c).Who), rev, change)
	if err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, withSaved(to))
}

// Where the name of an input stands in the path of a fault: in that of an entry of a
// list ("red_flags.stroke.words"), or of a part of it ("call_types.refill.fields.dose.why").
const (
	inEntry = 2
	inPart  = 4
)

// fail has the page say what was wrong with a change, and which input of its form is
// at fault.
func (s *Server) fail(f *protocolFrame, err error, at int) {
	f.Problem, f.Wrong = s.explainProtocol(err), ""
	var bad *protocol.BadFile
	if !errors.As(err, &bad) || len(bad.Faults) == 0 {
		return
	}
	if path := strings.Split(bad.Faults[0].Path, "."); at < len(path) {
		f.Wrong = path[at]
	}
}

// markWrong marks the input of a form that could not be kept.
func markWrong(wrong, name string) template.HTMLAttr {
	if wrong != name {
		return ""
	}
	return ` aria-invalid="true" aria-describedby="problem"`
}

// withSaved has the page say that it was saved; what follows # stays.
func withSaved(to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return to
	}
	q := u.Query()
	q.Set("saved", "1")
	u.RawQuery = q.Encode()
	return u.String()
}
