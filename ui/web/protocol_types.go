package web

import (
	"strings"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/protocol"
)

// typesView is the list of call types.
type typesView struct {
	*protocolFrame
	Types []typeRow
	Name  string // of a new one, as it was typed
	Like  []option
}

type typeRow struct {
	ID, Name, Key, Urgency, Due, Owner string
	Fields, Steps                      string
	First, Last, Stays                 bool
}

// typesPage shows the call types in the order of the page.
func (s *Server) typesPage(c echo.Context) error { return s.typesList(c, nil) }

func (s *Server) typesList(c echo.Context, failed error) error {
	f, d, err := s.protocolFrame(c, "types", "protocol.types")
	if err != nil {
		return err
	}
	v := typesView{protocolFrame: f, Name: posted(c, "name")}
	if failed != nil {
		v.Problem = s.explainProtocol(failed)
	}
	for i, t := range d.Protocol.Types {
		v.Types = append(v.Types, typeRow{
			ID: string(t.ID), Name: t.Name, Key: t.Key, Urgency: s.words.say("urgency." + t.Urgency.String()), Due: t.Due.InWords(), Owner: d.Protocol.TeamName(t.Owner),
			Fields: s.words.count("types.fields", len(t.Asked())), Steps: s.words.count("types.steps", len(t.Script)),
			First: i == 0, Last: i == len(d.Protocol.Types)-1, Stays: t.ID == message.TypeUrgent || t.ID == message.TypeOther,
		})
		v.Like = append(v.Like, option{Value: string(t.ID), Label: t.Name, Chosen: string(t.ID) == posted(c, "like")})
	}
	return s.page(c, statusOf(failed), "protocol_types", v)
}

// changeTypes adds, moves or removes a call type.
func (s *Server) changeTypes(c echo.Context) error {
	id := message.CallType(posted(c, "id"))
	err := s.editProtocol(c, "/protocol/types", func(p *protocol.Protocol) error {
		switch posted(c, "do") {
		case "up":
			p.MoveType(id, -1)
		case "down":
			p.MoveType(id, 1)
		case "remove":
			return p.RemoveType(id)
		case "add":
			p.AddType(trimmed(c, "name"), message.CallType(posted(c, "like")))
		}
		return nil
	})
	if err != nil {
		return s.typesList(c, err)
	}
	return nil
}

// typeView is one call type and its fields.
type typeView struct {
	*protocolFrame
	ID, Name, Short, Key, Due, Goodbye string
	Owners, Urgencies, Keys            []option
	Clinical, Refuse                   bool
	Who, What                          []inboxPart
	Fields                             []editField
	New                                editField
	Known                              []option // fields of other call types
}

// inboxPart is a part of the inbox's line.
type inboxPart struct {
	N      int
	Fields []option
	Joined bool // to the part before it
}

// editField is a field as its form shows it.
type editField struct {
	Name, Label, Hint, Help, Why, Options string
	Limit                                 int
	Kinds, Asks, Besides                  []option // no kinds: other call types ask it, and its kind is theirs
	Kind, AskSaid, KindSaid               string
	Wide, First, Last, Open               bool
	Ticked                                []option // how urgent a tick makes the call
	Wrong                                 string   // the input that could not be kept
}

// typePage shows one call type to be changed.
func (s *Server) typePage(c echo.Context) error {
	return s.oneType(c, message.CallType(c.Param("id")), nil, nil)
}

// oneType shows the page, with what was typed where that could not be kept.
func (s *Server) oneType(c echo.Context, id message.CallType, failed error, typed *protocol.Field) error {
	f, d, err := s.protocolFrame(c, "types", "types.title")
	if err != nil {
		return err
	}
	t, known := d.Protocol.Type(id)
	if !known {
		return errNotFound
	}
	if failed != nil {
		at := inPart
		if typed == nil {
			at = inEntry
			s.readType(c, &t)
		}
		s.fail(f, failed, at)
	}
	v := typeView{protocolFrame: f, ID: string(t.ID), Name: t.Name, Short: t.Short, Due: spanOf(t.Due), Goodbye: t.Goodbye, Clinical: t.Clinical, Refuse: t.Minimum == protocol.Refuse}
	v.Title = t.Name
	s.fillType(&v, d.Protocol, t, typed)
	return s.page(c, statusOf(failed), "protocol_type", v)
}

