package watch

import (
	"fmt"
	"time"
)

// Trouble is what a look found wrong.
type Trouble string

const (
	NoAnswer   Trouble = "no-answer"
	NotTrusted Trouble = "not-trusted" // somebody answered, and cannot prove to be the appliance
	NotReady   Trouble = "not-ready"   // it says itself that it cannot take or ring calls
	BellNever  Trouble = "bell-never"  // it answers, and its bell has never gone round
	BellLate   Trouble = "bell-late"   // it answers, and its bell stands still
	LastResort Trouble = "last-resort" // an urgent call rang everybody, and nobody took it
)

// sight is what one look saw. No trouble: all is well.
type sight struct {
	at      time.Time
	trouble Trouble
	detail  string // in words, for people
}

// machine decides from what is seen what is said:
//
//	well ── trouble, After times in a row, the grace period over ──> down ── said again each Again
//	well ── last resort, at once ──> down
//	down ── another look without trouble ──> well, said
type machine struct {
	host  string
	after int
	again time.Duration

	grace   time.Time // until when a missing answer is no alarm
	failing int       // looks with trouble in a row
	since   time.Time // the first of them
	answers bool      // it was seen well once

	down bool
	told time.Time // the last alarm
	as   Trouble   // what it said
}

// see answers what is to be said about a look.
func (m *machine) see(s sight) []Notice {
	if s.trouble == "" {
		return m.well(s)
	}
	if m.failing++; m.failing == 1 && !m.down {
		m.since = s.at
	}
	urgent := s.trouble == LastResort
	switch {
	case !m.down && !urgent && (m.failing < m.after || s.at.Before(m.grace)):
		return nil
	case m.down && m.toldLately(s.at) && (!urgent || m.as == LastResort):
		return nil
	}
	m.down, m.told, m.as = true, s.at, s.trouble
	return []Notice{{What: Alarm, Trouble: s.trouble, Host: m.host, Text: m.words(s), At: s.at, Since: m.since}}
}

// toldLately says whether it is too early to say an alarm again. One that was
// said in the future was said by a clock that was set back since.
func (m *machine) toldLately(at time.Time) bool {
	return !at.Before(m.told) && at.Sub(m.told) < m.again
}

func (m *machine) well(s sight) []Notice {
	was, since := m.down, m.since
	m.failing, m.down, m.answers, m.as = 0, false, true, ""
	if !was {
		return nil
	}
	n := Notice{What: Well, Host: m.host, At: s.at, Since: since, Text: fmt.Sprintf("Nightbell at %s is well again", m.host)}
	if down := s.at.Sub(since); down >= 0 { // a clock that was set back since does not know how long
		n.Text += ", after " + spell(down)
	}
	n.Text += "."
	return []Notice{n}
}

// off says that nothing was seen for a while: a row of failed looks ends there.
func (m *machine) off(grace time.Time) { m.grace, m.failing = grace, 0 }

func (m *machine) words(s sight) string {
	text := fmt.Sprintf(troubleWords[s.trouble], m.host)
	if s.detail != "" {
		text += " " + s.detail
	}
	if !m.answers && (s.trouble == NoAnswer || s.trouble == NotTrusted) {
		text += " It has not answered once since the watch began."
	}
	return text
}

var troubleWords = map[Trouble]string{
	NoAnswer:   "Nightbell at %s does not answer: urgent calls may reach nobody. Look at the server, and answer the phone on paper.",
	NotTrusted: "What answers at %s cannot prove to be Nightbell. Look at the server and at its certificate.",
	NotReady:   "Nightbell at %s says that it cannot take or ring calls. Look at the server.",
	BellNever:  "Nightbell at %s answers, but its bell has not gone round once: urgent calls ring nobody. Restart it.",
	BellLate:   "Nightbell at %s answers, but its bell stands still: urgent calls ring nobody. Restart it.",
	LastResort: "An urgent call at %s rang everybody who could be rung, and nobody took it. Take it at a desk, or phone somebody who can.",
}

// spell says a duration in its largest two units.
func spell(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h %d min", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}
