package web

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

type inboxView struct {
	*frame
	View               string
	TabLinks           []tab
	Types, Urgencies   []option
	Statuses           []option
	Rows               []rowView
	AnyClear           bool // some row shows a name
	Nothing, NothingDo string
	Next, Newest       string
	Pane               *paneView
}

type tab struct {
	Href, Label string
	Count       int
	Current     bool
}

// sieve is which messages an inbox shows, as its address says it. Nothing in it
// is of a patient.
type sieve struct {
	view   string // open, mine, closed, all
	query  store.Query
	before string
}

const inboxPage = 50

// readSieve reads an inbox's address. What makes no sense in it is left out.
func readSieve(c echo.Context, session access.Session) sieve {
	v := sieve{view: c.QueryParam("view"), before: c.QueryParam("before")}
	q := store.Query{Limit: inboxPage, Before: v.before, Type: message.CallType(c.QueryParam("type"))}
	switch v.view {
	case "closed":
		q.State = store.ShowClosed
	case "all":
		q.State = store.ShowAll
	case "mine":
		q.Assignee = session.Who
	default:
		v.view = "open"
	}
	if u, err := message.ParseUrgency(c.QueryParam("urgency")); err == nil {
		q.Urgency = &u
	}
	switch st := message.Status(c.QueryParam("status")); st {
	case message.New, message.Taken, message.CalledBack, message.Closed:
		q.Status = st
	}
	v.query = q
	return v
}

// href answers the address of an inbox like this one with something else in it.
func (v sieve) href(change ...string) string {
	q := url.Values{}
	set := func(key, value string) {
		if value != "" {
			q.Set(key, value)
		}
	}
	set("view", v.view)
	set("type", string(v.query.Type))
	set("status", string(v.query.Status))
	if v.query.Urgency != nil {
		set("urgency", v.query.Urgency.String())
	}
	for i := 0; i+1 < len(change); i += 2 {
		q.Del(change[i])
		set(change[i], change[i+1])
	}
	if q.Get("view") == "open" {
		q.Del("view")
	}
	if len(q) == 0 {
		return "/inbox"
	}
	return "/inbox?" + q.Encode()
}

// shows says whether a message belongs into this inbox.
func (v sieve) shows(e message.Envelope) bool {
	q := v.query
	return (q.State == store.ShowAll || e.Open() == (q.State == store.ShowOpen)) &&
		(q.Type == "" || q.Type == e.CallType) &&
		(q.Status == "" || q.Status == e.Status) &&
		(q.Urgency == nil || *q.Urgency == e.Urgency) &&
		(q.Assignee == "" || q.Assignee == e.Assignee)
}

// inbox shows the messages, and one of them beside the list where one is open.
func (s *Server) inbox(c echo.Context) error {
	session := sessionOf(c)
	v := readSieve(c, session)
	ctx := c.Request().Context()
	page, err := s.app.Desk.List(ctx, session, v.query)
	if err != nil && v.before != "" { // a cursor that is none: the newest
		return c.Redirect(http.StatusSeeOther, v.href())
	}
	if err != nil {
		return err
	}
	current := "inbox"
	if v.view == "closed" {
		current = "closed"
	}
	view := inboxView{View: v.view, Next: older(v, page.Next)}
	if view.frame, err = s.frame(c, current, "inbox.title"); err != nil {
		return err
	}
	if v.before != "" {
		view.Newest = v.href()
	}
	p, err := s.protocol()
	if err != nil {
		return err
	}
	view.TabLinks = s.tabs(v, p, page.Counts, session)
	view.Types, view.Urgencies, view.Statuses = s.sieveOptions(v, p, page.Counts)
	open := c.QueryParam("open")
	view.Rows = s.rowViews(page.Rows, open)
	for _, r := range view.Rows {
		view.AnyClear = view.AnyClear || !r.Sealed
	}
	view.Nothing, view.NothingDo = s.nothing(v)
	if id, err := message.ParseID(open); err == nil {
		if view.Pane, err = s.pane(c, id, v.href("open", open)); err != nil {
			return err
		}
	}
	return s.page(c, http.StatusOK, "inbox", view)
}

func older(v sieve, next string) string {
	if next == "" {
		return ""
	}
	return v.href("before", next)
}

