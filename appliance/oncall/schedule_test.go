package oncall_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// in opens a store of a practice in New York.
func in(t *testing.T, z string) *store.Store {
	t.Helper()
	s := open(t)
	change(t, s, func(tx *store.Tx) error { return settings.Set(tx, settings.PracticeTimezone, z) })
	return s
}

func weekly(people ...message.PersonID) oncall.Rotation {
	return oncall.Rotation{ID: "nights", Name: "Nights", People: people, Every: oncall.Weekly,
		Handover: oncall.Handover{At: oncall.NewClock(7, 0), Weekday: time.Monday}, Start: date(2026, 11, 2)}
}

func primary(list ...oncall.Rotation) oncall.Schedule {
	return oncall.Schedule{ID: "s", Name: "Practice", Owner: "dana", Layers: []oncall.Layer{{ID: "primary", Name: "Primary", Rotations: list}}}
}

func save(t *testing.T, st *store.Store, s oncall.Schedule, at time.Time) {
	t.Helper()
	change(t, st, func(tx *store.Tx) error { return oncall.SetSchedule(tx, "dana", s, at) })
}

// sequence is who has the turns that begin at a moment and in the weeks after.
func sequence(t *testing.T, st *store.Store, at time.Time, weeks int) (list []message.PersonID) {
	t.Helper()
	for i := range weeks {
		list = append(list, people(t, st, at.AddDate(0, 0, 7*i))...)
	}
	return list
}

func TestAChangeOfThePeopleDoesNotMoveWhoIsOnNow(t *testing.T) {
	// 24 November: the fourth turn, that of the first person again.
	for _, c := range []struct {
		name   string
		people []message.PersonID
		want   []message.PersonID
	}{
		{"as it was", []message.PersonID{"okafor", "lindqvist", "hale"}, []message.PersonID{"okafor", "lindqvist", "hale", "okafor"}},
		{"somebody joins in front", []message.PersonID{"ames", "okafor", "lindqvist", "hale"}, []message.PersonID{"okafor", "lindqvist", "hale", "ames"}},
		{"somebody joins behind", []message.PersonID{"okafor", "lindqvist", "hale", "ames"}, []message.PersonID{"okafor", "lindqvist", "hale", "ames"}},
		{"another order", []message.PersonID{"hale", "okafor", "lindqvist"}, []message.PersonID{"okafor", "lindqvist", "hale", "okafor"}},
		{"somebody else leaves", []message.PersonID{"okafor", "hale"}, []message.PersonID{"okafor", "hale", "okafor", "hale"}},
		{"who is on leaves: the next takes over at once", []message.PersonID{"lindqvist", "hale"}, []message.PersonID{"lindqvist", "hale", "lindqvist", "hale"}},
		{"all leave", []message.PersonID{"ames", "bose"}, []message.PersonID{"ames", "bose", "ames", "bose"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := in(t, "America/New_York")
			save(t, s, primary(weekly("okafor", "lindqvist", "hale")), night.AddDate(0, 0, -20))
			save(t, s, primary(weekly(c.people...)), night)
			if got := sequence(t, s, night, 4); !slices.Equal(got, c.want) {
				t.Errorf("now and in the weeks after: %v, want %v", got, c.want)
			}
		})
	}
}

func TestLeavingWhoBeganTheOrderDoesNotMoveWhoIsOnNow(t *testing.T) {
	s, later := in(t, "America/New_York"), night.AddDate(0, 0, 7)
	begun := weekly("okafor", "lindqvist", "hale")
	begun.First = "lindqvist"
	save(t, s, primary(begun), night.AddDate(0, 0, -20))
	save(t, s, primary(weekly("okafor", "hale")), later) // the turn after lindqvist's is hale's
	if got, want := sequence(t, s, later, 3), []message.PersonID{"hale", "okafor", "hale"}; !slices.Equal(got, want) {
		t.Errorf("now and in the weeks after: %v, want %v", got, want)
	}
}

