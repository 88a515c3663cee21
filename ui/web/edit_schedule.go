package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// scheduleView is the form of one schedule.
type scheduleView struct {
	*frame
	Problem         problem
	ID, Name, Topic string
	Seen            string // the edition that the form was made from
	Review          int
	Owner           []option
	Layers          []layerForm
}

type layerForm struct {
	At, ID, Name string // At is the beginning of its fields' names
	Problem      string
	Rotations    []rotationForm
	Shifts       []shiftForm
	More         int // shifts that are past or came from a file: they stay as they are
}

type rotationForm struct {
	At, ID, Name, First, Starts, Handover string
	Problem                               string
	People                                [][]option // the places of the order, two of them free
	Every, Weekday                        []option
	Days, Day                             int
	Windows                               []windowForm
}

type windowForm struct {
	At, From, To string
	Days         []option
}

type shiftForm struct {
	At, ID, From, To string
	People           []option
}

// editSchedule shows the form of a schedule; without an id, that of a new one.
func (s *Server) editSchedule(c echo.Context) error {
	one := oncall.Schedule{Layers: []oncall.Layer{{}}}
	if id := c.QueryParam("id"); id != "" {
		kept, err := s.keptSchedule(id)
		if err != nil {
			return err
		}
		one = kept
	}
	return s.schedulePage(c, one, editionOf(one), nil)
}

func (s *Server) keptSchedule(id string) (one oncall.Schedule, err error) {
	err = s.view(func(tx *store.Tx) error {
		plan, err := oncall.Load(tx)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(plan.Schedules, func(k oncall.Schedule) bool { return k.ID == id })
		if i < 0 {
			return errNotFound
		}
		one = plan.Schedules[i]
		return nil
	})
	return one, err
}

