package protocol

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"nightbell/appliance/message"
)

// Change is one difference between two versions, for whoever reviews it.
type Change struct {
	Path   string // as a Fault's: where it is
	Place  string // "Prescription refill, script": what stands together
	Kind   ChangeKind
	Words  string // "The words to say of “Which medicine?” are others."
	Before string // "" where there was nothing, or Words say it all
	After  string
}

// ChangeKind is what happened to a part.
type ChangeKind string

const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
	Moved   ChangeKind = "moved"
)

// Diff answers what differs between two versions, in the order of the pages:
// call types, red flags, who gets what, who answers when, and the rest. There is
// a Change for every difference that their files have, and for nothing else.
func Diff(before, after Protocol, names Names) []Change {
	d := &differ{before: before, after: after, names: names}
	list(d, "call_types", "Call types", before.Types, after.Types, func(t Type) string { return string(t.ID) }, func(t Type) string { return t.Name }, d.types)
	list(d, "red_flags", "Red flags", before.RedFlags, after.RedFlags, func(f RedFlag) string { return f.ID }, func(f RedFlag) string { return f.Name }, d.flag)
	d.routes()
	list(d, "coverage", "Who answers when", before.Coverage, after.Coverage, func(w Window) string { return w.ID }, func(w Window) string { return w.Name }, d.window)
	list(d, "teams", "Teams", before.Teams, after.Teams, func(t Team) string { return string(t.ID) }, func(t Team) string { return t.Name }, func(path string, a, b Team) {
		d.text(path, "Teams", "The name of a team", a.Name, b.Name)
	})
	d.text("title", "The protocol", "Its title", before.Title, after.Title)
	d.text("review_every_days", "The protocol", "It is reviewed every so many days", fmt.Sprint(before.ReviewEvery), fmt.Sprint(after.ReviewEvery))
	d.told("sources", "The protocol", "What it was written from", before.Sources, after.Sources, sourcesInWords(before.Sources), sourcesInWords(after.Sources))
	return d.changes
}

type differ struct {
	before, after Protocol
	names         Names
	changes       []Change
}

func (d *differ) add(path, place string, kind ChangeKind, words string, args ...any) {
	d.changes = append(d.changes, Change{Path: path, Place: place, Kind: kind, Words: fmt.Sprintf(words, args...)})
}

// text adds a change of words that stand for themselves: what is what changed,
// with a capital.
func (d *differ) text(path, place, what, before, after string) {
	if before == after {
		return
	}
	c := Change{Path: path, Place: place, Kind: Changed, Words: what + " changed.", Before: before, After: after}
	switch {
	case before == "":
		c.Kind, c.Words = Added, what+" is new."
	case after == "":
		c.Kind, c.Words = Removed, what+" is gone."
	}
	d.changes = append(d.changes, c)
}

// told adds a change of what is told in words: the words may hold names that
// changed by themselves, so what they tell is compared.
func (d *differ) told(path, place, what string, a, b any, before, after string) {
	if reflect.DeepEqual(a, b) {
		return
	}
	if before == after {
		d.add(path, place, Changed, "%s changed.", what)
		return
	}
	d.text(path, place, what, before, after)
}

// yes adds a change between two states of something that is or is not.
func (d *differ) yes(path, place string, before, after bool, on, off string) {
	switch {
	case before == after:
	case after:
		d.add(path, place, Changed, "%s", on)
	default:
		d.add(path, place, Changed, "%s", off)
	}
}

// list compares two lists whose entries have ids: what came, what went, what
// moved among those that stayed, and what changed in each.
func list[T any](d *differ, path, place string, before, after []T, id, name func(T) string, one func(path string, a, b T)) {
	at := func(list []T, key string) int {
		return slices.IndexFunc(list, func(t T) bool { return id(t) == key })
	}
	for _, a := range before {
		if at(after, id(a)) < 0 {
			d.add(path+"."+id(a), place, Removed, "“%s” is gone.", name(a))
		}
	}
	for i, b := range after {
		here := path + "." + id(b)
		was := at(before, id(b))
		if was < 0 {
			d.add(here, place, Added, "“%s” is new, %s.", name(b), placeOf(after, i, name))
			continue
		}
		one(here, before[was], b)
	}
	if moved := movedIn(ids(before, id), ids(after, id)); len(moved) > 0 {
		for _, key := range moved {
			i := at(after, key)
			d.add(path+"."+key, place, Moved, "“%s” moved: it stands %s.", name(after[i]), placeOf(after, i, name))
		}
	}
}

func ids[T any](list []T, id func(T) string) []string {
	var all []string
	for _, one := range list {
		all = append(all, id(one))
	}
	return all
}

// placeOf says where an entry stands.
func placeOf[T any](list []T, i int, name func(T) string) string {
	if i == 0 {
		return "first"
	}
	return "after “" + name(list[i-1]) + "”"
}