func TestWhatWasStaysToBeSeen(t *testing.T) {
	s := in(t, "America/New_York")
	save(t, s, primary(weekly("okafor", "lindqvist", "hale")), night.AddDate(0, 0, -20))
	save(t, s, primary(weekly("ames", "bose")), night)
	change(t, s, func(tx *store.Tx) error {
		p, err := oncall.LoadSince(tx, night.AddDate(0, 0, -15))
		if got := oncall.Resolve(p, night.Add(-time.Second)).People(); !slices.Equal(got, []message.PersonID{"okafor"}) {
			t.Errorf("before the change %v were on call (%v)", got, err)
		}
		if got := oncall.Resolve(p, night).People(); !slices.Equal(got, []message.PersonID{"ames"}) {
			t.Errorf("after the change %v are on call", got)
		}
		return err
	})
	if got := people(t, s, night.Add(-2*time.Second)); !slices.Equal(got, []message.PersonID{"ames"}) {
		t.Errorf("with the clock put back two seconds after the change %v are on call", got)
	}
}

func TestAShiftEnteredLaterSaysOfThePastWhatItSays(t *testing.T) {
	s := in(t, "America/New_York")
	save(t, s, primary(weekly("okafor")), night.AddDate(0, 0, -20))
	save(t, s, primary(weekly("hale")), night)
	entered := primary(weekly("hale"))
	entered.Layers[0].Shifts = []oncall.Shift{{ID: "x", Person: "ames", From: date(2026, 11, 20).At(0), To: date(2026, 11, 21).At(0)}}
	save(t, s, entered, night.Add(time.Minute))
	change(t, s, func(tx *store.Tx) error {
		p, err := oncall.LoadSince(tx, night.AddDate(0, 0, -10))
		for day, want := range map[int]message.PersonID{-5: "okafor", -4: "ames", -3: "okafor", 0: "hale"} {
			if got := oncall.Resolve(p, night.AddDate(0, 0, day)).People(); !slices.Equal(got, []message.PersonID{want}) {
				t.Errorf("%d days ago %v are on call, want %s", -day, got, want)
			}
		}
		return err
	})
}

func TestTheSwitchSaysNothingOfTheTimeBeforeIt(t *testing.T) {
	s := in(t, "America/New_York")
	save(t, s, primary(weekly("okafor")), night.AddDate(0, 0, -20))
	change(t, s, func(tx *store.Tx) error { return oncall.SetNow(tx, "dana", "ames", time.Time{}, night) })
	change(t, s, func(tx *store.Tx) error {
		p, err := oncall.LoadSince(tx, night.AddDate(0, 0, -1))
		if got := oncall.Resolve(p, night.Add(-time.Hour)).People(); !slices.Equal(got, []message.PersonID{"okafor"}) {
			t.Errorf("an hour before the switch %v were on call", got)
		}
		spans := oncall.Spans(p, night.Add(-time.Hour), night.Add(time.Hour))
		if len(spans) != 2 || !spans[1].From.Equal(night) || spans[1].Answer.People()[0] != "ames" {
			t.Errorf("spans %+v", spans)
		}
		return err
	})
	if got := people(t, s, night.Add(-time.Second)); !slices.Equal(got, []message.PersonID{"ames", "okafor"}) {
		t.Errorf("with the clock put back a second after it %v are on call", got)
	}
}

func TestAHandoverChangedInTheMiddleOfATurnLeavesWhoIsOn(t *testing.T) {
	s := in(t, "America/New_York")
	save(t, s, primary(weekly("okafor", "lindqvist", "hale")), night.AddDate(0, 0, -20))
	daily := weekly("okafor", "lindqvist", "hale")
	daily.Every = oncall.Daily
	save(t, s, primary(daily), night)
	var got []message.PersonID
	for day := range 3 {
		got = append(got, people(t, s, night.AddDate(0, 0, day))...)
	}
	if !slices.Equal(got, []message.PersonID{"okafor", "lindqvist", "hale"}) {
		t.Errorf("the days after: %v", got)
	}
}

