package appliance_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance"
	"nightbell/appliance/access"
	"nightbell/appliance/appliancetest"
	"nightbell/appliance/finding"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

var (
	okafor = appliancetest.Login{Name: "okafor", Password: "seven grey herons on the river"}
	hale   = appliancetest.Login{Name: "hale", Password: "seven grey herons on the river"}
)

// table is a CSV file of shifts "PERSON DAY FROM TO" from the day the practice
// stands at, in hours.
func table(p *appliancetest.Practice, rows ...string) appliance.ShiftFile {
	zone := p.Appliance.Practice().Zone
	now := p.Clock.Now().In(zone)
	text := "person,from,to\n"
	for _, row := range rows {
		var who string
		var day, from, to int
		if _, err := fmt.Sscan(row, &who, &day, &from, &to); err != nil {
			panic(err)
		}
		at := func(hour int) string {
			return time.Date(now.Year(), now.Month(), now.Day()+day, hour, 0, 0, 0, zone).Format("2006-01-02 15:04")
		}
		text += who + "," + at(from) + "," + at(to) + "\n"
	}
	return appliance.ShiftFile{Name: "calls.csv", Data: []byte(text)}
}

func importShifts(t *testing.T, p *appliancetest.Practice, f appliance.ShiftFile) appliance.ImportedShifts {
	t.Helper()
	done, err := p.ImportShifts(t.Context(), "owner", f)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// held is who holds which shifts of the only schedule.
func held(t *testing.T, p *appliancetest.Practice) (list []string) {
	t.Helper()
	err := p.Store.View(func(tx *store.Tx) error {
		plan, err := oncall.Load(tx)
		if err != nil {
			return err
		}
		for _, s := range plan.Schedules {
			for _, l := range s.Layers {
				for _, shift := range l.Shifts {
					who, _, err := p.Access.Person(tx, shift.Person)
					if err != nil {
						return err
					}
					list = append(list, fmt.Sprintf("%s/%s %s", s.Name, l.Name, who.Call()))
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(list)
	return list
}

func TestAFileOfShiftsTakesThePlaceOfWhatItBroughtBefore(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	p.AddPerson(hale, "", access.Provider)
	done := importShifts(t, p, table(p, "okafor 1 8 20", "hale 2 8 20"))
	if done.Shifts != 2 || done.Replaced != 0 || len(done.People) != 2 || !done.People[0].Rung || len(done.Gaps) == 0 {
		t.Errorf("first: %+v", done)
	}
	for range 2 {
		done = importShifts(t, p, table(p, "okafor 1 8 20", "okafor 3 8 20", "hale 2 8 20"))
	}
	if done.Replaced != 3 {
		t.Errorf("again: %+v", done)
	}
	if got := held(t, p); !slices.Equal(got, []string{"On call/Primary hale", "On call/Primary okafor", "On call/Primary okafor"}) {
		t.Errorf("held: %q", got)
	}

	other := table(p, "okafor 3 8 20")
	other.Name = "newer.csv"
	importShifts(t, p, other)
	if got := held(t, p); len(got) != 3 {
		t.Errorf("the same shift of another file is doubled: %q", got)
	}

	other.Layer, other.Schedule = "Backup", "on CALL"
	importShifts(t, p, other)
	if got := held(t, p); !slices.Equal(got, []string{"On call/Backup okafor", "On call/Primary hale", "On call/Primary okafor"}) {
		t.Errorf("moved to another layer: %q", got)
	}
}

func TestWhomNobodyKnowsIsAFindingUntilTheyHaveAnAccount(t *testing.T) {
	p := appliancetest.Start(t)
	file := table(p, "hale 0 0 24", "Hale 2 8 20")
	done := importShifts(t, p, file)
	if len(done.People) != 1 || !done.People[0].New || done.People[0].Rung {
		t.Fatalf("people: %+v", done.People)
	}
	if now, err := p.OnCallNow(); err != nil || len(now.People) != 1 || !strings.Contains(now.People[0].Why, "has no account") {
		t.Errorf("whose shift it is, without an account: %+v, %v", now, err)
	}
	says := func() bool {
		all, err := p.Findings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(all, func(f finding.Finding) bool {
			return strings.HasPrefix(f.ID, "oncall.no-account/") && strings.Contains(f.Text, "hale is on the schedule")
		})
	}
	if !says() {
		t.Error("nobody is told")
	}
	if done = importShifts(t, p, file); done.People[0].New || len(done.People) != 1 {
		t.Errorf("made twice: %+v", done.People)
	}
	p.AddPerson(hale, "", access.Provider)
	if done = importShifts(t, p, file); len(done.People) != 1 || !done.People[0].Rung {
		t.Errorf("with an account: %+v", done.People)
	}
	if says() {
		t.Error("it is still said")
	}
}

func TestACalendarOfPatientsIsNotImported(t *testing.T) {
	p := appliancetest.Start(t)
	var rows []string
	for i := range 51 {
		rows = append(rows, fmt.Sprintf("patient%c%c 1 8 20", 'a'+i/26, 'a'+i%26))
	}
	before, err := p.People()
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.ImportShifts(t.Context(), "owner", table(p, rows...))
	var advice *appliance.Advice
	if !errors.As(err, &advice) || strings.Contains(err.Error(), "patient") {
		t.Errorf("imported, or their names are said: %v", err)
	}
	if after, err := p.People(); err != nil || len(after) != len(before) {
		t.Errorf("%d people are kept, %v", len(after)-len(before), err)
	}
}

// What is no person's name may be a patient's appointment, and would be kept and
// shown in the clear. The refusal says where it stands and not what.
func TestAnAppointmentIsNoNewPerson(t *testing.T) {
	p := appliancetest.Start(t, appliancetest.Locked)
	for _, name := range []string{"Jane Roe DOB 3/4/1960", "jane.roe@example.com", "Roe: chest pain", "Jane Roe (new patient)", "call 5550134", "Jane Roe wants her results read to her"} {
		_, err := p.ImportShifts(t.Context(), "owner", appliance.ShiftFile{Name: "calls.csv", Data: []byte("person,from,to\n" + name + ",2026-12-01 07:00,2026-12-01 19:00\n")})
		var bad *oncall.BadFile
		if !errors.As(err, &bad) || !strings.Contains(bad.Error(), "line 2") || strings.Contains(bad.Error(), "Roe") || strings.Contains(bad.Error(), "555") {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"\"O'Hara-Núñez, Dr. Siobhán\"", "José María de la Cruz", "Dr. Okafor Jr."} {
		if _, err := p.ImportShifts(t.Context(), "owner", appliance.ShiftFile{Name: "calls.csv", Data: []byte("person,from,to\n" + name + ",2026-12-01 07:00,2026-12-01 19:00\n")}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAScheduleThatCouldBeSeveralIsAskedFor(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	for _, name := range []string{"Cardiology", "Pediatrics"} {
		if _, err := p.SaveSchedule(t.Context(), "owner", oncall.Schedule{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	f := table(p, "okafor 1 8 20")
	_, err := p.ImportShifts(t.Context(), "owner", f)
	if err == nil || !strings.Contains(err.Error(), "several schedules") {
		t.Errorf("one was chosen: %v", err)
	}
	var advice *appliance.Advice // the page says it too, and has no --schedule
	if !errors.As(err, &advice) || !strings.HasSuffix(advice.Todo(), "its schedule: Cardiology, Pediatrics") || strings.Contains(advice.Todo(), "--") {
		t.Errorf("what to do: %+v", advice)
	}
	f.Schedule = "pediatrics"
	importShifts(t, p, f)
	if got := held(t, p); !slices.Equal(got, []string{"Pediatrics/Primary okafor"}) {
		t.Errorf("held: %q", got)
	}
}

func TestAFileAsLargeAsALayerMayBeIsImportedAgainAndAgain(t *testing.T) {
	p := appliancetest.Start(t)
	p.AddPerson(okafor, "", access.Provider)
	rows := make([]string, 0, 4000)
	for i := range 4000 {
		rows = append(rows, fmt.Sprintf("okafor %d %d %d", i/8, i%8*3, i%8*3+3))
	}
	f := table(p, rows...)
	for range 2 {
		if done := importShifts(t, p, f); done.Shifts != 4000 {
			t.Fatalf("%d shifts", done.Shifts)
		}
	}
}
