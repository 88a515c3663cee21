package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/escalation"
	"nightbell/appliance/store"
)

// ringsView is everything that rings, or rings again when a promise is broken.
type ringsView struct {
	*frame
	Bells []bellView
}

// bellView is the bell of one message.
type bellView struct {
	ID, Number, Type string
	Rings            bool
	State            string // in a word
	What             string // why it rings
	SinceMS          int64
	Waited           string
	Step             string // which of how many
	People           []bellPerson
	Next             string
	NextMS           int64
	NextIn           string
	Phone, PhoneName string
}

// bellPerson is one whom a bell rang or heard.
type bellPerson struct{ Name, Text, Kind string }

// whatRings shows every bell, live.
func (s *Server) whatRings(c echo.Context) error {
	f, err := s.frame(c, "bell", "rings.title")
	if err != nil {
		return err
	}
	v := ringsView{frame: f}
	if v.Bells, err = s.bells(); err != nil {
		return err
	}
	return s.page(c, http.StatusOK, "rings", v)
}

// bellRows answers the list anew, for a page that is told of a change.
func (s *Server) bellRows(c echo.Context) error {
	list, err := s.bells()
	if err != nil {
		return err
	}
	return s.part(c, "rings", "bells", list)
}

func (s *Server) bells() (list []bellView, err error) {
	now := s.app.Clock.Now()
	err = s.view(func(tx *store.Tx) error {
		live, err := s.app.Bell.Live(tx, now)
		if err != nil {
			return err
		}
		kinds, err := s.app.Protocols.Current(tx)
		if err != nil {
			return err
		}
		names := s.names(tx)
		for _, l := range live {
			b := s.bellView(l, names, now)
			b.Type = kinds.Show(l.Type).Name
			list = append(list, b)
		}
		return nil
	})
	return list, err
}

func (s *Server) bellView(l escalation.Live, names *names, now time.Time) bellView {
	w, cal := s.words, s.today()
	b := bellView{
		ID: string(l.Message), Number: l.Number.String(), Rings: l.State == escalation.Ringing,
		SinceMS: l.Since.UnixMilli(), Waited: clock(now.Sub(l.Since)), NextMS: l.NextAt.UnixMilli(), NextIn: clock(l.NextAt.Sub(now)),
	}
	if !b.Rings {
		b.State, b.What = w.say("rings.promised"), w.say("rings.taken", names.of(l.Assignee))
		b.Next = w.say("rings.again", names.of(l.Assignee))
		if l.Snoozed {
			b.State = w.say("rings.snoozed")
		}
		return b
	}
	b.State, b.What, b.Next = w.say("rings.rings"), w.say("alarm.what."+string(l.Reason)), s.nextWords(names, l)
	b.Phone, b.PhoneName = l.Phone, l.PhoneName
	if b.Step = w.say("rings.step", l.Step, l.Of); l.LastResort {
		b.Step = w.say("rings.last-resort")
	}
	waits := map[string]bool{}
	for _, id := range l.Waiting {
		waits[string(id)] = true
	}
	for _, one := range l.Rung {
		p := s.bellPerson(one, cal)
		if p.Name = names.of(one.Person); waits[string(one.Person)] && p.Kind == "" {
			p.Text = w.say("rings.must", p.Text)
		}
		b.People = append(b.People, p)
	}
	return b
}

// bellPerson says how somebody was rung, and what came of it.
func (s *Server) bellPerson(r escalation.Rung, cal calendar) bellPerson {
	w, p := s.words, bellPerson{}
	switch {
	case r.Said == escalation.SaidNo:
		return bellPerson{Text: w.say("rings.declined", cal.when(r.SaidAt).Said), Kind: "chip--soon"}
	case r.Said == escalation.SaidYes:
		return bellPerson{Text: w.say("rings.answered", cal.when(r.SaidAt).Said), Kind: "chip--calm"}
	case r.Failed:
		return bellPerson{Text: w.say("rings.not-reached"), Kind: "chip--urgent"}
	}
	ways := make([]string, len(r.Ways))
	for i, k := range r.Ways {
		ways[i] = w.say("way." + string(k))
	}
	p.Text = w.say("rings.rung", w.and(ways), cal.stamp(r.At).Said)
	if r.Times > 1 {
		p.Text = w.say("rings.rung-times", w.and(ways), r.Times, cal.stamp(r.At).Said)
	}
	return p
}
