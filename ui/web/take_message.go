package web

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/desk"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// takeView is the form of a call. Values of its fields are PHI in the clear.
type takeView struct {
	*frame
	Key        string // so that saving twice keeps one message
	Problem    problem
	Version    string      // of the protocol, or that it is the draft
	Practising *practising // nothing is saved; not Practice, which is the name of the practice on every page
	Chosen     bool        // the urgency was chosen by hand
	Types      []typeChoice
	Fields     []fieldView
	LeaveOut   []perType
	Urgencies  []option
	Scripts    []scriptView
	Next       nextView
	Tell       []perType
	SaveLabel  string

	Providers []string  // of the practice, to choose among
	StartedMS int64     // when the call began
	Script    string    // the steps that were taken, as the module writes them
	Flags     string    // the red flags that were answered, as the module writes them
	KeptAt    when      // when the draft was kept last
	Aside     []aside   // calls that were put aside
	AsideMany string    // how many
	Before    *lastView // the call that was saved just now
}

// lastView is the call before this one: its number is read to the caller.
type lastView struct{ ID, Number string }

type typeChoice struct {
	ID, Name, Short, Key, Urgency string
	Urgent, Chosen                bool
}

// perType are words that belong to one call type.
type perType struct {
	Type, Text string
	Hidden     bool
}

// showTake begins a call, or goes on with one that was put aside.
func (s *Server) showTake(c echo.Context) error {
	id := c.QueryParam("draft")
	if id == "" {
		return s.takePage(c, http.StatusOK, taking{key: uuid.NewString()}, nil, problem{})
	}
	t, err := s.openDraft(c, id)
	if errors.Is(err, desk.ErrDraft) {
		return s.takePage(c, http.StatusOK, taking{key: uuid.NewString()}, nil, problem{s.words.say("draft.not-here"), s.words.say("draft.not-here-do")})
	}
	if err != nil {
		return err
	}
	return s.takePage(c, http.StatusOK, t, nil, problem{})
}

// taking is what the form holds.
type taking struct {
	key      string
	kind     message.CallType
	urgency  *message.Urgency
	chosen   bool // the urgency, by hand
	form     map[string]message.Clear
	practice bool // nothing is saved
	version  int  // of the protocol, that the call began under; 0: the one that counts now
	started  time.Time
	kept     time.Time // of a draft
	flags    string    // as the module writes them
	script   string    // as the module writes it
	hungUp   bool      // the caller is gone: it is saved as it is
}

// versionSaid is the version that the form goes on with.
func (t taking) versionSaid(p protocol.Protocol) string {
	if t.version == appliance.DraftVersion {
		return draftVersion
	}
	return itoa(p.Version)
}

// readTaking reads the form: the fields of the chosen call type in the version of
// the protocol that the call began under, and no others.
func (s *Server) readTaking(form url.Values) (taking, protocol.Protocol, error) {
	p, err := s.protocolOf(versionIn(form.Get("protocol")))
	if err != nil {
		return taking{}, p, err
	}
	t := taking{version: versionIn(form.Get("protocol")), key: form.Get("key"), kind: message.CallType(form.Get("type")), form: map[string]message.Clear{}, script: form.Get("script"), flags: form.Get("flags"), hungUp: form.Get("hung_up") != ""}
	if t.key == "" {
		t.key = uuid.NewString()
	}
	if ms, err := strconv.ParseInt(form.Get("started"), 10, 64); err == nil {
		t.started = time.UnixMilli(ms)
	}
	if u, err := message.ParseUrgency(form.Get("urgency")); err == nil {
		t.urgency = &u
	}
	t.chosen = form.Get("chosen") != ""
	kind, known := p.Type(t.kind)
	if known && !t.chosen && t.urgency != nil && *t.urgency == kind.Urgency {
		t.urgency = nil // nobody's word: an answer may raise it
	}
	if !known {
		for _, any := range p.Types {
			kind.Fields = append(kind.Fields, any.Asked()...) // kept until a type is chosen
		}
	}
	for _, f := range kind.Fields {
		if v := form.Get(fieldPrefix + f.Name); v != "" {
			t.form[f.Name] = message.Clear(v)
		}
	}
	return t, p, nil
}

// draftVersion is how a form names the draft of the protocol.
const draftVersion = "draft"