func TestSettingTheListMakesTheListCountAndSavingAScheduleTheSchedules(t *testing.T) {
	s := in(t, "America/New_York")
	change(t, s, func(tx *store.Tx) error {
		return oncall.Set(tx, "dana", []message.PersonID{"ames"}, night)
	})
	gap := weekly("okafor")
	gap.Windows = []oncall.Window{{Days: everyDay, From: oncall.NewClock(19, 0), To: oncall.NewClock(5, 0)}}
	save(t, s, primary(gap), night)
	if got := people(t, s, night); len(got) != 0 { // 05:07 in New York
		t.Errorf("in a gap of the schedule %v are on call: the list fills it silently", got)
	}
	if got := people(t, s, night.Add(-time.Hour)); !slices.Equal(got, []message.PersonID{"okafor"}) {
		t.Errorf("in the night %v are on call", got)
	}
	change(t, s, func(tx *store.Tx) error { return oncall.Set(tx, "dana", []message.PersonID{"ames"}, night) })
	if got := people(t, s, night.Add(-time.Hour)); !slices.Equal(got, []message.PersonID{"ames"}) {
		t.Errorf("the list was set, and %v are on call", got)
	}
	change(t, s, func(tx *store.Tx) error { return oncall.Use(tx, "dana", oncall.UsesSchedule, night) })
	change(t, s, func(tx *store.Tx) error { return oncall.RemoveSchedule(tx, "dana", "s", night) })
	if got := people(t, s, night); !slices.Equal(got, []message.PersonID{"ames"}) {
		t.Errorf("without schedules %v are on call", got)
	}
	want := []audit.What{audit.OnCallSet, audit.ScheduleSet, audit.OnCallSet, audit.SchedulesCount, audit.ScheduleRemoved}
	if got := whats(t, s); !slices.Equal(got, want) {
		t.Errorf("traced as %v", got)
	}
}

func TestLayersAndTopicsAreRungInTheirOrder(t *testing.T) {
	one := func(id string, who message.PersonID) oncall.Layer {
		r := weekly(who)
		r.ID = id + "-r"
		return oncall.Layer{ID: id, Name: id, Rotations: []oncall.Rotation{r}}
	}
	p := oncall.Plan{Zone: zone(t, "America/New_York"), Uses: oncall.UsesSchedule, Schedules: []oncall.Schedule{
		{ID: "cardio", Name: "Cardiology", Topic: "Cardiology", Layers: []oncall.Layer{one("cardio-primary", "hale")}},
		{ID: "all", Name: "Practice", Layers: []oncall.Layer{one("primary", "okafor"), one("backup", "lindqvist"), one("manager", "okafor")}},
	}}
	a := oncall.Resolve(p, night)
	if got := a.People(); !slices.Equal(got, []message.PersonID{"okafor", "lindqvist", "hale"}) {
		t.Errorf("rung in the order %v", got)
	}
	if got := a.InLayer("all", "backup"); !slices.Equal(got, []message.PersonID{"lindqvist"}) {
		t.Errorf("backup: %v", got)
	}
	if got := a.InLayer("cardio", ""); !slices.Equal(got, []message.PersonID{"hale"}) {
		t.Errorf("cardiology: %v", got)
	}
	if len(a.Turns) != 4 || a.Turns[0].Rule != "weekly rotation Nights, handover Mon 7:00 am" {
		t.Errorf("turns %+v", a.Turns)
	}
	c := oncall.Conflicts(p, night, night.AddDate(0, 0, 14))
	if len(c) != 1 || c[0].Kind != oncall.TwoLayers || !slices.Equal(c[0].Layers, []string{"primary", "manager"}) || !c[0].To.Equal(night.AddDate(0, 0, 14)) {
		t.Errorf("conflicts %+v", c)
	}
}

func TestADoubtedClockPutsPeopleOfEveryDayOnCall(t *testing.T) {
	p := rotations(zone(t, "America/New_York"), weekly("okafor", "lindqvist"))
	p.Schedules[0].Layers = append(p.Schedules[0].Layers, oncall.Layer{ID: "backup", Name: "Backup", Shifts: []oncall.Shift{
		{ID: "x", Person: "hale", From: date(2027, 1, 3).At(0), To: date(2027, 1, 4).At(0)},
	}})
	p.Doubt = &oncall.Doubt{Kind: oncall.ClockJumped, By: time.Hour}
	a := oncall.Resolve(p, night)
	if got := a.People(); !a.Everybody || a.Why != oncall.WhyClock || !slices.Equal(got, []message.PersonID{"lindqvist", "okafor", "hale"}) {
		t.Errorf("%v, everybody %v, %s", got, a.Everybody, a.Why)
	}
}

