package oncall_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"nightbell/appliance/audit"
	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/store"
)

// nights is a practice with a primary and a backup layer of one person a day.
func nights(t *testing.T) *store.Store {
	t.Helper()
	s := in(t, "America/New_York")
	daily := func(id string, people ...message.PersonID) oncall.Rotation {
		return oncall.Rotation{ID: id, Name: id, People: people, Every: oncall.Daily, Handover: oncall.Handover{At: oncall.NewClock(7, 0)}, Start: date(2026, 11, 24)}
	}
	schedule := oncall.Schedule{ID: "s", Name: "Practice", Layers: []oncall.Layer{
		{ID: "primary", Name: "Primary", Rotations: []oncall.Rotation{daily("p", "okafor", "lindqvist", "hale")}},
		{ID: "backup", Name: "Backup", Rotations: []oncall.Rotation{daily("b", "lindqvist", "hale", "okafor")}},
	}}
	save(t, s, schedule, night.AddDate(0, 0, -30))
	return s
}

// noon is a day's noon in New York, from 24 November.
func noon(day int) time.Time { return time.Date(2026, 11, 24+day, 17, 0, 0, 0, time.UTC) }

// seven is the handover of a day.
func seven(day int) time.Time { return time.Date(2026, 11, 24+day, 12, 0, 0, 0, time.UTC) }

func ask(by string, o oncall.Override, edits bool, at time.Time) func(*store.Tx) error {
	return func(tx *store.Tx) error { return oncall.Ask(tx, by, o, edits, at) }
}

func act(by string, act oncall.OverrideAct, edits bool, at time.Time) func(*store.Tx) error {
	return func(tx *store.Tx) error { return oncall.Act(tx, by, "x", act, edits, at) }
}

func layers(t *testing.T, s *store.Store, at time.Time) (primary, backup []message.PersonID) {
	t.Helper()
	change(t, s, func(tx *store.Tx) error {
		a, err := oncall.Now(tx, at)
		primary, backup = a.InLayer("s", "primary"), a.InLayer("s", "backup")
		return err
	})
	return primary, backup
}

func TestAnOverrideThatSpansSeveralShiftsCoversAllOfThem(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "x", Kind: oncall.Cover, Schedule: "s", Layer: "primary", By: "ames", From: noon(0), To: noon(3)}, true, noon(-1)))
	for day := range 3 {
		for _, at := range []time.Time{noon(day), noon(day).Add(23*time.Hour + 59*time.Minute)} {
			if p, b := layers(t, s, at); !slices.Equal(p, []message.PersonID{"ames"}) || len(b) != 1 {
				t.Errorf("at %s %v are on, behind them %v", at, p, b)
			}
		}
	}
	if p, _ := layers(t, s, noon(3)); !slices.Equal(p, []message.PersonID{"okafor"}) {
		t.Errorf("after its end %v is on", p)
	}
	if p, _ := layers(t, s, noon(0).Add(-1)); !slices.Equal(p, []message.PersonID{"okafor"}) {
		t.Errorf("before its beginning %v is on", p)
	}
}

func TestReplaceIsNotAddAndRemove(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "x", Kind: oncall.Cover, Replaced: "okafor", By: "ames", From: noon(-5), To: noon(20)}, true, noon(-5)))
	// The place is Okafor's: Ames stands in it whenever its turn comes, in both layers, and nobody else moves.
	for day, want := range []message.PersonID{"ames", "lindqvist", "hale", "ames"} {
		behind := []message.PersonID{"lindqvist", "hale", "ames", "lindqvist"}[day]
		if p, b := layers(t, s, noon(day)); !slices.Equal(p, []message.PersonID{want}) || !slices.Equal(b, []message.PersonID{behind}) {
			t.Errorf("day %d: %v, behind them %v", day, p, b)
		}
	}
	change(t, s, func(tx *store.Tx) error {
		a, err := oncall.Now(tx, noon(0))
		turn := a.Turns[0]
		if turn.Instead != "okafor" || !turn.From.Equal(seven(0)) || !turn.To.Equal(seven(1)) || turn.Why != oncall.WhyOverride {
			t.Errorf("the turn is %+v", turn)
		}
		said := turn.Text(zone(t, "America/New_York"), func(p message.PersonID) string { return "Dr. " + string(p) })
		if said != "cover: Dr. ames for Dr. okafor, set by Dr. dana on 19 Nov 2026; daily rotation p, handover 7:00 am" {
			t.Errorf("said as %q", said)
		}
		return err
	})
}

