package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
	"nightbell/appliance/store"
	"nightbell/crypto"
)

type peopleView struct {
	*frame
	Problem    problem
	Done       string
	CanManage  bool
	Waiting    []personView
	NewReaders string
	Groups     []peopleGroup
	AddProblem problem
	Add        personForm

	teams []protocol.Team
}

type peopleGroup struct {
	Title, Hint, Empty string
	People             []personView
}

type personView struct {
	ID, Name, FullName, SignIn string
	Roles                      string
	Teams                      []option
	RoleChoices                []roleChoice
	Rule, StopRule             string // of a new password, and of one when they stop reading
	Mail, MailWords            string
	AgeRecipient, AgeShort     string
	LastSeen                   when
	Chips                      []chip
	Contact, Disabled          bool
	CanGrant                   bool
	Open                       bool // its form is shown
	Typed                      string
	Problem                    problem
}

// personForm is what was typed about a new person; never the password.
type personForm struct {
	FullName, SignIn, Mail, AgeRecipient string
	Contact                              bool
	RoleChoices                          []roleChoice
	Rule                                 string
	Plain, Reading                       string // the rule once the roles are chosen
}

// roleChoice is a role that somebody may get.
type roleChoice struct {
	option
	Reads bool // so that its holder's password follows the harder rule
}

// newReadersFor is how long everybody is told who else reads now.
const newReadersFor = 30 * 24 * time.Hour

func (s *Server) people(c echo.Context) error {
	return s.peoplePage(c, http.StatusOK, peopleView{})
}

// peoplePage shows everybody. What a form could not do stands in v already.
func (s *Server) peoplePage(c echo.Context, status int, v peopleView) error {
	f, err := s.frame(c, "people", "people.title")
	if err != nil {
		return err
	}
	session := sessionOf(c)
	v.frame, v.CanManage = f, session.May(access.ManagePeople)
	if c.QueryParam("saved") != "" {
		v.Done = s.words.say("saved.done")
	}
	if v.Add.RoleChoices == nil {
		v.Add.RoleChoices = roleChoices(nil)
	}
	v.Add.Rule = s.words.say("password.rule-by-role", fewest(false), fewest(true))
	v.Add.Plain, v.Add.Reading = s.passwordRule(false), s.passwordRule(true)
	open, trouble := c.Param("id"), v.Problem
	if open != "" {
		v.Problem = problem{}
	}
	err = s.view(func(tx *store.Tx) error {
		people, err := s.app.Access.People(tx)
		if err != nil {
			return err
		}
		fresh, err := s.app.Access.NewReaders(tx, s.app.Clock.Now().Add(-newReadersFor))
		if err != nil {
			return err
		}
		var names []string
		for _, p := range fresh {
			names = append(names, p.Call())
		}
		v.NewReaders = s.words.and(names)
		if v.teams, err = s.knownTeams(tx); err != nil {
			return err
		}
		s.group(&v, people, session, open, trouble)
		return nil
	})
	if err != nil {
		return err
	}
	return s.page(c, status, "people", v)
}

// knownTeams are the teams of the protocol that counts and those of the draft: a
// team has to have people before it can be published.
func (s *Server) knownTeams(tx *store.Tx) ([]protocol.Team, error) {
	now, err := s.app.Protocols.Current(tx)
	if err != nil {
		return nil, err
	}
	list := slices.Clone(now.Teams)
	d, err := protocol.DraftOf(tx)
	if errors.Is(err, protocol.ErrNoDraft) {
		return list, nil
	}
	for _, t := range d.Protocol.Teams {
		if !slices.ContainsFunc(list, func(have protocol.Team) bool { return have.ID == t.ID }) {
			list = append(list, t)
		}
	}
	return list, err
}

