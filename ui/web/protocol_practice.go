package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// practising says by what a practice call goes, and leads to one by the other.
type practising struct {
	By    string
	Other *navLink // none while there is no draft
}

func (s *Server) practising(t taking) (*practising, error) {
	if !t.practice {
		return nil, nil
	}
	d, err := s.app.ProtocolDraft()
	if err != nil {
		return nil, err
	}
	switch {
	case d.Rev == 0:
		return &practising{By: s.words.say("practice.by-what-counts")}, nil
	case t.version == appliance.DraftVersion:
		return &practising{s.words.say("practice.by-draft"), &navLink{Href: "/protocol/practice?by=counts", Label: s.words.say("practice.counts-instead")}}, nil
	}
	return &practising{s.words.say("practice.by-what-counts"), &navLink{Href: "/protocol/practice", Label: s.words.say("practice.draft-instead")}}, nil
}

// showPractice begins a practice call by the draft, or by what counts: the form of
// a real one, of which nothing is kept.
func (s *Server) showPractice(c echo.Context) error {
	t := taking{version: appliance.DraftVersion, practice: true}
	if c.QueryParam("by") == "counts" {
		t.version = 0
	}
	return s.takePage(c, http.StatusOK, t, nil, problem{})
}

// practisedView is what would have been saved.
type practisedView struct {
	*frame
	Type, Urgency, Tell string
	Next                nextView
	Steps               []spokenRow
	Again               string
}

// practise says what would have been saved of a practice call. Nothing is.
func (s *Server) practise(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	form := c.Request().PostForm
	if versionIn(form.Get("protocol")) == 0 {
		form.Set("protocol", draftVersion)
	}
	t, p, err := s.readTaking(form)
	if err != nil {
		return err
	}
	t.practice = true
	kind, known := p.Type(t.kind)
	if !known || posted(c, "show") != "" {
		return s.takePage(c, http.StatusOK, t, nil, problem{})
	}
	_, problems := p.Fill(kind, t.form, message.ChannelDesk)
	if len(problems) > 0 && !t.hungUp {
		return s.takePage(c, http.StatusUnprocessableEntity, t, problems, problem{Text: s.words.say("take.incomplete")})
	}
	f, err := s.frame(c, "protocol", "practice.done")
	if err != nil {
		return err
	}
	call := intake.Taking{Urgency: t.urgency, Form: t.form, Asked: askedFlags(t.flags), TypedBy: sessionOf(c).Who}
	u := call.UrgencyIn(p, kind)
	v := practisedView{frame: f, Type: kind.Name, Urgency: s.words.say("urgency." + u.String()), Tell: kind.Goodbye, Again: "/protocol/practice"}
	if t.version != appliance.DraftVersion {
		v.Again += "?by=counts"
	}
	if v.Next, err = s.next(t.version, t.kind, u, t.form[protocol.FieldProvider]); err != nil {
		return err
	}
	for _, one := range followed(p, t, s.app.Clock.Now()) {
		v.Steps = append(v.Steps, s.spokenRow(p.Types, one))
	}
	return s.page(c, http.StatusOK, "practised", v)
}
