package web

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"nightbell/appliance"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
	"nightbell/appliance/notify"
	"nightbell/appliance/store"
)

// viaLink is how an answer by the page of a notice's link stands in timelines.
const viaLink = "link"

// answerView is what whoever was rung sees of a call before they sign in: what
// the notice said, and how it stands now. Nothing of a patient is in it.
type answerView struct {
	*frame
	Problem problem
	Over    bool // the link stands for nothing that rings or is promised
	Test    bool // it is of a test notice that waits for its answer

	Number, Type, Urgency string
	Rings, Waits          bool   // for somebody; for this person
	Head, Text            string // how it stands, and what happens next
	What                  string // why it rings
	CameIn                when
	SinceMS               int64
	Waited                string
	Rung, Next            string
	NextMS                int64
	NextIn                string
	Phone, PhoneName      string
	CanTake               bool
	CanDecline, CanSnooze bool
	GivesBack             bool // declining is giving it back
	Href                  string
	SignedIn              bool
}

// showAnswer shows the page of the link in a notice. Looking at it answers
// nothing: mail scanners follow links.
func (s *Server) showAnswer(c echo.Context) error { return s.answerPage(c, http.StatusOK, problem{}) }

// answerBell does what somebody tapped on that page, without a session: the
// link's token says who they are.
func (s *Server) answerBell(c echo.Context) error {
	what := message.Answer(posted(c, "answer"))
	if what != message.AnswerTake && what != message.AnswerDecline && what != message.AnswerSnooze {
		return s.answerPage(c, http.StatusUnprocessableEntity, problem{s.words.say("problem.unread"), s.words.say("answer.again")})
	}
	err := s.app.Answered(c.Request().Context(), notify.Answered{What: what, By: viaLink, Token: linkToken(c), At: s.app.Clock.Now().UTC()})
	var refusal *notify.Refusal
	switch {
	case err == nil, errors.As(err, &refusal):
		return c.Redirect(http.StatusSeeOther, c.Request().URL.EscapedPath()) // which says how it stands
	}
	p := s.explain(err)
	p.Do = s.words.say("answer.again")
	return s.answerPage(c, statusOf(err), p)
}

func linkToken(c echo.Context) notify.Token {
	token, _ := notify.FindToken(c.Param("token"))
	return token
}

func (s *Server) answerPage(c echo.Context, status int, p problem) error {
	c.Response().Header().Set("Referrer-Policy", "no-referrer") // the address is a secret
	f, err := s.frame(c, "answer", "answer.title")
	if err != nil {
		return err
	}
	v := answerView{frame: f, Problem: p, Href: "/sign-in", SignedIn: signedIn(c)}
	f.Me = nil // it shows nothing of what lies behind the door
	if err := s.view(func(tx *store.Tx) error { return s.whatIsAsked(tx, &v, linkToken(c)) }); err != nil {
		return err
	}
	if v.Over {
		if err := s.app.Access.Knock(clientAddr(c)); err != nil {
			return err
		}
		status = http.StatusNotFound
	}
	return s.page(c, status, "answer", v)
}

// whatIsAsked says what the link's token stands for: a call, a test, or nothing.
func (s *Server) whatIsAsked(tx *store.Tx, v *answerView, token notify.Token) error {
	now := s.app.Clock.Now()
	asked, found, err := s.app.Asked(tx, token, now)
	if err != nil {
		return err
	}
	if found {
		return s.fillAnswer(tx, v, asked)
	}
	_, answered, test, err := s.app.AskedToTry(tx, token, now)
	v.Test, v.Over = test && answered.IsZero(), !test
	if test && !v.Test {
		v.Head, v.Text = s.words.say("answer.tested"), s.words.say("answer.tested-more")
	}
	return err
}

// fillAnswer says how the call stands towards the person.
func (s *Server) fillAnswer(tx *store.Tx, v *answerView, asked appliance.Asked) error {
	p, err := s.app.Protocols.Current(tx)
	if err != nil {
		return err
	}
	cal, names, l, e := s.today(), s.names(tx), asked.Bell, asked.Envelope
	v.Number, v.Type, v.Urgency = e.Number.String(), p.Show(e.CallType).Name, s.words.say("urgency."+e.Urgency.String())
	v.What, v.CameIn = s.words.say("alarm.what."+string(l.Reason)), cal.when(e.ReceivedAt)
	v.SinceMS, v.Waited = l.Since.UnixMilli(), clock(cal.now.Sub(l.Since))
	v.NextMS, v.NextIn = l.NextAt.UnixMilli(), clock(l.NextAt.Sub(cal.now))
	v.Href = "/messages/" + string(e.ID)
	if !v.SignedIn {
		v.Href = "/sign-in?next=" + v.Href
	}
	if v.Rings = l.State == escalation.Ringing; v.Rings {
		v.Rung, v.Next = s.rungWords(names, l), s.nextWords(names, l)
		v.Phone, v.PhoneName = l.Phone, l.PhoneName
	}
	s.answerChoices(v, asked, names, cal)
	return nil
}

// answerChoices say what the person can answer now, and what happens next.
func (s *Server) answerChoices(v *answerView, asked appliance.Asked, names *names, cal calendar) {
	w, is, mine := s.words, asked.Standing, asked.Envelope.Assignee == asked.Person
	at := cal.when(asked.At).Said
	switch {
	case v.Rings && is.Heard:
		v.Head, v.Text = w.say("answer.heard"), w.say("answer.heard-more", names.list(asked.Bell.Waiting))
	case v.Rings && is.Declined:
		v.CanTake = true
		v.Head, v.Text = w.say("answer.declined"), w.say("answer.declined-more")
	case v.Rings:
		v.Waits, v.CanTake, v.CanDecline, v.CanSnooze = true, true, true, true
		if is.Asked && asked.Who != "" {
			v.Text = w.say("answer.all", names.of(asked.Who))
		}
	case mine && !is.Until.IsZero():
		v.CanDecline, v.GivesBack = true, true
		v.Head, v.Text = w.say("answer.snoozed"), w.say("answer.snoozed-more", cal.when(is.Until).Said)
	case mine:
		v.CanDecline, v.CanSnooze, v.GivesBack = true, true, true
		v.Head, v.Text = w.say("answer.yours"), w.say("answer.yours-more", cal.when(asked.Bell.NextAt).Said)
	default:
		v.Head, v.Text = w.say("answer.taken", v.Number, names.of(asked.Who), at), w.say("answer.taken-more")
	}
}
