package web

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// myKinds are the channels that somebody can name a way of.
var myKinds = []notify.Kind{notify.KindSMS, notify.KindVoice, notify.KindNtfy, notify.KindMail, notify.KindWebhook}

// fillReach says how somebody is called and reached.
func (s *Server) fillReach(tx *store.Tx, v *mineView, who message.PersonID) error {
	r, ways, err := s.myWays(tx, who)
	if err != nil {
		return err
	}
	me, _, err := s.app.Access.Person(tx, who)
	if err != nil {
		return err
	}
	cal := s.today()
	v.Preferred, v.Pronunciation = r.Preferred, r.Pronunciation
	for i, w := range ways {
		one := wayView{Kind: string(w.Kind), Name: s.words.say("channels.kind." + string(w.Kind)), Address: w.To, First: i == 0, Last: i == len(ways)-1, Own: w.To == me.Mail}
		var known oncall.Way
		if j := slices.IndexFunc(r.Ways, func(k oncall.Way) bool { return k.Kind == one.Kind && k.Address == w.To }); j >= 0 {
			known = r.Ways[j]
		}
		one.Known, one.Chip = s.knownOf(cal, known)
		v.Ways = append(v.Ways, one)
	}
	for _, k := range myKinds {
		v.Kinds = append(v.Kinds, option{Value: string(k), Label: s.words.say("channels.kind." + string(k))})
	}
	for i, q := range r.Quiet {
		v.Quiet = append(v.Quiet, quietView{N: i, Days: s.days(q.Days), During: s.words.say("week.from-to", q.From.Said(), q.To.Said())})
	}
	for i := range 7 {
		day := time.Weekday((i + 1) % 7)
		v.Days = append(v.Days, option{Value: itoa(int(day)), Label: day.String(), Chosen: true})
	}
	return nil
}

// knownOf says what is known of a way: only an answer proves that it works.
func (s *Server) knownOf(cal calendar, w oncall.Way) (text, chip string) {
	switch {
	case !w.FailedAt.IsZero():
		return s.words.say("mine.failed", cal.when(w.FailedAt).Said), "chip--urgent"
	case w.TestedAt.After(w.ConfirmedAt):
		return s.words.say("mine.tested", cal.when(w.TestedAt).Said), "chip--soon"
	case w.ConfirmedAt.IsZero():
		return s.words.say("mine.unproven"), "chip--soon"
	}
	return s.words.say("mine.confirmed", cal.when(w.ConfirmedAt).Said), "chip--calm"
}

func (s *Server) days(days []time.Weekday) string {
	if len(days) == 7 {
		return s.words.say("mine.every-day")
	}
	var names []string
	for _, d := range days {
		names = append(names, d.String()[:3])
	}
	return strings.Join(names, ", ")
}

// changeReach keeps what f makes of how the person is reached.
func (s *Server) changeReach(c echo.Context, f func(r *oncall.Reach, ways []notify.Way)) error {
	who := sessionOf(c).Who
	var r oncall.Reach
	var ways []notify.Way
	if err := s.view(func(tx *store.Tx) (err error) { r, ways, err = s.myWays(tx, who); return err }); err != nil {
		return err
	}
	f(&r, ways)
	return s.mineDone(c, s.app.SetReach(c.Request().Context(), string(who), who, r))
}

// changeWays puts one way to the front or back of the others, in or out.
func (s *Server) changeWays(c echo.Context) error {
	if posted(c, "move") == "in" && !slices.Contains(myKinds, wayPosted(c).Kind) {
		return s.minePage(c, http.StatusUnprocessableEntity, mineView{Problem: problem{Text: s.words.say("mine.no-kind")}})
	}
	return s.changeReach(c, func(r *oncall.Reach, ways []notify.Way) {
		r.Ways = nil
		for _, w := range moved(ways, wayPosted(c), posted(c, "move")) {
			r.Ways = append(r.Ways, oncall.Way{Kind: string(w.Kind), Address: w.To})
		}
	})
}

func wayPosted(c echo.Context) notify.Way {
	return notify.Way{Kind: notify.Kind(posted(c, "kind")), To: trimmed(c, "address")}
}

// setNames keeps what somebody wants to be called.
func (s *Server) setNames(c echo.Context) error {
	return s.changeReach(c, func(r *oncall.Reach, _ []notify.Way) {
		r.Preferred, r.Pronunciation = trimmed(c, "preferred"), trimmed(c, "pronunciation")
	})
}

// setQuiet adds quiet hours, or takes some away.
func (s *Server) setQuiet(c echo.Context) error {
	if out := posted(c, "out"); out != "" {
		return s.changeReach(c, func(r *oncall.Reach, _ []notify.Way) {
			if n, err := strconv.Atoi(out); err == nil && n >= 0 && n < len(r.Quiet) {
				r.Quiet = slices.Delete(slices.Clone(r.Quiet), n, n+1)
			}
		})
	}
	var q oncall.Quiet
	if q.From.UnmarshalText([]byte(posted(c, "from"))) != nil || q.To.UnmarshalText([]byte(posted(c, "to"))) != nil {
		return s.minePage(c, http.StatusUnprocessableEntity, mineView{Problem: problem{s.words.say("mine.bad-time"), s.words.say("mine.bad-time-do")}})
	}
	for _, day := range c.Request().PostForm["day"] {
		if n, err := strconv.Atoi(day); err == nil && n >= 0 && n < 7 {
			q.Days = append(q.Days, time.Weekday(n))
		}
	}
	return s.changeReach(c, func(r *oncall.Reach, _ []notify.Way) { r.Quiet = append(slices.Clone(r.Quiet), q) })
}

// testMe sends the person a test notice on one of their own ways.
func (s *Server) testMe(c echo.Context) error {
	who, way := sessionOf(c).Who, wayPosted(c)
	var ways []notify.Way
	if err := s.view(func(tx *store.Tx) (err error) { _, ways, err = s.myWays(tx, who); return err }); err != nil {
		return err
	}
	if !slices.Contains(ways, way) {
		return s.minePage(c, http.StatusUnprocessableEntity, mineView{Problem: problem{Text: s.words.say("mine.no-way")}})
	}
	if err := s.app.TestNotice(c.Request().Context(), string(who), who, way); err != nil {
		return s.minePage(c, statusOf(err), mineView{Problem: s.explain(err)})
	}
	return s.minePage(c, http.StatusOK, mineView{Done: s.words.say("mine.test-sent")})
}