// inboxRows answers the rows that a page asks for after it was told that they
// changed, and the tabs with their counts.
func (s *Server) inboxRows(c echo.Context) error {
	session := sessionOf(c)
	v := readSieve(c, session)
	var ids []message.ID
	for _, one := range strings.Split(c.QueryParam("ids"), ",") {
		if id, err := message.ParseID(one); err == nil && len(ids) < inboxPage {
			ids = append(ids, id)
		}
	}
	rows, err := s.app.Desk.Rows(c.Request().Context(), session, ids...)
	if err != nil {
		return err
	}
	counts, err := s.countsFor(session)
	if err != nil {
		return err
	}
	p, err := s.protocol()
	if err != nil {
		return err
	}
	view := inboxView{TabLinks: s.tabs(v, p, counts, session), Rows: s.rowViews(rows, "")}
	for i := range view.Rows {
		view.Rows[i].Elsewhere = !v.shows(rows[i].Envelope)
	}
	return s.part(c, "rows", "body", view)
}

// countsFor answers the counters of the practice, to those who see its messages.
func (s *Server) countsFor(session access.Session) (counts store.Counts, err error) {
	if !session.May(access.WorkMessage) && session.May(access.TakeMessage) {
		return store.Counts{}, nil
	}
	err = s.view(func(tx *store.Tx) (err error) { counts, err = store.CountEnvelopes(tx); return err })
	return counts, err
}

func (s *Server) protocol() (protocol.Protocol, error) { return s.protocolOf(0) }

// protocolOf answers a version of the protocol, for 0 the one that counts now.
func (s *Server) protocolOf(version int) (p protocol.Protocol, err error) {
	err = s.view(func(tx *store.Tx) (err error) { p, _, err = s.app.Rules(tx, version); return err })
	return p, err
}

// tabs lead to what is looked at most: open, mine, each call type that has
// something open, closed, all.
func (s *Server) tabs(v sieve, p protocol.Protocol, n store.Counts, session access.Session) []tab {
	plain := sieve{}
	one := func(label, view string, kind message.CallType, count int) tab {
		return tab{Href: plain.href("view", view, "type", string(kind)), Label: label, Count: count, Current: v.view == view && v.query.Type == kind}
	}
	tabs := []tab{
		one(s.words.say("tab.open"), "open", "", int(n.Open)),
		one(s.words.say("tab.mine"), "mine", "", int(n.OpenByAssignee[session.Who])),
	}
	for _, t := range p.Types {
		if count := int(n.OpenByType[t.ID]); count > 0 || (v.view == "open" && v.query.Type == t.ID) {
			tabs = append(tabs, one(t.Short, "open", t.ID, count))
		}
	}
	return append(tabs, one(s.words.say("tab.closed"), "closed", "", 0), one(s.words.say("tab.all"), "all", "", 0))
}

func (s *Server) sieveOptions(v sieve, p protocol.Protocol, n store.Counts) (types, urgencies, statuses []option) {
	types = []option{{Label: s.words.say("sieve.all-types")}}
	for _, t := range p.Types {
		types = append(types, option{Value: string(t.ID), Label: t.Name, Chosen: v.query.Type == t.ID})
	}
	urgencies = []option{{Label: s.words.say("sieve.all-urgencies")}}
	for _, u := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		urgencies = append(urgencies, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Chosen: v.query.Urgency != nil && *v.query.Urgency == u})
	}
	statuses = []option{{Label: s.words.say("sieve.all-statuses")}}
	for _, st := range []message.Status{message.New, message.Taken, message.CalledBack, message.Closed} {
		statuses = append(statuses, option{Value: string(st), Label: s.words.say("status." + string(st)), Chosen: v.query.Status == st})
	}
	return types, urgencies, statuses
}

// nothing says what will stand in an empty inbox, and how.
func (s *Server) nothing(v sieve) (what, do string) {
	narrowed := v.query.Type != "" || v.query.Status != "" || v.query.Urgency != nil
	switch {
	case narrowed:
		return s.words.say("inbox.none-such"), s.words.say("inbox.none-such-do")
	case v.view == "mine":
		return s.words.say("inbox.none-mine"), s.words.say("inbox.none-mine-do")
	case v.view == "closed":
		return s.words.say("inbox.none-closed"), s.words.say("inbox.none-closed-do")
	}
	return s.words.say("inbox.none"), s.words.say("inbox.none-do")
}