// movedIn answers the fewest entries whose move explains the new order, in it:
// all that are not of the longest run that kept its order.
func movedIn(before, after []string) []string {
	var order []int // of those that stayed, in the new order: where they stood
	var kept []string
	for _, key := range after {
		if i := slices.Index(before, key); i >= 0 {
			order, kept = append(order, i), append(kept, key)
		}
	}
	best, from := make([]int, len(order)), make([]int, len(order))
	last := -1
	for i := range order {
		best[i], from[i] = 1, -1
		for j := range i {
			if order[j] < order[i] && best[j] >= best[i] {
				best[i], from[i] = best[j]+1, j
			}
		}
		if last < 0 || best[i] > best[last] {
			last = i
		}
	}
	stays := map[int]bool{}
	for i := last; i >= 0; i = from[i] {
		stays[i] = true
	}
	var moved []string
	for i, key := range kept {
		if !stays[i] {
			moved = append(moved, key)
		}
	}
	return moved
}

func (d *differ) flag(path string, a, b RedFlag) {
	place := "Red flag " + b.Name
	d.text(path+".name", place, "Its name", a.Name, b.Name)
	d.text(path+".ask", place, "What the taker asks", a.Ask, b.Ask)
	d.text(path+".say", place, "What the taker says", a.Say, b.Say)
	for _, w := range a.Words {
		if !slices.Contains(b.Words, w) {
			d.add(path+".words", place, Removed, "It is not raised by “%s” any more.", w)
		}
	}
	for _, w := range b.Words {
		if !slices.Contains(a.Words, w) {
			d.add(path+".words", place, Added, "It is raised by “%s” too.", w)
		}
	}
	if moved := movedIn(a.Words, b.Words); len(moved) > 0 {
		d.add(path+".words", place, Moved, "Its words stand in another order, which changes nothing in what it sees.")
	}
	d.text(path+".younger_than_months", place, "Below which age in months it counts (0: at every age)", fmt.Sprint(a.YoungerThan), fmt.Sprint(b.YoungerThan))
	d.told(path+".call_types", place, "For which calls it counts", a.Types, b.Types, d.typesInWords(d.before, a.Types), d.typesInWords(d.after, b.Types))
	d.text(path+".raise_to", place, "How urgent it makes a call", urgencyWords[a.To], urgencyWords[b.To])
}

func (d *differ) typesInWords(p Protocol, types []message.CallType) string {
	if len(types) == 0 {
		return "all"
	}
	var names []string
	for _, t := range types {
		names = append(names, p.Show(t).Name)
	}
	return strings.Join(names, ", ")
}

func (d *differ) routes() {
	place := "Who gets what"
	inWords := func(p Protocol, r Route) string { return p.InWords(r, d.names) }
	list(d, "routes", place, d.before.Routes, d.after.Routes, func(r Route) string { return r.ID },
		func(r Route) string { return strings.TrimSuffix(inWords(d.whose(r), r), ".") },
		func(path string, a, b Route) {
			d.told(path, place, "A rule", a, b, inWords(d.before, a), inWords(d.after, b))
		})
}

// whose answers the version that names what a rule names.
func (d *differ) whose(r Route) Protocol {
	if slices.ContainsFunc(d.after.Routes, func(o Route) bool { return o.ID == r.ID }) {
		return d.after
	}
	return d.before
}

func (d *differ) window(path string, a, b Window) {
	place := "Who answers when: " + b.Name
	d.text(path+".name", place, "Its name", a.Name, b.Name)
	d.text(path+".answers", place, "Who answers", a.Answers, b.Answers)
	d.text(path+".greeting", place, "How callers are greeted", a.Greeting, b.Greeting)
	d.told(path+".weekly", place, "When it is in the week", a.Weekly, b.Weekly, hoursInWords(a.Weekly), hoursInWords(b.Weekly))
	d.text(path+".from", place, "Its first day", a.From.InWords(), b.From.InWords())
	d.text(path+".to", place, "Its last day", a.To.InWords(), b.To.InWords())
	d.yes(path+".holidays", place, a.Holidays, b.Holidays, "It is on holidays now.", "It is not on holidays any more.")
}

func hoursInWords(weekly []Hours) string {
	var lines []string
	for _, h := range weekly {
		var days []string
		for _, day := range h.Days {
			days = append(days, string(day))
		}
		lines = append(lines, fmt.Sprintf("%s %s to %s", strings.Join(days, " "), h.From, h.To))
	}
	return strings.Join(lines, "; ")
}

func sourcesInWords(sources []Source) string {
	var lines []string
	for _, s := range sources {
		lines = append(lines, strings.TrimSuffix(s.Title+" ("+s.Where+")", " ()"))
	}
	return strings.Join(lines, "; ")
}