func (s *Server) fillType(v *typeView, p protocol.Protocol, t protocol.Type, typed *protocol.Field) {
	w := s.words
	v.Owners = append(teamOptions(p, t.Owner), option{Label: w.say("types.no-owner"), Chosen: t.Owner == ""})
	for _, u := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		v.Urgencies = append(v.Urgencies, option{Value: u.String(), Label: w.say("urgency." + u.String()), Chosen: u == t.Urgency})
	}
	v.Keys = []option{{Label: w.say("types.no-key"), Chosen: t.Key == ""}}
	for _, key := range strings.Split("1234567890", "") {
		v.Keys = append(v.Keys, option{Value: key, Label: key, Chosen: key == t.Key})
	}
	v.Who, v.What = s.inboxLine(t)
	for i, f := range t.Fields {
		open := typed != nil && typed.Name == f.Name
		if open {
			f = *typed
		}
		one := s.editField(p, t, f)
		one.First, one.Last, one.Open = i == 0, i == len(t.Fields)-1, open
		if open {
			one.Wrong = v.Wrong
		}
		v.Fields = append(v.Fields, one)
	}
	v.New = s.editField(p, t, protocol.Field{Kind: protocol.Text})
	if typed != nil && typed.Name == "" {
		v.New = s.editField(p, t, *typed)
		v.New.Open, v.New.Wrong = true, v.Wrong
	}
	if typed != nil {
		v.Wrong = "" // in the form of a field
	}
	for _, f := range otherFields(p, t) {
		v.Known = append(v.Known, option{Value: f.Name, Label: f.Label})
	}
}

// otherFields are the fields that other call types ask and this one has not.
func otherFields(p protocol.Protocol, t protocol.Type) (list []protocol.Field) {
	seen := map[string]bool{}
	for _, f := range t.Fields {
		seen[f.Name] = true
	}
	for _, other := range p.Types {
		for _, f := range other.Asked() {
			if !seen[f.Name] {
				seen[f.Name] = true
				list = append(list, f)
			}
		}
	}
	return list
}

// Parts of the inbox's line that the form has room for.
const (
	whoParts  = 2
	whatParts = 5
)

// inboxLine answers the parts of the inbox's line, empty ones to be filled.
func (s *Server) inboxLine(t protocol.Type) (who, what []inboxPart) {
	choices := func(chosen string) []option {
		list := []option{{Label: s.words.say("types.no-part"), Chosen: chosen == ""}}
		for _, f := range t.Asked() {
			if f.Kind != protocol.Check {
				list = append(list, option{Value: f.Name, Label: f.Label, Chosen: f.Name == chosen})
			}
		}
		return list
	}
	for i := range max(whoParts, len(t.Who)) {
		var name string
		if i < len(t.Who) {
			name = t.Who[i]
		}
		who = append(who, inboxPart{N: i + 1, Fields: choices(name)})
	}
	for _, group := range t.What {
		for i, name := range group {
			what = append(what, inboxPart{N: len(what) + 1, Fields: choices(name), Joined: i > 0})
		}
	}
	for len(what) < whatParts {
		what = append(what, inboxPart{N: len(what) + 1, Fields: choices("")})
	}
	return who, what
}

// readInboxLine reads them.
func readInboxLine(c echo.Context, t *protocol.Type) {
	form := c.Request().PostForm
	t.Who, t.What = nil, nil
	for _, name := range form["who"] {
		if name != "" {
			t.Who = append(t.Who, name)
		}
	}
	for i, name := range form["what"] {
		last := len(t.What) - 1
		switch joined := form.Get("joined-"+itoa(i+1)) != ""; {
		case name == "":
		case joined && last >= 0:
			t.What[last] = append(t.What[last], name)
		default:
			t.What = append(t.What, []string{name})
		}
	}
}

func teamOptions(p protocol.Protocol, chosen message.TeamID) []option {
	list := []option{{Value: string(message.Everybody), Label: sentenceCase(p.TeamName(message.Everybody)), Chosen: chosen == message.Everybody}}
	for _, t := range p.Teams {
		list = append(list, option{Value: string(t.ID), Label: t.Name, Chosen: t.ID == chosen})
	}
	return list
}

func sentenceCase(s string) string { return strings.TrimSuffix(sentence(s), ".") }

// fieldKinds are the kinds of field, in the order of the form.
var fieldKinds = []protocol.Kind{protocol.Text, protocol.LongText, protocol.Phone, protocol.Born, protocol.Choice, protocol.Check, protocol.Medication, protocol.Pharmacy, protocol.Insurer}

