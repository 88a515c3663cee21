package oncall_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// drawSchedule draws schedules of every shape, with and without gaps.
func drawSchedule(t *rapid.T) oncall.Schedule {
	staff := []message.PersonID{"a", "b", "c", "d"}
	clock := rapid.Map(rapid.IntRange(0, 24*4-1), func(n int) oncall.Clock { return oncall.Clock(n * 15) })
	some := rapid.SliceOfNDistinct(rapid.SampledFrom(staff), 0, 4, rapid.ID[message.PersonID])
	id := 0
	next := func() string { id++; return "x" + string(rune('a'+id)) }
	window := rapid.Custom(func(t *rapid.T) oncall.Window {
		return oncall.Window{From: clock.Draw(t, "from"), To: clock.Draw(t, "to"),
			Days: rapid.SliceOfNDistinct(rapid.SampledFrom(everyDay), 1, 7, rapid.ID[time.Weekday]).Draw(t, "days")}
	})
	day := rapid.Map(rapid.IntRange(0, 900), date(2026, 6, 1).Add)
	s := oncall.Schedule{ID: "s", Name: "Practice"}
	for range rapid.IntRange(1, 2).Draw(t, "layers") {
		l := oncall.Layer{ID: next(), Name: "Layer"}
		for range rapid.IntRange(0, 2).Draw(t, "rotations") {
			l.Rotations = append(l.Rotations, oncall.Rotation{ID: next(), People: some.Draw(t, "people"),
				Every: rapid.SampledFrom([]oncall.Every{oncall.Daily, oncall.Weekly, oncall.Monthly, oncall.Custom}).Draw(t, "every"),
				Days:  rapid.IntRange(1, 20).Draw(t, "of days"), Start: date(2026, 6, 1).Add(rapid.IntRange(0, 60).Draw(t, "start")),
				Handover: oncall.Handover{At: clock.Draw(t, "handover"), Weekday: rapid.SampledFrom(everyDay).Draw(t, "weekday"), Day: rapid.IntRange(1, 31).Draw(t, "day")},
				Windows:  rapid.SliceOfN(window, 0, 2).Draw(t, "windows")})
		}
		for range rapid.IntRange(0, 3).Draw(t, "shifts") {
			from := day.Draw(t, "shift")
			l.Shifts = append(l.Shifts, oncall.Shift{ID: next(), Person: rapid.SampledFrom(staff).Draw(t, "who"),
				From: from.At(clock.Draw(t, "from")), To: from.Add(rapid.IntRange(1, 40).Draw(t, "long")).At(clock.Draw(t, "to"))})
		}
		s.Layers = append(s.Layers, l)
	}
	return s
}

func drawOverride(t *rapid.T, layers []oncall.Layer) oncall.Override {
	staff := []message.PersonID{"a", "b", "c", "d"}
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	hours := func(name string, most int) time.Duration {
		return time.Duration(rapid.IntRange(0, most).Draw(t, name)) * time.Hour
	}
	two := rapid.SliceOfNDistinct(rapid.SampledFrom(staff), 2, 2, rapid.ID[message.PersonID]).Draw(t, "two")
	o := oncall.Override{ID: rapid.StringMatching(`[a-z]{8}`).Draw(t, "id"), Kind: rapid.SampledFrom([]oncall.OverrideKind{oncall.Cover, oncall.Swap, oncall.Remove}).Draw(t, "kind"),
		Replaced: two[0], By: two[1], State: oncall.Agreed, AskedBy: string(two[0]), AgreedBy: string(two[1])}
	o.From = begin.Add(hours("from", 20000))
	o.To = o.From.Add(time.Hour + hours("long", 500))
	o.AgreedAt = o.From.Add(hours("agreed", 100) - 90*time.Hour)
	if rapid.Bool().Draw(t, "undone") {
		o.State, o.EndedAt = oncall.Undone, o.AgreedAt.Add(hours("ended", 300))
	}
	switch o.Kind {
	case oncall.Remove:
		o.By = ""
	case oncall.Swap:
		if rapid.Bool().Draw(t, "in return") {
			back := o.From.Add(hours("back", 600))
			o.Back = &oncall.Stretch{From: back, To: back.Add(time.Hour + hours("back long", 100))}
		}
	case oncall.Cover:
		if rapid.Bool().Draw(t, "whoever") {
			o.Replaced, o.Schedule, o.Layer = "", "s", rapid.SampledFrom(layers).Draw(t, "layer").ID
		}
	}
	return o
}

