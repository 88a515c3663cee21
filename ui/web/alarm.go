package web

import (
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/store"
)

// Buckets whose change means that the red bar may have changed.
const (
	alarmBucket      = "alarms"
	escalationBucket = "escalations"
)

// alarmView is one urgent message that nobody has taken.
type alarmView struct {
	ID, Number string
	What       string
	Rung       string // who was rung, in words
	Next       string // who is next
	SinceMS    int64
	Waited     string
	NextMS     int64
	NextIn     string
	Seen       string
	CanTake    bool

	Phone, PhoneName string // to call now: the steps are used up
	Many             string // on the first: how many calls wait, where it is not alone
	Folded           bool   // beyond what a bar has room for
	More             string // on the last that is shown: how many are not
}

// maxBars is how many calls the bar shows; the others are counted.
const maxBars = 3

// counted says how many calls wait, on the first, and folds those that a small
// screen has no room for.
func (s *Server) counted(list []alarmView) []alarmView {
	n := len(list)
	if n > 1 {
		list[0].Many = s.words.say("alarm.many", n)
	}
	for i := maxBars; i < n; i++ {
		list[i].Folded = true
		list[maxBars-1].More = s.words.count("alarm.more", n-maxBars)
	}
	return list
}

// alarm answers the red bar anew, for a page that is told of a change.
func (s *Server) alarm(c echo.Context) error {
	if s.app.Bell.Hung() { // the store may hang with it
		return s.part(c, "menu", "alarms", s.alarmsFromMemory(sessionOf(c)))
	}
	var list []alarmView
	err := s.view(func(tx *store.Tx) (err error) {
		list, err = s.alarms(tx, sessionOf(c), s.app.Clock.Now())
		return err
	})
	if err != nil {
		return err
	}
	return s.part(c, "menu", "alarms", list)
}

// alarmsFromMemory are what rings, by what is known without the store: not who
// was rung, nor how the message stands.
func (s *Server) alarmsFromMemory(session access.Session) (list []alarmView) {
	now := s.app.Clock.Now()
	for _, r := range s.app.Bell.FromMemory() {
		list = append(list, alarmView{
			ID: string(r.Message), Number: r.Number.String(), What: s.words.say("alarm.what." + string(r.Reason)),
			Rung: s.words.say("alarm.hung"), SinceMS: r.Since.UnixMilli(), Waited: clock(now.Sub(r.Since)),
			NextMS: now.UnixMilli(), NextIn: clock(0), CanTake: session.May(access.WorkMessage),
		})
	}
	return s.counted(list)
}

// alarms are what rings now, the one that waits longest first.
func (s *Server) alarms(tx *store.Tx, session access.Session, now time.Time) ([]alarmView, error) {
	ringing, err := s.app.Bell.Live(tx, now)
	if err != nil {
		return nil, err
	}
	var list []alarmView
	names := s.names(tx)
	for _, r := range ringing {
		if r.State != escalation.Ringing {
			continue
		}
		e, found, err := store.GetEnvelope(tx, r.Message)
		if err != nil {
			return nil, err
		}
		a := alarmView{
			ID: string(r.Message), Number: r.Number.String(), What: s.words.say("alarm.what." + string(r.Reason)),
			SinceMS: r.Since.UnixMilli(), Waited: clock(now.Sub(r.Since)),
			CanTake: session.May(access.WorkMessage),
		}
		if found {
			a.Seen = seenOf(e)
		}
		a.Rung = s.rungWords(names, r)
		a.Next = s.nextWords(names, r)
		a.NextMS, a.NextIn = r.NextAt.UnixMilli(), clock(r.NextAt.Sub(now))
		a.Phone, a.PhoneName = r.Phone, r.PhoneName
		list = append(list, a)
	}
	return s.counted(list), nil
}

// rungWords says who was rung, and when nobody outside the building was reached.
func (s *Server) rungWords(names *names, r escalation.Live) string {
	var rung []string
	for _, one := range r.Rung {
		name := names.of(one.Person)
		switch {
		case one.Failed && !r.Nobody: // else the sentence says it
			name = s.words.say("alarm.failed", name)
		case one.Times == 2:
			name = s.words.say("alarm.twice", name)
		case one.Times > 2:
			name = s.words.say("alarm.times", name, one.Times)
		}
		rung = append(rung, name)
	}
	switch {
	case len(rung) == 0:
		return s.words.say("alarm.rung-nobody")
	case r.Nobody:
		return s.words.say("alarm.rung-not-reached", s.words.and(rung))
	}
	return s.words.say("alarm.rung", s.words.and(rung))
}

// nextWords says who is rung next; the clock stands behind it.
func (s *Server) nextWords(names *names, r escalation.Live) string {
	switch {
	case len(r.Next) == 0:
		return s.words.say("alarm.next-desks")
	case r.Everybody && len(r.Next) > 1:
		return s.words.say("alarm.next-everybody")
	}
	return s.words.say("alarm.next", names.list(r.Next))
}

// deskSound is told by a page whether its browser lets it ring.
func (s *Server) deskSound(c echo.Context) error {
	desk := posted(c, "desk")
	switch posted(c, "state") {
	case "armed":
		s.app.Desks.Arm(desk)
	case "silent":
		s.app.Desks.Disarm(desk)
	default:
		return echo.ErrBadRequest
	}
	return c.NoContent(204)
}

// names answers what people are called, looking each up once.
type names struct {
	s    *Server
	tx   *store.Tx
	seen map[message.PersonID]string
}

func (s *Server) names(tx *store.Tx) *names {
	return &names{s: s, tx: tx, seen: map[message.PersonID]string{}}
}

// of answers a person's name; somebody who is gone is called so.
func (n *names) of(id message.PersonID) string {
	if id == "" {
		return ""
	}
	if name, ok := n.seen[id]; ok {
		return name
	}
	name, ok := n.find(id)
	if !ok {
		name = n.s.words.say("names.unknown")
	}
	n.seen[id] = name
	return name
}

// find answers a person's name, if there is such a person.
func (n *names) find(id message.PersonID) (string, bool) {
	p, ok, err := n.s.app.Access.Person(n.tx, id)
	if err != nil || !ok {
		return "", false
	}
	return p.Call(), true
}

func (n *names) list(ids []message.PersonID) string {
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = n.of(id)
	}
	return n.s.words.and(list)
}

// and joins names as people say them: "A, B and C".
func (w words) and(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return w.say("and", strings.Join(list[:len(list)-1], ", "), list[len(list)-1])
}