func (s *Server) group(v *peopleView, people []access.Person, session access.Session, open string, trouble problem) {
	w := s.words
	staff := peopleGroup{Title: w.say("people.group-staff"), Empty: w.say("people.none-staff")}
	outside := peopleGroup{Title: w.say("people.group-contacts"), Hint: w.say("people.contacts-hint"), Empty: w.say("people.none-contacts")}
	ended := peopleGroup{Title: w.say("people.group-ended")}
	for _, p := range people {
		one := s.personView(p)
		if one.ID == open {
			one.Open, one.Problem = true, trouble
		}
		for _, t := range v.teams {
			one.Teams = append(one.Teams, option{Value: string(t.ID), Label: t.Name, Chosen: p.In(t.ID)})
		}
		one.CanGrant = session.May(access.GrantReading) && p.SlotBy == ""
		if p.WantsSlot && p.SlotBy == "" && p.Staff() {
			v.Waiting = append(v.Waiting, one)
		}
		switch {
		case p.Disabled:
			ended.People = append(ended.People, one)
		case p.Contact:
			outside.People = append(outside.People, one)
		default:
			staff.People = append(staff.People, one)
		}
	}
	v.Groups = []peopleGroup{staff, outside}
	if len(ended.People) > 0 {
		v.Groups = append(v.Groups, ended)
	}
}

func (s *Server) personView(p access.Person) personView {
	w := s.words
	v := personView{
		ID: string(p.ID), Name: p.Call(), FullName: p.FullName, SignIn: p.Name, Roles: roleNames(p.Roles), RoleChoices: roleChoices(p.Roles),
		Mail: p.Mail, MailWords: p.Mail, AgeRecipient: p.AgeRecipient, AgeShort: shortKey(p.AgeRecipient),
		LastSeen: s.today().when(p.LastSeen), Contact: p.Contact, Disabled: p.Disabled, Typed: p.Name,
		Rule: s.passwordRule(access.Reads(p.Roles)), StopRule: w.say("people.role-password-hint", s.passwordRule(false)),
	}
	if v.Typed == "" {
		v.Typed = p.Call()
	}
	if v.MailWords == "" {
		v.MailWords = w.say("people.no-mail")
	}
	if v.Roles == "" {
		v.Roles = w.say("people.no-roles")
	}
	for _, r := range p.Roles {
		v.Chips = append(v.Chips, chip{Text: r.Label()})
	}
	switch {
	case p.Disabled:
		v.Chips = append(v.Chips, chip{Text: w.say("people.chip-ended")})
	case p.Reads():
		v.Chips = append(v.Chips, chip{Text: w.say("people.chip-reads"), Kind: "chip--calm"})
	case p.WantsSlot && p.SlotBy != "":
		v.Chips = append(v.Chips, chip{Text: w.say("people.chip-promised"), Kind: "chip--info"})
	case p.WantsSlot:
		v.Chips = append(v.Chips, chip{Text: w.say("people.chip-waits"), Kind: "chip--soon"})
	}
	if p.AgeRecipient != "" {
		v.Chips = append(v.Chips, chip{Text: w.say("people.chip-key"), Kind: "chip--info"})
	}
	return v
}

// shortKey shows enough of a recipient to compare it: hybrid ones are 2 KB long.
func shortKey(r string) string {
	if len(r) <= 40 {
		return r
	}
	return r[:20] + "…" + r[len(r)-12:]
}

func roleChoices(have []access.Role) []roleChoice {
	var list []roleChoice
	for _, r := range access.Roles() {
		list = append(list, roleChoice{option{Value: string(r), Label: r.Label(), Chosen: slices.Contains(have, r)}, access.Reads([]access.Role{r})})
	}
	return list
}

// passwordRule says how long a password has to be: longer where it opens messages.
func (s *Server) passwordRule(reads bool) string { return s.words.say("password.rule", fewest(reads)) }

func fewest(reads bool) int {
	if reads {
		return crypto.MinPassword
	}
	return crypto.MinShortPassword
}