// For random schedules, and every minute of two years, somebody is on call or
// the gap is reported. Every minute: spans and gaps are walked from end to end,
// and at the ends of each, beside them and in the middle Resolve says the same;
// between two ends nothing of the plan begins or ends.
func TestEveryMinuteOfTwoYearsSomebodyIsOnCallOrTheGapIsReported(t *testing.T) {
	zones := []*time.Location{zone(t, "America/New_York"), zone(t, "Australia/Lord_Howe"), zone(t, "Africa/Casablanca"), time.UTC}
	from, to := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC), time.Date(2028, 7, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		p := oncall.Plan{Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Uses: oncall.UsesSchedule, Schedules: []oncall.Schedule{drawSchedule(t)}}
		if err := p.Schedules[0].Check(); err != nil {
			t.Fatalf("drew a schedule that cannot be kept: %v", err)
		}
		for range rapid.IntRange(0, 4).Draw(t, "overrides") {
			p.Overrides = append(p.Overrides, drawOverride(t, p.Schedules[0].Layers))
		}
		p.Holidays = []oncall.Holiday{{ID: "h", Name: "Christmas", Date: date(2026, 12, 25), People: []message.PersonID{"e"}}}
		spans, gaps := oncall.Spans(p, from, to), oncall.Gaps(p, from, to)
		var reported time.Duration
		for _, g := range gaps {
			if g.Schedule == "" {
				reported += g.To.Sub(g.From)
			}
		}
		at, nobody := from, time.Duration(0)
		for _, s := range spans {
			if !s.From.Equal(at) || !s.From.Before(s.To) {
				t.Fatalf("the span from %s to %s follows the moment %s", s.From, s.To, at)
			}
			if at = s.To; len(s.Answer.Turns) == 0 {
				nobody += s.To.Sub(s.From)
			}
			middle := s.From.Add(time.Duration(rapid.Int64Range(0, int64(s.To.Sub(s.From))-1).Draw(t, "moment")))
			for _, m := range []time.Time{s.From, middle, s.To.Add(-1)} {
				if got := oncall.Resolve(p, m); !equal(got, s.Answer) {
					t.Fatalf("at %s Resolve says\n%+v, and the span from %s to %s\n%+v", m, got, s.From, s.To, s.Answer)
				}
			}
			for _, turn := range s.Answer.Turns {
				if turn.From.After(s.From) || turn.To.Before(s.To) {
					t.Fatalf("from %s to %s a turn is said to last from %s to %s", s.From, s.To, turn.From, turn.To)
				}
			}
		}
		if !at.Equal(to) || nobody != reported {
			t.Fatalf("spans end at %s; nobody is on call for %s, and gaps of %s are reported", at, nobody, reported)
		}
	})
}

// Whatever people a rotation gets, and whatever its rhythm becomes, whoever is on
// stays on; who is removed is followed by the next who is still in it.
func TestPlacesAreHeldByPersonNotByIndex(t *testing.T) {
	staff := []message.PersonID{"a", "b", "c", "d", "e", "f"}
	st := open(t)
	rapid.Check(t, func(r *rapid.T) {
		some := func(name string) []message.PersonID {
			return rapid.Permutation(staff).Draw(r, name)[:rapid.IntRange(1, 6).Draw(r, "of "+name)]
		}
		rhythm := func(rotation oncall.Rotation) oncall.Rotation {
			rotation.ID, rotation.Start = "r", date(2026, 1, 1)
			rotation.Every = rapid.SampledFrom([]oncall.Every{oncall.Daily, oncall.Weekly, oncall.Monthly, oncall.Custom}).Draw(r, "every")
			rotation.Days = rapid.IntRange(1, 10).Draw(r, "days")
			rotation.Handover = oncall.Handover{At: oncall.Clock(rapid.IntRange(0, 1439).Draw(r, "at")), Weekday: rapid.SampledFrom(everyDay).Draw(r, "weekday"), Day: rapid.IntRange(1, 31).Draw(r, "day")}
			return rotation
		}
		before, after := rhythm(oncall.Rotation{People: some("people")}), rhythm(oncall.Rotation{People: some("later people")})
		changed := night.Add(time.Duration(rapid.IntRange(0, 500*24*60).Draw(r, "changed")) * time.Minute)
		err := st.Update(t.Context(), func(tx *store.Tx) error {
			if err := oncall.RemoveSchedule(tx, "dana", "s", night); err != nil {
				return err
			}
			if err := oncall.SetSchedule(tx, "dana", primary(before), night); err != nil {
				return err
			}
			was, err := oncall.Now(tx, changed)
			if err != nil {
				return err
			}
			want := was.People()[0]
			for i := slices.Index(before.People, want); !slices.Contains(after.People, want); {
				if i++; i >= slices.Index(before.People, was.People()[0])+len(before.People) {
					want = after.People[0] // nobody of them is left
					break
				}
				want = before.People[i%len(before.People)]
			}
			if err := oncall.SetSchedule(tx, "dana", primary(after), changed); err != nil {
				return err
			}
			is, err := oncall.Now(tx, changed)
			if got := is.People(); err == nil && !slices.Equal(got, []message.PersonID{want}) {
				r.Fatalf("%v was on, the people became %v, and %v is on: want %s", was.People(), after.People, got, want)
			}
			return err
		})
		if err != nil {
			r.Fatal(err)
		}
	})
}
