package protocol

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nightbell/appliance/message"
)

// Bounds of a protocol: far more than a practice uses, and little enough that a
// page shows it and every call is checked against it.
const (
	maxTypes   = 40
	maxFields  = 60 // of a type
	maxSteps   = 60 // of a script
	maxFlags   = 200
	maxPhrases = 200 // of a flag
	maxPhrase  = 600 // characters
	maxWindows = 40
	maxRoutes  = 200
	maxTeams   = 40
	maxTitle   = 80    // characters of a name
	maxShortly = 20    // of a name on a chip
	maxWords   = 2_000 // of what is said or explained
	maxDue     = Duration(30 * 24 * time.Hour)
	maxReview  = 366 // days
)

var (
	// idRule keeps ids plain enough for an address's local part, a link and a
	// command.
	idRule   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)
	nameRule = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`) // of a field
)

// faults gathers what is wrong.
type faults []Fault

func (f *faults) add(path, words string, args ...any) {
	*f = append(*f, Fault{Path: path, Words: fmt.Sprintf(words, args...)})
}

// ids checks a list's ids: each is one, and stands once.
func (f *faults) ids(path string, n, most int, rule *regexp.Regexp, id func(i int) string) {
	if n > most {
		f.add(path, "there are more than %d of them", most)
	}
	seen := map[string]bool{}
	for i := range n {
		switch one := id(i); {
		case !rule.MatchString(one):
			f.add(fmt.Sprintf("%s.%d", path, i), "%q cannot be a name for it: small letters, digits and dashes, 40 at most", one)
		case seen[one]:
			f.add(path+"."+one, "%q stands here twice", one)
		default:
			seen[one] = true
		}
	}
}

// text checks what people read.
func (f *faults) text(path, text string, most int, needed bool) {
	switch {
	case needed && strings.TrimSpace(text) == "":
		f.add(path, "this needs words")
	case utf8.RuneCountInString(text) > most:
		f.add(path, "this is longer than %d characters", most)
	case Tidy(text, LongText) != strings.TrimSpace(text):
		f.add(path, "this has characters that cannot be shown")
	}
}

// malformed answers what keeps a document from being a protocol at all. What a
// protocol lacks to be published is Check's.
func (p Protocol) malformed() []Fault {
	var f faults
	f.text("title", p.Title, maxTitle, true)
	if p.ReviewEvery < 1 || p.ReviewEvery > maxReview {
		f.add("review_every_days", "a protocol is reviewed every 1 to %d days", maxReview)
	}
	f.ids("teams", len(p.Teams), maxTeams, idRule, func(i int) string { return string(p.Teams[i].ID) })
	for _, t := range p.Teams {
		f.text("teams."+string(t.ID), t.Name, maxTitle, true)
		if t.ID == message.Everybody {
			f.add("teams."+string(t.ID), "everybody is a team already")
		}
	}
	p.typesForm(&f)
	p.flagsForm(&f)
	p.coverageForm(&f)
	p.routesForm(&f)
	return f
}

func (p Protocol) team(id message.TeamID) bool {
	return id == "" || id == message.Everybody || slices.ContainsFunc(p.Teams, func(t Team) bool { return t.ID == id })
}

func (p Protocol) typesForm(f *faults) {
	f.ids("call_types", len(p.Types), maxTypes, idRule, func(i int) string { return string(p.Types[i].ID) })
	for _, id := range []message.CallType{message.TypeUrgent, message.TypeOther} {
		if _, ok := p.Type(id); !ok {
			f.add("call_types", "there is no call type %q, which every practice needs", id)
		}
	}
	keys, kinds := map[string]message.CallType{}, map[string]Kind{}
	for _, t := range p.Types {
		at := "call_types." + string(t.ID)
		if t.Key != "" {
			if len(t.Key) != 1 || t.Key < "0" || t.Key > "9" {
				f.add(at+".key", "a key is one digit")
			}
			if other, taken := keys[t.Key]; taken {
				f.add(at+".key", "the key %s chooses %s already", t.Key, p.Show(other).Name)
			}
			keys[t.Key] = t.ID
		}
		if !p.team(t.Owner) {
			f.add(at+".owner", "there is no team %q", t.Owner)
		}
		for _, one := range t.Fields {
			if kind, known := kinds[one.Name]; known && kind != one.Kind {
				f.add(at+".fields."+one.Name, "%q is of another kind in another call type: a name means one thing", one.Name)
			}
			kinds[one.Name] = one.Kind
		}
		t.form(f, at)
		p.scriptForm(f, at, t)
	}
}

func (t Type) form(f *faults, at string) {
	f.text(at+".name", t.Name, maxTitle, true)
	f.text(at+".short", t.Short, maxShortly, true)
	f.text(at+".goodbye", t.Goodbye, maxWords, true)
	if t.Due <= 0 || t.Due > maxDue {
		f.add(at+".due", "it is due within 30 days")
	}
	if t.Minimum != Warn && t.Minimum != Refuse {
		f.add(at+".minimum", "this is %q, or not there", Refuse)
	}
	f.ids(at+".fields", len(t.Fields), maxFields, nameRule, func(i int) string { return t.Fields[i].Name })
	for _, one := range t.Fields {
		t.fieldForm(f, at+".fields."+one.Name, one)
	}
	for i, r := range t.Raises {
		t.raiseForm(f, fmt.Sprintf("%s.raises.%d", at, i), r)
	}
	for _, name := range append(slices.Concat(t.What...), t.Who...) {
		if one, ok := t.Field(name); !ok || one.Ask == Never {
			f.add(at+".what", "the line in the inbox is made of %q, which is not asked", name)
		}
	}
}

var fieldKinds = []Kind{Text, LongText, Phone, Born, Choice, Check, Medication, Pharmacy, Insurer}

func (t Type) fieldForm(f *faults, at string, one Field) {
	f.text(at+".label", one.Label, maxTitle, true)
	f.text(at+".hint", one.Hint, maxTitle, false)
	f.text(at+".help", one.Help, maxWords, false)
	f.text(at+".why", one.Why, maxWords, false)
	switch {
	case !slices.Contains(fieldKinds, one.Kind):
		f.add(at+".kind", "there is no kind of field %q", one.Kind)
	case !slices.Contains([]Ask{Optional, Required, Never}, one.Ask):
		f.add(at+".ask", "a field is %q, %q, or neither", Required, Never)
	case one.Limit < 0 || one.Limit > maxLong:
		f.add(at+".limit", "a limit is at most %d characters", maxLong)
	case (one.Kind == Choice) != (len(one.Options) > 0) || one.Kind == Choice && len(one.Options) < 2:
		f.add(at+".options", "a choice has two options or more, and no other kind has any")
	}
	seen := map[string]bool{}
	for _, o := range one.Options {
		if o.Value == "" || seen[o.Value] || utf8.RuneCountInString(o.Value) > maxTitle {
			f.add(at+".options."+o.Value, "each option has a value of its own")
		}
		seen[o.Value] = true
		f.text(at+".options."+o.Value, o.Label, maxTitle, true)
	}
	if one.Beside != "" {
		if beside, ok := t.Field(one.Beside); !ok || one.Kind != Check || beside.Name == one.Name {
			f.add(at+".beside", "only a tick stands beside another field, and that field has to be there")
		}
	}
}

func (t Type) raiseForm(f *faults, at string, r Raise) {
	field, ok := t.Field(r.Field)
	if !ok {
		f.add(at+".field", "there is no field %q", r.Field)
		return
	}
	for _, v := range r.Values {
		known := field.Kind == Check && v == Yes || slices.ContainsFunc(field.Options, func(o Option) bool { return o.Value == v })
		if !known && (field.Kind == Choice || field.Kind == Check) {
			f.add(at+".values", "%q is no answer to %s", v, field.Label)
		}
	}
}

var stepKinds = []StepKind{Talk, Hold, Transfer, Emergency, ReadBack, Closing}

func (p Protocol) scriptForm(f *faults, at string, t Type) {
	at += ".script"
	f.ids(at, len(t.Script), maxSteps, idRule, func(i int) string { return t.Script[i].ID })
	leads := func(path, next string) {
		if next != "" && next != End && !slices.ContainsFunc(t.Script, func(s Step) bool { return s.ID == next }) {
			f.add(path, "there is no step %q", next)
		}
	}
	for _, s := range t.Script {
		here := at + "." + s.ID
		f.text(here+".title", s.Title, maxTitle, true)
		f.text(here+".say", s.Say, maxWords, false)
		f.text(here+".note", s.Note, maxWords, false)
		if !slices.Contains(stepKinds, s.Kind) {
			f.add(here+".kind", "there is no kind of step %q", s.Kind)
		}
		if s.Say == "" && s.Note == "" {
			f.add(here, "a step says something, or tells the taker to do something")
		}
		for _, name := range s.Fields {
			if one, ok := t.Field(name); !ok || one.Ask == Never {
				f.add(here+".fields", "%q is not asked for this kind of call", name)
			}
		}
		leads(here+".next", s.Next)
		for i, a := range s.Answers {
			branch := fmt.Sprintf("%s.answers.%d", here, i)
			f.text(branch+".label", a.Label, maxTitle, true)
			leads(branch+".next", a.Next)
			if _, ok := p.Type(a.Type); a.Type != "" && !ok {
				f.add(branch+".call_type", "there is no call type %q", a.Type)
			}
		}
	}
}

func (p Protocol) flagsForm(f *faults) {
	f.ids("red_flags", len(p.RedFlags), maxFlags, idRule, func(i int) string { return p.RedFlags[i].ID })
	for _, one := range p.RedFlags {
		at := "red_flags." + one.ID
		f.text(at+".name", one.Name, maxTitle, true)
		f.text(at+".ask", one.Ask, maxWords, false)
		f.text(at+".say", one.Say, maxWords, false)
		if len(one.Words) == 0 || len(one.Words) > maxPhrases {
			f.add(at+".words", "a red flag has 1 to %d phrases", maxPhrases)
		}
		for i, w := range one.Words {
			f.text(fmt.Sprintf("%s.words.%d", at, i), w, maxPhrase, true)
			if slices.ContainsFunc(strings.Split(w, " + "), func(part string) bool { return len(waysOf(part)) >= maxWays }) {
				f.add(fmt.Sprintf("%s.words.%d", at, i), "a part of this can be said in more than %d ways", maxWays-1)
			}
		}
		if one.To == message.Routine {
			f.add(at+".raise_to", "a red flag makes a call more urgent than routine")
		}
		if one.YoungerThan < 0 {
			f.add(at+".younger_than_months", "an age is not negative")
		}
		p.known(f, at+".call_types", one.Types)
	}
}

// known checks names of call types.
func (p Protocol) known(f *faults, path string, types []message.CallType) {
	for _, id := range types {
		if _, ok := p.Type(id); !ok {
			f.add(path, "there is no call type %q", id)
		}
	}
}

func (p Protocol) coverageForm(f *faults) {
	f.ids("coverage", len(p.Coverage), maxWindows, idRule, func(i int) string { return p.Coverage[i].ID })
	for _, w := range p.Coverage {
		at := "coverage." + w.ID
		f.text(at+".name", w.Name, maxTitle, true)
		f.text(at+".answers", w.Answers, maxTitle, true)
		f.text(at+".greeting", w.Greeting, maxWords, false)
		w.daysForm(f, at)
		if !w.Special() && len(w.Weekly) == 0 {
			f.add(at+".weekly", "say when it is: by days and hours, or by dates, or on holidays")
		}
		for i, h := range w.Weekly {
			h.form(f, fmt.Sprintf("%s.weekly.%d", at, i))
		}
	}
}

func (w Window) daysForm(f *faults, at string) {
	for _, day := range []Day{w.From, w.To} {
		if _, ok := day.Time(); day != "" && !ok {
			f.add(at+".from", "a day is written as 2026-12-24, or as --12-24 for every year")
		}
	}
	switch {
	case w.From.Yearly() != w.To.Yearly():
		f.add(at+".to", "a time of every year has a first and a last day, and both come every year")
	case !w.From.Yearly() && w.To != "" && w.To < w.From:
		f.add(at+".to", "it ends before it begins")
	}
}

func (h Hours) form(f *faults, at string) {
	if from, ok := h.From.Minutes(); !ok || from == minutesADay {
		f.add(at+".from", "a time of day is written as 08:00")
	}
	if _, ok := h.To.Minutes(); !ok {
		f.add(at+".to", "a time of day is written as 08:00")
	}
	if len(h.Days) == 0 || slices.ContainsFunc(h.Days, func(d Weekday) bool { return !slices.Contains(weekdays[:], d) }) {
		f.add(at+".days", "days are mon, tue, wed, thu, fri, sat and sun")
	}
}

var channels = []message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI, message.ChannelDrill}

func (p Protocol) routesForm(f *faults) {
	f.ids("routes", len(p.Routes), maxRoutes, idRule, func(i int) string { return p.Routes[i].ID })
	if n := len(p.Routes); n == 0 || !p.Routes[n-1].When.All() {
		f.add("routes", "the last rule is for every other call, so that none is without a place")
	}
	for _, r := range p.Routes {
		at := "routes." + r.ID
		p.known(f, at+".when.call_types", r.When.Types)
		for _, id := range r.When.Windows {
			if _, ok := p.Window(id); !ok {
				f.add(at+".when.windows", "there is no time %q in the coverage", id)
			}
		}
		for _, c := range r.When.Channels {
			if !slices.Contains(channels, c) {
				f.add(at+".when.channels", "a call comes by desk, mail, api or drill")
			}
		}
		for _, name := range r.When.Providers {
			f.text(at+".when.providers", name, maxTitle, true)
		}
		ways := 0
		for _, given := range []bool{r.To.Team != "", r.To.Person != "", r.To.OnCall} {
			if given {
				ways++
			}
		}
		if ways != 1 {
			f.add(at+".to", "a call goes to a team, a person, or whoever is on call: one of them")
		}
		if !p.team(r.To.Team) {
			f.add(at+".to.team", "there is no team %q", r.To.Team)
		}
		if r.Due < 0 || r.Due > maxDue {
			f.add(at+".due", "it is due within 30 days")
		}
	}
}