func TestHolidayGoesBeforeShiftAndShiftBeforeRotation(t *testing.T) {
	z := zone(t, "America/New_York")
	p := rotations(z, weekly("okafor"))
	p.Schedules[0].Layers[0].Shifts = []oncall.Shift{{ID: "x", Person: "lindqvist", From: date(2026, 11, 25).At(oncall.NewClock(19, 0)), To: date(2026, 11, 27).At(oncall.NewClock(7, 0))}}
	p.Holidays = []oncall.Holiday{{ID: "h", Name: "Thanksgiving", Date: date(2026, 11, 26), From: oncall.NewClock(7, 0), People: []message.PersonID{"hale", "ames"}}, {ID: "n", Name: "only a name", Date: date(2026, 11, 24)}}
	for _, c := range []struct {
		at       string
		who      []message.PersonID
		rule     string
		from, to string
	}{
		{"2026-11-25 18:59", []message.PersonID{"okafor"}, "weekly rotation Nights, handover Mon 7:00 am", "2026-11-23 07:00", "2026-11-25 19:00"},
		{"2026-11-25 19:00", []message.PersonID{"lindqvist"}, "fixed shift", "2026-11-25 19:00", "2026-11-26 07:00"},
		{"2026-11-26 07:00", []message.PersonID{"hale", "ames"}, "holiday Thanksgiving", "2026-11-26 07:00", "2026-11-27 07:00"},
		{"2026-11-27 07:00", []message.PersonID{"okafor"}, "weekly rotation Nights, handover Mon 7:00 am", "2026-11-27 07:00", "2026-11-30 07:00"},
	} {
		a := oncall.Resolve(p, at(t, z, c.at))
		if got := a.People(); !slices.Equal(got, c.who) {
			t.Fatalf("at %s %v are on call, want %v", c.at, got, c.who)
		}
		one := a.Turns[0]
		from, to := one.From.In(z).Format("2006-01-02 15:04"), one.To.In(z).Format("2006-01-02 15:04")
		if one.Rule != c.rule || from != c.from || to != c.to {
			t.Errorf("at %s: %q from %s to %s", c.at, one.Rule, from, to)
		}
	}
}

func at(t testing.TB, z *time.Location, typed string) time.Time {
	t.Helper()
	m, err := oncall.Wall(z, typed)
	if err != nil {
		t.Fatal(err)
	}
	return m.Moments[0].At
}

func TestAPracticeThatMovesToAnotherZoneKeepsItsWallClock(t *testing.T) {
	s := in(t, "America/New_York")
	r := weekly("okafor", "lindqvist")
	r.Every = oncall.Daily
	save(t, s, primary(r), night.AddDate(0, 0, -20))
	change(t, s, func(tx *store.Tx) error {
		east, err := oncall.Load(tx)
		west := east
		west.Zone = zone(t, "America/Denver")
		for _, p := range []oncall.Plan{east, west} {
			seven := at(t, p.Zone, "2026-12-01 07:00")
			before, after := oncall.Resolve(p, seven.Add(-time.Second)).People(), oncall.Resolve(p, seven).People()
			if slices.Equal(before, after) || len(before) != 1 || len(after) != 1 {
				t.Errorf("in %s the handover is not at seven: %v, then %v", p.Zone, before, after)
			}
		}
		if len(oncall.Gaps(west, night, night.AddDate(0, 1, 0))) > 0 {
			t.Error("moving makes a gap")
		}
		return err
	})
}

