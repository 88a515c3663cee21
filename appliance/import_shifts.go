package appliance

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"nightbell/appliance/access"
	"nightbell/appliance/finding"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// ShiftFile is a file of shifts to import.
type ShiftFile struct {
	Name            string `json:"name"` // of the file: .ics or .csv
	Data            []byte `json:"data"`
	Schedule, Layer string // into which, where the file does not say; empty: see ImportShifts
	Dates           string // "mdy" or "dmy", for a CSV file whose dates can be read both ways
}

// ImportedShifts is what an import did.
type ImportedShifts struct {
	Source    string           `json:"source"`
	Shifts    int              `json:"shifts"`
	Replaced  int              `json:"replaced"` // that the same file had brought before
	First     time.Time        `json:"first"`
	Last      time.Time        `json:"last"`
	Schedules []string         `json:"schedules"`
	People    []ImportedPerson `json:"people"`
	Notes     []string         `json:"notes,omitempty"` // what was read otherwise than it stands in the file
	Gaps      []OnCallGap      `json:"gaps,omitempty"`  // of the next two weeks
}

// ImportedPerson is somebody whom a file names.
type ImportedPerson struct {
	ID     message.PersonID `json:"id"`
	Name   string           `json:"name"`
	Shifts int              `json:"shifts"`
	New    bool             `json:"new,omitempty"` // nobody of that name was known
	Rung   bool             `json:"rung"`          // an urgent call can ring them
}

const (
	// newNames is how many unknown people a file may bring. More are no practice's
	// rota but somebody's calendar of patients, whose names must not be kept.
	newNames = 50

	firstSchedule, firstLayer = "On call", "Primary"

	fortnight = 14 * 24 * time.Hour
)

