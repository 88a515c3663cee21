package web

import (
	"errors"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// routesView is the table of rules: who gets what.
type routesView struct {
	*protocolFrame
	Rules []ruleRow
	Rest  ruleRow // every other call
	Teams []teamRow
}

type teamRow struct{ ID, Name, People string }

type ruleRow struct {
	ID, Words   string
	N           int
	First, Last bool
	Faults      []string
}

// routesPage shows the rules as sentences, in the order in which they are tried.
func (s *Server) routesPage(c echo.Context) error { return s.routesList(c, nil) }

func (s *Server) routesList(c echo.Context, failed error) error {
	f, d, err := s.protocolFrame(c, "routes", "protocol.routes")
	if err != nil {
		return err
	}
	v := routesView{protocolFrame: f}
	if failed != nil {
		v.Problem = s.explainRules(failed)
	}
	faults, err := s.faultsAt(d.Protocol, "routes")
	if err != nil {
		return err
	}
	last := len(d.Protocol.Routes) - 1
	err = s.view(func(tx *store.Tx) error {
		for i, r := range d.Protocol.Routes {
			row := ruleRow{ID: r.ID, Words: d.Protocol.InWords(r, s.namesOf(tx)), N: i + 1, First: i == 0, Last: i == last-1, Faults: faults[r.ID]}
			if i == last {
				v.Rest = row
			} else {
				v.Rules = append(v.Rules, row)
			}
		}
		v.Teams, err = s.teamRows(tx, d.Protocol)
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol_routes", v)
}

// teamRows lists the teams, and who is in them.
func (s *Server) teamRows(tx *store.Tx, p protocol.Protocol) (rows []teamRow, err error) {
	people, err := s.app.Access.People(tx)
	for _, t := range p.Teams {
		var in []string
		for _, one := range people {
			if one.Staff() && one.In(t.ID) {
				in = append(in, one.Call())
			}
		}
		rows = append(rows, teamRow{string(t.ID), t.Name, s.words.and(in)})
	}
	return rows, err
}

// namesOf says what people are called, for sentences of the protocol.
func (s *Server) namesOf(tx *store.Tx) protocol.Names {
	names := s.names(tx)
	return func(id message.PersonID) string { name, _ := names.find(id); return name }
}

// faultsAt answers what is wrong in one part of a protocol, by the id of its place.
func (s *Server) faultsAt(p protocol.Protocol, part string) (map[string][]string, error) {
	all, err := s.app.CheckProtocol(p)
	at := map[string][]string{}
	for _, f := range all {
		of, rest, _ := strings.Cut(f.Path, ".")
		if of == part {
			id, _, _ := strings.Cut(rest, ".")
			at[id] = append(at[id], sentence(f.Words))
		}
	}
	return at, err
}

// changeRoutes moves or removes a rule, or names a team.
func (s *Server) changeRoutes(c echo.Context) error {
	id, to := posted(c, "id"), "/protocol/routes"
	if posted(c, "do") != "remove" {
		to += anchor("", id)
	}
	err := s.editProtocol(c, to, func(p *protocol.Protocol) error {
		switch posted(c, "do") {
		case "up":
			return p.MoveRoute(id, -1)
		case "down":
			return p.MoveRoute(id, 1)
		case "remove":
			return p.RemoveRoute(id)
		case "team":
			p.SetTeam(message.TeamID(posted(c, "team")), trimmed(c, "name"))
		case "no-team":
			return p.RemoveTeam(message.TeamID(posted(c, "team")))
		}
		return nil
	})
	if err != nil {
		return s.routesList(c, err)
	}
	return nil
}

// newRule is the id of a rule, or a time, that is not there yet.
const newRule = "new"

// idIn is the id of the rule, or the time, that a form is of; "" of a new one.
func idIn(c echo.Context) string {
	if id := c.Param("id"); id != newRule {
		return id
	}
	return ""
}

// routeView is the form of one rule.
type routeView struct {
	*protocolFrame
	ID, Providers, Due string
	Known              string // the practice's providers, by name
	Rest               bool   // the rule for every other call
	Parts              []rulePart
	To, People         []option
	Faults             []string
}

// rulePart is one thing that a rule may look at; nothing ticked is everything.
type rulePart struct {
	Name, Label string
	Options     []option
}

// routePage shows one rule to be changed, or an empty one.
func (s *Server) routePage(c echo.Context) error {
	r := protocol.Route{ID: newRule, To: protocol.Target{Team: message.Everybody}}
	return s.oneRoute(c, r, "", nil)
}

// oneRoute shows the form: with the rule as it is kept, or with what was typed
// where that could not be.
func (s *Server) oneRoute(c echo.Context, typed protocol.Route, due string, failed error) error {
	f, d, err := s.protocolFrame(c, "routes", "routes.title")
	if err != nil {
		return err
	}
	p, id := d.Protocol, c.Param("id")
	i := slices.IndexFunc(p.Routes, func(r protocol.Route) bool { return r.ID == id })
	if i < 0 && id != newRule {
		return errNotFound
	}
	if failed != nil {
		f.Problem = s.explainRules(failed)
	} else if i >= 0 {
		typed = p.Routes[i]
		if typed.Due > 0 {
			due = spanOf(typed.Due)
		}
	}
	v := routeView{protocolFrame: f, ID: id, Due: due, Providers: strings.Join(typed.When.Providers, "\n"), Rest: i >= 0 && i == len(p.Routes)-1}
	v.Title = s.words.say("routes.new")
	if i >= 0 {
		v.Title = s.words.say("routes.rule", i+1)
		faults, err := s.faultsAt(p, "routes")
		if err != nil {
			return err
		}
		v.Faults = faults[id]
	}
	s.fillMatch(&v, p, typed.When)
	if err := s.fillTarget(&v, p, typed.To); err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol_route", v)
}

// fillMatch lists what a rule may look at.
func (s *Server) fillMatch(v *routeView, p protocol.Protocol, m protocol.Match) {
	var types, urgencies, windows, channels []option
	for _, t := range p.Types {
		types = append(types, option{Value: string(t.ID), Label: t.Name, Chosen: slices.Contains(m.Types, t.ID)})
	}
	for _, u := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		urgencies = append(urgencies, option{Value: u.String(), Label: s.words.say("urgency." + u.String()), Chosen: slices.Contains(m.Urgencies, u)})
	}
	for _, w := range p.Coverage {
		windows = append(windows, option{Value: w.ID, Label: w.Name, Chosen: slices.Contains(m.Windows, w.ID)})
	}
	for _, ch := range []message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI, message.ChannelDrill} {
		chosen := slices.Contains(m.Channels, ch)
		if ch != message.ChannelDrill || chosen { // drills are not the office's to route; one that is named stays
			channels = append(channels, option{Value: string(ch), Label: s.words.say("routes.channel." + string(ch)), Chosen: chosen})
		}
	}
	w := s.words
	v.Parts = []rulePart{{"types", w.say("routes.types"), types}, {"urgencies", w.say("routes.urgencies"), urgencies}, {"windows", w.say("routes.windows"), windows}, {"channels", w.say("routes.channels"), channels}}
}

// Where a rule sends a call, as the form names it.
const (
	toOnCall = "on-call"
	toPerson = "person"
	toTeam   = "team/"
)

// fillTarget lists where a rule may send a call.
func (s *Server) fillTarget(v *routeView, p protocol.Protocol, to protocol.Target) error {
	for _, t := range teamOptions(p, to.Team) {
		t.Value = toTeam + t.Value
		v.To = append(v.To, t)
	}
	v.To = append(v.To, option{Value: toOnCall, Label: s.words.say("routes.to-on-call"), Chosen: to.OnCall}, option{Value: toPerson, Label: s.words.say("routes.to-person"), Chosen: to.Person != ""})
	return s.view(func(tx *store.Tx) (err error) {
		if v.People, err = s.staffOptions(tx, to.Person); err != nil {
			return err
		}
		providers, err := s.providers(tx)
		v.Known = strings.Join(providers, ", ")
		return err
	})
}

// providers are the practice's providers as everybody calls them: what a call
// taker can choose, so that the rules for a provider see the name they know.
func (s *Server) providers(tx *store.Tx) (list []string, err error) {
	people, err := s.app.Access.People(tx)
	for _, p := range people {
		if p.Staff() && slices.Contains(p.Roles, access.Provider) {
			list = append(list, p.Call())
		}
	}
	slices.Sort(list)
	return slices.Compact(list), err
}

// changeRoute keeps one rule, or adds it.
func (s *Server) changeRoute(c echo.Context) error {
	r, unread := readRoute(c)
	if unread != nil {
		return s.oneRoute(c, r, posted(c, "due"), unread)
	}
	missing := false
	to := "/protocol/routes" + anchor("", idIn(c))
	err := s.editProtocol(c, to, func(p *protocol.Protocol) error {
		if r.ID == newRule {
			p.AddRoute(r)
			return nil
		}
		if missing = !p.SetRoute(r); missing {
			return errNotFound
		}
		return nil
	})
	if missing {
		return errNotFound
	}
	if err != nil {
		return s.oneRoute(c, r, posted(c, "due"), err)
	}
	return nil
}

// readRoute reads the form of a rule.
func readRoute(c echo.Context) (protocol.Route, error) {
	r := protocol.Route{ID: c.Param("id")}
	if err := c.Request().ParseForm(); err != nil {
		return r, echo.ErrBadRequest
	}
	form := c.Request().PostForm
	for _, t := range form["types"] {
		r.When.Types = append(r.When.Types, message.CallType(t))
	}
	for _, text := range form["urgencies"] {
		if u, err := message.ParseUrgency(text); err == nil {
			r.When.Urgencies = append(r.When.Urgencies, u)
		}
	}
	r.When.Windows = form["windows"]
	for _, ch := range form["channels"] {
		r.When.Channels = append(r.When.Channels, message.Channel(ch))
	}
	for line := range strings.Lines(posted(c, "providers")) {
		if name := strings.TrimSpace(line); name != "" {
			r.When.Providers = append(r.When.Providers, name)
		}
	}
	switch to := posted(c, "to"); {
	case to == toOnCall:
		r.To.OnCall = true
	case to == toPerson:
		r.To.Person = message.PersonID(posted(c, "person"))
	default:
		r.To.Team = message.TeamID(strings.TrimPrefix(to, toTeam))
	}
	return r, readDue(&r.Due, trimmed(c, "due"), "routes."+r.ID+".due")
}

// readDue reads a span of time as people type it, "4 h"; empty is none.
func readDue(d *protocol.Duration, typed, path string) error {
	if typed == "" {
		return nil
	}
	if err := d.UnmarshalText([]byte(strings.ReplaceAll(strings.ToLower(typed), " ", ""))); err != nil {
		return &protocol.BadFile{Faults: []protocol.Fault{{Path: path, Words: err.Error()}}}
	}
	return nil
}

// explainRules puts what was wrong with a change of the rules into words.
func (s *Server) explainRules(err error) problem {
	if errors.Is(err, protocol.ErrLastRule) {
		return problem{Text: sentence(err.Error())}
	}
	return s.explainProtocol(err)
}
