package protocol

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"nightbell/appliance/message"
)

// What the pages do to a draft. Each leaves the places that name what it moves or
// removes in order; a draft that is none any more is refused when it is kept.

// InUse says that a part cannot be removed because others name it.
type InUse struct {
	What   string
	Places []string // in words
}

func (e *InUse) Error() string {
	return fmt.Sprintf("%s is named by %s", e.What, strings.Join(e.Places, ", "))
}

// Todo says what to do.
func (e *InUse) Todo() string { return "change that first, then remove it" }

// idFrom makes an id of a name: small letters, digits and sep, and one that is not
// taken.
func idFrom(name, sep, empty string, taken func(string) bool) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(strings.ToLower(plainLetters(name)), func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
	}) {
		if b.Len() > 0 {
			b.WriteString(sep)
		}
		b.WriteString(word)
	}
	id := strings.Trim(b.String()[:min(b.Len(), 30)], sep)
	if id == "" || !(id[0] >= 'a' && id[0] <= 'z') {
		id = empty
	}
	for n, base := 2, id; taken(id); n++ {
		id = fmt.Sprintf("%s%s%d", base, sep, n)
	}
	return id
}

// plainLetters takes accents off.
func plainLetters(s string) string {
	var b strings.Builder
	for w := (words{text: s}); w.find(); {
		b.WriteString(string(w.word()))
		b.WriteByte(' ')
	}
	return b.String()
}

// move puts entry i of a list by places further down (up where negative), as far as
// it goes.
func move[T any](list []T, i, by int) {
	to := max(0, min(len(list)-1, i+by))
	one := list[i]
	copy(list[i:], list[i+1:])
	copy(list[to+1:], list[to:len(list)-1])
	list[to] = one
}

func (p *Protocol) typeAt(id message.CallType) int {
	return slices.IndexFunc(p.Types, func(t Type) bool { return t.ID == id })
}

// EditType changes one call type; false where there is none.
func (p *Protocol) EditType(id message.CallType, change func(*Type)) bool {
	i := p.typeAt(id)
	if i >= 0 {
		change(&p.Types[i])
	}
	return i >= 0
}

// AddType adds a call type like another, under a name and an id of its own.
func (p *Protocol) AddType(name string, like message.CallType) message.CallType {
	t := p.Show(like)
	t.Name, t.Short, t.Key = name, shortened(name), p.freeKey()
	t.ID = message.CallType(idFrom(name, "-", "call", func(id string) bool { return p.typeAt(message.CallType(id)) >= 0 }))
	t.Fields, t.Script, t.Raises = slices.Clone(t.Fields), slices.Clone(t.Script), slices.Clone(t.Raises)
	p.Types = append(p.Types, t)
	return t.ID
}

func shortened(name string) string {
	if r := []rune(name); len(r) > maxShortly {
		return strings.TrimSpace(string(r[:maxShortly]))
	}
	return name
}

// freeKey answers a key that no call type has, or none.
func (p *Protocol) freeKey() string {
	for _, key := range "1234567890" {
		if !slices.ContainsFunc(p.Types, func(t Type) bool { return t.Key == string(key) }) {
			return string(key)
		}
	}
	return ""
}

// MoveType moves a call type in the order of the page.
func (p *Protocol) MoveType(id message.CallType, by int) {
	if i := p.typeAt(id); i >= 0 {
		move(p.Types, i, by)
	}
}

