package web

import (
	"strings"
	"time"

	"nightbell/appliance/desk"
	"nightbell/appliance/escalation"
	"nightbell/appliance/message"
)

// stepView is one line of what happened, or of what comes.
type stepView struct {
	At      when
	Kind    string
	Text    string
	Note    string
	UntilMS int64
	In      string
}

// steps tell what happened to a message, each with what was typed then.
func (s *Server) steps(v desk.View, cal calendar) []stepView {
	notes := map[message.ID]desk.Note{}
	for _, n := range v.Notes {
		notes[n.Part] = n
	}
	var steps []stepView
	for _, ev := range v.Events {
		step := stepView{At: cal.stamp(ev.At), Kind: stepKind(ev), Text: s.eventWords(ev, v)}
		if n, ok := notes[ev.Part]; ok && ev.Part != "" {
			step.Note = s.noteWords(n)
			delete(notes, ev.Part)
		}
		steps = append(steps, step)
	}
	for _, n := range v.Notes {
		if _, left := notes[n.Part]; left {
			steps = append(steps, stepView{Kind: "done", Text: s.words.say("event.noted-untold"), Note: s.noteWords(n)})
		}
	}
	return steps
}

func (s *Server) noteWords(n desk.Note) string {
	switch {
	case n.Seal != desk.Opened:
		return s.words.say("sealed." + string(n.Seal))
	case n.SentTo != "":
		return s.words.say("event.sent-to", n.SentTo.Reveal()) + "\n" + n.Text.Reveal()
	}
	return n.Text.Reveal()
}

func stepKind(ev message.Event) string {
	switch ev.What {
	case message.EventFailed, message.EventOverdue, message.EventNobody, message.EventRestarted:
		return "bad"
	case message.EventRung, message.EventRungAll:
		return ""
	}
	return "done"
}

// nextSteps tell what the bell does next.
func (s *Server) nextSteps(l escalation.Live, cal calendar, names *names) []stepView {
	text := s.words.say("event.next-promise", names.of(l.Assignee))
	if l.Snoozed {
		text = s.words.say("event.next-snoozed", names.of(l.Assignee))
	}
	if l.State == escalation.Ringing {
		text = s.nextStepWords(names, l)
	}
	return []stepView{{Kind: "now", Text: text, UntilMS: l.NextAt.UnixMilli(), In: clock(l.NextAt.Sub(cal.now))}}
}

func (s *Server) nextStepWords(names *names, l escalation.Live) string {
	switch {
	case len(l.Next) == 0:
		return s.words.say("event.next-desks")
	case l.Everybody && len(l.Next) > 1:
		return s.words.say("event.next-everybody", names.list(l.Next))
	}
	return s.words.say("event.next", names.list(l.Next))
}

// sealedMail is the detail of an event about mail that was sent securely.
const sealedMail = "secure-mail"

// eventWords says one line of the timeline.
func (s *Server) eventWords(ev message.Event, v desk.View) string {
	w := s.words
	who, whom := v.Names[ev.Who], v.Names[ev.Whom]
	switch ev.What {
	case message.EventTaken:
		return w.say("event.received." + string(v.Envelope.Channel))
	case message.EventRung, message.EventRungAll, message.EventNobody, message.EventDelivered, message.EventFailed, message.EventOverdue, message.EventRestarted:
		return s.bellWords(ev, whom)
	case message.EventAccepted:
		return s.by(w.say("event.taken", who), ev.Detail)
	case message.EventAnswered:
		return s.by(w.say("event.answered", who), ev.Detail)
	case message.EventDeclined:
		return s.by(w.say("event.declined", who), ev.Detail)
	case message.EventSnoozed:
		in, via, _ := strings.Cut(ev.Detail, ",")
		return s.by(w.say("event.snoozed", who, minutes(in)), via)
	case message.EventHandedOff:
		return w.say("event.handed-off", who, whom)
	case message.EventNoted:
		return w.say("event.noted", who)
	case message.EventCalledBack:
		if ev.Detail == desk.DetailNotReached {
			return w.say("event.called-missed", who)
		}
		return w.say("event.called-back", who)
	case message.EventSent:
		return w.say("event.sent", who, whom)
	case message.EventClosed:
		return w.say("event.closed", who, w.say("outcome."+ev.Detail))
	case message.EventUrgency:
		was, is, _ := strings.Cut(ev.Detail, "/")
		return w.say("event.urgency", who, w.say("urgency."+was), w.say("urgency."+is))
	case message.EventReopened:
		return w.say("event.reopened", who)
	}
	return string(ev.What)
}

// bellWords says what the bell did by itself.
func (s *Server) bellWords(ev message.Event, whom string) string {
	w := s.words
	switch ev.What {
	case message.EventRung:
		return w.say("event.rung", whom, s.way(ev.Detail))
	case message.EventRungAll:
		if ev.Detail == lastResort {
			return w.say("event.last-resort")
		}
		return w.say("event.rung-all")
	case message.EventNobody:
		return w.say("event.rung-nobody")
	case message.EventOverdue:
		return w.say("event.overdue", whom)
	case message.EventRestarted:
		return s.awayWords(ev.Detail)
	case message.EventDelivered:
		if ev.Detail == sealedMail {
			return w.say("event.delivered-sealed", whom)
		}
		return w.say("event.delivered", whom, s.way(ev.Detail))
	}
	switch {
	case ev.Detail == sealedMail:
		return w.say("event.failed-sealed", whom)
	case whom == "": // it is not one person's
		return sentence(s.way(ev.Detail))
	}
	return w.say("event.failed", whom, s.way(ev.Detail))
}

// lastResort is the detail of an event when the steps are used up.
const lastResort = "last-resort"

// by adds the way that an answer came, where it was no click at a desk.
func (s *Server) by(text, via string) string {
	if via == "" {
		return text
	}
	return s.words.say("event.by", text, s.way(via))
}

// way says a channel, with what became of it.
func (s *Server) way(detail string) string {
	w := s.words
	if _, whole := w["way."+detail]; whole {
		return w.say("way." + detail)
	}
	for end, word := range map[string]string{"-doubtful": "way.doubtful", "-refused": "way.refused", "-not-ended": "way.not-ended"} {
		if channel, ok := strings.CutSuffix(detail, end); ok {
			return w.say(word, w.say("way."+channel))
		}
	}
	return w.say("way." + detail)
}

// minutes reads the detail "10m".
func minutes(detail string) string { return strings.TrimSuffix(detail, "m") }

// awayWords says when the process was away; since when is not always known.
func (s *Server) awayWords(span string) string {
	since, until, _ := strings.Cut(span, "/")
	cal := s.today()
	from, errFrom := time.Parse(time.RFC3339, since)
	to, errTo := time.Parse(time.RFC3339, until)
	switch {
	case errTo != nil:
		return s.words.say("event.restarted")
	case errFrom != nil:
		return s.words.say("event.restarted-until", cal.stamp(to).Said)
	}
	return s.words.say("event.restarted-span", cal.stamp(from).Said, cal.stamp(to).Said)
}
