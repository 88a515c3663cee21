package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// mineView is somebody's own on call: shifts, swaps and how they are reached.
type mineView struct {
	*frame
	Problem                  problem
	Done                     string
	CanSwap                  bool
	Shifts                   []shiftView
	Exceptions               []exceptionView
	Ways                     []wayForm
	Kinds                    []option
	Preferred, Pronunciation string
	Quiet                    []windowForm
}

type shiftView struct{ When, Layer, Why, Cover string }

// wayForm is one way to somebody. Account is the address of their account, which
// stands there as long as they name no other.
type wayForm struct {
	N, Pos               int
	Kind, KindName, To   string
	State, Chip          string
	Account, First, Last bool
}

const (
	mineAhead  = 56 * 24 * time.Hour
	mineShifts = 8
)

func (s *Server) mine(c echo.Context) error { return s.minePage(c, nil, nil) }

// minePage shows the page; with a reach that could not be kept, as it was typed.
func (s *Server) minePage(c echo.Context, typed *oncall.Reach, failed error) error {
	f, err := s.frame(c, "mine", "mine.title")
	if err != nil {
		return err
	}
	session := sessionOf(c)
	v := mineView{frame: f, CanSwap: session.May(access.SwapOwnShift) || session.May(access.EditSchedule)}
	switch {
	case failed != nil:
		v.Problem = s.explain(failed)
	case c.QueryParam("tested") != "":
		v.Done = s.words.say("mine.tested")
	case c.QueryParam("saved") != "":
		v.Done = s.words.say("saved.done")
	}
	for _, k := range pageKinds {
		v.Kinds = append(v.Kinds, option{Value: string(k), Label: s.words.say("channels.kind." + string(k))})
	}
	err = s.view(func(tx *store.Tx) error {
		if v.Shifts, err = s.ownShifts(tx, session.Who); err != nil {
			return err
		}
		if v.Exceptions, err = s.exceptions(tx, session, session.Who); err != nil {
			return err
		}
		reach, err := oncall.ReachOf(tx, session.Who)
		if err != nil {
			return err
		}
		if typed != nil {
			reach = *typed
		}
		v.Preferred, v.Pronunciation, v.Quiet = reach.Preferred, reach.Pronunciation, windowForms("quiet", reach.Quiet)
		v.Ways, err = s.ownWays(tx, session.Who, reach)
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "mine", v)
}

// ownShifts are the next times at which somebody is on call, by the one resolver.
func (s *Server) ownShifts(tx *store.Tx, who message.PersonID) (list []shiftView, err error) {
	plan, err := oncall.Load(tx)
	if err != nil {
		return nil, err
	}
	type shift struct {
		turn     oncall.Turn
		from, to time.Time
	}
	var shifts []shift
	now := s.app.Clock.Now()
	for _, span := range oncall.Spans(plan, now, now.Add(mineAhead)) {
		for _, turn := range span.Answer.Turns {
			if turn.Person != who {
				continue
			}
			i := slices.IndexFunc(shifts, func(k shift) bool {
				return k.turn.Layer == turn.Layer && k.turn.Schedule == turn.Schedule && k.turn.Override == turn.Override && k.to.Equal(span.From)
			})
			if i >= 0 {
				shifts[i].to = span.To
				continue
			}
			shifts = append(shifts, shift{turn, span.From, span.To})
		}
	}
	names := s.names(tx)
	for _, one := range shifts[:min(len(shifts), mineShifts)] {
		v := shiftView{When: s.stretchSaid(one.from, one.to), Layer: one.turn.LayerName, Why: one.turn.Text(plan.Zone, names.of)}
		if !one.to.Before(now.Add(mineAhead)) {
			v.When = s.words.say("mine.open-end", one.from.In(plan.Zone).Format("Mon Jan 2, 3:04 pm MST"))
		}
		v.Cover = s.coverHref(one.turn, one.from, one.to)
		list = append(list, v)
	}
	return list, nil
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

func (s *Server) ownWays(tx *store.Tx, who message.PersonID, reach oncall.Reach) (list []wayForm, err error) {
	all, err := s.app.WaysOf(tx, who)
	if err != nil {
		return nil, err
	}
	for i, w := range reach.Ways {
		n := slices.Index(all, notify.Way{Kind: notify.Kind(w.Kind), To: w.Address})
		v := wayForm{N: n, Pos: i + 1, Kind: w.Kind, To: w.Address, First: i == 0, Last: i == len(reach.Ways)-1}
		v.State, v.Chip = s.wayState(w)
		list = append(list, v)
	}
	for n, w := range all {
		if w.To == "" || slices.ContainsFunc(reach.Ways, func(k oncall.Way) bool { return k.Kind == string(w.Kind) && k.Address == w.To }) {
			continue
		}
		v := wayForm{N: n, Kind: string(w.Kind), To: w.To, Account: true}
		v.State, v.Chip = s.wayState(oncall.Way{})
		list = append(list, v)
	}
	for i := range list {
		list[i].KindName = s.words.say("channels.kind." + list[i].Kind)
	}
	return list, nil
}

// wayState says what is known of a way.
func (s *Server) wayState(w oncall.Way) (text, chip string) {
	cal := s.today()
	switch {
	case !w.FailedAt.IsZero():
		return s.words.say("mine.failed", cal.when(w.FailedAt).Said), "chip--urgent"
	case !w.ConfirmedAt.IsZero():
		return s.words.say("mine.confirmed", cal.when(w.ConfirmedAt).Said), "chip--calm"
	case !w.TestedAt.IsZero():
		return s.words.say("mine.sent", cal.when(w.TestedAt).Said), "chip--soon"
	}
	return s.words.say("mine.untested"), "chip--soon"
}

// setMine keeps how somebody is called and reached, by themselves.
func (s *Server) setMine(c echo.Context) error {
	do, n, _ := strings.Cut(posted(c, "do"), " ")
	f := &reading{form: c.Request().PostForm}
	r := oncall.Reach{Preferred: f.text("preferred"), Pronunciation: f.text("pronunciation"), Quiet: f.windows("quiet")}
	kinds, to := f.form["kind"], f.form["to"]
	for i := range min(len(kinds), len(to)) {
		if address := strings.TrimSpace(to[i]); address != "" && slices.Contains(pageKinds, notify.Kind(kinds[i])) {
			r.Ways = append(r.Ways, oncall.Way{Kind: kinds[i], Address: address})
		}
	}
	if i, err := strconv.Atoi(n); err == nil && i > 0 && i <= len(r.Ways) {
		switch {
		case do == "drop":
			r.Ways = slices.Delete(r.Ways, i-1, i)
		case do == "up" && i > 1:
			r.Ways[i-2], r.Ways[i-1] = r.Ways[i-1], r.Ways[i-2]
		}
	}
	who := sessionOf(c).Who
	err := f.err
	if err == nil {
		err = s.app.SetReach(c.Request().Context(), string(who), who, r)
	}
	if err != nil {
		return s.minePage(c, &r, err)
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/mine?saved=1")
}

// testMine sends whoever asks a test notice on one of their own ways.
func (s *Server) testMine(c echo.Context) error {
	who := sessionOf(c).Who
	var ways []notify.Way
	if err := s.view(func(tx *store.Tx) (err error) { ways, err = s.app.WaysOf(tx, who); return err }); err != nil {
		return err
	}
	n, err := strconv.Atoi(posted(c, "n"))
	if err != nil || n < 0 || n >= len(ways) {
		return s.minePage(c, nil, &oncall.Refused{Why: s.words.say("mine.no-way")})
	}
	if err := s.app.TestNotice(c.Request().Context(), string(who), who, ways[n]); err != nil {
		return s.minePage(c, nil, err)
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/mine?tested=1")
}
