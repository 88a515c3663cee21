package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
)

// What a form is read to: more than a schedule may have, so that the schedule's
// own rule refuses it.
const (
	formLayers    = 40
	formRotations = 40
	formWindows   = 30
	formShifts    = 1000
)

// place reads where a field belongs: "l2.r1" is the second layer's first rotation.
func place(at string) (layer, rotation int) {
	l, r, _ := strings.Cut(at, ".")
	layer, _ = strconv.Atoi(strings.TrimPrefix(l, "l"))
	rotation, _ = strconv.Atoi(strings.TrimPrefix(r, "r"))
	return max(layer-1, 0), rotation - 1
}

// reading is a form that is read into a schedule, and what could not be.
type reading struct {
	form url.Values
	err  error
}

func (f *reading) text(name string) string { return strings.TrimSpace(f.form.Get(name)) }

func (f *reading) number(name string) int {
	n, _ := strconv.Atoi(f.text(name))
	return n
}

// into reads a value by its own text form; an empty field leaves it alone.
func (f *reading) into(name string, v interface{ UnmarshalText([]byte) error }) {
	text := f.text(name)
	if text == "" {
		return
	}
	if err := v.UnmarshalText([]byte(text)); err != nil && f.err == nil {
		f.err = &oncall.Refused{Why: err.Error()}
	}
}

// typedSchedule reads the form. What the form does not show of the schedule that
// is kept stays with it.
func (s *Server) typedSchedule(c echo.Context, kept oncall.Schedule) (oncall.Schedule, error) {
	if posted(c, "id") == "" {
		kept = oncall.Schedule{}
	}
	f := &reading{form: c.Request().PostForm}
	one := kept
	one.Name, one.Topic, one.Owner = f.text("name"), f.text("topic"), message.PersonID(f.text("owner"))
	one.ReviewEvery, one.Layers = f.number("review"), nil
	for i := range min(f.number("layers"), formLayers) {
		at := "l" + itoa(i+1)
		l := oncall.Layer{ID: f.text(at + ".id"), Name: f.text(at + ".name")}
		var was oncall.Layer
		if j := slices.IndexFunc(kept.Layers, func(k oncall.Layer) bool { return k.ID == l.ID }); j >= 0 {
			was = kept.Layers[j]
		}
		l.ID = was.ID
		for j := range min(f.number(at+".rotations"), formRotations) {
			l.Rotations = append(l.Rotations, f.rotation(at+".r"+itoa(j+1), was))
		}
		for _, shift := range was.Shifts {
			if s.keepsStill(shift) {
				l.Shifts = append(l.Shifts, shift)
			}
		}
		for j := range min(f.number(at+".shifts"), formShifts) {
			if shift, typed := f.shift(at+".s"+itoa(j+1), was, s.pointField); typed {
				l.Shifts = append(l.Shifts, shift)
			}
		}
		one.Layers = append(one.Layers, l)
	}
	return one, f.err
}

func (f *reading) rotation(at string, was oncall.Layer) oncall.Rotation {
	r := oncall.Rotation{Name: f.text(at + ".name"), Every: oncall.Every(f.text(at + ".every")), Days: f.number(at + ".length")}
	if i := slices.IndexFunc(was.Rotations, func(k oncall.Rotation) bool { return k.ID == f.text(at+".id") }); i >= 0 {
		r.ID, r.First = was.Rotations[i].ID, was.Rotations[i].First
	}
	for _, who := range f.form[at+".people"] {
		if who != "" {
			r.People = append(r.People, message.PersonID(who))
		}
	}
	if !slices.Contains(r.People, r.First) {
		r.First = "" // whoever is on stays on, or who came next follows
	}
	r.Handover = oncall.Handover{At: -1, Weekday: time.Weekday(f.number(at + ".weekday")), Day: f.number(at + ".day")}
	f.into(at+".at", &r.Handover.At)
	f.into(at+".start", &r.Start)
	r.Windows = f.windows(at)
	return r
}

// windows reads those of which anything was chosen.
func (f *reading) windows(at string) (list []oncall.Window) {
	for i := range min(f.number(at+".windows"), formWindows) {
		one := at + ".w" + itoa(i+1)
		w := oncall.Window{From: -1, To: -1}
		for _, d := range f.form[one+".days"] {
			if n, err := strconv.Atoi(d); err == nil && n >= 0 && n < 7 {
				w.Days = append(w.Days, time.Weekday(n))
			}
		}
		f.into(one+".from", &w.From)
		f.into(one+".to", &w.To)
		if len(w.Days) > 0 || w.From >= 0 || w.To >= 0 {
			list = append(list, w)
		}
	}
	return list
}

// shift reads one; an end that still reads as it was shown stays the point it was.
func (f *reading) shift(at string, was oncall.Layer, shown func(oncall.Point) string) (oncall.Shift, bool) {
	shift := oncall.Shift{Person: message.PersonID(f.text(at + ".person"))}
	if shift.Person == "" {
		return shift, false
	}
	f.into(at+".from", &shift.From)
	f.into(at+".to", &shift.To)
	if i := slices.IndexFunc(was.Shifts, func(k oncall.Shift) bool { return k.ID == f.text(at+".id") }); i >= 0 {
		before := was.Shifts[i]
		shift.ID = before.ID
		if f.text(at+".from") == shown(before.From) {
			shift.From = before.From
		}
		if f.text(at+".to") == shown(before.To) {
			shift.To = before.To
		}
	}
	return shift, true
}
