package web

import (
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
)

// routesView is who gets what: rules that read as sentences, and the teams.
type routesView struct {
	*protocolFrame
	Rules []ruleRow
	Teams []teamRow
}

type ruleRow struct {
	N                 int
	ID, Words         string
	Faults            []string
	First, Last, Stay bool // Stay: the rule for every other call
}

type teamRow struct{ ID, Name, People string }

func (s *Server) routesPage(c echo.Context) error { return s.routeList(c, nil) }

func (s *Server) routeList(c echo.Context, failed error) error {
	f, d, err := s.protocolFrame(c, "routes", "protocol.routes")
	if err != nil {
		return err
	}
	v := routesView{protocolFrame: f}
	if failed != nil {
		v.Problem = s.explainProtocol(failed)
	}
	faults, err := s.app.CheckProtocol(d.Protocol)
	if err != nil {
		return err
	}
	err = s.view(func(tx *store.Tx) error {
		names := s.names(tx)
		last := len(d.Protocol.Routes) - 1
		for i, r := range d.Protocol.Routes {
			row := ruleRow{N: i + 1, ID: r.ID, Words: d.Protocol.InWords(r, names.of), First: i == 0, Last: i >= last-1, Stay: i == last}
			for _, f := range faults {
				if f.Path == "routes."+r.ID || strings.HasPrefix(f.Path, "routes."+r.ID+".") {
					row.Faults = append(row.Faults, sentence(f.Words))
				}
			}
			v.Rules = append(v.Rules, row)
		}
		people, err := s.app.Access.People(tx)
		for _, t := range d.Protocol.Teams {
			var in []string
			for _, p := range people {
				if p.Staff() && p.In(t.ID) {
					in = append(in, p.Call())
				}
			}
			v.Teams = append(v.Teams, teamRow{string(t.ID), t.Name, s.words.and(in)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol_routes", v)
}

// changeRoutes moves or removes a rule, or names a team.
func (s *Server) changeRoutes(c echo.Context) error {
	id := posted(c, "id")
	err := s.editProtocol(c, "/protocol/routes"+anchor("", id), func(p *protocol.Protocol) error {
		switch posted(c, "do") {
		case "up":
			p.MoveRoute(id, -1)
		case "down":
			p.MoveRoute(id, 1)
		case "remove":
			p.RemoveRoute(id)
		case "team":
			p.SetTeam(message.TeamID(posted(c, "team")), trimmed(c, "name"))
		case "no-team":
			return p.RemoveTeam(message.TeamID(posted(c, "team")))
		}
		return nil
	})
	if err != nil {
		return s.routeList(c, err)
	}
	return nil
}

// routeView is one rule to be changed.
type routeView struct {
	*protocolFrame
	ID                                  string // "new" for one more
	Rest                                bool   // the rule for every other call: only where it goes
	Types, Urgencies, Channels, Windows []option
	Providers                           string
	Teams, People                       []option
	OnCall                              bool
	Due                                 string
}

func (s *Server) routePage(c echo.Context) error { return s.oneRoute(c, nil, nil) }

const newRoute = "new"

func (s *Server) oneRoute(c echo.Context, failed error, typed *protocol.Route) error {
	f, d, err := s.protocolFrame(c, "routes", "routes.rule")
	if err != nil {
		return err
	}
	id := c.Param("id")
	i := slices.IndexFunc(d.Protocol.Routes, func(r protocol.Route) bool { return r.ID == id })
	if i < 0 && id != newRoute {
		return errNotFound
	}
	r := protocol.Route{To: protocol.Target{Team: message.Everybody}}
	if i >= 0 {
		r = d.Protocol.Routes[i]
	}
	if typed != nil {
		r = *typed
	}
	v := routeView{protocolFrame: f, ID: id, Rest: i >= 0 && i == len(d.Protocol.Routes)-1, Providers: strings.Join(r.When.Providers, "\n"), OnCall: r.To.OnCall}
	if r.Due > 0 {
		v.Due = spanOf(r.Due)
	}
	if failed != nil {
		v.Problem = s.explainProtocol(failed)
	}
	if err := s.fillRoute(&v, d.Protocol, r); err != nil {
		return err
	}
	return s.page(c, statusOf(failed), "protocol_route", v)
}

func (s *Server) fillRoute(v *routeView, p protocol.Protocol, r protocol.Route) error {
	w := s.words
	for _, t := range p.Types {
		v.Types = append(v.Types, option{Value: string(t.ID), Label: t.Name, Chosen: slices.Contains(r.When.Types, t.ID)})
	}
	for _, u := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		v.Urgencies = append(v.Urgencies, option{Value: u.String(), Label: w.say("urgency." + u.String()), Chosen: slices.Contains(r.When.Urgencies, u)})
	}
	for _, ch := range []message.Channel{message.ChannelDesk, message.ChannelMail, message.ChannelAPI} {
		v.Channels = append(v.Channels, option{Value: string(ch), Label: w.say("protocol.channel." + string(ch)), Chosen: slices.Contains(r.When.Channels, ch)})
	}
	for _, one := range p.Coverage {
		v.Windows = append(v.Windows, option{Value: one.ID, Label: one.Name, Chosen: slices.Contains(r.When.Windows, one.ID)})
	}
	v.Teams = append([]option{{Label: w.say("routes.no-team"), Chosen: r.To.Team == ""}}, teamOptions(p, r.To.Team)...)
	v.People = []option{{Label: w.say("routes.no-person"), Chosen: r.To.Person == ""}}
	return s.view(func(tx *store.Tx) error {
		people, err := s.app.Access.People(tx)
		for _, one := range people {
			if one.Staff() && access.Allowed(one.Roles, access.WorkMessage) {
				v.People = append(v.People, option{Value: string(one.ID), Label: one.Call(), Chosen: one.ID == r.To.Person})
			}
		}
		return err
	})
}

// changeRoute keeps one rule.
func (s *Server) changeRoute(c echo.Context) error {
	if err := c.Request().ParseForm(); err != nil {
		return echo.ErrBadRequest
	}
	typed, err := readRoute(c)
	if typed.ID = c.Param("id"); typed.ID == newRoute {
		typed.ID = ""
	}
	if err == nil {
		err = s.editProtocol(c, "/protocol/routes"+anchor("", typed.ID), func(p *protocol.Protocol) error {
			if n := len(p.Routes); n > 0 && p.Routes[n-1].ID == typed.ID {
				typed.When = protocol.Match{}
			}
			p.SetRoute(typed)
			return nil
		})
	}
	if err != nil {
		return s.oneRoute(c, err, &typed)
	}
	return nil
}

// readRoute reads the form of a rule. Whoever is on call is meant before a person,
// and a person before a team.
func readRoute(c echo.Context) (r protocol.Route, err error) {
	form := c.Request().PostForm
	for _, t := range form["types"] {
		r.When.Types = append(r.When.Types, message.CallType(t))
	}
	for _, typed := range form["urgencies"] {
		if u, err := message.ParseUrgency(typed); err == nil {
			r.When.Urgencies = append(r.When.Urgencies, u)
		}
	}
	for _, ch := range form["channels"] {
		r.When.Channels = append(r.When.Channels, message.Channel(ch))
	}
	r.When.Windows = form["windows"]
	for line := range strings.Lines(posted(c, "providers")) {
		if line = strings.TrimSpace(line); line != "" {
			r.When.Providers = append(r.When.Providers, line)
		}
	}
	switch person, team := posted(c, "person"), posted(c, "team"); {
	case posted(c, "on_call") != "":
		r.To.OnCall = true
	case person != "":
		r.To.Person = message.PersonID(person)
	default:
		r.To.Team = message.TeamID(team)
	}
	if typed := trimmed(c, "due"); typed != "" {
		if err := r.Due.UnmarshalText([]byte(strings.ReplaceAll(strings.ToLower(typed), " ", ""))); err != nil {
			return r, &protocol.BadFile{Faults: []protocol.Fault{{Path: "routes.due", Words: err.Error()}}}
		}
	}
	return r, nil
}