// addPerson makes an account, or a contact outside.
func (s *Server) addPerson(c echo.Context) error {
	err := c.Request().ParseForm()
	if err != nil {
		return echo.ErrBadRequest
	}
	form := c.Request().PostForm
	add := personForm{FullName: trimmed(c, "full_name"), SignIn: trimmed(c, "name"), Mail: trimmed(c, "mail"), AgeRecipient: trimmed(c, "age"), Contact: posted(c, "kind") == "contact"}
	n := access.NewPerson{FullName: add.FullName, Mail: add.Mail, AgeRecipient: add.AgeRecipient, Contact: add.Contact}
	if !add.Contact {
		n.Name, n.Password = add.SignIn, posted(c, "password")
		n.Roles, err = access.ParseRoles(form["roles"])
	}
	if err == nil {
		session := sessionOf(c)
		_, err = s.app.Access.AddPerson(c.Request().Context(), string(session.Who), n, s.app.Access.ReaderFor(session))
	}
	if err != nil {
		add.RoleChoices = roleChoices(n.Roles)
		return s.peoplePage(c, statusOf(err), peopleView{AddProblem: s.explain(err), Add: add})
	}
	return c.Redirect(http.StatusSeeOther, "/people?saved=1")
}

func trimmed(c echo.Context, name string) string { return strings.TrimSpace(posted(c, name)) }

// changePerson changes what is known of somebody, and their roles.
func (s *Server) changePerson(c echo.Context) error {
	err := c.Request().ParseForm()
	if err != nil {
		return echo.ErrBadRequest
	}
	form := c.Request().PostForm
	full, mail, key := trimmed(c, "full_name"), trimmed(c, "mail"), trimmed(c, "age")
	change := access.Change{FullName: &full, Mail: &mail, AgeRecipient: &key, Password: posted(c, "password")}
	if form.Has("name") { // staff
		name := trimmed(c, "name")
		change.Name = &name
		if change.Roles, err = access.ParseRoles(form["roles"]); err != nil {
			return s.personTrouble(c, err)
		}
	}
	if form.Has("in_teams") {
		teams := []message.TeamID{}
		for _, id := range form["teams"] {
			teams = append(teams, message.TeamID(id))
		}
		change.Teams = &teams
	}
	session := sessionOf(c)
	_, err = s.app.Access.SetPerson(c.Request().Context(), string(session.Who), message.PersonID(c.Param("id")), change, s.app.Access.ReaderFor(session))
	return s.personDone(c, err)
}

// resetPassword gives somebody a new password; a disabled account is open again.
func (s *Server) resetPassword(c echo.Context) error {
	session := sessionOf(c)
	_, err := s.app.Access.ResetPassword(c.Request().Context(), string(session.Who), message.PersonID(c.Param("id")), posted(c, "password"), s.app.Access.ReaderFor(session))
	return s.personDone(c, err)
}

// disablePerson ends an account. It destroys a key, so its name is typed first.
func (s *Server) disablePerson(c echo.Context) error {
	id := message.PersonID(c.Param("id"))
	var p access.Person
	var found bool
	if err := s.view(func(tx *store.Tx) (err error) { p, found, err = s.app.Access.Person(tx, id); return err }); err != nil {
		return err
	}
	if !found {
		return errNotFound
	}
	if want := s.personView(p).Typed; !strings.EqualFold(trimmed(c, "typed"), want) {
		return s.personTrouble(c, &access.Invalid{Field: "typed", Why: s.words.say("people.typed-other", want)})
	}
	return s.personDone(c, s.app.Access.Disable(c.Request().Context(), string(sessionOf(c).Who), id))
}

// grantReading is the yes of somebody who reads to a further reader.
func (s *Server) grantReading(c echo.Context) error {
	session := sessionOf(c)
	err := s.app.Access.GrantSlot(c.Request().Context(), string(session.Who), message.PersonID(c.Param("id")), s.app.Access.ReaderFor(session))
	return s.personDone(c, err)
}

func (s *Server) personDone(c echo.Context, err error) error {
	if err != nil {
		return s.personTrouble(c, err)
	}
	return c.Redirect(http.StatusSeeOther, "/people?saved=1")
}

func (s *Server) personTrouble(c echo.Context, err error) error {
	if errors.Is(err, access.ErrUnknownPerson) {
		return errNotFound
	}
	return s.peoplePage(c, statusOf(err), peopleView{Problem: s.explain(err)})
}
