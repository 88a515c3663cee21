package web

import (
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// What the page shows of somebody's shifts.
const (
	shiftsAhead = 8 * 7 * 24 * time.Hour
	mostShifts  = 10
)

// mineView is what on call means for whoever looks at it.
type mineView struct {
	*frame
	Problem problem
	Done    string

	Listed string // how the plain list has them, where it counts
	Shifts []myShift
	Asked  []exceptionView

	Ways  []wayView
	Kinds []option
	Quiet []quietView
	Days  []option

	Preferred, Pronunciation string
}

// myShift is a time that somebody is on call.
type myShift struct {
	When, Layer, Why string
	Cover            string // where they ask for cover; empty: they cannot
}

// exceptionView is a swap or a cover that somebody is one of the two of.
type exceptionView struct {
	ID, What, When             string
	State, Waits               string // who asked and agreed; that it waits
	Back                       string // of a swap: when the other way round
	CanAgree, CanDecl, CanUndo bool
}

// wayView is one way to reach somebody, and what is known of it.
type wayView struct {
	Kind, Name, Address string
	Known, Chip         string
	First, Last         bool
	Own                 bool // the mail address of the account, which stays
}

type quietView struct {
	N            int
	Days, During string
}

func (s *Server) mine(c echo.Context) error {
	return s.minePage(c, http.StatusOK, mineView{Done: s.savedWord(c)})
}

func (s *Server) minePage(c echo.Context, status int, v mineView) (err error) {
	if v.frame, err = s.frame(c, "on-call", "mine.title"); err != nil {
		return err
	}
	session := sessionOf(c)
	who, swaps := session.Who, session.May(access.SwapOwnShift) || session.May(access.EditSchedule)
	err = s.view(func(tx *store.Tx) error {
		if err := s.fillShifts(tx, &v, who, swaps); err != nil {
			return err
		}
		if err := s.fillExceptions(tx, &v, who); err != nil {
			return err
		}
		return s.fillReach(tx, &v, who)
	})
	if err != nil {
		return err
	}
	return s.page(c, status, "on_call_mine", v)
}

// fillShifts says when somebody is on call next.
func (s *Server) fillShifts(tx *store.Tx, v *mineView, who message.PersonID, swaps bool) error {
	plan, err := oncall.Load(tx)
	if err != nil {
		return err
	}
	if plan.Uses != oncall.UsesSchedule {
		v.Listed = s.words.say("mine.unlisted")
		if i := slices.Index(plan.List, who); i >= 0 {
			v.Listed = s.words.say("mine.listed", itoa(i+1))
		}
		return nil
	}
	cal, names := s.today(), s.names(tx)
	end := cal.now.Add(shiftsAhead)
	for _, p := range piecesOf(oncall.Spans(plan, cal.now, end), func(t oncall.Turn) bool { return t.Person == who }) {
		if len(v.Shifts) == mostShifts {
			break
		}
		one := myShift{When: cal.stretch(p.from, p.to), Layer: p.turn.LayerName, Why: p.turn.Text(cal.zone, names.of)}
		if swaps {
			one.Cover = s.coverHref(p.turn, p.from, p.to)
		}
		switch now, on := !p.from.After(cal.now), !p.to.Before(end); {
		case now && on:
			one.When = s.words.say("mine.always")
		case now:
			one.When = s.words.say("mine.now", cal.dated(p.to))
		case on:
			one.When = s.words.say("week.from", cal.dated(p.from))
		}
		v.Shifts = append(v.Shifts, one)
	}
	return nil
}

// dated says a moment with its day, for what lies weeks ahead; where the clock
// is changed it says by which of the two.
func (c calendar) dated(t time.Time) string {
	return t.In(c.zone).Format("Mon Jan 2, " + clockLayout + " MST")
}

func (c calendar) stretch(from, to time.Time) string {
	return c.words.say("week.from-to", c.dated(from), c.dated(to))
}

// fillExceptions shows what waits for somebody's answer, and what of theirs counts.
func (s *Server) fillExceptions(tx *store.Tx, v *mineView, who message.PersonID) error {
	list, err := oncall.Overrides(tx, who)
	if err != nil {
		return err
	}
	cal, names := s.today(), s.names(tx)
	for _, o := range list {
		end := o.To
		if o.Back != nil && o.Back.To.After(end) {
			end = o.Back.To
		}
		if !end.After(cal.now) || o.State != oncall.Asked && o.State != oncall.Agreed {
			continue
		}
		one := exceptionView{ID: o.ID, What: s.exceptionText(o, names), When: cal.stretch(o.From, o.To), State: s.exceptionState(o, names)}
		if o.State == oncall.Asked {
			one.Waits = s.words.say("cover.waits")
		}
		if o.Back != nil {
			one.Back = sentence(s.words.say("cover.in-return", cal.stretch(o.Back.From, o.Back.To)))
		}
		me := string(who)
		one.CanAgree, one.CanDecl, one.CanUndo = o.May(me, oncall.Agree), o.May(me, oncall.Decline), o.May(me, oncall.Undo)
		v.Asked = append(v.Asked, one)
	}
	return nil
}

// actOnMine agrees to an exception, declines or undoes it, as one of the two.
func (s *Server) actOnMine(c echo.Context) error {
	err := s.app.ActOnOverride(c.Request().Context(), string(sessionOf(c).Who), false, posted(c, "id"), oncall.OverrideAct(posted(c, "act")))
	return s.mineDone(c, err)
}

// mineDone goes back to the page, or says there what could not be kept.
func (s *Server) mineDone(c echo.Context, err error) error {
	if err != nil {
		return s.minePage(c, statusOf(err), mineView{Problem: s.explain(err)})
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/mine?saved=1")
}

// myWays are how somebody is reached, in their order: what they said, and the
// mail address of their account where they named none.
func (s *Server) myWays(tx *store.Tx, who message.PersonID) (oncall.Reach, []notify.Way, error) {
	r, err := oncall.ReachOf(tx, who)
	if err != nil {
		return r, nil, err
	}
	var ways []notify.Way
	for _, w := range r.Ways {
		ways = append(ways, notify.Way{Kind: notify.Kind(w.Kind), To: w.Address})
	}
	all, err := s.app.WaysOf(tx, who)
	for _, w := range all {
		if w.To != "" && !slices.Contains(ways, w) {
			ways = append(ways, w)
		}
	}
	return r, ways, err
}