func TestSwapsAreAskedAgreedSeenAndUndoneByTheTwoPeopleWithoutAManager(t *testing.T) {
	s := nights(t)
	// Okafor has the 24th, Lindqvist the 25th.
	swap := oncall.Override{ID: "x", Kind: oncall.Swap, Schedule: "s", Layer: "primary", Replaced: "okafor", By: "lindqvist", From: seven(0), To: seven(1), Back: &oncall.Stretch{From: seven(1), To: seven(2)}}
	on := func(want ...message.PersonID) {
		t.Helper()
		var got []message.PersonID
		for day := range 3 {
			p, _ := layers(t, s, noon(day))
			got = append(got, p...)
		}
		if !slices.Equal(got, want) {
			t.Errorf("the three days are %v, want %v", got, want)
		}
	}
	refused := func(f func(*store.Tx) error, want error) {
		t.Helper()
		if err := s.Update(t.Context(), f); !errors.Is(err, want) {
			t.Errorf("got %v, want %v", err, want)
		}
	}
	refused(ask("hale", swap, false, noon(-2)), oncall.ErrNotYours)
	change(t, s, ask("okafor", swap, false, noon(-2)))
	on("okafor", "lindqvist", "hale") // asked is not agreed
	refused(act("okafor", oncall.Agree, false, noon(-2)), oncall.ErrNotYours)
	refused(act("hale", oncall.Agree, false, noon(-2)), oncall.ErrNotYours)
	refused(act("lindqvist", oncall.Undo, false, noon(-2)), oncall.ErrNotYours)
	change(t, s, act("lindqvist", oncall.Agree, false, noon(-2)))
	on("lindqvist", "okafor", "hale")
	refused(act("lindqvist", oncall.Agree, false, noon(-2)), oncall.ErrOverride)
	for _, who := range []message.PersonID{"okafor", "lindqvist"} {
		change(t, s, func(tx *store.Tx) error {
			seen, err := oncall.Overrides(tx, who)
			if len(seen) != 1 || seen[0].State != oncall.Agreed || !seen[0].May(string(who), oncall.Undo) || seen[0].May("hale", oncall.Undo) {
				t.Errorf("%s sees %+v", who, seen)
			}
			return err
		})
	}
	change(t, s, act("okafor", oncall.Undo, false, noon(-1)))
	on("okafor", "lindqvist", "hale")
	refused(act("okafor", oncall.Undo, false, noon(-1)), oncall.ErrOverride)
	if got := whats(t, s); !slices.Equal(got[1:], []audit.What{audit.OverrideAsked, audit.OverrideAgreed, audit.OverrideUndone}) {
		t.Errorf("traced as %v", got)
	}
}

func TestADeclinedSwapChangesNothing(t *testing.T) {
	s := nights(t)
	change(t, s, ask("okafor", oncall.Override{ID: "x", Kind: oncall.Cover, Replaced: "okafor", By: "ames", From: seven(0), To: seven(1)}, false, noon(-2)))
	change(t, s, act("ames", oncall.Decline, false, noon(-2)))
	if p, _ := layers(t, s, noon(0)); !slices.Equal(p, []message.PersonID{"okafor"}) {
		t.Errorf("%v is on", p)
	}
	err := s.Update(t.Context(), act("ames", oncall.Agree, true, noon(-2)))
	if !errors.Is(err, oncall.ErrOverride) {
		t.Errorf("agreed after it was declined: %v", err)
	}
}

func TestASwapAtTheSameTimeExchangesPrimaryAndBackup(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "x", Kind: oncall.Swap, Replaced: "okafor", By: "lindqvist", From: seven(0), To: seven(1)}, true, noon(-2)))
	if p, b := layers(t, s, noon(0)); !slices.Equal(p, []message.PersonID{"lindqvist"}) || !slices.Equal(b, []message.PersonID{"okafor"}) {
		t.Errorf("%v, behind them %v", p, b)
	}
}

func TestTheLaterWordCounts(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "a", Kind: oncall.Cover, Replaced: "okafor", By: "ames", From: seven(0), To: seven(1)}, true, noon(-3)))
	change(t, s, ask("dana", oncall.Override{ID: "b", Kind: oncall.Cover, Replaced: "okafor", By: "bose", From: noon(0), To: seven(1)}, true, noon(-2)))
	if p, _ := layers(t, s, noon(0)); !slices.Equal(p, []message.PersonID{"bose"}) {
		t.Errorf("the later cover of the same place: %v is on", p)
	}
	if p, _ := layers(t, s, noon(0).Add(-1)); !slices.Equal(p, []message.PersonID{"ames"}) {
		t.Errorf("before it: %v is on", p)
	}
	change(t, s, ask("dana", oncall.Override{ID: "c", Kind: oncall.Cover, Replaced: "bose", By: "chen", From: noon(0), To: seven(1)}, true, noon(-1)))
	if p, _ := layers(t, s, noon(0)); !slices.Equal(p, []message.PersonID{"chen"}) {
		t.Errorf("a cover of who covers: %v is on", p)
	}
}

