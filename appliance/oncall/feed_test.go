package oncall_test

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"nightbell/appliance/message"
	"nightbell/appliance/oncall"
	"nightbell/appliance/settings"
	"nightbell/appliance/store"
)

// rota is a weekly rotation, with a fixed shift in it and a gap on Sundays.
func rota(t testing.TB) oncall.Plan {
	everyDay := []time.Weekday{1, 2, 3, 4, 5, 6}
	zone := newYork(t)
	return oncall.Plan{Zone: zone, Uses: oncall.UsesSchedule, Schedules: []oncall.Schedule{{
		ID: "s", Name: "Nights", Layers: []oncall.Layer{
			{ID: "l", Name: "Primary",
				Rotations: []oncall.Rotation{{ID: "r", Name: "Nights", People: []message.PersonID{"okafor", "hale"}, Every: oncall.Weekly,
					Handover: oncall.Handover{At: oncall.NewClock(7, 0), Weekday: time.Monday}, Start: oncall.Date{Year: 2026, Month: 9, Day: 7},
					Windows: []oncall.Window{{Days: everyDay, From: oncall.NewClock(19, 0), To: oncall.NewClock(7, 0)}}}},
				Shifts: []oncall.Shift{{ID: "f", Person: "ames", From: oncall.Date{Year: 2026, Month: 10, Day: 29}.At(oncall.NewClock(19, 0)), To: oncall.Date{Year: 2026, Month: 10, Day: 30}.At(oncall.NewClock(7, 0))}}},
			{ID: "b", Name: "Backup", Rotations: []oncall.Rotation{{ID: "q", People: []message.PersonID{"lindqvist"}, Every: oncall.Daily,
				Start: oncall.Date{Year: 2026, Month: 10, Day: 1}, Windows: []oncall.Window{{Days: everyDay, From: oncall.NewClock(19, 0), To: oncall.NewClock(7, 0)}}}}},
		}}}}
}

func feedOf(t testing.TB, p oncall.Plan, person message.PersonID, from time.Time) []byte {
	t.Helper()
	call := func(id message.PersonID) string { return string(id) }
	b, err := oncall.Feed(p, oncall.FeedOptions{Person: person, From: from, To: from.AddDate(0, 0, 30), Now: autumn, Name: "Cedar Street", Call: call})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestTheFeedSaysWhatTheResolverAnswers(t *testing.T) {
	p := rota(t)
	file, err := oncall.ReadFile("feed.ics", feedOf(t, p, "", autumn), oncall.FileOptions{Zone: newYork(t), Now: autumn})
	if err != nil {
		t.Fatal(err)
	}
	for at := autumn; at.Before(autumn.AddDate(0, 0, 30)); at = at.Add(10 * time.Minute) {
		var fed []string
		for _, s := range file.Shifts {
			if !at.Before(s.From) && at.Before(s.To) {
				fed = append(fed, s.Person)
			}
		}
		var want []string
		for _, turn := range oncall.Resolve(p, at).Turns {
			want = append(want, string(turn.Person)+" ("+turn.LayerName+")")
		}
		if len(want) == 0 {
			want = []string{"NOBODY ON CALL"}
		}
		slices.Sort(fed)
		slices.Sort(want)
		if !slices.Equal(fed, want) {
			t.Fatalf("%s: the feed says %q, the resolver %q", at, fed, want)
		}
	}
}

var uid = regexp.MustCompile(`UID:(\S+)`)

func TestAnEventKeepsItsIdWhileTheFeedMovesOn(t *testing.T) {
	p := rota(t)
	ids := func(from time.Time) (list []string) {
		for _, m := range uid.FindAllStringSubmatch(string(feedOf(t, p, "", from)), -1) {
			list = append(list, m[1])
		}
		return list
	}
	first, later := ids(autumn), ids(autumn.Add(36*time.Hour))
	for i, id := range first {
		if slices.Contains(first[:i], id) {
			t.Fatalf("the id %s is given twice", id)
		}
	}
	same := 0
	for _, id := range later {
		if slices.Contains(first, id) {
			same++
		}
	}
	if same < len(later)-8 { // what the first one did not reach
		t.Errorf("%d of %d ids stayed", same, len(later))
	}
}

func TestAPersonsFeedHoldsTheirsAlone(t *testing.T) {
	b := feedOf(t, rota(t), "okafor", autumn)
	if bytes.Contains(b, []byte("hale")) || bytes.Contains(b, []byte("NOBODY")) || !bytes.Contains(b, []byte("SUMMARY:On call: Primary")) {
		t.Errorf("the feed:\n%s", b)
	}
	for _, line := range strings.Split(string(b), "\r\n") {
		if len(line) > 75 {
			t.Errorf("a line of %d bytes: %s", len(line), line)
		}
	}
}

func TestATokenOpensItsFeedUntilItIsRevoked(t *testing.T) {
	st, err := store.Open(t.Context(), store.Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	do := func(change func(tx *store.Tx) error) error { return st.Update(t.Context(), change) }
	const token = "jbswy3dpehpk3pxpjbswy3dpeh"
	err = do(func(tx *store.Tx) error {
		if err := settings.Set(tx, settings.PracticeTimezone, "America/New_York"); err != nil {
			return err
		}
		return oncall.NewFeed(tx, "okafor", "f1", token, "okafor", false, autumn)
	})
	if err != nil {
		t.Fatal(err)
	}
	check := func(token string) (f oncall.FeedToken, err error) {
		_ = st.View(func(tx *store.Tx) error { f, err = oncall.CheckFeed(tx, token); return nil })
		return f, err
	}
	if f, err := check(token); err != nil || f.Owner != "okafor" || strings.Contains(f.Hash, token) {
		t.Errorf("%+v, %v", f, err)
	}
	for _, wrong := range []string{"", "jbswy3dpehpk3pxpjbswy3dpei", strings.ToUpper(token)} {
		if _, err := check(wrong); !errors.Is(err, oncall.ErrNoFeed) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	if err := do(func(tx *store.Tx) error { return oncall.RevokeFeed(tx, "hale", "f1", "hale", autumn) }); err != nil {
		t.Fatal(err)
	}
	if _, err := check(token); err != nil {
		t.Errorf("somebody else revoked it: %v", err)
	}
	if err := do(func(tx *store.Tx) error { return oncall.RevokeFeed(tx, "okafor", "f1", "okafor", autumn) }); err != nil {
		t.Fatal(err)
	}
	if _, err := check(token); !errors.Is(err, oncall.ErrNoFeed) {
		t.Errorf("revoked: %v", err)
	}
	if err := do(func(tx *store.Tx) error { return oncall.NewFeed(tx, "okafor", "f2", "short", "okafor", false, autumn) }); err == nil {
		t.Error("a token that can be guessed was taken")
	}
}
