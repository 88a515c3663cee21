package web

import (
	"slices"
	"strings"

	"nightbell/appliance/protocol"
)

// fieldView is one field as some of the call types ask it.
type fieldView struct {
	ID, Name, Label, Hint string
	Help, Why             string
	Kind, Mode            string
	For                   string // the call types, separated by spaces
	Value, Bad            string
	Options               []option
	Beside                *fieldView
	Wide, Required        bool
	Hidden                bool
	Spell                 bool // a name: it can be spelled out
	Providers             bool // the practice's providers are offered
	Max                   int
}

// fieldPrefix keeps the names of a protocol's fields apart from the form's own.
const fieldPrefix = "f."

// Most characters of a field: a long text is what a caller says in minutes.
const (
	maxShort = 300
	maxLong  = 20000
)

// fieldViews are the fields of all call types, each once: the module shows those
// of the chosen type, and without it the server does.
func fieldViews(p protocol.Protocol, t taking, bad []protocol.Problem) []fieldView {
	var views []fieldView
	for _, kind := range p.Types {
		for _, f := range kind.Asked() {
			if f.Beside != "" {
				continue
			}
			v := fieldOf(f, t, bad)
			v.Beside = besideOf(kind, f.Name, t)
			same := slices.IndexFunc(views, func(have fieldView) bool { return have.sameAs(v) })
			if same < 0 {
				v.ID = "f-" + itoa(len(views))
				v.Hidden = true
				if v.Beside != nil {
					v.Beside.ID = v.ID + "-b"
				}
				views, same = append(views, v), len(views)
			}
			have := &views[same]
			have.For = strings.TrimSpace(have.For + " " + string(kind.ID))
			have.Hidden = have.Hidden && kind.ID != t.kind
		}
	}
	return inOrder(views, p)
}

// inOrder sorts fields so that those of each call type stand in its own order.
// Where two types disagree, the one with the lower key wins.
func inOrder(views []fieldView, p protocol.Protocol) []fieldView {
	var sorted []fieldView
	for _, v := range views {
		at := len(sorted)
		for i := len(sorted) - 1; i >= 0; i-- {
			if comesAfter(p, sorted[i], v) {
				at = i
			}
		}
		sorted = slices.Insert(sorted, at, v)
	}
	return sorted
}

// comesAfter says whether a type asks a after b.
func comesAfter(p protocol.Protocol, a, b fieldView) bool {
	for _, kind := range p.Types {
		if !slices.Contains(strings.Fields(a.For), string(kind.ID)) || !slices.Contains(strings.Fields(b.For), string(kind.ID)) {
			continue
		}
		index := func(name string) int {
			return slices.IndexFunc(kind.Fields, func(f protocol.Field) bool { return fieldPrefix+f.Name == name })
		}
		return index(a.Name) > index(b.Name)
	}
	return false
}

func fieldOf(f protocol.Field, t taking, bad []protocol.Problem) fieldView {
	v := fieldView{Name: fieldPrefix + f.Name, Label: f.Label, Hint: f.Hint, Help: f.Help, Why: f.Why, Kind: "line", Wide: f.Wide, Required: f.Ask == protocol.Required, Value: t.form[f.Name].Reveal(), Max: maxShort, Spell: spelled(f)}
	switch f.Kind {
	case protocol.LongText:
		v.Kind, v.Max = "text", maxLong
	case protocol.Text:
		v.Providers = f.Name == protocol.FieldProvider
	case protocol.Phone:
		v.Mode = "tel"
	case protocol.Check:
		v.Kind = "tick"
	case protocol.Choice:
		v.Kind = "choice"
		for _, o := range f.Options {
			v.Options = append(v.Options, option{Value: o.Value, Label: o.Label, Chosen: o.Value == v.Value})
		}
	}
	for _, b := range bad {
		if b.Field == f.Name {
			v.Bad = b.Words
		}
	}
	return v
}

// spelled says whether a field is a name that callers spell.
func spelled(f protocol.Field) bool {
	switch f.Kind {
	case protocol.Medication, protocol.Pharmacy:
		return true
	}
	return f.Name == "caller" || f.Name == "patient"
}

// besideOf answers the tick that stands beside a field.
func besideOf(kind protocol.Type, field string, t taking) *fieldView {
	for _, f := range kind.Asked() {
		if f.Beside == field {
			v := fieldOf(f, t, nil)
			return &v
		}
	}
	return nil
}

func (v fieldView) sameAs(o fieldView) bool {
	return v.Name == o.Name && v.Label == o.Label && v.Hint == o.Hint && v.Kind == o.Kind && v.Wide == o.Wide && v.Required == o.Required && (v.Beside == nil) == (o.Beside == nil)
}