// RemoveType takes a call type out; *InUse while rules, red flags or scripts name
// it: a rule without its only type would be a rule for every call.
func (p *Protocol) RemoveType(id message.CallType) error {
	i := p.typeAt(id)
	if i < 0 {
		return nil
	}
	var places []string
	for n, r := range p.Routes {
		if slices.Contains(r.When.Types, id) {
			places = append(places, fmt.Sprintf("rule %d", n+1))
		}
	}
	for _, f := range p.RedFlags {
		if slices.Contains(f.Types, id) {
			places = append(places, "the red flag "+f.Name)
		}
	}
	for _, t := range p.Types {
		for _, s := range t.Script {
			if t.ID != id && slices.ContainsFunc(s.Answers, func(b Branch) bool { return b.Type == id }) {
				places = append(places, fmt.Sprintf("the script of %s at “%s”", t.Name, s.Title))
			}
		}
	}
	if len(places) > 0 {
		return &InUse{p.Types[i].Name, places}
	}
	p.Types = slices.Delete(p.Types, i, i+1)
	return nil
}

func (t *Type) fieldAt(name string) int {
	return slices.IndexFunc(t.Fields, func(f Field) bool { return f.Name == name })
}

// KindElsewhere answers the kind that a field has in other call types: a name means
// one thing in all of them. It is false where no other one has the field.
func (p *Protocol) KindElsewhere(id message.CallType, field string) (Kind, bool) {
	for _, t := range p.Types {
		if i := t.fieldAt(field); t.ID != id && i >= 0 {
			return t.Fields[i].Kind, true
		}
	}
	return Text, false
}

// FieldName makes a name for a new field of a call type: one that the type does not
// have, and that is of no other kind elsewhere.
func (p *Protocol) FieldName(t *Type, f Field) string {
	return idFrom(f.Label, "_", "field", func(name string) bool {
		kind, known := p.KindElsewhere(t.ID, name)
		return t.fieldAt(name) >= 0 || known && kind != f.Kind
	})
}

// SetField keeps a field in the place of the one of its name, or as the last.
func (t *Type) SetField(f Field) {
	if i := t.fieldAt(f.Name); i >= 0 {
		t.Fields[i] = f
	} else {
		t.Fields = append(t.Fields, f)
	}
	if f.Ask == Never {
		t.forget(f.Name)
	}
}

// MoveField moves a field in the order it is asked.
func (t *Type) MoveField(name string, by int) {
	if i := t.fieldAt(name); i >= 0 {
		move(t.Fields, i, by)
	}
}

// RemoveField takes a field out, and out of the script, the inbox line and what
// makes the call more urgent. A tick beside it stands by itself then.
func (t *Type) RemoveField(name string) {
	t.Fields = slices.DeleteFunc(t.Fields, func(f Field) bool { return f.Name == name })
	for i := range t.Fields {
		if t.Fields[i].Beside == name {
			t.Fields[i].Beside = ""
		}
	}
	t.forget(name)
}

// forget takes the places out that need a field to be asked.
func (t *Type) forget(name string) {
	is := func(one string) bool { return one == name }
	for i := range t.Script {
		t.Script[i].Fields = slices.DeleteFunc(slices.Clone(t.Script[i].Fields), is)
	}
	t.Who = slices.DeleteFunc(slices.Clone(t.Who), is)
	var what [][]string
	for _, group := range t.What {
		if group = slices.DeleteFunc(slices.Clone(group), is); len(group) > 0 {
			what = append(what, group)
		}
	}
	t.What = what
	t.Raises = slices.DeleteFunc(slices.Clone(t.Raises), func(r Raise) bool { return r.Field == name })
}

func (t *Type) stepAt(id string) int {
	return slices.IndexFunc(t.Script, func(s Step) bool { return s.ID == id })
}

// AddStep adds a step after another, or as the first where that is not there. Where
// the other one goes on elsewhere, the new one goes on there: else no call would
// come to it.
func (t *Type) AddStep(after string, s Step) string {
	s.ID = idFrom(s.Title, "-", "step", func(id string) bool { return id == End || t.stepAt(id) >= 0 })
	i := t.stepAt(after)
	t.Script = slices.Clone(t.Script)
	if i >= 0 && len(t.Script[i].Answers) == 0 && s.Next == "" {
		s.Next, t.Script[i].Next = t.Script[i].Next, ""
	}
	t.Script = slices.Insert(t.Script, i+1, s)
	return s.ID
}

