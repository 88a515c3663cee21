package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// coverView is the form of an exception from the schedule, and those there are.
type coverView struct {
	*frame
	Problem          problem
	Edits            bool
	Kinds            []option
	From, To         string
	BackFrom, BackTo string
	Replaced, By     []option
	Layers           []option
	Exceptions       []coverRow
	Done             string
}

// coverRow is one exception, with what whoever looks may do.
type coverRow struct {
	ID, Text, When, State string
	Waits                 bool
	Agree, Decline, Undo  bool
}

// covering is what the form says, as it was typed.
type covering struct {
	kind, from, to, backFrom, backTo string
	replaced, by, layer              string
}

// cover shows the form; a link from the week fills it in.
func (s *Server) cover(c echo.Context) error {
	typed := covering{kind: c.QueryParam("kind"), from: c.QueryParam("from"), to: c.QueryParam("to"), replaced: c.QueryParam("replaced"), by: c.QueryParam("by"), layer: c.QueryParam("layer")}
	if session := sessionOf(c); typed.replaced == "" && typed.layer == "" && !session.May(access.EditSchedule) {
		typed.replaced = string(session.Who)
	}
	return s.coverPage(c, typed, nil)
}

func (s *Server) coverPage(c echo.Context, typed covering, failed error) error {
	f, err := s.frame(c, "on-call", "cover.title")
	if err != nil {
		return err
	}
	session := sessionOf(c)
	v := coverView{frame: f, Edits: session.May(access.EditSchedule), From: typed.from, To: typed.to, BackFrom: typed.backFrom, BackTo: typed.backTo}
	if failed != nil {
		v.Problem = s.explain(failed)
	} else if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
		if c.QueryParam("clock") != "" {
			v.Done += " " + s.words.say("cover.clock")
		}
	}
	kinds := []oncall.OverrideKind{oncall.Cover, oncall.Swap}
	if v.Edits {
		kinds = append(kinds, oncall.Remove)
	}
	for i, k := range kinds {
		v.Kinds = append(v.Kinds, option{Value: string(k), Label: s.words.say("cover.kind." + string(k)), Chosen: string(k) == typed.kind || i == 0 && typed.kind == ""})
	}
	err = s.view(func(tx *store.Tx) error {
		plan, err := oncall.Load(tx)
		if err != nil {
			return err
		}
		v.Layers = s.layerOptions(plan, typed.layer)
		if v.Replaced, err = s.staffOptions(tx, message.PersonID(typed.replaced)); err != nil {
			return err
		}
		if v.By, err = s.staffOptions(tx, message.PersonID(typed.by)); err != nil {
			return err
		}
		v.Exceptions, err = s.exceptions(tx, session, "")
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "cover", v)
}