func TestLeapDaysYearEndsAndShortMonths(t *testing.T) {
	z := zone(t, "America/New_York")
	seven := oncall.NewClock(7, 0)
	for _, c := range []struct {
		name     string
		rotation oncall.Rotation
		at       []string // each with its turn
	}{
		{"monthly on the last day", oncall.Rotation{Every: oncall.Monthly, Handover: oncall.Handover{At: seven, Day: 31}, Start: date(2027, 12, 31)},
			[]string{"2027-12-31 07:00", "2028-01-31 07:00", "2028-02-29 07:00", "2028-03-31 07:00", "2028-04-30 07:00"}},
		{"monthly begun in the middle", oncall.Rotation{Every: oncall.Monthly, Handover: oncall.Handover{At: seven, Day: 1}, Start: date(2026, 12, 15)},
			[]string{"2026-12-15 07:00", "2027-01-01 07:00", "2027-02-01 07:00"}},
		{"weekly begun in the middle", oncall.Rotation{Every: oncall.Weekly, Handover: oncall.Handover{At: seven, Weekday: time.Monday}, Start: date(2026, 12, 30)},
			[]string{"2026-12-30 07:00", "2027-01-04 07:00", "2027-01-11 07:00"}},
		{"every three days over a leap day", oncall.Rotation{Every: oncall.Custom, Days: 3, Handover: oncall.Handover{At: seven}, Start: date(2028, 2, 27)},
			[]string{"2028-02-27 07:00", "2028-03-01 07:00", "2028-03-04 07:00"}},
		{"daily over the year's end", oncall.Rotation{Every: oncall.Daily, Handover: oncall.Handover{At: seven}, Start: date(2026, 12, 31)},
			[]string{"2026-12-31 07:00", "2027-01-01 07:00", "2027-01-02 07:00"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.rotation.ID = "r"
			for i := range c.at {
				c.rotation.People = append(c.rotation.People, message.PersonID(rune('a'+i)))
			}
			p := rotations(z, c.rotation)
			for i, typed := range c.at {
				begin := at(t, z, typed)
				if got := oncall.Resolve(p, begin).People(); !slices.Equal(got, c.rotation.People[i:i+1]) {
					t.Errorf("at %s %v are on call, want %s", typed, got, c.rotation.People[i])
				}
				want := c.rotation.People[max(i-1, 0):max(i, 0)]
				if got := oncall.Resolve(p, begin.Add(-time.Second)).People(); !slices.Equal(got, want) {
					t.Errorf("a second before %s %v are on call, want %v", typed, got, want)
				}
			}
		})
	}
}

func TestWhatCannotBeKeptIsRefusedInWords(t *testing.T) {
	s := in(t, "America/New_York")
	bad := func(f func(*oncall.Schedule)) oncall.Schedule {
		one := primary(weekly("okafor"))
		f(&one)
		return one
	}
	for name, schedule := range map[string]oncall.Schedule{
		"no name":              bad(func(s *oncall.Schedule) { s.Name = "" }),
		"somebody twice":       bad(func(s *oncall.Schedule) { s.Layers[0].Rotations[0].People = []message.PersonID{"a", "a"} }),
		"no start":             bad(func(s *oncall.Schedule) { s.Layers[0].Rotations[0].Start = oncall.Date{} }),
		"a stranger begins":    bad(func(s *oncall.Schedule) { s.Layers[0].Rotations[0].First = "hale" }),
		"no rhythm":            bad(func(s *oncall.Schedule) { s.Layers[0].Rotations[0].Every = "hourly" }),
		"a day of no days":     bad(func(s *oncall.Schedule) { s.Layers[0].Rotations[0].Every = oncall.Custom }),
		"a window of no days":  bad(func(s *oncall.Schedule) { s.Layers[0].Rotations[0].Windows = []oncall.Window{{}} }),
		"a shift without ends": bad(func(s *oncall.Schedule) { s.Layers[0].Shifts = []oncall.Shift{{ID: "x", Person: "a"}} }),
		"a shift that ends before it begins": bad(func(s *oncall.Schedule) {
			s.Layers[0].Shifts = []oncall.Shift{{ID: "x", Person: "a", From: date(2026, 11, 2).At(0), To: date(2026, 11, 1).At(0)}}
		}),
	} {
		err := s.Update(t.Context(), func(tx *store.Tx) error { return oncall.SetSchedule(tx, "dana", schedule, night) })
		var refused *oncall.Refused
		if !errors.As(err, &refused) || refused.Error() == "" || refused.Todo() == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := whats(t, s); len(got) > 0 {
		t.Errorf("what was refused is traced: %v", got)
	}
}
