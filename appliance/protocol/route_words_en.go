package protocol

import (
	"strings"
	"time"

	"nightbell/appliance/message"
)

// Names says what people of the practice are called. A person whom nobody knows
// is "somebody who is not here any more".
type Names func(message.PersonID) string

// InWords answers a rule as a sentence: "Refill from the desk, when it is Lunch:
// to the team Front desk, within 4 hours."
func (p Protocol) InWords(r Route, names Names) string {
	words := p.whenInWords(r.When) + ": " + p.toInWords(r.To, names)
	if r.Due > 0 {
		words += ", within " + r.Due.InWords()
	}
	return words + "."
}

func (p Protocol) whenInWords(m Match) string {
	if m.All() {
		return "Every other call"
	}
	var types, urgencies, windows, channels []string
	for _, t := range m.Types {
		types = append(types, p.Show(t).Name)
	}
	for _, u := range m.Urgencies {
		urgencies = append(urgencies, urgencyWords[u])
	}
	for _, id := range m.Windows {
		w, ok := p.Window(id)
		if !ok {
			w.Name = id
		}
		windows = append(windows, w.Name)
	}
	for _, c := range m.Channels {
		channels = append(channels, channelWords[c])
	}
	words := or(types)
	if words == "" {
		words = "Every call"
	}
	for _, part := range []struct{ before, words string }{
		{" that is ", or(urgencies)}, {" for ", or(m.Providers)}, {" by ", or(channels)}, {", when it is ", or(windows)},
	} {
		if part.words != "" {
			words += part.before + part.words
		}
	}
	return words
}

var urgencyWords = map[message.Urgency]string{message.Routine: "routine", message.SameDay: "same-day", message.Urgent: "urgent"}

var channelWords = map[message.Channel]string{
	message.ChannelDesk: "the desk", message.ChannelMail: "mail", message.ChannelAPI: "another system", message.ChannelDrill: "a drill",
}

func (p Protocol) toInWords(to Target, names Names) string {
	switch {
	case to.OnCall:
		return "to whoever is on call, who is rung"
	case to.Person != "":
		if name := names(to.Person); name != "" {
			return "to " + name
		}
		return "to somebody who is not here any more"
	}
	return "to " + p.TeamName(to.Team)
}

// TeamName is what a team is called: "everybody", or "the team Billing".
func (p Protocol) TeamName(id message.TeamID) string {
	if id == "" || id == message.Everybody {
		return "everybody"
	}
	for _, t := range p.Teams {
		if t.ID == id {
			return "the team " + t.Name
		}
	}
	return "the team " + string(id)
}

// InWords says the duration in the largest unit that divides it: "4 hours".
func (d Duration) InWords() string {
	span := time.Duration(d)
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		if span >= unit.size && span%unit.size == 0 {
			return count(int(span/unit.size), unit.name)
		}
	}
	return span.String()
}

// Why says of a rule that did not match what about the call it is not.
func (p Passed) Why() string { return "another " + string(p.For) }

// or joins words as people do: "a, b or c".
func or(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// InWords says when a window is: "Mon, Tue 08:00 to 12:00; on holidays".
func (w Window) InWords() string {
	var parts []string
	if days := w.daysInWords(); days != "" {
		parts = append(parts, days)
	}
	if w.Holidays {
		parts = append(parts, "on holidays")
	}
	if hours := hoursInWords(w.Weekly); hours != "" {
		parts = append(parts, hours)
	}
	return strings.Join(parts, "; ")
}

func (w Window) daysInWords() string {
	switch {
	case w.From.Yearly():
		return "every year from " + w.From.InWords() + " to " + w.To.InWords()
	case w.From == "" && w.To == "":
		return ""
	case w.To == "":
		return "from " + w.From.InWords()
	case w.From == "":
		return "until " + w.To.InWords()
	}
	return "from " + w.From.InWords() + " to " + w.To.InWords()
}
