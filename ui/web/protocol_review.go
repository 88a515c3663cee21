package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// reviewView is what the draft changes, before it is published.
type reviewView struct {
	*protocolFrame
	Places []placeView
	Faults []faultView
	Note   string
	Number int // that the version will have
}

// placeView is what changes in one place.
type placeView struct {
	Name    string
	Changes []changeView
}

// changeView is one change; Sign tells its kind without colour.
type changeView struct{ Kind, Sign, Words, Before, After string }

var changeSigns = map[protocol.ChangeKind]string{protocol.Added: "+", protocol.Removed: "−", protocol.Changed: "≠", protocol.Moved: "↕"}

// reviewPage shows what publishing would change.
func (s *Server) reviewPage(c echo.Context) error { return s.reviewDraft(c, nil) }

func (s *Server) reviewDraft(c echo.Context, failed error) error {
	f, d, err := s.protocolFrame(c, "overview", "protocol.review-title")
	if err != nil {
		return err
	}
	v := reviewView{protocolFrame: f, Note: posted(c, "note")}
	if failed != nil {
		v.Problem = s.explainProtocol(failed)
	}
	changes, err := s.app.ProtocolChanges()
	if err != nil {
		return err
	}
	v.Places = placesOf(changes)
	if v.Faults, err = s.faults(d.Protocol); err != nil {
		return err
	}
	err = s.view(func(tx *store.Tx) error {
		newest, _, err := protocol.Newest(tx)
		v.Number = newest.Number + 1
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol_review", v)
}

// placesOf puts changes of one place together, in the order they came.
func placesOf(changes []protocol.Change) (places []placeView) {
	at := map[string]int{}
	for _, one := range changes {
		i, known := at[one.Place]
		if !known {
			i = len(places)
			at[one.Place] = i
			places = append(places, placeView{Name: one.Place})
		}
		places[i].Changes = append(places[i].Changes, changeView{string(one.Kind), changeSigns[one.Kind], one.Words, one.Before, one.After})
	}
	return places
}

// publishProtocol makes the draft that the page showed what counts.
func (s *Server) publishProtocol(c echo.Context) error {
	v, err := s.app.PublishProtocol(c.Request().Context(), string(sessionOf(c).Who), trimmed(c, "note"), versionIn(posted(c, "rev")))
	if err != nil {
		return s.reviewDraft(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/protocol?published="+itoa(v.Number))
}

// dropProtocol gives the draft up.
func (s *Server) dropProtocol(c echo.Context) error {
	if err := s.app.DropProtocolDraft(c.Request().Context(), string(sessionOf(c).Who)); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/protocol")
}

// explainProtocol puts what was wrong with a change of the protocol into words.
func (s *Server) explainProtocol(err error) problem {
	var bad *protocol.BadFile
	switch {
	case errors.As(err, &bad) && len(bad.Faults) > 0:
		return problem{sentence(bad.Faults[0].Words), s.words.say("protocol.kept-as-typed")}
	case errors.Is(err, protocol.ErrDraftChanged):
		return problem{s.words.say("protocol.changed-meanwhile"), s.words.say("protocol.changed-meanwhile-do")}
	case errors.Is(err, protocol.ErrNoDraft):
		return problem{s.words.say("protocol.no-draft"), s.words.say("protocol.no-draft-do")}
	}
	return s.explain(err)
}

// readVersionView is a version in words.
type readVersionView struct {
	*protocolFrame
	Row      versionRow
	Title    string
	Types    []typeInWords
	Flags    []flagInWords
	Routes   []string
	Windows  []windowInWords
	Sources  []protocol.Source
	Places   []placeView // what differs from the version before
	Previous int
}

type typeInWords struct {
	ID, Name, Key, Urgency, Due, Owner, Goodbye string
	Fields                                      []fieldInWords
	Steps                                       []stepInWordsView
}

type fieldInWords struct{ Label, Ask, Why string }

type stepInWordsView struct{ Title, Say, Note string }

type flagInWords struct{ Name, Ask, Say, Urgency, Words string }

type windowInWords struct{ Name, Answers, Greeting, When string }

// readVersion shows a whole version as people read it.
func (s *Server) readVersion(c echo.Context) error {
	n := versionIn(c.Param("id"))
	f, _, err := s.protocolFrame(c, "overview", "protocol.version-title")
	if err != nil {
		return err
	}
	v := readVersionView{protocolFrame: f, Previous: n - 1}
	err = s.view(func(tx *store.Tx) error {
		p, err := s.app.Protocols.At(tx, n)
		if errors.Is(err, protocol.ErrNoVersion) || n == 0 {
			return errNotFound
		}
		if err != nil {
			return err
		}
		names := func(id message.PersonID) string { return s.names(tx).of(id) }
		s.fillVersion(&v, p, names)
		list, err := protocol.Versions(tx)
		for _, one := range list {
			if one.Number == n {
				v.Row = versionRow{Number: n, At: s.today().when(one.At), By: s.app.DoneBy(tx, one.By), Note: one.Note}
			}
		}
		if before, beforeErr := s.app.Protocols.At(tx, n-1); beforeErr == nil {
			v.Places = placesOf(protocol.Diff(before, p, names))
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "protocol_version", v)
}

func (s *Server) fillVersion(v *readVersionView, p protocol.Protocol, names protocol.Names) {
	w := s.words
	v.Title, v.Sources = p.Title, p.Sources
	for _, t := range p.Types {
		one := typeInWords{ID: string(t.ID), Name: t.Name, Key: t.Key, Urgency: w.say("urgency." + t.Urgency.String()), Due: t.Due.InWords(), Owner: p.TeamName(t.Owner), Goodbye: t.Goodbye}
		for _, f := range t.Fields {
			one.Fields = append(one.Fields, fieldInWords{f.Label, w.say("protocol.ask." + askWord(f.Ask)), f.Why})
		}
		for _, step := range t.Script {
			one.Steps = append(one.Steps, stepInWordsView{step.Title, step.Say, step.Note})
		}
		v.Types = append(v.Types, one)
	}
	for _, f := range p.RedFlags {
		v.Flags = append(v.Flags, flagInWords{f.Name, f.Ask, f.Say, w.say("urgency." + f.To.String()), w.and(f.Words)})
	}
	for _, r := range p.Routes {
		v.Routes = append(v.Routes, p.InWords(r, names))
	}
	for _, one := range p.Coverage {
		v.Windows = append(v.Windows, windowInWords{one.Name, one.Answers, one.Greeting, one.InWords()})
	}
}

func askWord(a protocol.Ask) string {
	if a == protocol.Optional {
		return "optional"
	}
	return string(a)
}
