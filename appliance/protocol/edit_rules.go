package protocol

import (
	"errors"
	"fmt"
	"slices"
)

// What the pages do to the rules and to who answers when.

// ErrLastRule says that the rule for every other call stays where it is.
var ErrLastRule = errors.New("the last rule is for every other call: it stays, and only where it sends them can be changed")

func (p *Protocol) routeAt(id string) int {
	return slices.IndexFunc(p.Routes, func(r Route) bool { return r.ID == id })
}

// idOfNone is no rule's id and no time's: their pages name so what is not there yet.
const idOfNone = "new"

// AddRoute puts a rule before the last one and answers its new id.
func (p *Protocol) AddRoute(r Route) string {
	r.ID = idFrom(p.whenInWords(r.When), "-", "rule", func(id string) bool { return id == idOfNone || p.routeAt(id) >= 0 })
	p.Routes = slices.Insert(p.Routes, max(len(p.Routes)-1, 0), r)
	return r.ID
}

// SetRoute changes a rule, and answers whether there is such a one. The last one
// goes on to match every call.
func (p *Protocol) SetRoute(r Route) bool {
	i := p.routeAt(r.ID)
	if i < 0 {
		return false
	}
	if i == len(p.Routes)-1 {
		r.When = Match{}
	}
	p.Routes[i] = r
	return true
}

// MoveRoute moves a rule among those before the last one.
func (p *Protocol) MoveRoute(id string, by int) error {
	i, last := p.routeAt(id), len(p.Routes)-1
	switch {
	case i < 0:
		return nil
	case i == last:
		return ErrLastRule
	}
	move(p.Routes[:last], i, by)
	return nil
}

// RemoveRoute takes a rule out, which the last one cannot be.
func (p *Protocol) RemoveRoute(id string) error {
	i := p.routeAt(id)
	switch {
	case i < 0:
		return nil
	case i == len(p.Routes)-1:
		return ErrLastRule
	}
	p.Routes = slices.Delete(p.Routes, i, i+1)
	return nil
}

func (p *Protocol) windowAt(id string) int {
	return slices.IndexFunc(p.Coverage, func(w Window) bool { return w.ID == id })
}

// SetWindow changes a time, or adds one that has no id yet; it answers its id.
func (p *Protocol) SetWindow(w Window) string {
	if i := p.windowAt(w.ID); i >= 0 {
		p.Coverage[i] = w
		return w.ID
	}
	w.ID = idFrom(w.Name, "-", "time", func(id string) bool { return id == idOfNone || p.windowAt(id) >= 0 })
	p.Coverage = append(p.Coverage, w)
	return w.ID
}

// MoveWindow moves a time past those of its own kind: the order of the special
// ones says which counts where two lie over the same day.
func (p *Protocol) MoveWindow(id string, by int) {
	i := p.windowAt(id)
	if i < 0 {
		return
	}
	for j := i + by; j >= 0 && j < len(p.Coverage) && by != 0; j += by {
		if p.Coverage[j].Special() == p.Coverage[i].Special() {
			move(p.Coverage, i, j-i)
			return
		}
	}
}

// RemoveWindow takes a time out; *InUse while rules look at it, which without it
// would count at every time.
func (p *Protocol) RemoveWindow(id string) error {
	i := p.windowAt(id)
	if i < 0 {
		return nil
	}
	var places []string
	for n, r := range p.Routes {
		if slices.Contains(r.When.Windows, id) {
			places = append(places, fmt.Sprintf("rule %d", n+1))
		}
	}
	if len(places) > 0 {
		return &InUse{p.Coverage[i].Name, places}
	}
	p.Coverage = slices.Delete(p.Coverage, i, i+1)
	return nil
}
