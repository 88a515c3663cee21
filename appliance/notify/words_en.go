package notify

import (
	"fmt"
	"strings"
	"time"

	"nightbell/appliance/finding"
	"nightbell/appliance/message"
)

// Everything that this package says to people, in English. Another language is
// another file like this one.

const (
	noMailAddress = "no mail address is on file"
	noDesk        = "no desk is open with its sound on"
)

// noDeskRings says that an urgent call would make no sound in the office.
func noDeskRings(open int) finding.Finding {
	text := "No desk can ring: none is signed in."
	if open > 0 {
		text = "No desk can ring: the sound is off on all of them."
	}
	return finding.Finding{ID: "desk.none", Severity: finding.Warning, Text: text,
		Do: "Sign in at a desk and click “arm this desk”, so that its browser may sound."}
}

// soundIsOff says that one desk would show an urgent call without a sound.
func soundIsOff(k Desk) finding.Finding {
	return finding.Finding{ID: "desk.silent/" + k.ID, Severity: finding.Note,
		Text: "Sound is off on the desk of " + k.Name + ".",
		Do:   "Click “arm this desk” there."}
}

// typeName is a call type as a notice says it. One that is not here, a
// practice's own, is a "message": its name was typed by somebody and might say
// more than a lock screen should show.
func typeName(t message.CallType) string {
	switch t {
	case message.TypeNew:
		return "appointment"
	case message.TypeChange:
		return "change of an appointment"
	case message.TypeRefill:
		return "refill"
	case message.TypeUrgent:
		return "clinical call"
	case message.TypeBilling:
		return "billing question"
	}
	return "message"
}

func urgencyName(u message.Urgency) string {
	switch u {
	case message.Urgent:
		return "Urgent"
	case message.SameDay:
		return "Same-day"
	}
	return "Routine"
}

// clock says a moment as people do, with the zone, since it may be read
// somewhere else.
func clock(t time.Time) string { return t.Format("3:04 pm MST") }

// minutes says how long something waits.
func minutes(d time.Duration) string {
	switch m := int(d / time.Minute); {
	case m < 1:
		return "less than a minute"
	case m == 1:
		return "1 minute"
	case m < 120:
		return fmt.Sprintf("%d minutes", m)
	default:
		return fmt.Sprintf("%d hours", m/60)
	}
}

// mailWords are subject and text of a notice; now is in the practice's zone.
func mailWords(n Notice, link string, now time.Time) (subject, text string) {
	since := n.Since.In(now.Location())
	what := urgencyName(n.Urgency) + " " + typeName(n.Type) + " " + n.Number.String()

	var lead string
	switch n.Reason {
	case HandedOff:
		subject = what + " was handed off"
		lead = what + " was handed off and is not taken yet."
	case Overdue:
		subject = what + " is overdue"
		lead = what + " was taken, but nobody called back or closed it in the promised time."
	default:
		subject = what + " waits"
		lead = what + " waits for somebody to take it."
	}
	if n.Step > 1 {
		subject += fmt.Sprintf(" (ring %d)", n.Step)
	}

	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", lead)
	fmt.Fprintf(&b, "Since:   %s (%s)\n", clock(since), minutes(now.Sub(n.Since)))
	fmt.Fprintf(&b, "Take it: %s\n\n", link)
	b.WriteString("Open the link and press “Take it”, or take it at any desk of the practice,\n")
	b.WriteString("or ring the desk and say the number: whoever answered it can read it to you.\n")
	b.WriteString("It rings on until a person takes it. A reply to this mail takes nothing.\n\n")
	b.WriteString("This mail holds nothing about a patient.\n")
	return subject, b.String()
}