func TestUndoingWhatHasBegunLeavesWhatWas(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "x", Kind: oncall.Cover, Replaced: "okafor", By: "ames", From: seven(0), To: seven(1)}, true, noon(-2)))
	change(t, s, act("ames", oncall.Undo, false, noon(0)))
	if p, _ := layers(t, s, noon(0).Add(-time.Second)); !slices.Equal(p, []message.PersonID{"ames"}) {
		t.Errorf("before it was undone %v was on", p)
	}
	if p, _ := layers(t, s, noon(0)); !slices.Equal(p, []message.PersonID{"okafor"}) {
		t.Errorf("after that %v is on", p)
	}
}

func TestRemovingSomebodyLeavesTheNextLayer(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "x", Kind: oncall.Remove, Replaced: "okafor", From: seven(0), To: seven(1)}, true, noon(-2)))
	if got := people(t, s, noon(0)); !slices.Equal(got, []message.PersonID{"lindqvist"}) {
		t.Errorf("%v are on call", got)
	}
}

func TestAGapIsCovered(t *testing.T) {
	s := nights(t)
	change(t, s, ask("dana", oncall.Override{ID: "r", Kind: oncall.Remove, Replaced: "okafor", From: seven(0), To: seven(1)}, true, noon(-3)))
	change(t, s, ask("dana", oncall.Override{ID: "x", Kind: oncall.Cover, Schedule: "s", Layer: "primary", By: "ames", From: seven(-10), To: seven(1)}, true, noon(-2)))
	if got := people(t, s, noon(0)); !slices.Equal(got, []message.PersonID{"ames", "lindqvist"}) {
		t.Errorf("the removed place is covered: %v are on call", got)
	}
	if got := people(t, s, noon(-1)); !slices.Equal(got, []message.PersonID{"ames"}) { // the rotations begin on the 24th
		t.Errorf("before the rotations begin %v are on call", got)
	}
}

func TestOverridesCoverOnTheListToo(t *testing.T) {
	s := in(t, "America/New_York")
	change(t, s, func(tx *store.Tx) error {
		return oncall.Set(tx, "dana", []message.PersonID{"okafor", "lindqvist", "hale"}, noon(-2))
	})
	change(t, s, ask("okafor", oncall.Override{ID: "x", Kind: oncall.Cover, Replaced: "okafor", By: "hale", From: noon(0), To: noon(1)}, false, noon(-2)))
	change(t, s, act("hale", oncall.Agree, false, noon(-1)))
	if got := people(t, s, noon(0)); !slices.Equal(got, []message.PersonID{"hale", "lindqvist"}) {
		t.Errorf("%v are on call", got)
	}
	if got := people(t, s, noon(1)); !slices.Equal(got, []message.PersonID{"okafor", "lindqvist", "hale"}) {
		t.Errorf("after its end %v are on call", got)
	}
}

func TestOverlappingShiftsAreAConflictBeforeTheyHappen(t *testing.T) {
	p := rotations(time.UTC)
	p.Schedules[0].Layers[0].Shifts = []oncall.Shift{
		{ID: "a", Person: "okafor", From: date(2026, 11, 25).At(0), To: date(2026, 11, 27).At(0)},
		{ID: "b", Person: "hale", From: date(2026, 11, 26).At(0), To: date(2026, 11, 28).At(0)},
	}
	from := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	c := oncall.Conflicts(p, from, from.AddDate(0, 0, 14))
	if len(c) != 1 || c[0].Kind != oncall.Overlap || !slices.Equal(c[0].People, []message.PersonID{"okafor", "hale"}) ||
		!c[0].From.Equal(from.AddDate(0, 0, 2)) || !c[0].To.Equal(from.AddDate(0, 0, 3)) {
		t.Errorf("conflicts %+v", c)
	}
	g := oncall.Gaps(p, from, from.AddDate(0, 0, 14))
	if len(g) != 2 || !g[0].To.Equal(from.AddDate(0, 0, 1)) || !g[1].From.Equal(from.AddDate(0, 0, 4)) || g[1].Schedule != "" {
		t.Errorf("gaps %+v", g)
	}
	p.Schedules = append(p.Schedules, oncall.Schedule{ID: "t", Name: "Cardiology", Topic: "cardiology", Layers: []oncall.Layer{{ID: "l", Name: "Primary",
		Shifts: []oncall.Shift{{ID: "c", Person: "ames", From: date(2026, 11, 1).At(0), To: date(2026, 12, 24).At(0)}}}}})
	g = oncall.Gaps(p, from, from.AddDate(0, 0, 14))
	if len(g) != 2 || g[0].Schedule != "s" || g[1].Schedule != "s" {
		t.Errorf("where another schedule has somebody, gaps %+v", g)
	}
}