// askCover keeps an exception: at once for whoever edits the schedule; asked of
// the other person for everybody else.
func (s *Server) askCover(c echo.Context) error {
	typed := covering{kind: posted(c, "kind"), from: posted(c, "from"), to: posted(c, "to"), backFrom: posted(c, "back_from"), backTo: posted(c, "back_to"), replaced: posted(c, "replaced"), by: posted(c, "by"), layer: posted(c, "layer")}
	o := oncall.Override{Kind: oncall.OverrideKind(typed.kind), Replaced: message.PersonID(typed.replaced), By: message.PersonID(typed.by)}
	o.Schedule, o.Layer, _ = strings.Cut(typed.layer, "/")
	if o.Kind == oncall.Remove {
		o.By = ""
	}
	var err error
	if o.From, o.To, err = s.stretch(typed.from, typed.to); err == nil && o.Kind == oncall.Swap && typed.backFrom+typed.backTo != "" {
		o.Back = &oncall.Stretch{}
		o.Back.From, o.Back.To, err = s.stretch(typed.backFrom, typed.backTo)
	}
	if err == nil {
		session := sessionOf(c)
		_, err = s.app.AskOverride(c.Request().Context(), string(session.Who), session.May(access.EditSchedule), o)
	}
	if err != nil {
		return s.coverPage(c, typed, err)
	}
	to := "/on-call/cover?saved=1"
	if s.oddClock(typed.from, typed.to, typed.backFrom, typed.backTo) {
		to += "&clock=1"
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// oddClock says whether one of the times occurs twice, or never.
func (s *Server) oddClock(typed ...string) bool {
	return slices.ContainsFunc(typed, func(t string) bool {
		m, err := oncall.Wall(s.app.Practice().Zone, t)
		return err == nil && m.Note != ""
	})
}

// stretch reads two times of the wall clock. Where one occurs twice the earlier
// begins and the later ends it, and one that does not exist begins it with the
// change of the clock: an exception is rather too long than too short.
func (s *Server) stretch(from, to string) (begin, end time.Time, err error) {
	zone := s.app.Practice().Zone
	var first oncall.Point
	if err := first.UnmarshalText([]byte(from)); err != nil || first.IsZero() {
		return begin, end, &oncall.Refused{Why: s.words.say("oncall.bad-time")}
	}
	last, err := oncall.Wall(zone, to)
	if err != nil {
		return begin, end, &oncall.Refused{Why: s.words.say("oncall.bad-time")}
	}
	return first.In(zone), last.Moments[len(last.Moments)-1].At, nil
}

// answerCover agrees to an exception, declines or undoes it.
func (s *Server) answerCover(c echo.Context) error {
	session := sessionOf(c)
	err := s.app.ActOnOverride(c.Request().Context(), string(session.Who), session.May(access.EditSchedule), c.Param("id"), oncall.OverrideAct(posted(c, "act")))
	if err != nil {
		return s.coverPage(c, covering{}, err)
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/cover?saved=1")
}

// exceptions are those that are not over: all for whoever edits the schedule,
// and for everybody else those that they are one of the two of.
func (s *Server) exceptions(tx *store.Tx, session access.Session, who message.PersonID) (list []coverRow, err error) {
	edits := session.May(access.EditSchedule)
	if !edits {
		who = session.Who
	}
	all, err := oncall.Overrides(tx, who)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(all, func(a, b oncall.Override) int { return a.From.Compare(b.From) })
	names, cal := s.names(tx), s.today()
	for _, o := range all {
		if !o.To.After(cal.now) && (o.Back == nil || !o.Back.To.After(cal.now)) {
			continue
		}
		may := func(act oncall.OverrideAct, states ...oncall.OverrideState) bool {
			return o.May(string(session.Who), act) || edits && slices.Contains(states, o.State)
		}
		v := coverRow{ID: o.ID, Text: s.exceptionText(o, names), When: s.stretchSaid(o.From, o.To), Waits: o.State == oncall.Asked,
			Agree: may(oncall.Agree, oncall.Asked), Decline: may(oncall.Decline, oncall.Asked), Undo: may(oncall.Undo, oncall.Asked, oncall.Agreed)}
		if o.Back != nil {
			v.When += "; " + s.words.say("cover.in-return", s.stretchSaid(o.Back.From, o.Back.To))
		}
		v.State = s.exceptionState(o, names)
		list = append(list, v)
	}
	return list, nil
}

func (s *Server) exceptionText(o oncall.Override, names *names) string {
	switch {
	case o.Kind == oncall.Remove:
		return s.words.say("cover.removes", names.of(o.Replaced))
	case o.Kind == oncall.Swap:
		return s.words.say("cover.swaps", names.of(o.By), names.of(o.Replaced))
	case o.Replaced == "":
		return s.words.say("cover.covers-any", names.of(o.By))
	}
	return s.words.say("cover.covers", names.of(o.By), names.of(o.Replaced))
}

// exceptionState says who asked, and who answered or ended it when.
func (s *Server) exceptionState(o oncall.Override, names *names) string {
	who := func(id string) string { return names.of(message.PersonID(id)) }
	said := func(at time.Time) string { return s.today().when(at).Said }
	asked := s.words.say("cover.asked", who(o.AskedBy), said(o.AskedAt))
	switch o.State {
	case oncall.Agreed:
		if o.AskedBy == o.AgreedBy {
			return s.words.say("cover.set", who(o.AskedBy), said(o.AgreedAt))
		}
		return asked + ", " + s.words.say("cover.agreed", who(o.AgreedBy), said(o.AgreedAt))
	case oncall.Declined:
		return asked + ", " + s.words.say("cover.declined", who(o.EndedBy), said(o.EndedAt))
	case oncall.Undone:
		return asked + ", " + s.words.say("cover.undone", who(o.EndedBy), said(o.EndedAt))
	}
	return asked
}

// stretchSaid says a time from and to, each with the clock's zone: an hour can
// occur twice.
func (s *Server) stretchSaid(from, to time.Time) string {
	zone := s.app.Practice().Zone
	const layout = "Mon Jan 2, 3:04 pm MST"
	return s.words.say("week.from-to", from.In(zone).Format(layout), to.In(zone).Format(layout))
}

// coverHref leads to the form of an exception for a turn.
func (s *Server) coverHref(turn oncall.Turn, from, to time.Time) string {
	zone := s.app.Practice().Zone
	href := "/on-call/cover?from=" + from.In(zone).Format(wallField) + "&to=" + to.In(zone).Format(wallField) + "&replaced=" + string(turn.Person)
	if turn.Schedule != "" {
		href += "&layer=" + turn.Schedule + "/" + turn.Layer
	}
	return href
}
