package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/oncall"
)

// importView is the form for a file of shifts, and what came of one.
type importView struct {
	*frame
	Problem         problem
	Bad             []string // what about the file is wrong, a line each
	Schedule, Layer string
	Dates           []option
	Did             *importedView
}

// importedView is what an import did.
type importedView struct {
	Said, Replaced string
	NoAccount      []string
	Notes, Gaps    []string
}

func (s *Server) showImport(c echo.Context) error {
	return s.importPage(c, http.StatusOK, importView{}, "")
}

func (s *Server) importPage(c echo.Context, status int, v importView, dates string) (err error) {
	if v.frame, err = s.frame(c, "on-call", "import.title"); err != nil {
		return err
	}
	for _, o := range []option{{Value: "", Label: "import.dates-plain"}, {Value: "mdy", Label: "import.dates-mdy"}, {Value: "dmy", Label: "import.dates-dmy"}} {
		o.Label, o.Chosen = s.words.say(o.Label), o.Value == dates
		v.Dates = append(v.Dates, o)
	}
	return s.page(c, status, "on_call_import", v)
}

// importShifts puts the shifts of the file that was sent into the schedules,
// wholly or not at all.
func (s *Server) importShifts(c echo.Context) error {
	file := appliance.ShiftFile{Schedule: trimmed(c, "schedule"), Layer: trimmed(c, "layer"), Dates: posted(c, "dates")}
	v := importView{Schedule: file.Schedule, Layer: file.Layer}
	var err error
	if file.Name, file.Data, err = fileSent(c); err != nil {
		return err
	}
	if file.Name == "" {
		v.Problem = problem{Text: s.words.say("import.no-file")}
		return s.importPage(c, http.StatusUnprocessableEntity, v, file.Dates)
	}
	done, err := s.app.ImportShifts(c.Request().Context(), string(sessionOf(c).Who), file)
	var bad *oncall.BadFile
	switch {
	case errors.As(err, &bad):
		v.Problem, v.Bad = problem{s.words.say("import.bad"), s.words.say("import.bad-do")}, bad.Lines
	case err != nil:
		v.Problem = s.explain(err)
	default:
		v.Did = s.imported(done)
	}
	return s.importPage(c, statusOf(err), v, file.Dates)
}

// fileSent answers the file of the form; no name where none was chosen. A byte
// more than may be is read, so that whoever reads it sees that it is too large.
func fileSent(c echo.Context) (name string, data []byte, err error) {
	f, about, err := c.Request().FormFile("file")
	if errors.Is(err, http.ErrMissingFile) || errors.Is(err, http.ErrNotMultipart) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, echo.ErrBadRequest
	}
	defer f.Close()
	if data, err = io.ReadAll(io.LimitReader(f, oncall.MaxFile+1)); err != nil {
		return "", nil, fmt.Errorf("reading a file that was sent: %w", err)
	}
	return about.Filename, data, nil
}

func (s *Server) imported(done appliance.ImportedShifts) *importedView {
	w, cal := s.words, s.today()
	v := &importedView{Notes: done.Notes, Said: w.say("import.did", done.Shifts, cal.dated(done.First), cal.dated(done.Last), w.and(done.Schedules))}
	if done.Replaced > 0 {
		v.Replaced = w.say("import.replaced", done.Replaced)
	}
	for _, p := range done.People {
		if p.New || !p.Rung {
			v.NoAccount = append(v.NoAccount, w.say("import.person", p.Name, p.Shifts))
		}
	}
	for _, g := range done.Gaps {
		part := cal.stretch(g.From, g.To)
		if g.Schedule == "" {
			v.Gaps = append(v.Gaps, w.say("week.nobody", part))
			continue
		}
		v.Gaps = append(v.Gaps, w.say("import.gap", g.Schedule, part))
	}
	return v
}
