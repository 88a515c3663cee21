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
	noDesk = "no desk is open with its sound on"
)

// kindNames are the channels as people call them.
var kindNames = map[Kind]string{
	KindMail: "mail", KindSMS: "text message", KindVoice: "voice call", KindNtfy: "ntfy", KindWebhook: "webhook", KindDesk: "desk",
}

func noAddress(k Kind) string {
	switch k {
	case KindMail:
		return "no mail address is on file"
	case KindSMS, KindVoice:
		return "no phone number is on file"
	case KindNtfy:
		return "no ntfy topic is on file"
	}
	return "no address for " + k.known() + " is on file"
}

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

// say is how a channel says something: a title where it has one, and a text.
type say struct{ title, text string }

// builtin are the words of each channel and reason, with placeholders. Where a
// channel is not here, plain is said.
func builtin(kind Kind, reason Reason) say {
	const what = "{urgency} {type} {number}"
	s := say{title: what + " waits{ring}", text: what + " waits for somebody to take it. Since {since}. {others}"}
	switch reason {
	case HandedOff:
		s = say{title: what + " was handed off{ring}", text: what + " was handed off and is not taken yet. Since {since}. {others}"}
	case Overdue:
		s = say{title: what + " is overdue{ring}", text: what + " was taken, but nobody called back or closed it in the promised time. Since {since}. {others}"}
	case Test:
		s = say{title: "Nightbell test", text: "This is a test: nothing is waiting. Please answer it, so that the practice knows that urgent calls reach you."}
	}
	switch kind {
	case KindSMS:
		s.text = textWords(reason)
	case KindVoice:
		s.text = "This is Nightbell. " + s.text
	}
	return s
}

// minimal is what goes out where the practice's own words might say too much.
func minimal(reason Reason) say {
	if reason == Test {
		return say{title: "Nightbell test", text: "This is a test. Please answer it."}
	}
	return say{title: "Message {number} waits", text: "Message {number} waits for you."}
}

// othersWait says how many more there are.
func othersWait(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return "1 other urgent call rings for you as well."
	}
	return fmt.Sprintf("%d other urgent calls ring for you as well.", n)
}

func ringNumber(n int) string {
	if n < 2 {
		return ""
	}
	return fmt.Sprintf(" (ring %d)", n)
}

// Words that answer a notice. People write them at three in the morning: each
// has more than one.
var answerWords = map[string]message.Answer{
	"take": message.AnswerTake, "taken": message.AnswerTake, "yes": message.AnswerTake, "1": message.AnswerTake, "ok": message.AnswerTake,
	"no": message.AnswerDecline, "decline": message.AnswerDecline, "cannot": message.AnswerDecline, "2": message.AnswerDecline,
	"10": message.AnswerSnooze, "snooze": message.AnswerSnooze, "later": message.AnswerSnooze, "wait": message.AnswerSnooze, "3": message.AnswerSnooze,
}

// ntfyButtons are the buttons of a push; ntfy shows three.
var ntfyButtons = []struct {
	label  string
	answer message.Answer
}{{"Take it", message.AnswerTake}, {"Not me", message.AnswerDecline}, {"In 10 minutes", message.AnswerSnooze}}

// fillers may stand beside the word of an answer without changing it.
var fillers = map[string]bool{"it": true, "please": true, "min": true, "mins": true, "minutes": true, "thanks": true, "i": true}

// sentenceStarts are the words that a practice's own text may begin a sentence
// with: what is not here and has a capital may be somebody's name.
var sentenceStarts = wordSet("a after all an and answer anybody anyone as at because before call calls caller ignore if in is it message messages " +
	"new nobody now one open please press read reply ring same since somebody someone something still take taken test thank thanks the there these " +
	"this urgent wait waiting waits what when whoever with you your")

// usual are words with a capital that are nobody's name.
var usual = map[string]bool{"Nightbell": true, "I": true, "TAKE": true, "NO": true, "VPN": true, "OK": true}

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// how says how a notice is answered: the end of each text, which nobody edits.
func how(kind Kind, said Said, replies bool) string {
	switch kind {
	case KindMail:
		return mailHow(said, replies)
	case KindSMS:
		return textHow(said, replies)
	case KindVoice:
		return callHow(replies)
	}
	return ""
}

func mailHow(said Said, replies bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n\nTake it: %s\n\n", said.Link)
	if replies {
		b.WriteString("Or reply to this mail. The first line of the reply is one word:\n")
		b.WriteString("TAKE (I take it), NO (I cannot), or 10 (I call within ten minutes).\n")
		b.WriteString("Leave the rest of this mail below it.\n\n")
	}
	b.WriteString("It can be taken at any desk of the practice as well, or by ringing the desk:\n")
	b.WriteString("whoever answered the call can read it to you by its number.\n")
	b.WriteString("It rings on until a person takes it.")
	if !replies {
		b.WriteString(" A reply to this mail takes nothing.")
	}
	b.WriteString("\n\nThis mail holds nothing about a patient.\n")
	if replies {
		fmt.Fprintf(&b, "Answer code: %s\n", said.Token.Reveal())
	}
	return b.String()
}