func (s *Server) editField(p protocol.Protocol, t protocol.Type, f protocol.Field) editField {
	w := s.words
	v := editField{Kind: string(f.Kind), Name: f.Name, Label: f.Label, Hint: f.Hint, Help: f.Help, Why: f.Why, Options: t.AnswersOfField(f).Text(), Limit: f.Limit, Wide: f.Wide,
		AskSaid: w.say("protocol.ask." + askWord(f.Ask)), KindSaid: w.say("types.kind." + string(f.Kind))}
	_, shared := p.KindElsewhere(t.ID, f.Name)
	for _, k := range fieldKinds {
		if shared {
			break
		}
		v.Kinds = append(v.Kinds, option{Value: string(k), Label: w.say("types.kind." + string(k)), Chosen: k == f.Kind})
	}
	for _, a := range []protocol.Ask{protocol.Optional, protocol.Required, protocol.Never} {
		v.Asks = append(v.Asks, option{Value: string(a), Label: w.say("protocol.ask." + askWord(a)), Chosen: a == f.Ask})
	}
	for _, u := range []message.Urgency{message.Routine, message.SameDay, message.Urgent} {
		v.Ticked = append(v.Ticked, option{Value: u.String(), Label: w.say("types.ticked." + u.String()), Chosen: u == t.AnswersOfField(f).Raises[protocol.Yes]})
	}
	v.Besides = []option{{Label: w.say("types.beside-none"), Chosen: f.Beside == ""}}
	for _, o := range t.Asked() {
		if o.Name != f.Name && o.Kind != protocol.Check {
			v.Besides = append(v.Besides, option{Value: o.Name, Label: o.Label, Chosen: o.Name == f.Beside})
		}
	}
	return v
}

// changeType keeps what stands about the call type itself.
func (s *Server) changeType(c echo.Context) error {
	id := message.CallType(c.Param("id"))
	err := s.editProtocol(c, "/protocol/types/"+string(id), func(p *protocol.Protocol) error {
		var unread error
		p.EditType(id, func(t *protocol.Type) { unread = s.readType(c, t) })
		return unread
	})
	if err != nil {
		return s.oneType(c, id, err, nil)
	}
	return nil
}

// readType reads the form of a call type.
func (s *Server) readType(c echo.Context, t *protocol.Type) error {
	t.Name, t.Short, t.Key, t.Goodbye = trimmed(c, "name"), trimmed(c, "short"), posted(c, "key"), trimmed(c, "goodbye")
	t.Owner, t.Clinical = message.TeamID(posted(c, "owner")), posted(c, "clinical") != ""
	readInboxLine(c, t)
	t.Minimum = protocol.Warn
	if posted(c, "refuse") != "" {
		t.Minimum = protocol.Refuse
	}
	u, err := message.ParseUrgency(posted(c, "urgency"))
	if err != nil {
		return echo.ErrBadRequest
	}
	t.Urgency = u
	if err := t.Due.UnmarshalText([]byte(strings.ReplaceAll(strings.ToLower(trimmed(c, "due")), " ", ""))); err != nil {
		return &protocol.BadFile{Faults: []protocol.Fault{{Path: "call_types." + string(t.ID) + ".due", Words: err.Error()}}}
	}
	return nil
}

// changeFields adds, changes, moves or removes a field of a call type.
func (s *Server) changeFields(c echo.Context) error {
	id, name := message.CallType(c.Param("id")), posted(c, "field")
	do := posted(c, "do")
	typed, raises := readField(c)
	err := s.editProtocol(c, "/protocol/types/"+string(id)+anchor("field-", name), func(p *protocol.Protocol) error {
		p.EditType(id, func(t *protocol.Type) {
			switch do {
			case "up":
				t.MoveField(name, -1)
			case "down":
				t.MoveField(name, 1)
			case "remove":
				t.RemoveField(name)
			case "borrow":
				for _, f := range otherFields(*p, *t) {
					if f.Name == name {
						f.Beside = ""
						t.SetField(f)
					}
				}
			default:
				f := typed
				if f.Name == "" {
					f.Name = p.FieldName(t, f)
				}
				t.SetField(f)
				t.SetRaises(f.Name, raises)
			}
		})
		return nil
	})
	if err != nil {
		return s.oneType(c, id, err, &typed)
	}
	return nil
}

// readField reads the form of a field, and which of its answers make the call more
// urgent.
func readField(c echo.Context) (f protocol.Field, raises map[string]message.Urgency) {
	f = protocol.Field{
		Name: posted(c, "field"), Label: trimmed(c, "label"), Hint: trimmed(c, "hint"), Help: trimmed(c, "help"), Why: trimmed(c, "why"),
		Kind: protocol.Kind(posted(c, "kind")), Ask: protocol.Ask(posted(c, "ask")), Limit: versionIn(posted(c, "limit")), Wide: posted(c, "wide") != "",
	}
	switch f.Kind {
	case protocol.Choice:
		answers := protocol.AnswersOf(posted(c, "options"))
		f.Options, raises = answers.Options, answers.Raises
	case protocol.Check:
		f.Beside = posted(c, "beside")
		if u, err := message.ParseUrgency(posted(c, "ticked")); err == nil && u > message.Routine {
			raises = map[string]message.Urgency{protocol.Yes: u}
		}
	}
	return f, raises
}

// spanOf writes a span of time as the form takes it.
func spanOf(d protocol.Duration) string {
	text, _ := d.MarshalText() // it never fails
	return string(text)
}
