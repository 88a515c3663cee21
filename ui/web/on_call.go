package web

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// onCallView is who takes urgent calls, as the top of a page shows it.
type onCallView struct {
	None  bool
	First string
	Then  string
	Why   string // in which layer and by which rule the first is on, on hover
}

// whoIsOnCall answers who is rung first, and who then.
func (s *Server) whoIsOnCall(tx *store.Tx, now time.Time) (onCallView, error) {
	answer, err := oncall.Now(tx, now)
	if err != nil {
		return onCallView{}, err
	}
	names, people := s.names(tx), answer.People()
	switch {
	case len(people) == 0:
		return onCallView{None: true}, nil
	case answer.Everybody:
		return onCallView{First: s.words.say("oncall.everybody"), Then: s.words.say("oncall.clock")}, nil
	}
	first := answer.Turns[0]
	v := onCallView{First: names.of(people[0]), Why: first.LayerName + ": " + first.Text(s.app.Practice().Zone, names.of)}
	if until := answer.Turns[0].To; !until.IsZero() {
		v.Then = s.words.say("oncall.until-time", s.today().when(until).Said)
	}
	if len(people) > 1 {
		then := s.words.say("oncall.then", names.of(people[1]))
		v.Then = strings.TrimSpace(v.Then + " " + then)
	}
	return v, nil
}

type onCallPage struct {
	*frame
	Problem        problem
	Done           string
	CanEdit, Doubt bool
	CanSwap        bool
	NowLabel       string
	First          string
	FirstMore      string
	Second         string
	SecondMore     string
	Step           string
	Findings       []finding.Finding
	Steps          []ringStep
	Order          []orderView
	OrderValue     string
	CanAdd, Staff  []option
	SwitchName     string
	SwitchUntil    string
	Week           *weekView // nil where the plain list counts
}

type orderView struct {
	N                 int
	ID, Name          string
	How, Warn         string
	FirstOne, LastOne bool
}

func (s *Server) onCall(c echo.Context) error {
	return s.onCallPage(c, http.StatusOK, problem{})
}

func (s *Server) onCallPage(c echo.Context, status int, words problem) error {
	f, err := s.frame(c, "on-call", "oncall.title")
	if err != nil {
		return err
	}
	session := sessionOf(c)
	v := onCallPage{frame: f, Problem: words, CanEdit: session.May(access.EditSchedule)}
	v.CanSwap = v.CanEdit || session.May(access.SwapOwnShift)
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	for _, one := range f.found {
		if room, _, _ := strings.Cut(one.ID, "."); (room == "bell" || room == "oncall") && one.Severity >= finding.Warning {
			v.Findings = append(v.Findings, one)
		}
	}
	if err := s.view(func(tx *store.Tx) error { return s.fillOnCall(tx, &v) }); err != nil {
		return err
	}
	err = s.view(func(tx *store.Tx) (err error) { v.Week, err = s.week(tx, session, c.QueryParam("week")); return err })
	if err != nil {
		return err
	}
	return s.page(c, status, "on_call", v)
}

func (s *Server) fillOnCall(tx *store.Tx, v *onCallPage) error {
	now := s.app.Clock.Now()
	schedule, err := oncall.Load(tx)
	if err != nil {
		return err
	}
	people, err := s.app.Access.People(tx)
	if err != nil {
		return err
	}
	names := s.names(tx)
	if v.Steps, err = s.ringPlan(tx, message.Envelope{CallType: message.TypeUrgent, Urgency: message.Urgent}, now, names); err != nil {
		return err
	}
	v.Step, v.Doubt = s.words.span(stepLength(tx)), schedule.Doubt != nil
	order := make([]string, len(schedule.List))
	for i, id := range schedule.List {
		order[i] = string(id)
		o := orderView{N: i + 1, ID: string(id), Name: names.of(id), FirstOne: i == 0, LastOne: i == len(schedule.List)-1}
		o.How, o.Warn = s.reach(tx, people, id)
		v.Order = append(v.Order, o)
	}
	v.OrderValue = strings.Join(order, ",")
	for _, p := range people {
		if !p.Staff() || !worksMessages(p) {
			continue
		}
		o := option{Value: string(p.ID), Label: p.Call()}
		v.Staff = append(v.Staff, o)
		if !slices.Contains(schedule.List, p.ID) {
			v.CanAdd = append(v.CanAdd, o)
		}
	}
	if sw := schedule.Now; sw != nil && (sw.Until.IsZero() || sw.Until.After(now)) {
		v.SwitchName, v.SwitchUntil = names.of(sw.Person), s.words.say("oncall.until-switched")
		if !sw.Until.IsZero() {
			v.SwitchUntil = s.words.say("oncall.until-time", s.today().when(sw.Until).Said)
		}
	}
	s.firstAndSecond(tx, v, oncall.Resolve(schedule, now), people, names)
	return nil
}