// versionIn reads a version's number; 0 for what is none.
func versionIn(typed string) int {
	if typed == draftVersion {
		return appliance.DraftVersion
	}
	n, err := strconv.Atoi(typed)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// takeMessage saves a call. Whatever goes wrong, the form comes back with what
// was typed and the same key.
func (s *Server) takeMessage(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	t, p, err := s.readTaking(c.Request().PostForm)
	if err != nil {
		return err
	}
	if t.version = p.Version; posted(c, "protocol") == draftVersion {
		return echo.ErrBadRequest // a practice call is not saved
	}
	if posted(c, "show") != "" {
		t.urgency = nil
		return s.takePage(c, http.StatusOK, t, nil, problem{})
	}
	now := s.app.Clock.Now()
	receipt, err := s.app.Intake.Take(c.Request().Context(), intake.Taking{
		Type: t.kind, Urgency: t.urgency, Form: t.form, Script: followed(p, t, now), Asked: askedFlags(t.flags), HungUp: t.hungUp,
		Channel: message.ChannelDesk, TypedBy: sessionOf(c).Who, Key: t.key, Protocol: t.version,
	})
	if err == nil {
		s.keepOwn(c, t, receipt.ID)
		if posted(c, "another") != "" {
			return c.Redirect(http.StatusSeeOther, "/take?before="+string(receipt.ID))
		}
		return c.Redirect(http.StatusSeeOther, "/take/saved/"+string(receipt.ID))
	}
	var invalid *intake.Invalid
	if errors.As(err, &invalid) {
		words := problem{Text: s.words.say("take.incomplete")}
		for _, one := range invalid.Problems {
			if one.Field == "" || one.Field == "type" || one.Field == "urgency" {
				words.Do = strings.TrimSpace(words.Do + " " + one.Words)
			}
		}
		return s.takePage(c, http.StatusUnprocessableEntity, t, invalid.Problems, words)
	}
	status, words := s.outcome(err)
	if status == http.StatusInternalServerError {
		s.log.Error("a message could not be taken", "err", err)
		words = problem{s.words.say("take.failed"), s.words.say("take.failed-do")}
	}
	return s.takePage(c, status, t, nil, words)
}

func (s *Server) takePage(c echo.Context, status int, t taking, bad []protocol.Problem, words problem) error {
	f, err := s.frame(c, "take", "take.title")
	if err != nil {
		return err
	}
	p, err := s.protocolOf(t.version)
	if err != nil {
		return err
	}
	practice, err := s.practising(t)
	if err != nil {
		return err
	}
	if practice != nil {
		f.Title = s.words.say("protocol.practice")
	}
	if _, known := p.Type(t.kind); !known {
		t.kind = p.Types[0].ID
	}
	if t.started.IsZero() {
		t.started = s.app.Clock.Now()
	}
	kind, _ := p.Type(t.kind)
	u := kind.Urgency
	if t.urgency != nil {
		u = *t.urgency
	}
	v := takeView{frame: f, Practising: practice, Key: t.key, Version: t.versionSaid(p), Problem: words, StartedMS: t.started.UnixMilli(), Script: t.script, Flags: t.flags, KeptAt: s.today().when(t.kept), Scripts: s.scripts(p, t.kind), Chosen: t.chosen || t.urgency != nil && *t.urgency != kind.Urgency, Fields: fieldViews(p, t, bad), SaveLabel: s.words.say("js.save")}
	if u == message.Urgent {
		v.SaveLabel = s.words.say("js.save-ring")
	}
	for _, one := range p.Types {
		v.Types = append(v.Types, typeChoice{ID: string(one.ID), Name: one.Name, Short: one.Short, Key: one.Key, Urgency: one.Urgency.String(), Urgent: one.Urgency == message.Urgent, Chosen: one.ID == t.kind})
		v.LeaveOut = append(v.LeaveOut, perType{string(one.ID), one.LeaveOut(), one.ID != t.kind})
		v.Tell = append(v.Tell, perType{string(one.ID), one.Goodbye, one.ID != t.kind})
	}
	for _, one := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		v.Urgencies = append(v.Urgencies, option{Value: one.String(), Label: s.words.say("urgency." + one.String()), Chosen: one == u})
	}
	if v.Next, err = s.next(t.version, t.kind, u, t.form[protocol.FieldProvider]); err != nil {
		return err
	}
	if err := s.view(func(tx *store.Tx) error { v.Providers, err = s.providers(tx); return err }); err != nil {
		return err
	}
	if !t.practice {
		if v.Aside, err = s.asides(c, t.key); err != nil {
			return err
		}
	}
	v.AsideMany = s.words.count("draft.aside", len(v.Aside))
	if v.Before, err = s.before(c); err != nil {
		return err
	}
	return s.page(c, status, "take", v)
}

// before is the call that was saved just now, when the next is taken at once.
func (s *Server) before(c echo.Context) (*lastView, error) {
	id, err := message.ParseID(c.QueryParam("before"))
	if err != nil {
		return nil, nil
	}
	var e message.Envelope
	var found bool
	err = s.view(func(tx *store.Tx) (err error) { e, found, err = store.GetEnvelope(tx, id); return err })
	if err != nil || !found || e.TypedBy != sessionOf(c).Who {
		return nil, err
	}
	return &lastView{string(e.ID), e.Number.String()}, nil
}

type savedView struct {
	*frame
	ID, Number string
	Chips      []chip
	Tell       string
	CanOpen    bool
}

// saved shows the number to read back, to whoever typed the message.
func (s *Server) saved(c echo.Context) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	session := sessionOf(c)
	var e message.Envelope
	var found bool
	if err := s.view(func(tx *store.Tx) (err error) { e, found, err = store.GetEnvelope(tx, id); return err }); err != nil {
		return err
	}
	if !found || (e.TypedBy != session.Who && !session.May(access.ReadTeam)) {
		return errNotFound
	}
	p, err := s.protocol()
	if err != nil {
		return err
	}
	f, err := s.frame(c, "take", "saved.title")
	if err != nil {
		return err
	}
	kind := p.Show(e.CallType)
	cal := s.today()
	v := savedView{frame: f, ID: string(id), Number: e.Number.String(), Tell: kind.Goodbye, CanOpen: session.May(access.ReadTeam) || session.May(access.ReadOwn)}
	v.Chips = append(s.urgencyChips(e, cal), s.kindChip(e, kind.Name, cal))
	v.Chips = append(v.Chips, s.statusChips(e, "")...)
	return s.page(c, http.StatusOK, "saved", v)
}
