package web

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"nightbell/appliance/access"
	"nightbell/appliance/intake"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/protocol"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// takeView is the form of a call. Values of its fields are PHI in the clear.
type takeView struct {
	*frame
	Key       string // so that saving twice keeps one message
	Problem   problem
	Chosen    bool // the urgency was chosen by hand
	Types     []typeChoice
	Fields    []fieldView
	LeaveOut  []perType
	Urgencies []option
	After     []afterView
	Tell      []perType
	SaveLabel string
}

type typeChoice struct {
	ID, Name, Short, Key, Urgency string
	Urgent, Chosen                bool
}

// perType are words that belong to one call type.
type perType struct {
	Type, Text string
	Hidden     bool
}

// fieldView is one field as some of the call types ask it.
type fieldView struct {
	ID, Name, Label, Hint string
	Kind, Mode            string
	For                   string // the call types, separated by spaces
	Value, Bad            string
	Options               []option
	Beside                *fieldView
	Wide, Required        bool
	Hidden                bool
	Max                   int
}

// afterView says what saving does at an urgency.
type afterView struct {
	Urgency string
	Steps   []ringStep
	Tell    string
	Hidden  bool
}

type ringStep struct{ Kind, In, Text, Note string }

// fieldPrefix keeps the names of a protocol's fields apart from the form's own.
const fieldPrefix = "f."

// Most characters of a field: a long text is what a caller says in minutes.
const (
	maxShort = 300
	maxLong  = 20000
)

func (s *Server) showTake(c echo.Context) error {
	return s.takePage(c, http.StatusOK, taking{key: uuid.NewString()}, nil, problem{})
}

// taking is what the form holds.
type taking struct {
	key     string
	kind    message.CallType
	urgency *message.Urgency
	chosen  bool // the urgency, by hand
	form    map[string]message.Clear
}

// readTaking reads the form: the fields of the chosen call type and no others.
func (s *Server) readTaking(c echo.Context, p protocol.Protocol) taking {
	t := taking{key: posted(c, "key"), kind: message.CallType(posted(c, "type")), form: map[string]message.Clear{}}
	if t.key == "" {
		t.key = uuid.NewString()
	}
	if u, err := message.ParseUrgency(posted(c, "urgency")); err == nil {
		t.urgency = &u
	}
	t.chosen = posted(c, "chosen") != ""
	kind, known := p.Type(t.kind)
	if known && !t.chosen && t.urgency != nil && *t.urgency == kind.Urgency {
		t.urgency = nil // nobody's word: an answer may raise it
	}
	if !known {
		for _, any := range p.Types {
			kind.Fields = append(kind.Fields, any.Fields...) // kept until a type is chosen
		}
	}
	for _, f := range kind.Fields {
		if v := posted(c, fieldPrefix+f.Name); v != "" {
			t.form[f.Name] = message.Clear(v)
		}
	}
	return t
}

// takeMessage saves a call. Whatever goes wrong, the form comes back with what
// was typed and the same key.
func (s *Server) takeMessage(c echo.Context) error {
	p, err := s.protocol()
	if err != nil {
		return err
	}
	t := s.readTaking(c, p)
	if posted(c, "show") != "" {
		t.urgency = nil
		return s.takePage(c, http.StatusOK, t, nil, problem{})
	}
	receipt, err := s.app.Intake.Take(c.Request().Context(), intake.Taking{
		Type: t.kind, Urgency: t.urgency, Form: t.form,
		Channel: message.ChannelDesk, TypedBy: sessionOf(c).Who, Key: t.key,
	})
	if err == nil {
		return c.Redirect(http.StatusSeeOther, "/take/saved/"+string(receipt.ID))
	}
	var invalid *intake.Invalid
	if errors.As(err, &invalid) {
		words := problem{Text: s.words.say("take.incomplete")}
		for _, one := range invalid.Problems {
			if one.Field == "" || one.Field == "type" || one.Field == "urgency" {
				words.Do = strings.TrimSpace(words.Do + " " + one.Words)
			}
		}
		return s.takePage(c, http.StatusUnprocessableEntity, t, invalid.Problems, words)
	}
	status, words := s.outcome(err)
	if status == http.StatusInternalServerError {
		s.log.Error("a message could not be taken", "err", err)
		words = problem{s.words.say("take.failed"), s.words.say("take.failed-do")}
	}
	return s.takePage(c, status, t, nil, words)
}

func (s *Server) takePage(c echo.Context, status int, t taking, bad []protocol.Problem, words problem) error {
	f, err := s.frame(c, "take", "take.title")
	if err != nil {
		return err
	}
	p, err := s.protocol()
	if err != nil {
		return err
	}
	if _, known := p.Type(t.kind); !known {
		t.kind = p.Types[0].ID
	}
	kind, _ := p.Type(t.kind)
	u := kind.Urgency
	if t.urgency != nil {
		u = *t.urgency
	}
	v := takeView{frame: f, Key: t.key, Problem: words, Chosen: t.chosen || t.urgency != nil && *t.urgency != kind.Urgency, Fields: fieldViews(p, t, bad), SaveLabel: s.words.say("js.save")}
	if u == message.Urgent {
		v.SaveLabel = s.words.say("js.save-ring")
	}
	for _, one := range p.Types {
		v.Types = append(v.Types, typeChoice{ID: string(one.ID), Name: one.Name, Short: one.Short, Key: one.Key, Urgency: one.Urgency.String(), Urgent: one.Urgency == message.Urgent, Chosen: one.ID == t.kind})
		v.LeaveOut = append(v.LeaveOut, perType{string(one.ID), one.LeaveOut, one.ID != t.kind})
		v.Tell = append(v.Tell, perType{string(one.ID), one.Goodbye, one.ID != t.kind})
	}
	for _, one := range []message.Urgency{message.Urgent, message.SameDay, message.Routine} {
		v.Urgencies = append(v.Urgencies, option{Value: one.String(), Label: s.words.say("urgency." + one.String()), Chosen: one == u})
	}
	if v.After, err = s.after(u); err != nil {
		return err
	}
	return s.page(c, status, "take", v)
}