// ImportShifts puts the shifts of a file into the schedules, in the place of
// those that the same file brought before. A schedule that is not named is the
// only one, or a new one; a layer that is not named is the first. Somebody whom
// nobody knows becomes a person without a way to be reached: a finding.
func (a *Appliance) ImportShifts(ctx context.Context, by string, f ShiftFile) (ImportedShifts, error) {
	at := a.Clock.Now().UTC()
	file, err := oncall.ReadFile(f.Name, f.Data, oncall.FileOptions{Zone: a.practice.Zone, Now: at, Dates: f.Dates})
	if err != nil {
		return ImportedShifts{}, err
	}
	if err := a.nameSchedules(&file, f); err != nil {
		return ImportedShifts{}, err
	}
	people, err := a.peopleOfShifts(ctx, by, file)
	if err != nil {
		return ImportedShifts{}, err
	}
	im := oncall.Import{Source: file.Source}
	for _, s := range file.Shifts {
		who := people[s.Person]
		who.Shifts++
		im.Shifts = append(im.Shifts, oncall.ImportShift{Schedule: s.Schedule, Layer: s.Layer, Person: who.ID, From: s.From, To: s.To})
	}
	done := ImportedShifts{Source: file.Source, Shifts: len(file.Shifts), First: file.Shifts[0].From, Notes: file.Notes}
	for _, s := range file.Shifts {
		done.Last = later(done.Last, s.To)
	}
	for _, who := range people {
		if !slices.ContainsFunc(done.People, func(p ImportedPerson) bool { return p.ID == who.ID }) {
			done.People = append(done.People, *who)
		}
	}
	slices.SortFunc(done.People, func(p, q ImportedPerson) int { return cmp.Or(cmp.Compare(p.Name, q.Name), cmp.Compare(p.ID, q.ID)) })
	if err := a.keepImport(ctx, by, im, &done, at); err != nil {
		return ImportedShifts{}, err
	}
	done.Gaps, err = a.OnCallGaps(at, at.Add(fortnight))
	return done, err
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// nameSchedules says of each shift which schedule and layer it belongs to.
func (a *Appliance) nameSchedules(file *oncall.File, f ShiftFile) error {
	plan, err := a.plan()
	if err != nil {
		return err
	}
	if f.Schedule == "" && len(plan.Schedules) == 1 {
		f.Schedule = plan.Schedules[0].Name
	}
	unsaid := f.Schedule == "" && len(plan.Schedules) > 1
	f.Schedule = cmp.Or(f.Schedule, firstSchedule)
	for i := range file.Shifts {
		s := &file.Shifts[i]
		if s.Schedule == "" && unsaid {
			return withTodo("there are several schedules, and "+s.Where+" does not say which it belongs to", "say which of them as its schedule: "+scheduleNames(plan))
		}
		s.Schedule = cmp.Or(s.Schedule, f.Schedule)
		s.Layer = cmp.Or(s.Layer, f.Layer, layerOf(plan, s.Schedule))
	}
	return nil
}

// layerOf is the first layer of a schedule: the one that is rung first.
func layerOf(plan oncall.Plan, schedule string) string {
	for _, s := range plan.Schedules {
		if strings.EqualFold(s.Name, schedule) && len(s.Layers) > 0 {
			return s.Layers[0].Name
		}
	}
	return firstLayer
}

func scheduleNames(plan oncall.Plan) string {
	var names []string
	for _, s := range plan.Schedules {
		names = append(names, s.Name)
	}
	return strings.Join(names, ", ")
}

func (a *Appliance) plan() (plan oncall.Plan, err error) {
	err = a.Store.View(func(tx *store.Tx) error {
		plan, err = oncall.Load(tx)
		return err
	})
	return plan, err
}

// keepImport writes the schedules that an import changes, all or none.
func (a *Appliance) keepImport(ctx context.Context, by string, im oncall.Import, done *ImportedShifts, at time.Time) error {
	ids, err := idsFor(im)
	if err != nil {
		return err
	}
	err = a.Store.Update(ctx, func(tx *store.Tx) error {
		plan, err := oncall.Load(tx)
		if err != nil {
			return err
		}
		next := 0
		changed, replaced := im.Into(plan.Schedules, plan.Zone, func() string { next++; return ids[next-1] })
		done.Replaced, done.Schedules = replaced, nil
		for _, s := range changed {
			if err := oncall.SetSchedule(tx, by, s, at); err != nil {
				return err
			}
			done.Schedules = append(done.Schedules, s.Name)
		}
		return nil
	})
	if errors.Is(err, store.ErrTooLarge) {
		return withTodo("the file has more shifts than its schedules can hold", "import fewer months at once")
	}
	return err
}

// idsFor are ids enough for the schedules and layers that an import may make:
// a change that is run again has to make the same ones.
func idsFor(im oncall.Import) ([]string, error) {
	names := map[[2]string]bool{}
	for _, s := range im.Shifts {
		names[[2]string{s.Schedule, s.Layer}] = true
	}
	ids := make([]string, 0, 2*len(names))
	for range 2 * len(names) {
		id, err := newID()
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// OnCallGap is a time at which nobody is on call.
type OnCallGap struct {
	Schedule string    `json:"schedule,omitempty"` // its name; empty: nobody at all
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
}

// OnCallGaps answers when nobody is on call, before it happens.
func (a *Appliance) OnCallGaps(from, to time.Time) ([]OnCallGap, error) {
	plan, err := a.plan()
	if err != nil {
		return nil, err
	}
	var list []OnCallGap
	for _, g := range oncall.Gaps(plan, from, to) {
		gap := OnCallGap{From: g.From, To: g.To}
		for _, s := range plan.Schedules {
			if s.ID == g.Schedule {
				gap.Schedule = s.Name
			}
		}
		list = append(list, gap)
	}
	return list, nil
}

// shiftFindings says who is on a schedule and was never given an account: an
// urgent call would pass their turn over.
func (a *Appliance) shiftFindings(tx *store.Tx, at time.Time) ([]finding.Finding, error) {
	plan, err := oncall.Load(tx)
	if err != nil || plan.Uses != oncall.UsesSchedule {
		return nil, err
	}
	next := map[message.PersonID]time.Time{}
	for _, s := range plan.Schedules {
		for _, l := range s.Layers {
			for _, shift := range l.Shifts {
				from, first := shift.From.In(plan.Zone), next[shift.Person]
				if shift.To.In(plan.Zone).After(at) && (first.IsZero() || from.Before(first)) {
					next[shift.Person] = from
				}
			}
		}
	}
	var list []finding.Finding
	for id, from := range next {
		p, found, err := a.Access.Person(tx, id)
		if err != nil {
			return nil, err
		}
		if found && p.Contact && !p.Disabled {
			list = append(list, noAccount(p, from.In(plan.Zone)))
		}
	}
	return list, nil
}

func noAccount(p access.Person, from time.Time) finding.Finding {
	return finding.Finding{ID: "oncall.no-account/" + string(p.ID), Severity: finding.Warning,
		Text: fmt.Sprintf("%s is on the schedule from %s and has no account: an urgent call passes them over.", p.Call(), from.Format("Mon Jan 2, 3:04 pm")),
		Do:   "Add them as staff with their name as it stands in the schedule, then import its file again; or have somebody cover."}
}