// firstAndSecond fill in the two large answers of the page.
func (s *Server) firstAndSecond(tx *store.Tx, v *onCallPage, answer oncall.Answer, people []access.Person, names *names) {
	w := s.words
	v.NowLabel, v.First, v.Second = w.say("oncall.now"), w.say("oncall.nobody-big"), w.say("oncall.desks")
	v.FirstMore, v.SecondMore = w.say("oncall.nobody-more"), w.say("oncall.desks-more")
	list := answer.People()
	if answer.Everybody {
		v.First, v.FirstMore, v.Second = w.say("oncall.everybody"), w.say("oncall.clock"), w.say("oncall.everybody")
		return
	}
	more := func(id message.PersonID) string {
		how, warn := s.reach(tx, people, id)
		return how + warn
	}
	if len(list) > 0 {
		v.First, v.FirstMore = names.of(list[0]), more(list[0])
		v.Second, v.SecondMore = w.say("oncall.everybody"), w.say("oncall.over-and-over")
	}
	if len(list) > 1 {
		v.Second, v.SecondMore = names.of(list[1]), more(list[1])
	}
}

// reach says how somebody is reached, or that they are not: as the bell asks.
func (s *Server) reach(tx *store.Tx, people []access.Person, id message.PersonID) (how, warn string) {
	i := slices.IndexFunc(people, func(p access.Person) bool { return p.ID == id })
	if i < 0 || !people[i].Staff() {
		return "", s.words.say("oncall.gone")
	}
	kinds, why, err := s.app.Bell.Reached(tx, id, s.app.Clock.Now())
	if err != nil || len(kinds) == 0 {
		return "", s.words.say("oncall.unreached", why)
	}
	var ways []string
	for _, k := range kinds {
		if way := s.words.say("way." + string(k)); !slices.Contains(ways, way) {
			ways = append(ways, way)
		}
	}
	return s.words.say("oncall.reached", s.words.and(ways)), ""
}

// worksMessages says whether a person may take an urgent call.
func worksMessages(p access.Person) bool { return access.Allowed(p.Roles, access.WorkMessage) }

// changeOrder moves one person on the list. The list that the page showed comes
// with it, so that two people who change it at once do not mix their changes.
func (s *Server) changeOrder(c echo.Context) error {
	var order []message.PersonID
	for _, id := range strings.Split(posted(c, "order"), ",") {
		if id != "" {
			order = append(order, message.PersonID(id))
		}
	}
	var now []message.PersonID
	if err := s.view(func(tx *store.Tx) (err error) { now, err = oncall.Order(tx); return err }); err != nil {
		return err
	}
	if !slices.Equal(order, now) {
		return s.onCallPage(c, http.StatusConflict, problem{s.words.say("oncall.changed"), s.words.say("oncall.changed-do")})
	}
	order = moved(order, message.PersonID(posted(c, "who")), posted(c, "move"))
	if err := s.app.SetOnCallOrder(c.Request().Context(), string(sessionOf(c).Who), order); err != nil {
		return s.onCallPage(c, statusOf(err), s.explain(err))
	}
	return c.Redirect(http.StatusSeeOther, "/on-call?saved=1")
}

// moved answers an order with one moved up, down, in or out.
func moved[T comparable](order []T, who T, move string) []T {
	var nobody T
	i := slices.Index(order, who)
	switch {
	case move == "in" && i < 0 && who != nobody:
		return append(order, who)
	case move == "out" && i >= 0:
		return slices.Delete(order, i, i+1)
	case move == "up" && i > 0:
		order[i-1], order[i] = order[i], order[i-1]
	case move == "down" && i >= 0 && i < len(order)-1:
		order[i+1], order[i] = order[i], order[i+1]
	}
	return order
}

// onCallNow puts somebody in front of the list, or goes back to it.
func (s *Server) onCallNow(c echo.Context) error {
	var until time.Time
	if typed := posted(c, "until"); typed != "" {
		var err error
		if until, err = time.ParseInLocation("2006-01-02T15:04", typed, s.app.Practice().Zone); err != nil {
			return s.onCallPage(c, http.StatusUnprocessableEntity, problem{s.words.say("oncall.bad-time"), s.words.say("oncall.bad-time-do")})
		}
	}
	err := s.app.SetOnCallNow(c.Request().Context(), string(sessionOf(c).Who), message.PersonID(posted(c, "who")), until)
	if err != nil {
		return s.onCallPage(c, statusOf(err), s.explain(err))
	}
	return c.Redirect(http.StatusSeeOther, "/on-call?saved=1")
}

// believeClock is a person's word that the server's clock is right.
func (s *Server) believeClock(c echo.Context) error {
	if err := s.app.BelieveClock(c.Request().Context(), string(sessionOf(c).Who)); err != nil {
		return s.onCallPage(c, statusOf(err), s.explain(err))
	}
	return c.Redirect(http.StatusSeeOther, "/on-call?saved=1")
}

// stepLength is how long one person is rung.
func stepLength(tx *store.Tx) time.Duration {
	d, err := time.ParseDuration(settings.Get(tx, settings.BellStep))
	if err != nil {
		return 5 * time.Minute
	}
	return d
}
