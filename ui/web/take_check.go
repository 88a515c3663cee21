package web

import (
	"encoding/json"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// checked is what the page is told of what stands in the form: nothing of it is
// kept or logged.
type checked struct {
	Read  map[string]string `json:"read"`  // by field: what was read of it
	Warn  map[string]string `json:"warn"`  // by field: what should not stand there, or is missing
	Flags []flagAsk         `json:"flags"` // red flags whose words stand in it
}

// flagAsk is a red flag as the taker is asked.
type flagAsk struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Ask  string `json:"ask"`
	Say  string `json:"say"`
	To   string `json:"to"`   // the urgency that it raises to
	Said string `json:"said"` // that urgency in words
}

// checkTake looks at what was typed so far.
func (s *Server) checkTake(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	t, p, err := s.readTaking(c.Request().PostForm)
	if err != nil {
		return err
	}
	kind, known := p.Type(t.kind)
	if !known {
		return echo.ErrBadRequest
	}
	now := s.app.Clock.Now().In(s.app.Practice().Zone)
	v := checked{Read: map[string]string{}, Warn: map[string]string{}, Flags: []flagAsk{}}
	for _, f := range kind.Asked() {
		if typed := t.form[f.Name].Reveal(); typed != "" {
			s.readField(&v, f, typed, now)
		}
	}
	for _, e := range kind.Excesses(t.form) {
		v.Warn[fieldPrefix+e.Field] = e.Words(protocol.Field{}, false)
	}
	v.Flags = s.flagsIn(p, kind, t, now)
	return c.JSON(http.StatusOK, v)
}

// readField says what was read of a phone number and a birth date.
func (s *Server) readField(v *checked, f protocol.Field, typed string, now time.Time) {
	w := s.words
	switch f.Kind {
	case protocol.Phone:
		if fault := protocol.CheckPhone(typed); fault != protocol.PhoneWhole && fault != protocol.PhoneNone {
			v.Warn[fieldPrefix+f.Name] = w.say("check.phone." + string(fault))
			return
		}
		if said := protocol.FormatPhone(typed); said != typed {
			v.Read[fieldPrefix+f.Name] = said
		}
	case protocol.Born:
		born, ok := protocol.ReadBorn(typed, now)
		if !ok {
			v.Warn[fieldPrefix+f.Name] = w.say("check.born")
			return
		}
		v.Read[fieldPrefix+f.Name] = w.say("check.age", born.Format("January 2, 2006"), protocol.Age(born, now))
	}
}

// flagsIn are the red flags whose words stand in the form.
func (s *Server) flagsIn(p protocol.Protocol, kind protocol.Type, t taking, now time.Time) []flagAsk {
	var texts []message.Clear
	for _, told := range kind.Told(message.Record{Form: t.form}, message.ChannelDesk) {
		texts = append(texts, told.Text)
	}
	about := protocol.About{Type: kind.ID, Born: kind.BornIn(t.form, now), At: now}
	list := []flagAsk{}
	for _, found := range s.app.Protocols.Flags(p).Find(about, texts...) {
		f := found.Flag
		list = append(list, flagAsk{f.ID, f.Name, f.Ask, f.Say, f.To.String(), s.words.say("urgency." + f.To.String())})
	}
	return list
}

// answeredFlag is what the page kept of a red flag that asked.
type answeredFlag struct {
	ID   string `json:"id"`
	Said string `json:"answer"` // "raised" or "not"
}

// maxFlags is more red flags than any protocol has.
const maxFlags = 200

// askedFlags reads what the taker answered.
func askedFlags(typed string) (list []message.AskedFlag) {
	var noted []answeredFlag
	if json.Unmarshal([]byte(typed), &noted) != nil {
		return nil // no module, nobody was asked
	}
	for _, one := range noted[:min(len(noted), maxFlags)] {
		list = append(list, message.AskedFlag{ID: one.ID, Raised: one.Said == "raised"})
	}
	return list
}
