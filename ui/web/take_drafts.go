package web

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nightbell/appliance/desk"
	"nightbell/appliance/message"
)

// draftCookie holds the key that this browser's drafts are sealed to. It outlives
// the session, as what was typed does.
const draftCookie = "__Host-nightbell-draft"

// draftKeyFor is how long a browser keeps its key: longer than any call is aside.
const draftKeyFor = 400 * 24 * time.Hour

// draftKey answers the browser's key, a new one where it has none.
func (s *Server) draftKey(c echo.Context) (desk.DraftKey, error) {
	if cookie, err := c.Cookie(draftCookie); err == nil {
		if key, ok := desk.ParseDraftKey(cookie.Value); ok {
			return key, nil
		}
	}
	key, err := desk.NewDraftKey()
	if err == nil {
		c.SetCookie(&http.Cookie{Name: draftCookie, Value: key.Cookie(), Path: "/", MaxAge: int(draftKeyFor / time.Second), Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	}
	return key, err
}

// draftAnswer is what the page is told when what was typed is kept.
type draftAnswer struct {
	Kept string `json:"kept"` // in words
}

// keepDraft keeps what was typed so far.
func (s *Server) keepDraft(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	key, err := s.draftKey(c)
	if err != nil {
		return err
	}
	form := c.Request().PostForm
	at, err := s.app.Drafts.Keep(c.Request().Context(), sessionOf(c), key, desk.Draft{
		ID: c.Param("id"), Type: s.knownType(form.Get("type")), Clear: message.Clear(form.Encode()),
	})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, draftAnswer{Kept: s.words.say("draft.kept", s.today().when(at).Said)})
}

// knownType is a call type of the protocol, or none: it stands beside the draft
// in the clear.
func (s *Server) knownType(id string) message.CallType {
	if p, err := s.protocol(); err == nil {
		if t, ok := p.Type(message.CallType(id)); ok {
			return t.ID
		}
	}
	return ""
}

// openDraft reads a call that was put aside, as if its form had been posted.
func (s *Server) openDraft(c echo.Context, id string) (taking, error) {
	key, err := s.draftKey(c)
	if err != nil {
		return taking{}, err
	}
	d, err := s.app.Drafts.Open(sessionOf(c), key, id)
	if err != nil {
		return taking{}, err
	}
	form, err := url.ParseQuery(d.Clear.Reveal())
	if err != nil {
		return taking{}, desk.ErrDraft
	}
	t, _, err := s.readTaking(form)
	if err != nil {
		return taking{}, err
	}
	t.key, t.started, t.kept = d.ID, d.StartedAt, d.KeptAt
	return t, nil
}

// dropDraft forgets a call that was put aside.
func (s *Server) dropDraft(c echo.Context) error {
	if err := s.app.Drafts.Drop(c.Request().Context(), sessionOf(c), c.Param("id")); err != nil {
		return err
	}
	return c.Redirect(http.StatusSeeOther, "/take")
}

// aside is a call that was put aside, on the form of the next.
type aside struct {
	ID, Name string
	Since    when
	Here     bool // this desk can open it
}

// asides are the calls of this person that were not saved, but the one at hand.
func (s *Server) asides(c echo.Context, but string) ([]aside, error) {
	key, err := s.draftKey(c)
	if err != nil {
		return nil, err
	}
	drafts, err := s.app.Drafts.List(sessionOf(c), key)
	if err != nil {
		return nil, err
	}
	p, err := s.protocol()
	if err != nil {
		return nil, err
	}
	var list []aside
	for _, d := range drafts {
		if d.ID == but {
			continue
		}
		one := aside{ID: d.ID, Name: s.words.say("draft.call"), Since: s.today().when(d.StartedAt), Here: d.Here}
		if t, ok := p.Type(d.Type); ok {
			one.Name = t.Name
		}
		list = append(list, one)
	}
	return list, nil
}

// keepOwn keeps the taker's own copy of what was saved, and forgets its draft. The
// message is safe already: what fails here is logged and no more.
func (s *Server) keepOwn(c echo.Context, t taking, id message.ID) {
	ctx, session := c.Request().Context(), sessionOf(c)
	key, err := s.draftKey(c)
	if err == nil {
		rec := message.Record{Message: id, Part: message.ID(uuid.NewString()), Kind: message.PartRecord, Form: t.form}
		err = s.app.Drafts.KeepOwn(ctx, session, key, rec)
	}
	if err != nil {
		s.log.Error("the taker's own copy of a message could not be kept", "message", string(id), "err", err)
	}
	if err := s.app.Drafts.Drop(ctx, session, t.key); err != nil {
		s.log.Error("the draft of a message that was saved is still there", "message", string(id), "err", err)
	}
}

// ownCopy answers what this desk keeps of a sealed message that its taker typed.
func (s *Server) ownCopy(c echo.Context, v desk.View) (message.Record, bool) {
	if v.Seal != desk.Locked {
		return message.Record{}, false
	}
	key, err := s.draftKey(c)
	if err != nil {
		return message.Record{}, false
	}
	rec, err := s.app.Drafts.Own(c.Request().Context(), sessionOf(c), key, v.Envelope.ID)
	if err != nil && !errors.Is(err, desk.ErrDraft) {
		s.log.Error("the taker's own copy of a message could not be opened", "message", string(v.Envelope.ID), "err", err)
	}
	return rec, err == nil
}