// SetStep keeps a step in the place of the one with its id; false where there is
// none.
func (t *Type) SetStep(s Step) bool {
	i := t.stepAt(s.ID)
	if i >= 0 {
		s.Fields = inOrderOf(t.Script[i].Fields, s.Fields)
		t.Script[i] = s
	}
	return i >= 0
}

// inOrderOf answers names in the order they had, new ones last: a form that lists
// them otherwise changes nothing by that.
func inOrderOf(had, names []string) (list []string) {
	for _, name := range had {
		if slices.Contains(names, name) {
			list = append(list, name)
		}
	}
	for _, name := range names {
		if !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// MoveStep moves a step. Steps that go on to "the next" go on to another one then.
func (t *Type) MoveStep(id string, by int) {
	if i := t.stepAt(id); i >= 0 {
		t.Script = slices.Clone(t.Script)
		move(t.Script, i, by)
	}
}

// RemoveStep takes a step out; what led to it leads to what followed it.
func (t *Type) RemoveStep(id string) {
	i := t.stepAt(id)
	if i < 0 {
		return
	}
	follows := t.Script[i].Next
	if follows == "" || follows == id {
		if follows = End; i+1 < len(t.Script) {
			follows = t.Script[i+1].ID
		}
	}
	jumps := t.Script[i].Next != "" && t.Script[i].Next != id
	t.Script = slices.Delete(slices.Clone(t.Script), i, i+1)
	if i > 0 && jumps {
		t.Script[i-1].goOn(follows)
	}
	for n := range t.Script {
		if t.Script[n].Next == id {
			t.Script[n].Next = follows
		}
		t.Script[n].Answers = slices.Clone(t.Script[n].Answers)
		for a := range t.Script[n].Answers {
			if t.Script[n].Answers[a].Next == id {
				t.Script[n].Answers[a].Next = follows
			}
		}
	}
}

// goOn has a step go on with another where it went on to the next in the list.
func (s *Step) goOn(next string) {
	if len(s.Answers) == 0 && s.Next == "" {
		s.Next = next
	}
	s.Answers = slices.Clone(s.Answers)
	for a := range s.Answers {
		if s.Answers[a].Next == "" && s.Answers[a].Type == "" {
			s.Answers[a].Next = next
		}
	}
}

// Answers are the answers of a choice as people type them, one a line:
// "value = label", or the label alone, whose value is made of it; "(urgent)" or
// "(same-day)" at the end makes the call that urgent.
type Answers struct {
	Options []Option
	Raises  map[string]message.Urgency // by value
}

// AnswersOf reads them.
func AnswersOf(typed string) Answers {
	a := Answers{Raises: map[string]message.Urgency{}}
	for line := range strings.Lines(typed) {
		line = strings.TrimSpace(line)
		raise := message.Routine
		for _, u := range []message.Urgency{message.SameDay, message.Urgent} {
			if rest, ends := strings.CutSuffix(line, "("+u.String()+")"); ends {
				line, raise = strings.TrimSpace(rest), u
			}
		}
		value, label, both := strings.Cut(line, "=")
		if value, label = strings.TrimSpace(value), strings.TrimSpace(label); !both {
			label = value
			value = idFrom(label, "-", "answer", func(v string) bool {
				return slices.ContainsFunc(a.Options, func(o Option) bool { return o.Value == v })
			})
		}
		if label == "" || value == "" {
			continue
		}
		a.Options = append(a.Options, Option{value, label})
		if raise > message.Routine {
			a.Raises[value] = raise
		}
	}
	return a
}

// AnswersOfField answers a field's answers with what they make of a call.
func (t Type) AnswersOfField(f Field) Answers {
	a := Answers{Options: f.Options, Raises: map[string]message.Urgency{}}
	for _, r := range t.Raises {
		for _, v := range r.Values {
			if r.Field == f.Name {
				a.Raises[v] = max(a.Raises[v], r.To)
			}
		}
	}
	return a
}

// Text writes them as AnswersOf reads them.
func (a Answers) Text() string {
	var b strings.Builder
	for _, o := range a.Options {
		fmt.Fprintf(&b, "%s = %s", o.Value, o.Label)
		if u := a.Raises[o.Value]; u > message.Routine {
			fmt.Fprintf(&b, " (%s)", u)
		}
		b.WriteByte('\n')
	}
	return strings.TrimRightFunc(b.String(), unicode.IsSpace)
}

// SetRaises says which answers of a field make the call more urgent, in the place
// where that is said already.
func (t *Type) SetRaises(field string, raises map[string]message.Urgency) {
	of := func(r Raise) bool { return r.Field == field }
	at := slices.IndexFunc(t.Raises, of)
	t.Raises = slices.DeleteFunc(slices.Clone(t.Raises), of)
	if at < 0 {
		at = len(t.Raises)
	}
	for _, u := range []message.Urgency{message.SameDay, message.Urgent} {
		var values []string
		for v, to := range raises {
			if to == u {
				values = append(values, v)
			}
		}
		if len(values) > 0 {
			slices.Sort(values)
			t.Raises = slices.Insert(t.Raises, at, Raise{Field: field, Values: values, To: u})
			at++
		}
	}
}

func (p *Protocol) flagAt(id string) int {
	return slices.IndexFunc(p.RedFlags, func(f RedFlag) bool { return f.ID == id })
}

// SetFlag keeps a red flag in the place of the one with its id, or as the last; one
// without an id gets one of its name.
func (p *Protocol) SetFlag(f RedFlag) string {
	if f.ID == "" {
		f.ID = idFrom(f.Name, "-", "flag", func(id string) bool { return p.flagAt(id) >= 0 })
	}
	p.RedFlags = slices.Clone(p.RedFlags)
	if i := p.flagAt(f.ID); i >= 0 {
		p.RedFlags[i] = f
	} else {
		p.RedFlags = append(p.RedFlags, f)
	}
	return f.ID
}

// MoveFlag moves a red flag: of several the first asks first.
func (p *Protocol) MoveFlag(id string, by int) {
	if i := p.flagAt(id); i >= 0 {
		move(p.RedFlags, i, by)
	}
}

// RemoveFlag takes a red flag out.
func (p *Protocol) RemoveFlag(id string) {
	p.RedFlags = slices.DeleteFunc(slices.Clone(p.RedFlags), func(f RedFlag) bool { return f.ID == id })
}

// SetTeam names a team, or makes one.
func (p *Protocol) SetTeam(id message.TeamID, name string) message.TeamID {
	p.Teams = slices.Clone(p.Teams)
	at := func(id message.TeamID) int { return slices.IndexFunc(p.Teams, func(t Team) bool { return t.ID == id }) }
	if i := at(id); i >= 0 {
		p.Teams[i].Name = name
		return id
	}
	id = message.TeamID(idFrom(name, "-", "team", func(id string) bool {
		return id == string(message.Everybody) || at(message.TeamID(id)) >= 0
	}))
	p.Teams = append(p.Teams, Team{id, name})
	return id
}

// RemoveTeam takes a team out; *InUse while call types or rules name it.
func (p *Protocol) RemoveTeam(id message.TeamID) error {
	i := slices.IndexFunc(p.Teams, func(t Team) bool { return t.ID == id })
	if i < 0 {
		return nil
	}
	var places []string
	for _, t := range p.Types {
		if t.Owner == id {
			places = append(places, t.Name)
		}
	}
	for n, r := range p.Routes {
		if r.To.Team == id {
			places = append(places, fmt.Sprintf("rule %d", n+1))
		}
	}
	if len(places) > 0 {
		return &InUse{p.Teams[i].Name, places}
	}
	p.Teams = slices.Delete(slices.Clone(p.Teams), i, i+1)
	return nil
}
