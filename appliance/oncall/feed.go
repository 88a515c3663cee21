package oncall

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	ics "github.com/arran4/golang-ical"

	"nightbell/appliance/message"
)

// FeedOptions are what a feed shows.
type FeedOptions struct {
	Person   message.PersonID // whose shifts; empty: everybody's, and the gaps
	From, To time.Time
	Now      time.Time                        // when it was made
	Name     string                           // of the calendar
	Call     func(id message.PersonID) string // what people are called; empty: nobody who can be rung
}

// refreshEvery is how often calendar programs are asked to look again.
const refreshEvery = "PT1H"

// Feed is who is on call as an iCalendar file (RFC 5545), each turn an event, in
// UTC. It is Spans put down: no other reader of the plan can say anything else.
// The id of an event stays as long as its person, layer and beginning do.
func Feed(p Plan, o FeedOptions) ([]byte, error) {
	cal := ics.NewCalendarFor("nightbell")
	cal.SetProductId("-//Nightbell//On call//EN")
	cal.SetMethod(ics.MethodPublish)
	cal.SetXWRCalName(o.Name)
	cal.SetXPublishedTTL(refreshEvery)
	cal.SetRefreshInterval(refreshEvery, ics.WithValue("DURATION"))
	for _, e := range feedEvents(p, o) {
		e.put(cal, o)
	}
	var b bytes.Buffer
	if err := cal.SerializeTo(&b, ics.WithNewLine("\r\n")); err != nil {
		return nil, fmt.Errorf("writing the calendar: %w", err)
	}
	return b.Bytes(), nil
}

// feedEvent is one person's turn, or a gap, in one piece.
type feedEvent struct {
	turn     Turn
	gap      bool
	why      string
	from, to time.Time
}

// feedEvents joins the spans in which a turn is the same.
func feedEvents(p Plan, o FeedOptions) (list []feedEvent) {
	open := map[string]int{} // by what the event is: its place in list
	for _, s := range Spans(p, o.From, o.To) {
		anybody := false
		still := map[string]int{}
		put := func(e feedEvent) {
			key := e.key()
			i, goesOn := open[key]
			if !goesOn {
				i = len(list)
				list = append(list, e)
			}
			list[i].to = s.To
			still[key] = i
		}
		for _, t := range s.Answer.Turns {
			if o.Call(t.Person) == "" {
				continue // nobody who can be rung: to a call it is a gap
			}
			anybody = true
			if o.Person == "" || o.Person == t.Person {
				put(feedEvent{turn: t, why: t.Rule, from: s.From, to: s.To})
			}
		}
		if !anybody && o.Person == "" {
			put(feedEvent{gap: true, why: s.Answer.Text(), from: s.From, to: s.To})
		}
		open = still
	}
	return list
}

func (e feedEvent) key() string {
	return fmt.Sprintf("%v|%s|%s|%s|%d", e.gap, e.turn.Person, e.turn.Schedule, e.turn.Layer, e.turn.From.Unix())
}

// id is made of what the event is and of where it begins. What began before the
// feed does goes by its turn's beginning: the feed's own moves.
func (e feedEvent) id(o FeedOptions) string {
	begins := e.from
	if e.from.Equal(o.From) {
		begins = e.turn.From
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%d", e.key(), begins.Unix()))
	return hex.EncodeToString(sum[:12]) + "@nightbell"
}

func (e feedEvent) put(cal *ics.Calendar, o FeedOptions) {
	event := cal.AddEvent(e.id(o))
	event.SetDtStampTime(o.Now.UTC())
	event.SetStartAt(e.from.UTC())
	event.SetEndAt(e.to.UTC())
	event.SetTimeTransparency(ics.TransparencyTransparent) // being on call does not make busy
	event.SetSummary(e.summary(o))
	if e.why != "" {
		event.SetDescription(e.why)
	}
}

func (e feedEvent) summary(o FeedOptions) string {
	layer := e.turn.LayerName
	if e.turn.Schedule == "" {
		layer = ""
	}
	switch {
	case e.gap:
		return "NOBODY ON CALL"
	case o.Person != "" && layer == "":
		return "On call"
	case o.Person != "":
		return "On call: " + layer
	case layer == "":
		return o.Call(e.turn.Person)
	}
	return o.Call(e.turn.Person) + " (" + layer + ")"
}
