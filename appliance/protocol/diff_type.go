package protocol

import (
	"fmt"
	"strings"

	"nightbell/appliance/message"
)

// types compares a call type with what it was.
func (d *differ) types(path string, a, b Type) {
	place := b.Name
	d.text(path+".name", place, "Its name", a.Name, b.Name)
	d.text(path+".short", place, "Its short name", a.Short, b.Short)
	d.text(path+".key", place, "The key that chooses it", a.Key, b.Key)
	d.told(path+".owner", place, "Who answers for it", a.Owner, b.Owner, d.owner(d.before, a.Owner), d.owner(d.after, b.Owner))
	d.text(path+".urgency", place, "How urgent it is", urgencyWords[a.Urgency], urgencyWords[b.Urgency])
	d.yes(path+".clinical", place, a.Clinical, b.Clinical, "Every provider may read it now, whichever team has it.", "Only its team may read it now.")
	d.told(path+".raises", place, "Which answers make it more urgent", a.Raises, b.Raises, raisesInWords(a), raisesInWords(b))
	d.text(path+".due", place, "By when it is worked", a.Due.InWords(), b.Due.InWords())
	d.told(path+".who", place, "Whose name stands in the inbox", a.Who, b.Who, strings.Join(a.Who, ", "), strings.Join(b.Who, ", "))
	d.told(path+".what", place, "What else stands in the inbox", a.What, b.What, groupsInWords(a.What), groupsInWords(b.What))
	d.text(path+".goodbye", place, "What the caller is told at the end", a.Goodbye, b.Goodbye)
	d.told(path+".minimum", place, "What happens with what is not needed", a.Minimum, b.Minimum, minimumInWords(a.Minimum), minimumInWords(b.Minimum))
	list(d, path+".fields", place+", fields", a.Fields, b.Fields, func(f Field) string { return f.Name }, func(f Field) string { return f.Label }, func(path string, a, b Field) { d.field(place+", fields", path, a, b) })
	list(d, path+".script", place+", script", a.Script, b.Script, func(s Step) string { return s.ID }, func(s Step) string { return s.Title }, func(path string, was, is Step) { d.step(place+", script", path, a, b, was, is) })
}

func (d *differ) owner(p Protocol, id message.TeamID) string {
	if id == "" {
		return ""
	}
	return p.TeamName(id)
}

func raisesInWords(t Type) string {
	var lines []string
	for _, r := range t.Raises {
		f, _ := t.Field(r.Field)
		var values []string
		for _, v := range r.Values {
			values = append(values, f.LabelOf(v))
		}
		lines = append(lines, fmt.Sprintf("%s: %s makes it %s", f.Label, or(values), urgencyWords[r.To]))
	}
	return strings.Join(lines, "; ")
}

func groupsInWords(groups [][]string) string {
	var lines []string
	for _, g := range groups {
		lines = append(lines, strings.Join(g, " "))
	}
	return strings.Join(lines, ", ")
}

func minimumInWords(m Minimum) string {
	if m == Refuse {
		return "it is not saved until it is taken out"
	}
	return "the taker is told"
}

func (d *differ) field(place, path string, a, b Field) {
	of := " of “" + b.Label + "”"
	d.text(path+".label", place, "A label", a.Label, b.Label)
	d.text(path+".hint", place, "The hint"+of, a.Hint, b.Hint)
	d.text(path+".help", place, "The help"+of, a.Help, b.Help)
	d.text(path+".why", place, "Why we ask"+of, a.Why, b.Why)
	d.text(path+".kind", place, "The kind"+of, string(a.Kind), string(b.Kind))
	d.text(path+".ask", place, "Whether “"+b.Label+"” is asked", askInWords(a.Ask), askInWords(b.Ask))
	d.told(path+".options", place, "What may be answered to “"+b.Label+"”", a.Options, b.Options, optionsInWords(a.Options), optionsInWords(b.Options))
	d.text(path+".limit", place, "How many characters fit into “"+b.Label+"” (0: as many as its kind has)", fmt.Sprint(a.Limit), fmt.Sprint(b.Limit))
	d.yes(path+".wide", place, a.Wide, b.Wide, "“"+b.Label+"” takes the whole width now.", "“"+b.Label+"” takes half the width now.")
	d.text(path+".beside", place, "Beside which field “"+b.Label+"” stands", a.Beside, b.Beside)
}

func askInWords(a Ask) string {
	switch a {
	case Required:
		return "it must be filled"
	case Never:
		return "never here"
	}
	return "it may be left empty"
}

func optionsInWords(options []Option) string {
	var lines []string
	for _, o := range options {
		lines = append(lines, o.Value+" = "+o.Label)
	}
	return strings.Join(lines, "; ")
}

func (d *differ) step(place, path string, before, after Type, a, b Step) {
	of := " of “" + b.Title + "”"
	d.text(path+".title", place, "A step's title", a.Title, b.Title)
	d.text(path+".kind", place, "The kind"+of, stepKindInWords(a.Kind), stepKindInWords(b.Kind))
	d.text(path+".say", place, "The words to say"+of, a.Say, b.Say)
	d.text(path+".note", place, "The note to the taker"+of, a.Note, b.Note)
	d.told(path+".fields", place, "What is filled in during “"+b.Title+"”", a.Fields, b.Fields, strings.Join(a.Fields, ", "), strings.Join(b.Fields, ", "))
	d.told(path+".answers", place, "What may be answered at “"+b.Title+"”", a.Answers, b.Answers, d.answersInWords(d.before, before, a), d.answersInWords(d.after, after, b))
	d.told(path+".next", place, "What follows “"+b.Title+"”", a.Next, b.Next, stepInWords(before, a.Next), stepInWords(after, b.Next))
}

var stepKindWords = map[StepKind]string{Talk: "say or ask", Hold: "put on hold", Transfer: "hand the call over", Emergency: "the emergency sentence", ReadBack: "read the number back", Closing: "closing"}

func stepKindInWords(k StepKind) string { return stepKindWords[k] }

func (d *differ) answersInWords(p Protocol, t Type, s Step) string {
	var lines []string
	for _, a := range s.Answers {
		line := "“" + a.Label + "”: " + stepInWords(t, a.Next)
		if a.To != nil {
			line += ", makes it " + urgencyWords[*a.To]
		}
		if a.Type != "" {
			line += ", goes on as " + p.Show(a.Type).Name
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "; ")
}

// stepInWords says where a script goes on.
func stepInWords(t Type, next string) string {
	switch next {
	case "":
		return "the next step"
	case End:
		return "the end"
	}
	for _, s := range t.Script {
		if s.ID == next {
			return "“" + s.Title + "”"
		}
	}
	return next
}