// fieldViews are the fields of all call types, each once: the module shows those
// of the chosen type, and without it the server does.
func fieldViews(p protocol.Protocol, t taking, bad []protocol.Problem) []fieldView {
	var views []fieldView
	for _, kind := range p.Types {
		for _, f := range kind.Fields {
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
	v := fieldView{Name: fieldPrefix + f.Name, Label: f.Label, Hint: f.Hint, Kind: "line", Wide: f.Wide, Required: f.Ask == protocol.Required, Value: t.form[f.Name].Reveal(), Max: maxShort}
	switch f.Kind {
	case protocol.LongText:
		v.Kind, v.Max = "text", maxLong
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

// besideOf answers the tick that stands beside a field.
func besideOf(kind protocol.Type, field string, t taking) *fieldView {
	for _, f := range kind.Fields {
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

// after says what saving does at each urgency.
func (s *Server) after(chosen message.Urgency) ([]afterView, error) {
	urgent, err := s.ringPlan()
	if err != nil {
		return nil, err
	}
	w := s.words
	return []afterView{
		{Urgency: message.Urgent.String(), Steps: urgent, Hidden: chosen != message.Urgent},
		{Urgency: message.SameDay.String(), Steps: []ringStep{{Kind: "now", In: w.say("after.at-once"), Text: w.say("after.desk"), Note: w.say("after.same-day")}}, Hidden: chosen != message.SameDay},
		{Urgency: message.Routine.String(), Steps: []ringStep{{Kind: "now", In: w.say("after.at-once"), Text: w.say("after.desk"), Note: w.say("after.routine")}}, Hidden: chosen != message.Routine},
	}, nil
}

// ringPlan says whom an urgent call rings, and when: by the plan that rings.
func (s *Server) ringPlan() (steps []ringStep, err error) {
	now, w := s.app.Clock.Now(), s.words
	err = s.view(func(tx *store.Tx) error {
		answer, err := oncall.Now(tx, now)
		if err != nil {
			return err
		}
		if len(answer.People()) == 0 {
			steps = []ringStep{{Kind: "bad", In: w.say("after.at-once"), Text: w.say("after.nobody"), Note: w.say("after.nobody-do")}}
			return nil
		}
		plan, _, err := s.app.Bell.SimulateCall(tx, message.TypeUrgent, message.Urgent, now)
		names := s.names(tx)
		for _, one := range plan {
			step := s.simulated(one, names)
			switch {
			case one.LastResort:
				step.Text, step.Note = w.say("after.everybody"), strings.TrimSpace(w.say("after.everybody-more")+" "+s.phoneNow(one.PhoneName, one.Phone))
			case one.After == 0 && answer.Everybody:
				step.Note = w.say("after.clock")
			case one.After == 0 && !one.Skipped:
				step.Note = w.say("after.first")
			}
			steps = append(steps, step)
		}
		return err
	})
	return steps, err
}

// stepLength is how long one person is rung.
func stepLength(tx *store.Tx) time.Duration {
	d, err := time.ParseDuration(settings.Get(tx, settings.BellStep))
	if err != nil {
		return 5 * time.Minute
	}
	return d
}

type savedView struct {
	*frame
	ID, Number string
	Chips      []chip
	Tell       string
	CanOpen    bool
}

// saved shows the number to read back, to whoever typed the message.
func (s *Server) saved(c echo.Context) error {
	id, err := messageID(c)
	if err != nil {
		return err
	}
	session := sessionOf(c)
	var e message.Envelope
	var found bool
	if err := s.view(func(tx *store.Tx) (err error) { e, found, err = store.GetEnvelope(tx, id); return err }); err != nil {
		return err
	}
	if !found || (e.TypedBy != session.Who && !session.May(access.ReadTeam)) {
		return errNotFound
	}
	p, err := s.protocol()
	if err != nil {
		return err
	}
	f, err := s.frame(c, "take", "saved.title")
	if err != nil {
		return err
	}
	kind := p.Show(e.CallType)
	cal := s.today()
	v := savedView{frame: f, ID: string(id), Number: e.Number.String(), Tell: kind.Goodbye, CanOpen: session.May(access.ReadTeam) || session.May(access.ReadOwn)}
	v.Chips = append(s.urgencyChips(e, cal), s.kindChip(e, kind.Name, cal))
	v.Chips = append(v.Chips, s.statusChips(e, "")...)
	return s.page(c, http.StatusOK, "saved", v)
}