// editionOf tells one edition of a schedule from another.
func editionOf(one oncall.Schedule) string {
	if one.ID == "" {
		return ""
	}
	one.ReviewedAt, one.ReviewedOf = time.Time{}, nil
	b, _ := json.Marshal(one) // it came from JSON
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// changeSchedule does what a button of the form says: a layer or rotation more
// or less, or to keep it. What was typed stands there afterwards.
func (s *Server) changeSchedule(c echo.Context) error {
	var kept oncall.Schedule
	if id := posted(c, "id"); id != "" {
		var err error
		if kept, err = s.keptSchedule(id); err != nil {
			return err
		}
	}
	typed, err := s.typedSchedule(c, kept)
	seen := posted(c, "seen")
	do, at, _ := strings.Cut(posted(c, "do"), " ")
	switch do {
	case "layer":
		typed.Layers = append(typed.Layers, oncall.Layer{})
		return s.schedulePage(c, typed, seen, nil)
	case "rotation":
		if l, _ := place(at); l < len(typed.Layers) {
			typed.Layers[l].Rotations = append(typed.Layers[l].Rotations, s.newRotation())
		}
		return s.schedulePage(c, typed, seen, nil)
	case "drop":
		return s.schedulePage(c, without(typed, at), seen, nil)
	}
	switch {
	case err != nil:
	case seen != editionOf(kept):
		return s.scheduleMoved(c, typed, seen)
	default:
		_, err = s.app.SaveSchedule(c.Request().Context(), string(sessionOf(c).Who), typed)
	}
	if err != nil {
		return s.schedulePage(c, typed, seen, err)
	}
	return c.Redirect(http.StatusSeeOther, "/on-call/schedules?saved=1")
}

func (s *Server) newRotation() oncall.Rotation {
	cal := s.today()
	return oncall.Rotation{Every: oncall.Weekly, Handover: oncall.Handover{At: oncall.NewClock(7, 0), Weekday: time.Monday, Day: 1}, Start: oncall.DateOf(cal.now.In(cal.zone))}
}

// without answers a schedule without one layer, or one rotation.
func without(one oncall.Schedule, at string) oncall.Schedule {
	l, r := place(at)
	switch {
	case l >= len(one.Layers):
	case r < 0:
		one.Layers = slices.Delete(one.Layers, l, l+1)
	case r < len(one.Layers[l].Rotations):
		one.Layers[l].Rotations = slices.Delete(one.Layers[l].Rotations, r, r+1)
	}
	return one
}

// scheduleMoved says that somebody else changed the schedule meanwhile.
func (s *Server) scheduleMoved(c echo.Context, typed oncall.Schedule, seen string) error {
	v, err := s.scheduleForm(c, typed, seen)
	if err != nil {
		return err
	}
	v.Problem = problem{s.words.say("schedule.changed"), s.words.say("schedule.changed-do")}
	return s.page(c, http.StatusConflict, "schedule", v)
}

func (s *Server) schedulePage(c echo.Context, one oncall.Schedule, seen string, failed error) error {
	v, err := s.scheduleForm(c, one, seen)
	if err != nil {
		return err
	}
	if failed != nil && !v.blame(one) {
		v.Problem = s.explain(failed)
	} else if failed != nil {
		v.Problem = problem{s.words.say("schedule.not-kept"), s.words.say("schedule.not-kept-do")}
	}
	return s.page(c, statusOf(failed), "schedule", v)
}

// blame says at the layer, or the rotation, what about it cannot be kept; false
// where it is none of theirs.
func (v *scheduleView) blame(one oncall.Schedule) (found bool) {
	why := func(l oncall.Layer) string {
		l.ID = "layer"
		l.Rotations, l.Shifts = slices.Clone(l.Rotations), slices.Clone(l.Shifts)
		for i := range l.Rotations {
			l.Rotations[i].ID = "r" + itoa(i)
		}
		for i := range l.Shifts {
			l.Shifts[i].ID = "s" + itoa(i)
		}
		if err := (oncall.Schedule{ID: "one", Name: "one", Layers: []oncall.Layer{l}}).Check(); err != nil {
			return sentence(err.Error())
		}
		return ""
	}
	for i, l := range one.Layers {
		for j, r := range l.Rotations {
			text := why(oncall.Layer{Name: "one", Rotations: []oncall.Rotation{r}})
			v.Layers[i].Rotations[j].Problem, found = text, found || text != ""
		}
		l.Rotations = nil
		text := why(l)
		v.Layers[i].Problem, found = text, found || text != ""
	}
	return found
}

func (s *Server) scheduleForm(c echo.Context, one oncall.Schedule, seen string) (*scheduleView, error) {
	f, err := s.frame(c, "on-call", "schedule.title")
	if err != nil {
		return nil, err
	}
	v := &scheduleView{frame: f, ID: one.ID, Name: one.Name, Topic: one.Topic, Seen: seen, Review: max(one.ReviewEvery, 0)}
	if v.Review == 0 {
		v.Review = 3
	}
	err = s.view(func(tx *store.Tx) error {
		if v.Owner, err = s.ownerOptions(tx, one.Owner); err != nil {
			return err
		}
		for i, l := range one.Layers {
			form, err := s.layerForm(tx, "l"+itoa(i+1), l)
			if err != nil {
				return err
			}
			v.Layers = append(v.Layers, form)
		}
		return nil
	})
	return v, err
}

// ownerOptions are who can look after a schedule: everybody with an account.
func (s *Server) ownerOptions(tx *store.Tx, chosen message.PersonID) (list []option, err error) {
	people, err := s.app.Access.People(tx)
	for _, p := range people {
		if p.Staff() {
			list = append(list, option{Value: string(p.ID), Label: p.Call(), Chosen: p.ID == chosen})
		}
	}
	return list, err
}

func (s *Server) layerForm(tx *store.Tx, at string, l oncall.Layer) (layerForm, error) {
	form := layerForm{At: at, ID: l.ID, Name: l.Name}
	for i, r := range l.Rotations {
		one, err := s.rotationForm(tx, at+".r"+itoa(i+1), r)
		if err != nil {
			return form, err
		}
		form.Rotations = append(form.Rotations, one)
	}
	for _, shift := range append(slices.Clone(l.Shifts), oncall.Shift{}) {
		if s.keepsStill(shift) {
			form.More++
			continue
		}
		people, err := s.staffOptions(tx, shift.Person)
		if err != nil {
			return form, err
		}
		form.Shifts = append(form.Shifts, shiftForm{At: at + ".s" + itoa(len(form.Shifts)+1), ID: shift.ID, People: people,
			From: s.pointField(shift.From), To: s.pointField(shift.To)})
	}
	return form, nil
}

func (s *Server) rotationForm(tx *store.Tx, at string, r oncall.Rotation) (rotationForm, error) {
	form := rotationForm{At: at, ID: r.ID, Name: r.Name, First: string(r.First), Starts: r.Start.String(), Handover: r.Handover.At.String(), Days: max(r.Days, 1), Day: max(r.Handover.Day, 1)}
	if r.Start.IsZero() {
		form.Starts = ""
	}
	for _, who := range append(slices.Clone(r.People), "", "") {
		people, err := s.staffOptions(tx, who)
		if err != nil {
			return form, err
		}
		form.People = append(form.People, people)
	}
	for _, e := range []oncall.Every{oncall.Daily, oncall.Weekly, oncall.Monthly, oncall.Custom} {
		form.Every = append(form.Every, option{Value: string(e), Label: s.words.say("every." + string(e)), Chosen: e == r.Every})
	}
	form.Weekday = weekdays(func(d time.Weekday) bool { return d == r.Handover.Weekday })
	form.Windows = windowForms(at, r.Windows)
	return form, nil
}

// windowForms are the windows with one more to fill in.
func windowForms(at string, windows []oncall.Window) (list []windowForm) {
	for i, w := range append(slices.Clone(windows), oncall.Window{}) {
		form := windowForm{At: at + ".w" + itoa(i+1), Days: weekdays(func(d time.Weekday) bool { return slices.Contains(w.Days, d) })}
		if len(w.Days) > 0 {
			form.From, form.To = w.From.String(), w.To.String()
		}
		list = append(list, form)
	}
	return list
}

// weekdays are the days of the week as choices, Monday first.
func weekdays(chosen func(time.Weekday) bool) (list []option) {
	for i := range 7 {
		d := time.Weekday((i + 1) % 7)
		list = append(list, option{Value: itoa(int(d)), Label: d.String()[:3], Chosen: chosen(d)})
	}
	return list
}

// keepsStill says whether a shift is none of the form's: it is over, or a file
// brought it and brings it again.
func (s *Server) keepsStill(shift oncall.Shift) bool {
	if shift.ID == "" {
		return false
	}
	cal := s.today()
	return shift.Source != "" || !shift.To.In(cal.zone).After(cal.now)
}

func (s *Server) pointField(p oncall.Point) string {
	if p.IsZero() {
		return ""
	}
	return p.In(s.app.Practice().Zone).In(s.app.Practice().Zone).Format(wallField)
}
